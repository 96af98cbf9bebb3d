"""Numbers, dates, times and amounts of a text as values that compare whatever way they are written, in both languages.

    20 days = twenty days = 20日間      1.5 million = 1,500,000 = 150万      令和6年 = 2024      2:30 pm = 14:30 = 午後2時半

A value is read from text in the form of `index.words.normalize`; its positions are those of that text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.checking import numerals
from rag.checking.units import CENTURY, CLOCK, CURRENCY_SIGNS, DECADE, MONTHS, OPEN, ORDINAL, PERCENT, UNIT, unit_of

Date = tuple[int | None, int | None, int | None]  # year, month, day; None where it is not said


@dataclass(frozen=True, slots=True)
class Value:
    """One number or date where it stands.

    `amount` is in the base of `unit` ("" for a bare number) and None for a date that is nothing else; `written` is the unit
    as typed. `dates` holds the readings as a date: none, one, or two where day and month could be either way round.
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
    slack = 0.01 if stated.unit and stated.written != sourced.written else 1e-6
    return abs(a - b) <= slack * max(abs(a), abs(b))


def comparable(one: Value, other: Value) -> bool:
    """Return whether two values measure the same sort of thing, so that they could contradict each other."""
    if one.dates and other.dates:
        return any(bool(a[i]) and bool(b[i]) for a in one.dates for b in other.dates for i in range(3))
    if one.amount is None or other.amount is None:
        return False
    return one.unit == other.unit or not one.unit or not other.unit or frozenset({one.unit, other.unit}) in OPEN


def calculated(stated: Value, sourced: Sequence[Value]) -> bool:
    """Return whether the stated amount is the sum, difference or ratio of amounts the source has."""
    if stated.amount is None:
        return False
    target = stated.amount
    amounts = [
        v.amount for v in sourced if v.amount is not None and (v.unit == stated.unit or not stated.unit or not v.unit)
    ][:40]
    slack = 1e-6 * max(1.0, abs(target))
    if len(amounts) > 2 and abs(sum(amounts) - target) <= slack:
        return True
    for i, a in enumerate(amounts):
        for b in amounts[i + 1 :]:
            if any(abs(made - target) <= slack for made in (a + b, a - b, b - a)):
                return True
            if (
                stated.unit == PERCENT
                and a
                and b
                and any(abs(round(100 * q) - target) <= slack for q in (a / b, b / a))
            ):
                return True
    return False


def _covers(sourced: Date, stated: Date) -> bool:
    """Every part the stated date gives stands in the sourced one."""
    return all(a is None or a == b for a, b in zip(stated, sourced, strict=True))


# ------------------------------------------------------------------ reading

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = r"(?P<mon>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
_YEAR = r"(?P<y>\d{3,4})"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "R": 2018, "H": 1988, "S": 1925}
_KN = rf"(?:\d+|[{numerals.KANJI}]+|元)"
_DATE_FORMS = tuple(
    re.compile(p)
    for p in (
        rf"(?<!\w){_MONTH} {_DAY}(?:,? {_YEAR})?(?![\w%]|,\d|\.\d)",
        rf"(?<![\w.,]){_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?(?!\w)",
        rf"(?<!\w){_MONTH},? (?:of )?{_YEAR}(?!\w)",
        r"(?<![\d.,/-])(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d/-]|\.\d)",
        r"(?<![\d.,/-])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})(?![\d/-])",
        rf"(?P<era>令和|平成|昭和|大正|明治|(?<![A-Za-z])[RHS])(?P<y>{_KN})年?(?:\(\d{{4}}年?\))?(?:(?<=年)(?P<m>{_KN})月(?:(?P<d>{_KN})日)?)?(?<!\d)",
        rf"(?P<era>令和|平成|昭和|大正|明治)(?P<y>{_KN})年(?:(?P<m>{_KN})月(?:(?P<d>{_KN})日)?)?",
        r"(?P<y>\d{4}|[一二][〇一二三四五六七八九]{3})年度?(?!間|代)(?:(?:\([^()]{1,10}\))?(?P<m>\d{1,2}|[一二三四五六七八九十]{1,2})月(?!間)(?:(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})日(?!間))?)?",
        r"(?P<m>(?<!\d)\d{1,2}|(?<![一-鿿])[一二三四五六七八九十]{1,2})月(?!間|給|額)(?:(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})日(?!間))?",
        r"(?<!\d)(?P<y>[1-9]\d{2})年(?!間|代|前|後|以上)",
        rf"(?<!\w){_MONTH}(?=[,.;:)]|\s(?![A-Za-z]*may\b)|$)",
    )
)
_CLOCK_FORMS = tuple(
    re.compile(p, re.I)
    for p in (
        r"(?<![\d:.])(?P<h>\d{1,2}):(?P<min>\d{2})(?::\d{2})?(?:\s?(?P<ap>a\.?m\.?|p\.?m\.?)(?!\w))?(?![\d:])",
        r"(?<![\d:.])(?P<h>\d{1,2})\s?(?P<ap>a\.?m\.?|p\.?m\.?)(?!\w)",
        rf"(?P<ap>午前|午後|正午|朝|夜|夕方)?(?P<h>(?<!\d)\d{{1,2}}|(?<![一-鿿])[一二三四五六七八九十]{{1,3}}|(?<=午[前後])[一二三四五六七八九十]{{1,3}})時(?!間|代|期|点|速|給)(?:(?P<min>\d{{1,2}}|[{numerals.KANJI}]{{1,3}})分|(?P<half>半))?",
        r"(?P<noon>\bnoon\b|正午(?!前|後)|\bmidnight\b)",
    )
)
_CENTURY = re.compile(
    rf"(?P<n>\d{{1,2}}(?:st|nd|rd|th)|{numerals.ORDINAL_WORD})(?:[ -]|(?= (?:and|to|or) (?:\d{{1,2}}th|{numerals.ORDINAL_WORD}) centur))centur(?:y|ies)|(?P<k>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})世紀",
    re.I,
)
_DECADE = re.compile(r"(?<![\w.,])(?P<y>\d{3}0)(?:'?s\b|年代)|(?<!\d)(?P<t>[2-9]0)年代")
_ORDINAL = re.compile(
    rf"(?<![\w.,])(?P<n>\d+(?:,\d{{3}})*)(?:st|nd|rd|th)\b|(?P<w>{numerals.ORDINAL_WORD})(?!\s+hand\b)|第(?P<k>{_KN})(?P<c>位|番目|回|条|章|項|号|次|期|代|世|節|巻|部|作|番)?",
    re.I,
)
_FRACTION = re.compile(
    rf"(?P<half>\bhalf(?: a| an)?\b|半分)|(?P<quarter>\ba quarter\b)|(?P<p>\b(?:{'|'.join(['one', 'two', 'three', 'four', 'five', 'a'])})(?:[ -]))(?P<q>halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?)\b"
    rf"|(?P<jb>{_KN})分の(?P<ja>{_KN})|(?<![\w.,/⁄])(?:(?P<whole>\d+) )?(?P<a>\d{{1,2}})[/⁄](?P<b>\d{{1,2}})(?![\w/⁄]|\.\d)",
    re.I,
)
_HALF_SPAN = re.compile(
    r"(?P<u>半年|半日|半月|半期)(?!間?後れ)|\bhalf(?: an?|-)\s?(?P<e>year|day|hour|month|century|dozen)\b", re.I
)
_SIGN = r"(?P<sign>(?<![\w)\d])[-−–](?=\d))?"
_CURRENCY = r"(?P<cur>US\$|[$€£¥₩])?\s?"
_NUMBER = re.compile(
    rf"{_SIGN}{_CURRENCY}(?<![A-Za-z\d.,_])(?<![A-Za-z]-)(?P<n>(?:{numerals.DIGITS})(?!\d*[A-Za-z_][A-Za-z_]*\d))(?P<jm>[万億兆千百](?:(?:{numerals.DIGITS})?[万億兆千百十])*(?:{numerals.DIGITS})?)?(?P<scale>{numerals.SCALE}|(?<=\d)(?:bn|m|k|M|K)(?![\w%]))?"
    rf"|(?P<w>{numerals.ENGLISH})"
    rf"|(?<![{numerals.KANJI}第])(?P<k>[{numerals.KANJI}]+)",
    re.I,
)
# A kanji numeral is read only before one of these counters (統一, 一般, 十分, 三重県 are words).
_KANJI_COUNTER = re.compile(
    r"年間|年(?!代)|か月|ヶ月|カ月|ヵ月|箇月|月|週間|日間|日|時間|分(?!の|野|類|布|析|量|割|散|子|配)|秒|人(?!々|間|口|生|類|気|物|称)|名(?!称)|件|回(?!復|路|転)|個|台(?!湾|風|頭)|割|倍|階|条|項|章|歳|才(?!能)|円(?!形|滑)|つ|枚|冊|社(?!会)|校|票|種類|か国|カ国|ヶ国|か所|カ所|ヶ所|箇所|%|パーセント|ドル|世代|年生|本(?!来|格|質|部|人|州|土|線|当)|度(?!合)|番目|位(?!置)|点|号|万|千円|匹|頭|名以上"
)
_NOT_NUMBERS = re.compile(
    r"一(?:時|人前|人ひとり|つひとつ|日中|回り|度に|本化|体|分)|十分|三位一体|一人一人|唯一|統一|百科|千葉|万が一|万一|二人三脚|一般|一部|一方|一定"
)
_APPROXIMATE = re.compile(
    r"(?:about|around|approximately|nearly|almost|some|roughly|circa|c\.|over|~|約|およそ|ほぼ|概ね|おおよそ)\s*$", re.I
)


def values(text: str) -> list[Value]:
    """Return the values of a normalised text in reading order; they do not overlap."""
    taken = bytearray(len(text))
    found: list[Value] = []

    def take(value: Value | None) -> None:
        if value is not None and not any(taken[value.start : value.end]):
            taken[value.start : value.end] = b"\1" * (value.end - value.start)
            found.append(value)

    for form in _DATE_FORMS:
        for m in form.finditer(text):
            take(_date(m, text))
    for form in _CLOCK_FORMS:
        for m in form.finditer(text):
            take(_clock(m))
    for m in _CENTURY.finditer(text):
        take(_century(m))
    for m in _DECADE.finditer(text):
        take(Value(m.start(), m.end(), m.group(), float(m.group("y") or 1900 + int(m.group("t"))), DECADE, "s"))
    for m in _HALF_SPAN.finditer(text):
        take(_half_span(m))
    for m in _FRACTION.finditer(text):
        take(_fraction(m, text))
    for m in _ORDINAL.finditer(text):
        take(_ordinal(m, text))
    for m in _NUMBER.finditer(text):
        take(_number(m, text))
    found.sort(key=lambda v: v.start)
    return _ranges(found, text)


def is_approximate(value: Value, text: str) -> bool:
    """Return whether the text itself says that the number is not exact (about, 約)."""
    return _APPROXIMATE.search(text[max(0, value.start - 16) : value.start]) is not None or text[
        value.end : value.end + 2
    ] in ("程度", "前後", "ほど")


def _integer(text: str | None) -> int | None:
    if not text:
        return None
    return 1 if text == "元" else int(numerals.japanese(text))


def _date(m: re.Match[str], text: str) -> Value | None:
    part = m.groupdict()
    year, month, day = _integer(part.get("y")), _integer(part.get("m")), _integer(part.get("d"))
    if part.get("era") and year is not None:
        year += _ERAS[part["era"]]
    if part.get("mon"):
        month = 1 + next(i for i, name in enumerate(_MONTHS) if name.startswith(part["mon"].rstrip(".").lower()[:3]))
    dates: tuple[Date, ...]
    if part.get("a"):
        a, b = int(part["a"]), int(part["b"])
        dates = tuple((year, x, y) for x, y in {(a, b), (b, a)} if 1 <= x <= 12 and 1 <= y <= 31)
    else:
        dates = ((year, month, day),)
    if not dates or not all(1 <= (d[1] or 1) <= 12 and 1 <= (d[2] or 1) <= 31 for d in dates):
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
        if not _KANJI_COUNTER.match(text, end) and len(m.group("k")) < 3 or _NOT_NUMBERS.match(text, start):
            return None
        if re.search("[統唯単同均専万]$", text[max(0, start - 1) : start]):
            return None
        amount = numerals.japanese(m.group("k"))
    elif m.group("w"):
        amount = numerals.english(m.group("w"))
        lone = m.group("w").lower() == "one"
        if lone and not UNIT.match(text, end):
            return None
    else:
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
    if m.group("cur"):
        return Value(start, end, text[start:end], amount, CURRENCY_SIGNS[m.group("cur").upper()], m.group("cur"))
    plain = m.group("n") if m.group("n") and not (m.group("jm") or m.group("scale") or m.group("sign")) else ""
    if plain and re.fullmatch(r"1\d{3}|2[01]\d\d", plain) and (unit is None or unit[0] == MONTHS and unit[2] == "年"):
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


_RANGE = re.compile(r"\s?(?:-|–|—|~|〜|から|to|and|or|ないし|乃至|,|、|・)\s?")


def _ranges(found: list[Value], text: str) -> list[Value]:
    """Give the first number of a range the unit and scale of the second: 350–375 million, 20 to 30 days, 20〜30人."""
    for i in range(len(found) - 2, -1, -1):
        a, b = found[i], found[i + 1]
        between = text[a.end : b.start]
        if a.unit or a.amount is None or b.amount is None or not _RANGE.fullmatch(between) or a.dates and not b.written:
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
