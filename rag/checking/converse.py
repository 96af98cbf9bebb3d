"""A bound said the other way round: "not more than five days" of "up to five days", 2人を下回らない of 2人以上."""

from __future__ import annotations

from collections.abc import Sequence

from rag.checking.opposites import bound
from rag.checking.tokens import Matches, Token


def converse_bound(said: Sequence[Token], stands: Sequence[Token], matches: Matches, statement: str, text: str) -> bool:
    """Return whether a statement bounds a value the other way than its sources, and denies where they do not.

    Then neither the bound nor the denial contradicts them; whether it says the same is left open.
    """
    met = {j for ms in matches for j, _ in ms}
    if any(token.negated for token in said) is any(stands[j].negated for j in met):
        return False
    for i, token in enumerate(said):
        stated = bound(token.value, statement) if token.value else ""
        sourced = [bound(value, text) for j, _ in matches[i] if (value := stands[j].value)]
        if stated and sourced and all(there and there[0] != stated[0] for there in sourced):
            return True
    return False
