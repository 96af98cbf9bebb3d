"""How many there are of a thing: a count in the statement against the count of the same thing in the source.

"One" is no value to `rag.checking.reading`, since it stands for something else ("one of them", "at one time") more
often than for a number. Before a thing that is counted on the other side too it is one: "one exit" is not what "two
exits" says, nor is "two laptops" what "one laptop and two screens" says, where "two" stands as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.checking.exchanges import is_thing
from rag.checking.tokens import FAMILY, Matches, Token

_BETWEEN = 2  # steps back from a thing to its number: "two large screens"
_WORD = re.compile(r"\b(?:(?P<one>one)|both(?: of)?(?: (?:the|its|his|her|their|our|your))?) \Z", re.I)
_A = re.compile(r"\ban? \Z", re.I)
# What stands before a number that says no more than about how many, or of how many some are, or of "no one", which is
# none.
_ROUGHLY = re.compile(
    r"(?:\b(?:no|any|every|some|least|most|than|over|under|up to|or|about|around|nearly|almost|of(?: the| its)?)"
    r"|\d to|[-–~]) ?\Z",
    re.I,
)
_LABELLED = re.compile(r"\b[A-Z]\w* \Z")  # before digits that are part of a name: Tarn 200
_LONGEST = 15  # characters of the longest of them


def other_counts(
    said: Sequence[Token], stands: Sequence[Token], matches: Matches, statement: str, text: str
) -> Iterator[tuple[str, str, list[int]]]:
    """The things that the statement counts as no source does: both ways of counting, and where the sources do.

    `matches` are for each token of the statement those of the source. Where a source speaks of the thing without a
    number the two need not be at odds.
    """
    for i, token in enumerate(said):
        if not is_thing(token) or not (stated := _count(said, i, statement)):
            continue
        same = [j for j, like in matches[i] if like >= FAMILY]
        sourced = [_count(stands, j, text) or _one_of_it(stands, j, text) for j in same]
        counted = [count for count in sourced if count]
        if counted and len(counted) == len(sourced) and all(number != stated[0] for number, _ in counted):
            yield stated[1], counted[0][1], same


def _count(tokens: Sequence[Token], at: int, text: str) -> tuple[float, str] | None:
    """The number before a thing and how it is written; None where there is none, or one that is not exact."""
    if _describes(tokens, at, text):
        return None
    end = tokens[at].start
    for before in [*reversed(tokens[max(0, at - _BETWEEN) : at]), None]:
        if found := _WORD.search(text, max(0, end - _LONGEST), end):
            amount, number = 1.0 if found["one"] else 2.0, found.group().strip()
            return None if _is_rough(text, found.start(), number) else (amount, number)
        if before is None or text[before.end : end].strip():
            return None
        if value := before.value:
            if value.amount is None or value.unit or value.dates or _is_rough(text, value.start, value.text):
                return None
            return value.amount, value.text
        end = before.start
    return None


def _is_rough(text: str, at: int, number: str) -> bool:
    """Whether a number there says no more than about how many, or is part of a name."""
    before = text[max(0, at - _LONGEST) : at]
    return bool(_ROUGHLY.search(before) or (number.isdigit() and _LABELLED.search(before)))


def _describes(tokens: Sequence[Token], at: int, text: str) -> bool:
    """Whether a thing only says which: "rival" of "five rival princes"."""
    token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
    return after is not None and is_thing(after) and not text[token.end : after.start].strip()


def _one_of_it(tokens: Sequence[Token], at: int, text: str) -> tuple[float, str] | None:
    """A thing behind "a" is one of it, too."""
    token = tokens[at]
    found = _A.search(text, max(0, token.start - _LONGEST), token.start)
    return (1.0, f"{found.group()}{token.surface}") if found and not _describes(tokens, at, text) else None
