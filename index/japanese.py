"""The terms of Japanese text: dictionary words in their normalised form, and pairs of characters.

SudachiPy (https://github.com/WorksApplications/SudachiPy) splits and normalises (付属/附属, サーバー/サーバ, 受付/受け付け);
the pairs find what the dictionary does not know. Loading takes about a tenth of a second, so nothing here is imported
before the first Japanese character.
"""

from __future__ import annotations

import re
import threading
from typing import Any

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
    found = []
    for line in text.splitlines():
        if not _HAS.search(line):
            continue
        for start in range(0, len(line), _LIMIT):
            for morpheme in _tokenizer().tokenize(line[start : start + _LIMIT]):
                if _HAS.search(morpheme.surface()) and morpheme.part_of_speech()[0] not in _EMPTY:
                    found.append(morpheme.normalized_form().replace(" ", "_"))
    return found


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
