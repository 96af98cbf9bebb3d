"""What a word is: the one place that turns text into terms, for documents and questions alike.

A text becomes terms that find it however it is typed later: ``ERR-4012`` is found by ``err 4012`` and ``ERR4012``,
``1,000`` by ``1000``, ``ｻｰﾊﾞｰ`` by ``サーバ``, 令和6年 by 2024. Japanese goes through `index.japanese`, which is loaded
when the first Japanese character is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from index.characters import UNSPACED, is_unspaced, normalize

__all__ = ["UNSPACED", "is_unspaced", "normalize"]  # handed on: most of those who need words need these too

_LETTER = f"[^\\W_{UNSPACED}]"
# A number with separators; or letters and digits held together by single marks, and the plus signs of C++.
_WORD = re.compile(rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d)|{_LETTER}+(?:[-‐_.@'’&]{_LETTER}+)*(?:\+\+|\#)?")
_ASCII_WORD = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|[A-Za-z0-9]+(?:[-_.@'&][A-Za-z0-9]+)*(?:\+\+|#)?")
_MARK = re.compile(r"[-‐_.@'’&]")
_SILENT_MARK = re.compile(r"[-‐_'’&]|(?<=[^\W\d])\.(?=[^\W\d])")  # all but the points that tell 2.4.1 from 241
_NUMBER = re.compile(r"[\d,]+(?:\.\d+)?")  # one value: 2.4 is not found by 2
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_FISCAL_YEAR = re.compile(r"fy[-‐'’]?(\d\d)")  # FY19, FY'19
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BRACKETS = re.compile(r"\s*[(（].*?[)）]")
TITLE_MARK = "="  # no term begins with it
TITLE_TERMS = 8  # a longer title is not typed whole
_LONGEST = 64  # characters of a term; what is longer is encoded data, found by its beginning


@dataclass(frozen=True, slots=True)
class Words:
    """A text for the word index: its terms in reading order, and its shingles (Broder, 1997).

    Shingles are two or three words with no more than stop words between them (cost of sales → cost_sales) and, where a
    script does not part words, two neighbouring characters. No term or shingle holds white space.
    """

    terms: tuple[str, ...]
    shingles: tuple[str, ...]


def terms(text: str) -> list[str]:
    """Return the terms of a text, as often as they occur; a compound adds its joined form to its parts."""
    return list(read_words(text).terms)


def read_words(text: str) -> Words:
    """Return the terms and shingles of a text."""
    text = normalize(text)
    pattern = _ASCII_WORD if text.isascii() else _WORD
    found = [term for word in pattern.findall(text) for term in _terms_of(word)]
    telling = [term for term in found if term not in STOP_WORDS]
    shingles = [f"{one}_{two}" for one, two in pairwise(telling)]
    shingles += ["_".join(three) for three in zip(telling, telling[1:], telling[2:], strict=False)]
    if is_unspaced(text):
        from index import japanese

        found += japanese.words(text)
        shingles += japanese.pairs(text)
    return Words(tuple(found), tuple(shingles))


def whole_titles(titles: Iterable[str]) -> list[str]:
    """Return one term for each title, all of it, which meets questions that name the title from first word to last.

    A title also counts without what stands in brackets: Mercury (planet).
    """
    names = {form for title in titles for form in (title, _BRACKETS.sub("", title))}
    return sorted({TITLE_MARK + "_".join(found) for name in names if 0 < len(found := terms(name)) <= TITLE_TERMS})


def runs(terms: Sequence[str]) -> list[str]:
    """Return every run of terms that may be a whole title, in the form of `whole_titles`."""
    return [
        TITLE_MARK + "_".join(terms[start:end])
        for start in range(len(terms))
        for end in range(start + 1, min(start + TITLE_TERMS, len(terms)) + 1)
    ]


def split_words(text: str) -> list[str]:
    """Return the words of a text as they were typed, those of unspaced scripts left out."""
    return _WORD.findall(normalize(text))


@lru_cache(maxsize=1 << 16)
def _terms_of(word: str) -> tuple[str, ...]:
    """Return the terms of one word as it was typed: its parts, then its joined form where that differs."""
    if word.isalpha() and (word.islower() or word.istitle()):
        return (stem(word.casefold())[:_LONGEST],)
    if _NUMBER.fullmatch(word):
        return (_bare(word.replace(",", "")),)
    folded = word.casefold()
    if folded.endswith(("++", "#")):
        return (folded.rstrip("+#"), folded)
    if folded.endswith(("'s", "’s")):
        word, folded = word[:-2], folded[:-2]
    if short := _FISCAL_YEAR.fullmatch(folded):
        year = f"{century_of(short[1])}{short[1]}"
        return ("fy", _bare(short[1]), year, f"fy{year}")
    found: list[str] = []
    parts = _MARK.split(folded)
    for part, typed in zip(parts, _MARK.split(word), strict=True):
        pieces = _PIECE.findall(part)
        if len(pieces) == 1:
            pieces = [piece.casefold() for piece in _CAMEL.split(typed)]
        found += [_bare(piece) for piece in pieces]
        if len(pieces) > 1:
            found.append(part)
    if len(parts) > 1:
        found.append(folded if "@" in folded else stem(_SILENT_MARK.sub("", folded)))
    return tuple(term[:_LONGEST] for term in found)


def century_of(year: str) -> str:
    """Return the digits before a year of two digits: 69 to 99 are of the last century, as POSIX reads ``%y``."""
    return "19" if year >= "69" else "20"


def _bare(piece: str) -> str:
    """Return a word's stem; a number of two digits without its leading zero: 4/1 finds 04/01, and 9:30 finds 09:30."""
    return str(int(piece)) if len(piece) == 2 and piece.isdecimal() else stem(piece)


def stem(word: str) -> str:
    """Return a lower-case English word without plural and verb endings; other words stay as they are.

    A light stemmer after Harman, "How effective is suffixing?" (1991): -s, -ing, -ed and a final e go, so that base,
    based and basing meet, and policy and policies; policy and police, company and companion stay apart.
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word[-1] == "s" and word[-2] not in "sui":
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and any(vowel in rest for vowel in "aeiouy"):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word[-1] == "y" and word[-2] not in "aeiou" else word


_FUNCTION_WORDS = """
    a an and any are as at be been but by can could did do does for from had has have he her his how i if in into is it
    its me my of on or our she should so than that the their them then there these they this those to was we were what
    when where which who whom whose why will with would you your
    何 どこ 誰 何時 いつ 為る 有る 居る 無い 事 物 其の 此の どの どんな 何の 成る 言う 呼ぶ 出来る の こと れる られる
"""
# Terms that carry a sentence rather than its subject; questions are asked without them. Negations stay.
STOP_WORDS = frozenset(stem(word) for word in _FUNCTION_WORDS.split())
