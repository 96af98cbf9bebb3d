#!/usr/bin/env python3
"""Write the English meanings of the common Japanese words, rag/glosses.tsv.xz, from JMdict.

    python tests/bench/make_glosses.py DATABASE

DATABASE is the file jamdict.db of the Python package jamdict-data, unpacked (xz -d). Kept are the words that JMdict
marks as common in a newspaper or a list of basic words, as they are written: those in kana only where that is usual,
because the others are spelt like many a run of particles. Of each word it is the first short meaning of the first
sense, or the beginning of a long one.
"""

from __future__ import annotations

import lzma
import re
import sqlite3
import sys
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "rag" / "glosses.tsv.xz"
LOOKED_AT = 3  # meanings of a sense
LONGEST = 4  # words of a meaning
_GRAMMAR = re.compile(r"\b(?:indicat|particle|marker|suffix|prefix|counter|auxiliary)")  # says what a word is for
_NOTE = re.compile(r"\([^)]*\)")
_FIRST = re.compile(r"^(?:to|a|an|the) ")


def main() -> None:
    database = sqlite3.connect(sys.argv[1])
    common = {
        entry
        for place, words in (("KJP", "Kanji"), ("KNP", "Kana"))
        for (entry,) in database.execute(f"SELECT w.idseq FROM {place} p JOIN {words} w ON w.ID = p.kid")
    }
    in_kana = {sense for (sense,) in database.execute("SELECT sid FROM misc WHERE text LIKE '%using kana alone%'")}
    senses: dict[int, int] = {}
    for sense, entry in database.execute("SELECT ID, idseq FROM Sense ORDER BY ID"):
        senses.setdefault(entry, sense)
    meanings: dict[int, list[str]] = defaultdict(list)
    for sense, text in database.execute("SELECT sid, text FROM SenseGloss WHERE lang IN ('', 'eng') OR lang IS NULL"):
        meanings[sense].append(shorten(text))
    written = list(database.execute("SELECT idseq, text FROM Kanji"))
    with_kanji = {entry for entry, _ in written}
    spoken = [
        (entry, text)
        for entry, text in database.execute("SELECT idseq, text FROM Kana")
        if entry not in with_kanji or senses[entry] in in_kana
    ]
    found: dict[str, str] = {}
    for entry, word in (*written, *spoken):
        if entry in common and (meaning := choose(meanings[senses[entry]])):
            found.setdefault(word, meaning)
    lines = "".join(f"{word}\t{meaning}\n" for word, meaning in sorted(found.items()))
    TARGET.write_bytes(lzma.compress(lines.encode("utf-8"), preset=9))
    print(f"{len(found)} words, {TARGET.stat().st_size / 1e3:.0f} kB")


def shorten(meaning: str) -> str:
    return _FIRST.sub("", " ".join(_NOTE.sub("", meaning).split()))


def choose(meanings: list[str]) -> str:
    told = [text for text in meanings[:LOOKED_AT] if text and not _GRAMMAR.search(text)]
    short = (text for text in told if len(text.split()) <= LONGEST)
    return next(short, " ".join(told[0].split()[:LONGEST]) if told else "")


if __name__ == "__main__":
    main()
