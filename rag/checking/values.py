"""Numbers, dates, times and amounts of a text as values that compare whatever way they are written, in both languages.

    20 days = twenty days = 20日間     1.5 million = 1,500,000 = 150万     令和6年 = 2024     2:30 pm = 午後2時半

A value is read from text in the form of `index.words.normalize`; its positions are those of that text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from rag.checking.units import CONVERTED, DECADE, OPEN, PERCENT

Date = tuple[int | None, int | None, int | None]  # year, month, day; None where it is not said

_MOST = 40  # values of a source that are combined; more would take longer than the rest of a check


@dataclass(frozen=True, slots=True)
class Value:
    """One number or date where it stands.

    `amount` is in the base of `unit` ("" for a bare number), and None for what is only a date; `written` is the unit as
    typed. `dates` holds the readings as a date: none, one, or two where day and month could be either way round.
    """

    start: int
    end: int
    text: str
    amount: float | None = None
    unit: str = ""
    written: str = ""
    dates: tuple[Date, ...] = ()


def agree(stated: Value, sourced: Value) -> bool:
    """Return whether the source's value bears out the stated one: the same, or a date that says at least as much."""
    if stated.dates and sourced.dates:
        return any(_covers(b, a) for a in stated.dates for b in sourced.dates)
    if stated.amount is None or sourced.amount is None:
        year = {d[0] for v in (stated, sourced) for d in v.dates if d[1:] == (None, None)}
        bare = {v.amount for v in (stated, sourced) if v.amount is not None and v.unit in ("", DECADE)}
        return bool(year & bare)
    if not comparable(stated, sourced):
        return False
    a, b = stated.amount, sourced.amount
    # Two units of one dimension are rounded when people convert (20 miles is 32 km); one unit is not.
    slack = 0.01 if stated.unit in CONVERTED and stated.written != sourced.written else 1e-6
    return abs(a - b) <= slack * max(abs(a), abs(b))


def comparable(one: Value, other: Value) -> bool:
    """Return whether two values measure the same sort of thing, so that they could contradict each other."""
    if one.dates and other.dates:
        return any(bool(a[i]) and bool(b[i]) for a in one.dates for b in other.dates for i in range(3))
    if one.amount is None or other.amount is None:
        return False
    return one.unit == other.unit or not one.unit or not other.unit or frozenset({one.unit, other.unit}) in OPEN


def exclude(stated: Value, sourced: Value) -> bool:
    """Return whether both measure the very same sort of thing, so that one said in place of the other is wrong."""
    if stated.dates and sourced.dates:
        return comparable(stated, sourced)
    return comparable(stated, sourced) and (
        stated.unit == sourced.unit or frozenset({stated.unit, sourced.unit}) in OPEN
    )


def calculated(stated: Value, sourced: Sequence[Value]) -> bool:
    """Return whether the stated amount is a sum or difference of amounts of the source, or one's share in another."""
    if stated.amount is None:
        return False
    target, slack = stated.amount, 1e-6 * max(1.0, abs(stated.amount))
    measured = [v for v in sourced if v.amount is not None][:_MOST]
    alike = [
        v.amount for v in measured if v.amount is not None and (v.unit == stated.unit or not (v.unit and stated.unit))
    ]
    if len(alike) > 2 and abs(sum(alike) - target) <= slack:
        return True
    if any(abs(made - target) <= slack for a, b in combinations(alike, 2) for made in (a + b, a - b, b - a)):
        return True
    pairs = [(v.amount, w.amount) for v, w in permutations(measured, 2) if v.unit == w.unit]
    return stated.unit == PERCENT and any(a and b and round(100 * a / b) == target for a, b in pairs)


def _covers(sourced: Date, stated: Date) -> bool:
    """Every part the stated date gives stands in the sourced one."""
    return all(a is None or a == b for a, b in zip(stated, sourced, strict=True))


_APPROXIMATE = re.compile(
    r"(?:(?<![a-z])(?:about|around|approximately|nearly|almost|some|roughly|circa|c\.|over)|~|約|およそ|ほぼ|概ね|おおよそ)\s*$",
    re.I,
)


def is_approximate(value: Value, text: str) -> bool:
    """Return whether the text itself says that the number is not exact (about, 約)."""
    return _APPROXIMATE.search(text[max(0, value.start - 16) : value.start]) is not None or text[
        value.end : value.end + 2
    ] in ("程度", "前後", "ほど")
