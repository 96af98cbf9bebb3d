"""What a source says of each member of a list: "tea costs 2 euros, coffee 3 euros and cake 4 euros".

"Cake costs 2 euros" has all its words there, and so has "the blue folder is kept for ten years" where the red one is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.checking.home import Home
from rag.checking.tokens import Matches, Token
from rag.checking.values import Value

_WORD_BEHIND = re.compile(r"\s?[^\W_]")
_BORDER = re.compile(r"[,;、]|\b(?:and|or|but|while|whereas)\b|、?また", re.I)


def other_member(said: Sequence[Token], matches: Matches, home: Home) -> tuple[str, str] | None:
    """Return what the statement speaks of, and a value that the source's sentence has for another member of its list.

    That is, a value beside something that the statement has not, where something that it has stands beside another
    value only, which could be said in its place and is not. Numbers without a unit are too often of something else.
    """
    if sum(home.tokens[j].value is not None for j in home.inside) < 2:
        return None
    member = _members(home)
    here = {i: frozenset(j for j, like in ms if like == 1.0 and j in member) for i, ms in enumerate(matches)}
    keys = {t.key for t in said}
    stated = {j for js in here.values() for j in js}
    for i, value in ((i, t.value) for i, t in enumerate(said) if t.value and here[i]):
        beside = {member[j] for j in here[i]}
        foreign = [
            j for j in member if member[j] in beside and _tells(home.tokens[j]) and home.tokens[j].key not in keys
        ]
        if not foreign:
            continue
        for n, token in enumerate(said):
            own = {member[j] for j in here[n]}
            if not _tells(token) or not own or own & beside:
                continue
            rivals = [v for j in member if member[j] in own and j not in stated and (v := home.tokens[j].value)]
            if value and value.unit and any(_alike(value, rival, home.text) for rival in rivals):
                return token.surface, value.text
    return None


def _alike(value: Value, rival: Value, text: str) -> bool:
    """Whether two values are of one unit, or the second leaves it out: "for ten years and the other for two"."""
    if rival.unit:
        return rival.unit == value.unit
    return rival.amount is not None and not _WORD_BEHIND.match(text, rival.end)


def _members(home: Home) -> dict[int, int]:
    """For each token of the sentence the number of its member."""
    borders = [m.span() for m in _BORDER.finditer(home.text, home.start, home.end)]
    bounds = [(home.start, home.start), *borders, (home.end, home.end)]
    spans = [(start, end) for (_, start), (end, _) in pairwise(bounds)]
    return {j: n for n, (start, end) in enumerate(spans) for j in home.inside if start <= home.tokens[j].start < end}


def _tells(token: Token) -> bool:
    """Whether it may be what tells a member from the others."""
    return not (token.value or token.verb or token.light)
