"""Reading the values of a text: dates, times, centuries, ordinals, fractions and numbers with their units.

Forms are tried from the most particular to the plainest, and what one has taken no later one sees: in 14:30 there
is no 14.
"""

from __future__ import annotations

import re
from dataclasses import replace

from index.words import century_of
from rag.checking import forms, numerals
from rag.checking.units import CENTURY, CLOCK, CURRENCY_SIGNS, DECADE, MONTHS, ORDINAL, PERCENT, UNIT, unit_of
from rag.checking.values import Date, Value

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_MONTH_NUMBERS, _DAY_NUMBERS = {None, *range(1, 13)}, {None, *range(1, 32)}
_LABEL = 10  # characters of the longest word before a label, and of the space behind it
_LETTER = re.compile("[A-Za-z]")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "R": 2018, "H": 1988, "S": 1925}


def values(text: str) -> list[Value]:
    """Return the values of a normalised text in reading order; they do not overlap."""
    taken = bytearray(len(text))
    found: list[Value] = []

    def take(value: Value | None) -> None:
        if value is not None and not any(taken[value.start : value.end]):
            taken[value.start : value.end] = b"\1" * (value.end - value.start)
            found.append(value)

    for form in forms.DATES:
        for m in form.finditer(text):
            take(_date(m, text))
    for form in forms.CLOCKS:
        for m in form.finditer(text):
            take(_clock(m))
    for m in forms.CENTURY.finditer(text):
        take(_century(m))
    for m in forms.DECADE.finditer(text):
        take(Value(m.start(), m.end(), m.group(), float(m.group("y") or 1900 + int(m.group("t"))), DECADE, "s"))
    for m in forms.HALF_SPAN.finditer(text):
        take(_half_span(m))
    for m in forms.FRACTION.finditer(text):
        take(_fraction(m, text))
    for m in forms.ORDINAL.finditer(text):
        take(_ordinal(m, text))
    for m in forms.NUMBER.finditer(text):
        take(_number(m, text))
    found.sort(key=lambda v: v.start)
    return _ranges(found, text)


def _integer(text: str | None) -> int | None:
    if not text:
        return None
    return 1 if text == "元" else int(numerals.japanese(text))


def _date(m: re.Match[str], text: str) -> Value | None:
    part = m.groupdict()
    year, month, day = _integer(part.get("y")), _integer(part.get("m")), _integer(part.get("d"))
    if part.get("yy"):
        year = int(f"{century_of(part['yy'])}{part['yy']}")
    if part.get("era") and year is not None:
        year += _ERAS[part["era"]]
    if part.get("mon"):
        month = 1 + _MONTHS.index(part["mon"][:3].lower())
    dates: tuple[Date, ...]
    if part.get("a"):
        a, b = int(part["a"]), int(part["b"])
        dates = tuple((year, x, y) for x, y in {(a, b), (b, a)} if 1 <= x <= 12 and 1 <= y <= 31)
    else:
        dates = ((year, month, day),)
    if not dates or not all(d[1] in _MONTH_NUMBERS and d[2] in _DAY_NUMBERS for d in dates):
        return None
    if m.group() == "May" and not re.search(
        r"\b(?:in|of|by|until|since|from|to|early|late|mid|and)\W*$", text[: m.start()]
    ):
        return None
    return Value(m.start(), m.end(), m.group().strip(), dates=dates)


def _clock(m: re.Match[str]) -> Value | None:
    part = m.groupdict()
    if part.get("noon"):
        return Value(m.start(), m.end(), m.group(), 0.0 if part["noon"] == "midnight" else 720.0, CLOCK)
    hour: int | None
    if told := part.get("told"):  # half past nine, a quarter to ten
        hour = int(told) if told.isdigit() else int(numerals.english(told))
        minute = 30 if part.get("half") else 15
        if part["way"].lower() == "to":
            hour, minute = hour - 1 or 12, 60 - minute
    else:
        hour, minute = _integer(part["h"]), _integer(part.get("min")) or (30 if part.get("half") else 0)
    half = (part.get("ap") or "").lower()
    if hour is None or hour > 24 or minute > 59:
        return None
    if half.startswith("p") or half in ("午後", "夜", "夕方"):
        hour += 12 if hour < 12 else 0
    elif (half.startswith("a") or half == "午前") and hour == 12:
        hour = 0
    return Value(m.start(), m.end(), m.group(), hour * 60.0 + minute, CLOCK)


def _century(m: re.Match[str]) -> Value:
    digits = re.match(r"\d+", m.group())
    number = (
        _integer(m.group("k")) if m.group("k") else int(digits.group()) if digits else numerals.ordinal(m.group("n"))
    )
    return Value(m.start(), m.end(), m.group(), float(number or 0), CENTURY)


def _half_span(m: re.Match[str]) -> Value | None:
    unit = unit_of(
        {"半年": "年", "半日": "日", "半月": "月間", "半期": "年"}.get(m.group("u") or "", (m.group("e") or "").lower())
    )
    if unit is None:
        return Value(m.start(), m.end(), m.group(), 6.0) if m.group("e") == "dozen" else None
    return Value(m.start(), m.end(), m.group(), unit[1] / 2, unit[0], m.group("u") or m.group("e"))


_PARTS = {"hal": 2, "thi": 3, "qua": 4, "fou": 4, "fif": 5, "six": 6, "sev": 7, "eig": 8, "nin": 9, "ten": 10}


def _fraction(m: re.Match[str], text: str) -> Value | None:
    if m.group("half"):
        amount = 0.5
    elif m.group("quarter"):
        amount = 0.25
    elif m.group("p"):
        amount = (1 if m.group("p").strip(" -").lower() == "a" else numerals.english(m.group("p"))) / _PARTS[
            m.group("q")[:3].lower()
        ]
    elif m.group("jb"):
        amount = (_integer(m.group("ja")) or 0) / (_integer(m.group("jb")) or 1)
    elif int(m.group("b")) > int(m.group("a")) > 0:
        amount = int(m.group("whole") or 0) + int(m.group("a")) / int(m.group("b"))
    else:
        return None
    unit = _unit_after(text, m.end()) if m.group("whole") else None
    if unit:
        return Value(m.start(), unit[3], text[m.start() : unit[3]], amount * unit[1], unit[0], unit[2])
    return Value(m.start(), m.end(), m.group(), amount * 100, PERCENT, "part")


def _ordinal(m: re.Match[str], text: str) -> Value | None:
    if m.group("k"):
        unit = unit_of(m.group("c") or "") or (ORDINAL, 1)
        dimension = unit[0] if m.group("c") in ("条", "章", "項", "号") else ORDINAL
        return Value(m.start(), m.end(), m.group(), float(_integer(m.group("k")) or 0), dimension, m.group("c") or "")
    if (
        m.group("w")
        and m.group("w").lower() == "second"
        and re.match(r"s?\b", text[m.end() :])
        and re.search(r"(?:\d|\bper|\ba|\bone) $", text[: m.start()])
    ):
        return None
    amount = numerals.digits(m.group("n")) if m.group("n") else numerals.ordinal(m.group("w"))
    return Value(m.start(), m.end(), m.group(), amount, ORDINAL)


def _unit_after(text: str, at: int) -> tuple[str, float, str, int] | None:
    """(dimension, factor, as written, end) of the unit that follows a number."""
    m = UNIT.match(text, at)
    if not m:
        return None
    written = m.group("latin") or m.group("other")
    unit = unit_of(written)
    return (unit[0], unit[1], written, m.end()) if unit else None


def _number(m: re.Match[str], text: str) -> Value | None:
    start, end = m.start(), m.end()
    if m.group("k"):
        at = m.start("k")
        if (not forms.KANJI_COUNTER.match(text, end) and len(m.group("k")) < 3) or forms.NOT_NUMBERS.match(text, at):
            return None
        if re.search("[統唯単同均専万]$", text[max(0, at - 1) : at]):
            return None
        amount = numerals.japanese(m.group("k"))
    elif m.group("w"):
        amount = numerals.english(m.group("w"))
        lone = m.group("w").lower() == "one"
        if lone and not UNIT.match(text, end):
            return None
    else:
        begin = m.start("n")
        if "." in m.group("n") and forms.LABELLED.search(text, max(0, begin - _LABEL), begin):
            return None
        amount = numerals.digits(m.group("n"))
        if m.group("jm"):
            amount = numerals.japanese(m.group("n") + m.group("jm"))
        if m.group("scale"):
            word = m.group("scale").strip(" -").lower()
            if word in ("bn", "m", "k"):
                if not m.group("cur"):
                    end = m.start("scale")
                else:
                    amount *= {"bn": 1e9, "m": 1e6, "k": 1e3}[word]
            else:
                amount *= numerals.scale(word)
        while start < end and text[start].isspace():
            start += 1
    if m.group("sign"):
        amount = -amount
    unit = _unit_after(text, end)
    if unit is None and m.group("n") and not m.group("scale") and _LETTER.match(text, end):
        return None  # a label, as room 12B
    if m.group("cur"):
        return Value(start, end, text[start:end], amount, CURRENCY_SIGNS[m.group("cur").upper()], m.group("cur"))
    plain = m.group("n") if m.group("n") and not (m.group("jm") or m.group("scale") or m.group("sign")) else ""
    if plain and re.fullmatch(r"1\d{3}|2[01]\d\d", plain) and (unit is None or (unit[0] == MONTHS and unit[2] == "年")):
        end = unit[3] if unit else end
        return Value(start, end, text[start:end], amount, "", "", ((int(plain), None, None),))
    if unit is None:
        return Value(start, end, text[start:end], amount)
    dates: tuple[Date, ...] = ((None, None, int(amount)),) if unit[2] == "日" and amount in range(1, 32) else ()
    if unit[0] == PERCENT and unit[2] == "割" and (rest := re.match(r"(\d)分", text[unit[3] :])):
        return Value(
            start,
            unit[3] + rest.end(),
            text[start : unit[3] + rest.end()],
            amount * 10 + int(rest.group(1)),
            PERCENT,
            "割",
        )
    return Value(start, unit[3], text[start : unit[3]], amount * unit[1], unit[0], unit[2], dates)


def _ranges(found: list[Value], text: str) -> list[Value]:
    """Give the first number of a range the unit and scale of the second: 350–375 million, 20 to 30 days, 20〜30人."""
    for i in range(len(found) - 2, -1, -1):
        a, b = found[i], found[i + 1]
        between = text[a.end : b.start]
        if (
            a.unit
            or a.amount is None
            or b.amount is None
            or not forms.RANGE.fullmatch(between)
            or (a.dates and not b.written)
        ):
            continue
        if not b.unit and not re.search(numerals.SCALE + "|[万億兆]", b.text):
            continue
        factor = 1.0
        unit = unit_of(b.written) if b.written else None
        if unit:
            factor = unit[1]
        if (m := re.search(numerals.SCALE, b.text)) and not re.search(numerals.SCALE, a.text):
            factor *= numerals.scale(m.group())
        elif (k := re.search("[万億兆]", b.text)) and not re.search("[万億兆千百]", a.text):
            factor *= numerals.japanese("1" + k.group())
        if between.strip() in (",", "、", "・", "and", "or") and factor != 1 and not unit:
            continue
        found[i] = replace(a, amount=a.amount * factor, unit=b.unit, written=b.written)
    return found
