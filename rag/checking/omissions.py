"""What of a source a statement may leave out without a word: what stands in brackets, and first names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.checking.tokens import Token


def left_out_at_will(stands: Sequence[Token], text: str, followed: Collection[int]) -> list[bool]:
    """Return for each source token whether a statement that follows `followed` leaves it out as people do."""
    bracketed = _bracketed(text)
    found = [False] * len(stands)
    for j in range(len(stands) - 1, -1, -1):
        if j not in followed:
            t, after = stands[j], stands[j + 1] if j + 1 < len(stands) else None
            first_name = (
                after is not None
                and t.name
                and after.name
                and text[t.end : after.start] in (" ", "・")
                and (j + 1 in followed or found[j + 1])
            )
            found[j] = first_name or bool(bracketed[t.start])
    return found


def _bracketed(text: str) -> bytearray:
    """For each character whether it stands in round brackets."""
    inside = bytearray(len(text))
    for found in re.finditer(r"\([^()]*\)", text):
        inside[found.start() : found.end()] = b"\1" * (found.end() - found.start())
    return inside
