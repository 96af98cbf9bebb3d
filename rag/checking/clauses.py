"""Two halves of a sentence that change places around the word that joins them: X before Y, Y before X.

Of "the server was restarted because the system was down" the contrary has the same words, and so has a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.checking.home import Home
from rag.checking.tokens import Token

Turned = Literal["turned", "converse", ""]

# Words that join two halves, one kind a line.
_JOINING = tuple(
    re.compile(form, re.I)
    for form in (
        r"\bbecause\b",
        r"\buntil\b",
        r"\bthan\b",
        r"により|によって",
        r"(?:ため|ので)(?=、)",
        r"[はが](?=[^はが、。]*より)",
    )
)
# Those of time, by the half that comes first: "before" turned round is "after".
_LEFT_FIRST = re.compile(r"\bbefore\b|\b(?:and|, ?|; ?) ?then\b|, then\b|てから|た後に?|、?次に", re.I)
_RIGHT_FIRST = re.compile(r"\b(?:after|once)\b|る前に", re.I)
_ORDERS = ((_LEFT_FIRST, True), (_RIGHT_FIRST, False))
Halves = tuple[set[str], set[str]]


def halves_turned(statement: str, said: Sequence[Token], home: Home) -> Turned:
    """Return whether the halves of a statement are those of its source's sentence, each in the other's place.

    "converse" if what joins them was turned round, too.
    """
    sentence, there = home.sentence, [home.tokens[j] for j in home.inside]
    for joining in _JOINING:
        stated, sourced = list(joining.finditer(statement)), list(joining.finditer(sentence))
        if len(stated) == len(sourced) == 1:
            halves = _halves(statement, said, stated[0], 0), _halves(sentence, there, sourced[0], home.start)
            if _crossed(*halves):
                return "turned"
    stated_order, order = _in_time(statement, said, 0), _in_time(sentence, there, home.start)
    if stated_order and order:
        (first, second), (before, behind) = stated_order[0], order[0]
        if _crossed((first, second), (before, behind)):
            return "turned"
        if stated_order[1] != order[1] and first & before and second & behind:
            return "converse"
    return ""


def _in_time(text: str, tokens: Sequence[Token], offset: int) -> tuple[Halves, str] | None:
    """What comes first and what comes after it, with the word that says so, if there is just one."""
    found = [(m, left) for joining, left in _ORDERS for m in joining.finditer(text)]
    if len(found) != 1:
        return None
    joint, left_first = found[0]
    left, right = _halves(text, tokens, joint, offset)
    return (left, right) if left_first else (right, left), joint.group().lower()


def _crossed(stated: Halves, sourced: Halves) -> bool:
    both = sourced[0] & sourced[1]
    left, right, source_left, source_right = (half - both for half in (*stated, *sourced))
    crossed = right & source_left and left & source_right
    return bool(crossed) and len(right & source_left | left & source_right) > len(
        right & source_right | left & source_left
    )


def _halves(text: str, tokens: Sequence[Token], joint: re.Match[str], offset: int) -> Halves:
    """What stands before and behind the joint; a clause that opens the sentence is put behind: After X, Y."""
    start, end = joint.span()
    if not text[:start].strip():
        comma = text.find(",", end)
        if comma > 0:
            behind = {t.key for t in tokens if end <= t.start - offset < comma}
            return {t.key for t in tokens if t.start - offset > comma} - behind, behind
    return {t.key for t in tokens if t.start - offset < start}, {t.key for t in tokens if t.start - offset >= end}
