"""The ends of a range of amounts, which bound what it says: of "3 to 5 days", at least 3 and at most 5."""

from __future__ import annotations

import re

from rag.checking.numerals import DIGITS, ENGLISH_BELOW_100, KANJI
from rag.checking.units import CLOCK
from rag.checking.values import Value

_NUMBER = rf"(?:{DIGITS}|{ENGLISH_BELOW_100}|[{KANJI}]+)"
_UNIT = r"[^\W\d]{0,12}"  # between the first number and what joins: "3 days to 5 days", 3日から5日; the longest units
_TO = r"\s?(?:-|–|—|~|〜|から|ないし|乃至|\bto\b)\s?"
_BEHIND = re.compile(rf"\s?{_UNIT}{_TO}{_NUMBER}|(?<=\w)\s?{_UNIT} and {_NUMBER}", re.I)
_BEFORE = re.compile(rf"(?P<from>\bfrom )?(?P<between>\bbetween )?{_NUMBER}\s?{_UNIT}(?P<join>{_TO}| and )$", re.I)
_INTRODUCED = re.compile(r"\b(from|between) $", re.I)
_LONGEST = 48  # characters of "between twenty-five thousand euros and "


def range_bound(value: Value, text: str) -> str:
    """Return ">=" for the lower end of a range, "<=" for the upper one, as `opposites.bound` does, and "" for neither.

    An end is an amount with a unit; "from 3 to 5 euros" may be a change, and is no range.
    """
    of_a_month = all(year is None and month is None for year, month, _ in value.dates)  # what 3日 may be, too
    if not value.unit or value.unit == CLOCK or not of_a_month:
        return ""
    introduced = _INTRODUCED.search(text, max(0, value.start - _LONGEST), value.start)
    word = introduced[1].lower() if introduced else ""
    if behind := _BEHIND.match(text, value.end):
        return ">=" if (word == "between" if " and " in behind[0].lower() else word != "from") else ""
    before = _BEFORE.search(text[max(0, value.start - _LONGEST) : value.start])
    if before is None or before["from"]:
        return ""
    return "<=" if before["between"] or before["join"] != " and " else ""
