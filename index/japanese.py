"""The terms of Japanese text: dictionary words in their normalised form, and pairs of characters.

SudachiPy (https://github.com/WorksApplications/SudachiPy) splits and normalises (附属 → 付属, 三千 → 3000); the
pairs find what its dictionary does not know. Loading takes about a tenth of a second, so this module is imported
when the first Japanese character is met. Texts come in the form of `index.characters.normalize`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from index.characters import UNSPACED

_RUN = re.compile(f"[{UNSPACED}]+")
_ANY = re.compile(f"[{UNSPACED}]")
# Sudachi refuses more than 49,149 bytes of UTF-8; no character has more than four.
_MOST = 12_000
# Particles, inflections, punctuation and blanks name no subject.
_EMPTY = frozenset({"助詞", "助動詞", "補助記号", "空白"})
# Katakana words of four characters and more come with and without the last long mark (JIS Z 8301).
_LONG_END = re.compile("(?<=[ァ-ヺー]{3})ー(?![ァ-ヺー])")
_ERAS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}  # first years
_LETTERS = dict(zip("MTSHR", _ERAS.values(), strict=True))
_ERA_YEAR = re.compile(rf"({'|'.join(_ERAS)})\s*(元|\d{{1,2}}|[一二三四五六七八九十]{{1,3}})\s*年")
_ERA_LETTER = re.compile(r"(?<![A-Za-z0-9])([MTSHR])(\d{1,2})(?=[./年-])")
_KANJI_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
_local = threading.local()  # one tokenizer a thread, as its authors ask


def words(text: str) -> list[str]:
    """Return the normalised dictionary words of a text, without particles and punctuation, and its years of an era."""
    found = [m.key for m in morphemes(text) if m.part not in _EMPTY and _ANY.search(m.surface)]
    return found + western_years(text)


class Morpheme(NamedTuple):
    """A dictionary word where it stands: normalised form (`key`), dictionary form (`base`), part of speech (`part`).

    `named` is what a proper name names (人名, 地名, 一般, …), else ""; `reading` is how it is read, in katakana.
    """

    surface: str
    key: str
    base: str
    part: str
    proper: bool
    start: int
    end: int
    named: str = ""
    reading: str = ""


def morphemes(text: str) -> Iterator[Morpheme]:
    """Yield the morphemes of the lines that hold Japanese, with their places in the text."""
    at = 0
    for line in text.splitlines(keepends=True):
        if _ANY.search(line):
            for start in range(0, len(line), _MOST):
                for m in _tokenizer().tokenize(line[start : start + _MOST]):
                    part = m.part_of_speech()
                    key = _LONG_END.sub("", m.normalized_form().casefold().replace(" ", "_"))
                    begin, end = at + start + m.begin(), at + start + m.end()
                    proper = "固有名詞" in part[1:3]
                    named = part[2] if part[1] == "固有名詞" else ""
                    yield Morpheme(
                        m.surface(), key, m.dictionary_form(), part[0], proper, begin, end, named, m.reading_form()
                    )
        at += len(line)


def pairs(text: str) -> list[str]:
    """Return every pair of neighbouring characters of each run; a run of one character stands alone."""
    runs = _RUN.findall(_LONG_END.sub("", text))
    return [pair for run in runs for pair in ([run[i : i + 2] for i in range(len(run) - 1)] or [run])]


def western_years(text: str) -> list[str]:
    """Return the years of the Western calendar that a text gives by era: 令和6年 is 2024."""
    years = [_ERAS[era] + _year_number(year) - 1 for era, year in _ERA_YEAR.findall(text)]
    years += [_LETTERS[letter] + int(year) - 1 for letter, year in _ERA_LETTER.findall(text)]
    return [str(year) for year in years]


def _year_number(written: str) -> int:
    if written == "元":
        return 1
    if written.isdecimal():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    return (_KANJI_DIGITS.get(tens, 1) * 10 if ten else 0) + _KANJI_DIGITS.get(ones, 0)


def _tokenizer() -> Any:
    if not hasattr(_local, "tokenizer"):
        from sudachipy import Config, Dictionary, SplitMode

        # The plugins as they come, without the one that drops readings in brackets, which people search for.
        plugins = [
            {"class": "com.worksap.nlp.sudachi.DefaultInputTextPlugin"},
            {
                "class": "com.worksap.nlp.sudachi.ProlongedSoundMarkPlugin",
                "prolongedSoundMarks": ["ー", "〜", "〰"],
                "replacementSymbol": "ー",
            },
        ]
        # Mode A, the shortest units, ranked better than B and C on niilc.
        _local.tokenizer = Dictionary(config=Config(inputTextPlugin=plugins)).tokenizer(mode=SplitMode.A)
    return _local.tokenizer
