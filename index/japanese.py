"""The terms of Japanese text: dictionary words in their normalised form, and pairs of characters.

SudachiPy (https://github.com/WorksApplications/SudachiPy) splits and normalises (付属/附属, サーバー/サーバ, 受付/受け付け);
the pairs find what the dictionary does not know. Loading takes about a tenth of a second, so nothing here is imported
before the first Japanese character.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from index.words import UNSPACED

_RUN = re.compile(f"[{UNSPACED}]+")
_HAS = re.compile(f"[{UNSPACED}]")
_LIMIT = 16_000  # characters handed to Sudachi at once: it refuses more than 49,149 bytes of UTF-8, 3 a character
_EMPTY = {
    "助詞",
    "助動詞",
    "補助記号",
    "空白",
}  # particles, inflections, punctuation, blanks: they say nothing about a subject
_local = threading.local()  # one tokenizer a thread, as its authors ask


def terms(text: str) -> list[str]:
    """Return the terms of the Japanese runs of a text that was normalised by `index.words.normalize`."""
    return words(text) + pairs(text)


def pairs(text: str) -> list[str]:
    """Return every pair of neighbouring characters of each run; a run of one character is its own term."""
    return [pair for run in _RUN.findall(text) for pair in ([run[i : i + 2] for i in range(len(run) - 1)] or [run])]


def words(text: str) -> list[str]:
    """Return the normalised dictionary words of a text, without particles and punctuation."""
    return [m.key for m in morphemes(text) if m.part not in _EMPTY and _HAS.search(m.surface)]


class Morpheme(NamedTuple):
    """A dictionary word where it stands: normalised form (`key`), dictionary form (`base`), part of speech (`part`)."""

    surface: str
    key: str
    base: str
    part: str
    proper: bool
    start: int
    end: int


def morphemes(text: str) -> Iterator[Morpheme]:
    """Yield the morphemes of the lines that hold Japanese; positions are those of the text."""
    at = 0
    for line in text.splitlines(keepends=True):
        if _HAS.search(line):
            for start in range(0, len(line), _LIMIT):
                for m in _tokenizer().tokenize(line[start : start + _LIMIT]):
                    part = m.part_of_speech()
                    begin, end = at + start + m.begin(), at + start + m.end()
                    key = m.normalized_form().replace(" ", "_")
                    yield Morpheme(
                        m.surface(),
                        key,
                        m.dictionary_form(),
                        part[0],
                        part[1] == "固有名詞" or part[2] == "固有名詞",
                        begin,
                        end,
                    )
        at += len(line)


def _tokenizer() -> Any:
    if not hasattr(_local, "tokenizer"):
        from sudachipy import Config, Dictionary, SplitMode

        # The plugins as they come, but for the one that drops readings in brackets, （きゅうよ）, which people search for.
        plugins = [
            {"class": "com.worksap.nlp.sudachi.DefaultInputTextPlugin"},
            {
                "class": "com.worksap.nlp.sudachi.ProlongedSoundMarkPlugin",
                "prolongedSoundMarks": ["ー", "〜", "〰"],
                "replacementSymbol": "ー",
            },
        ]
        _local.tokenizer = Dictionary(config=Config(inputTextPlugin=plugins)).tokenizer(mode=SplitMode.A)
    return _local.tokenizer
