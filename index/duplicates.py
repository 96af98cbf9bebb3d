"""Tells when two passages say the same, so that one is shown and the others are named beside it."""

from __future__ import annotations

import re

from index.characters import UNSPACED, normalize
from index.types import Passage

# A number with its sign and separators; what it counts, or how it is compared; a word, or one character of a script
# without spaces.
_UNIT = re.compile(
    rf"(?:[-−▲△+±]|\((?=[\d.,]+\)))?\d[\d.,]*|[$€£¥₩₹฿%‰°≤≥≠≦≧]|[<>](?=\s?\d)|[{UNSPACED}]|[^\W\d_{UNSPACED}]+"
)
_ARTICLES = frozenset({"a", "an", "the"})


def sameness(passage: Passage) -> tuple[str, ...]:
    """Return a key that passages share when they differ in layout, punctuation, width, case or articles only.

    Numbers in title and headings belong to it: the same sentence in two filings speaks of two periods.
    """
    above = " ".join((passage.title, *passage.chunk.heading))
    numbers = [unit for unit in _UNIT.findall(normalize(above)) if any(map(str.isdecimal, unit))]
    return (*numbers, "", *said(passage.chunk.text))


def said(text: str) -> tuple[str, ...]:
    """Return the words, numbers and units of a text in their order, without articles."""
    units = _UNIT.findall(normalize(text))
    # A capital A is a name as often: Annex A.
    return tuple(unit.casefold().rstrip(".,") for unit in units if unit == "A" or unit.casefold() not in _ARTICLES)
