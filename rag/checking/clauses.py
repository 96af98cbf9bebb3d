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

# Words that join two halves, one kind a line; "before" turned round is "after".
_JOINING = tuple(
    re.compile(form, re.I)
    for form in (
        r"\b(?:before|after)\b",
        r"\b(?:and|, ?|; ?) ?then\b|, then\b",
        r"\bbecause\b",
        r"\buntil\b",
        r"\bonce\b",
        r"\bthan\b",
        r"てから|た後に?|る前に",
        r"、?次に",
        r"により|によって",
        r"(?:ため|ので)(?=、)",
        r"[はが](?=[^はが、。]*より)",
    )
)
_CONVERSE = (frozenset(("before", "after")),)


def halves_turned(statement: str, said: Sequence[Token], home: Home) -> Turned:
    """Return whether the halves of a statement are those of its source's sentence, each in the other's place.

    "converse" if what joins them was turned round, too.
    """
    sentence, there = home.sentence, [home.tokens[j] for j in home.inside]
    for joining in _JOINING:
        stated, sourced = list(joining.finditer(statement)), list(joining.finditer(sentence))
        if len(stated) != 1 or len(sourced) != 1:
            continue
        left, right = _halves(statement, said, stated[0], 0)
        source_left, source_right = _halves(sentence, there, sourced[0], home.start)
        both = source_left & source_right
        left, right, source_left, source_right = (half - both for half in (left, right, source_left, source_right))
        crossed = bool(right & source_left and left & source_right)
        if crossed and len(right & source_left | left & source_right) > len(right & source_right | left & source_left):
            words = frozenset((stated[0].group().lower(), sourced[0].group().lower()))
            return "turned" if words not in _CONVERSE else "converse"
    return ""


def _halves(text: str, tokens: Sequence[Token], joint: re.Match[str], offset: int) -> tuple[set[str], set[str]]:
    """What stands before and behind the joint; a clause that opens the sentence is put behind: After X, Y."""
    start, end = joint.span()
    if not text[:start].strip():
        comma = text.find(",", end)
        if comma > 0:
            behind = {t.key for t in tokens if end <= t.start - offset < comma}
            return {t.key for t in tokens if t.start - offset > comma} - behind, behind
    return {t.key for t in tokens if t.start - offset < start}, {t.key for t in tokens if t.start - offset >= end}
