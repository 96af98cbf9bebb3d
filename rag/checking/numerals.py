"""Numbers as they are written: digits, English number words, kanji numerals and mixtures (3万5千, 1.5 million)."""

from __future__ import annotations

import re
from functools import reduce

DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
KANJI = "〇零一二三四五六七八九十百千万億兆"
_KANJI_DIGIT = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12}


def _listed(words: str) -> list[str]:
    return words.split()


_ONES = _listed("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
""")
_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")
_SCALE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_WORD = {w: i for i, w in enumerate(_ONES)} | {w: 20 + 10 * i for i, w in enumerate(_TENS)}
_ORDINALS = _listed("""
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
sixteenth seventeenth eighteenth nineteenth twentieth
""")
_ORDINAL = {w: i + 1 for i, w in enumerate(_ORDINALS)}
NUMBER_WORDS = "|".join(sorted([*_WORD, "a(?= (?:hundred|thousand|million|billion|dozen)\\b)"], key=len, reverse=True))
_scales = "|".join(_SCALE)


def _with_scale(number: str, scale: str) -> str:
    """A pattern of such numbers, or of so many of the scale and as many of less: two hundred and five.

    What follows a scale does not have it, too: "three and five", "two hundred and five hundred" are two numbers each.
    """
    return rf"{number}(?:[ -]{scale}\b(?:(?:,? and |[ -]){number}(?![ -]{scale}\b))?)?"


ENGLISH_BELOW_100 = rf"\b(?:(?:{'|'.join(_TENS)})[ -](?:{'|'.join(_ONES[1:10])})|{NUMBER_WORDS})\b"
ENGLISH = reduce(_with_scale, ("(?:hundred|dozen)", "thousand", "million", "(?:billion|trillion)"), ENGLISH_BELOW_100)
ORDINAL_WORD = rf"\b(?:(?:{'|'.join(_TENS)})[- ])?(?:{'|'.join(_ORDINAL)})\b"
SCALE = rf"(?:\s|-)?(?:{_scales})\b"


def digits(text: str) -> float:
    """Return the value of digits with separators, such as 1,000.5."""
    return float(text.replace(",", ""))


def scale(text: str) -> float:
    """Return the factor of an English scale word such as million."""
    return _SCALE[text.strip(" -").lower()]


def english(text: str) -> float:
    """Return the value of English number words, such as three hundred and fifty or a dozen."""
    total = section = 0.0
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in _WORD:
            section += _WORD[word]
        elif word == "a":
            section += 1
        elif word == "hundred" or word == "dozen":
            section = (section or 1) * _SCALE[word]
        elif word in _SCALE:
            total += (section or 1) * _SCALE[word]
            section = 0.0
    return total + section


def ordinal(text: str) -> float:
    """Return the value of an English ordinal word, such as twenty-third."""
    return float(sum(_ORDINAL.get(w, 0) or _WORD.get(w, 0) for w in re.findall(r"[a-z]+", text.lower())))


def japanese(text: str) -> float:
    """Return the value of kanji numerals or of digits with kanji multipliers: 三十五, 二〇二四, 3万5千, 1億9,104万."""
    total = section = 0.0
    current: float | None = None
    positional = False
    for part in re.findall(rf"{DIGITS}|[{KANJI}]", text):
        if part in _KANJI_DIGIT:
            current = _KANJI_DIGIT[part] + (10 * current if positional and current is not None else 0)
            positional = True
            continue
        if part in _SMALL:
            section += (1 if current is None else current) * _SMALL[part]
        elif part in _LARGE:
            section += current or 0
            total += (section or 1) * _LARGE[part]
            section = 0.0
        else:
            section += current or 0
            current = digits(part)
            positional = False
            continue
        current, positional = None, False
    return total + section + (current or 0)
