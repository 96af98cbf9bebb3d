"""Which lines of plain text are headings, and of what depth: numbered, marked, underlined or in capitals."""

from __future__ import annotations

import re

_DIGITS = "0-9０-９一二三四五六七八九十百千"
ARTICLE = rf"第[{_DIGITS}]+条(?:の[{_DIGITS}]+)*"  # the number of an article of rules: 第12条の2
_UNITS = {"編": 1, "部": 1, "章": 2, "節": 3, "款": 4, "目": 5, "条": 5}
_JAPANESE = re.compile(rf"(?:第[{_DIGITS}]+|附)([編部章節款目条則])(?:の[{_DIGITS}]+)?(?=$|[\s(（【「:：])")
_ARTICLE = re.compile(rf"{ARTICLE}\s")
_NUMBERED = re.compile(r"((?:\d{1,3}|[０-９]{1,3})(?:[.．](?:\d{1,3}|[０-９]{1,3})){0,5})[.．]?\s+(?=\S)")
_MARKED = re.compile(r"[■□◆◇▼▽]\s*\S|【[^】]+】\s*$")
_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,}|~{3,}|─{3,}|━{3,}|＝{3,}|ー{3,})\s*$")
_SENTENCE_END = tuple("。．.!?！？、,，;；:：")
_LONGEST = 80  # characters of a heading; Japanese ones count twice. Longer lines are sentences


def opens_article(line: str) -> bool:
    """Whether a line of running text begins an article of rules: "第2条 賃金は、…"."""
    return bool(_ARTICLE.match(line))


def is_underline(line: str) -> bool:
    """Whether a line is only a rule, which makes a heading of the line above."""
    return bool(_UNDERLINE.match(line))


def heading_level(line: str, *, alone: bool) -> int:
    """Depth of the heading that `line` is, 1 the outermost, or 0; `alone` when empty lines stand around it."""
    line = line.strip()
    if not line or _width(line) > _LONGEST or line.endswith(_SENTENCE_END):
        return 0
    japanese = _JAPANESE.match(line)
    if japanese:
        return _UNITS.get(japanese.group(1), 2)
    numbered = _NUMBERED.match(line)
    if numbered:
        depth = len(re.split(r"[.．]", numbered.group(1)))
        title = line[numbered.end() :]
        return depth if alone and title[:1].isalpha() and (depth > 1 or not title[:1].islower()) else 0
    if _MARKED.match(line):
        return 3
    return 2 if alone and _is_capitals(line) else 0


def _is_capitals(line: str) -> bool:
    letters = [char for char in line if char.isalpha()]
    cased = [char for char in letters if char.lower() != char.upper()]
    return len(cased) >= 4 and len(cased) == len(letters) > len(line) // 2 and all(char.isupper() for char in cased)


def _width(line: str) -> int:
    return sum(2 if char > "\u2e7f" else 1 for char in line)
