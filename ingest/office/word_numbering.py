"""Computes the automatic numbers of Word paragraphs ("第3条", "2.1", "(iv)"), which the file does not hold as text.

After ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (ST_NumberFormat).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{W}val"

_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_IDEOGRAPHS = "〇一二三四五六七八九"
_LEGAL = dict(zip("〇一二三四五六七八九十百千万", "零壱弐参四五六七八九拾百千萬", strict=True))
_CYCLES = {
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "aiueo": _AIUEO,
    "aiueoFullWidth": _AIUEO,
    "iroha": _IROHA,
    "irohaFullWidth": _IROHA,
    "ganada": "가나다라마바사아자차카타파하",
    "russianLower": "абвгдежзиклмнопрстуфхцчшщыэюя",
    "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ",
}
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def spell(number: int, style: str) -> str:
    """`number` as the number format `style` of the standard writes it; a format not known here gives plain digits."""
    if style in ("none", "bullet"):
        return ""
    if number < 1:
        return str(number)
    if style in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if style == "lowerLetter" else letter.upper()
    if style in ("lowerRoman", "upperRoman") and number < 4000:
        return _roman(number) if style == "lowerRoman" else _roman(number).upper()
    if style == "decimalZero":
        return f"{number:02d}"
    if style in ("decimalFullWidth", "decimalFullWidth2"):
        return str(number).translate({ord("0") + i: 0xFF10 + i for i in range(10)})
    if style in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and number <= 20:
        return chr(0x2460 + number - 1)
    if style == "decimalEnclosedParen" and number <= 20:
        return chr(0x2474 + number - 1)
    if style == "decimalEnclosedFullstop" and number <= 20:
        return chr(0x2488 + number - 1)
    if style in ("japaneseCounting", "chineseCounting", "chineseCountingThousand", "taiwaneseCountingThousand"):
        return _japanese(number)
    if style == "japaneseLegal":
        return "".join(_LEGAL[sign] for sign in _japanese(number))
    if style in ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital", "taiwaneseCounting"):
        return "".join(_IDEOGRAPHS[int(digit)] for digit in str(number))
    if style == "ordinal":
        ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending}"
    if cycle := _CYCLES.get(style):
        return cycle[(number - 1) % len(cycle)]
    return str(number)


def _roman(number: int) -> str:
    signs = ""
    for value, sign in _ROMAN:
        signs += sign * (number // value)
        number %= value
    return signs


def _japanese(number: int) -> str:
    """Counting numerals: 10 十, 21 二十一, 105 百五, 12,000 一万二千."""
    if number >= 10_000:
        rest = number % 10_000
        return _japanese(number // 10_000) + "万" + (_japanese(rest) if rest else "")
    signs = ""
    for value, sign in ((1000, "千"), (100, "百"), (10, "十")):
        count, number = divmod(number, value)
        if count:
            signs += ("" if count == 1 else _IDEOGRAPHS[count]) + sign
    return signs + (_IDEOGRAPHS[number] if number else "")


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered; `text` holds %1 … %9 for the numbers of the levels."""

    start: int
    style: str
    text: str
    restart: int | None  # counted from 1: the level whose advance starts this one over; 0 never, None any above
    legal: bool  # all numbers in plain digits


@dataclass(slots=True)
class Numbering:
    """The lists of a document (numbering.xml) and how far each has been counted."""

    _lists: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _opened: set[tuple[str, int]] = field(default_factory=set)
    _styled: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def read(cls, root: etree._Element | None) -> Numbering:
        """The lists that `root` (w:numbering) defines; without it nothing is numbered."""
        numbering = cls()
        if root is None:
            return numbering
        abstracts = {node.get(f"{W}abstractNumId", ""): node for node in root.iterfind(f"{W}abstractNum")}
        by_style = {value(node, "styleLink"): key for key, node in abstracts.items() if value(node, "styleLink")}
        for node in root.iterfind(f"{W}num"):
            name, abstract = node.get(f"{W}numId", ""), value(node, "abstractNumId")
            if abstract not in abstracts:
                continue
            abstract = by_style.get(value(abstracts[abstract], "numStyleLink"), abstract)
            levels = {number(at, "ilvl"): _level(at) for at in abstracts[abstract].iterfind(f"{W}lvl")}
            starts: dict[int, int] = {}
            for change in node.iterfind(f"{W}lvlOverride"):
                at = number(change, "ilvl")
                if (other := change.find(f"{W}lvl")) is not None:
                    levels[at] = _level(other)
                if (start := small_number(value(change, "startOverride"), -1)) >= 0:
                    starts[at] = start
            numbering._lists[name] = (abstract, levels, starts)
            for own in abstracts[abstract].iterfind(f"{W}lvl"):
                if style := value(own, "pStyle"):
                    numbering._styled.setdefault((name, style), number(own, "ilvl"))
        return numbering

    def level_of_style(self, list_id: str, style: str) -> int:
        """The level that a list ties to a paragraph style (0 when it names none)."""
        return self._styled.get((list_id, style), 0)

    def is_list(self, list_id: str, level: int) -> bool:
        """Whether a paragraph of this list and level carries a number or bullet."""
        return list_id in self._lists and level in self._lists[list_id][1]

    def advance(self, list_id: str, level: int) -> str:
        """Count one paragraph of the list and give its number as shown; "" for bullets."""
        abstract, levels, starts = self._lists[list_id]
        counts = self._counts.setdefault(abstract, {})
        for at, start in starts.items():  # an override counts once, when its list is first used at that level
            if at <= level and (list_id, at) not in self._opened:
                self._opened.add((list_id, at))
                counts[at] = start - 1
        for above in range(level):
            if above in levels:
                counts.setdefault(above, levels[above].start)
        counts[level] = counts.get(level, levels[level].start - 1) + 1
        for below in [at for at in counts if at > level]:
            rule = levels[below].restart if below in levels else None
            if rule is None or (rule != 0 and level < rule):
                del counts[below]
        shown = levels[level]
        if shown.style == "bullet":
            return ""

        def insert(mark: re.Match[str]) -> str:
            at = int(mark[1]) - 1
            style = levels[at].style if at in levels else "decimal"
            return spell(counts.get(at, 1), "decimal" if shown.legal and style != "none" else style)

        return re.sub(r"%([1-9])", insert, shown.text)


def value(node: etree._Element, tag: str) -> str:
    """The w:val of the child `tag`, "" when there is none."""
    child = node.find(f"{W}{tag}")
    return "" if child is None else child.get(_VAL, "")


def number(node: etree._Element, attribute: str) -> int:
    """A small number in an attribute, 0 when it is missing or not one."""
    return small_number(node.get(f"{W}{attribute}", ""))


def small_number(text: str, default: int = 0) -> int:
    """A number of a document, `default` for what is none or has more than five digits: no list or table is so long."""
    return int(text) if text.isdecimal() and len(text) < 6 else default


def is_on(properties: etree._Element | None, tag: str) -> bool | None:
    """Whether a switch such as w:vanish is set; None when nothing is said."""
    switch = None if properties is None else properties.find(f"{W}{tag}")
    return None if switch is None else switch.get(_VAL, "1") not in ("0", "false", "off")


def _level(node: etree._Element) -> Level:
    style = value(node, "numFmt")
    if not style:  # formats newer than 2007 are wrapped, with an older one to fall back on
        inner = next(node.iter(f"{W}numFmt"), None)
        style = "decimal" if inner is None else inner.get(_VAL, "decimal")
    restart = small_number(value(node, "lvlRestart"), -1)
    return Level(
        start=small_number(value(node, "start")),
        style=style,
        text=value(node, "lvlText"),
        restart=None if restart < 0 else restart,
        legal=bool(is_on(node, "isLgl")),
    )
