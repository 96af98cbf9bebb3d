"""Dates as documents state them, in ISO 8601."""

from __future__ import annotations

import re
from datetime import date

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}  # the year before the era's first
_YEAR_FIRST = re.compile(r"\s*(令和|平成|昭和)?\s*(\d{1,4}|元)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(r"\s*(?:(\d{1,2})\s+)?([A-Za-z]{3})[a-z]*\.?\s+(?:(\d{1,2}),?\s+)?(\d{4})")


def iso_date(text: str) -> str | None:
    """The date that `text` begins with ("2024-05-01T10:00", "令和6年5月1日", "1 May 2024", "May 1, 2024"), or None."""
    text = text.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    match = _YEAR_FIRST.match(text)
    if match:
        era, year, month, day = match.groups()
        number = (1 if year == "元" else int(year)) + (_ERAS[era] if era else 0)
        return _valid(number, int(month), int(day))
    named = _NAMED.match(text)
    if named and named.group(2).lower() in _MONTHS:
        day = named.group(1) or named.group(3)
        return _valid(int(named.group(4)), _MONTHS.index(named.group(2).lower()) + 1, int(day)) if day else None
    return None


def _valid(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat() if year >= 1000 else None
    except ValueError:
        return None
