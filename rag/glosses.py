"""Japanese text word for word in English, for a reader that knows no Japanese.

A small model that was taught in English can tell whether a text answers a question; of Japanese it sees little more
than bytes. So each word is replaced by a short meaning that a dictionary gives it and each name is spelt in Latin
letters. What comes out is in the order of Japanese, is wrong wherever a word has several meanings, and is shown to
nobody: the reader is taught by it what to make of it (tests/bench/fit_adapter.py).

The meanings in glosses.tsv.xz are those of the common words of JMdict (Breen, "JMdict: a Japanese-Multilingual
Dictionary", 2004), which belongs to the Electronic Dictionary Research and Development Group and is used under its
licence, CC BY-SA 3.0 (https://www.edrdg.org/edrdg/licence.html). tests/bench/make_glosses.py writes the file.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from index.characters import is_unspaced, normalize
from index.words import stem

if TYPE_CHECKING:
    from index.japanese import Morpheme

LONGEST = 5  # morphemes of one entry: なければならない has five
# What carries the grammar, where English has a word for it; particles that are not here are left out.
_GRAMMAR_TABLE = """
は= | が= | を= | て= | ので=because | のに=although | けれど=but | し= | の='s | に=in | で=at | と=and |
や=and | から=from | まで=until | へ=to | も=also | か=? | より=than | ば=if | など=etc | が、=, but |
たり=and | ず=not | た=did | だ=is | です=is | である=is | であった=was | だった=was | でした=was | ない=not |
ぬ=not | ません=not | でない=is not | ではない=is not | ではありません=is not | れる=was | られる=was |
せる=made | させる=made | ます= | う= | する=do | ある=is | いる= | ている=is | ていた=was | てある=is |
なる=become | できる=can | こと=thing | ことができる=can | なければならない=must | ならない=must not |
てはならない=must not | という=called | といった=such as | とし=as | として=as | によって=by | により=by |
による=by | について=about | において=in | における=in | に対して=against | に対する=against |
に関する=about | に関して=about | ため=because of | ために=in order to | のは= | とは= | もの=thing |
とき=when | 場合=case | 以上=or more | 以下=or less | 以内=within | 未満=less than | ごと=every | 的= |
第=number | 者=person | 人=person | 年=year | 月=month | 日=day | 時=o'clock | 分=minute | 円=yen | さん= |
様= | 氏= | 何=what | 誰=who | いつ=when | どこ=where | どの=which | どれ=which | どちら=which |
どこか=where | いつか=when | 誰か=who | 何か=what | ですか=is? | ますか=? | 条=article | なぜ=why |
なに=what | なん=what | どう=how | どのよう=how | どんな=what kind of | 何人=how many people |
何年=what year | 何月=what month | 何日=what day | 何時=what time | いくつ=how many | いくら=how much |
何個=how many | 何回=how many times | 何歳=what age | この=this | その=that | あの=that | これ=this |
それ=that | ここ=here | そこ=there | 。=. | 、=, | 「=" | 」=" | 『=" | 』=" | ・=  | 〜=to | ー=
"""
_GRAMMAR: Mapping[str, str] = dict(entry.strip().split("=") for entry in _GRAMMAR_TABLE.split("|"))
_ENGLISH = re.compile("[a-z]{3,}")
_BEFORE_STOP = re.compile(r"\s+([.,?)']|'s\b)")
# Hepburn's spelling of katakana readings, by rows of five.
_VOWELS = "aiueo"
_ROWS = {
    **{"アイウエオ": "", "カキクケコ": "k", "サシスセソ": "s", "タチツテト": "t", "ナニヌネノ": "n", "ハヒフヘホ": "h"},
    **{"マミムメモ": "m", "ラリルレロ": "r", "ガギグゲゴ": "g", "ザジズゼゾ": "z", "ダヂヅデド": "d"},
    **{"バビブベボ": "b", "パピプペポ": "p", "ァィゥェォ": ""},
}
_LETTERS = {kana: first + vowel for row, first in _ROWS.items() for kana, vowel in zip(row, _VOWELS, strict=True)}
_LETTERS |= {"ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヲ": "o", "ン": "n", "ヴ": "vu", "ー": ""}
_LETTERS |= {"シ": "shi", "チ": "chi", "ツ": "tsu", "フ": "fu", "ジ": "ji", "ヂ": "ji", "ヅ": "zu"}
_SMALL = {"ャ": "ya", "ュ": "yu", "ョ": "yo"}


def gloss(text: str) -> str:
    """Return a text with its Japanese words replaced by English ones; other text stays as it is.

    The longest run of up to LONGEST morphemes that has a meaning is replaced at once.
    """
    if not is_unspaced(text):
        return text
    from index.japanese import morphemes

    found = list(morphemes(" ".join(normalize(text).split())))
    words: list[str] = []
    place = 0
    while place < len(found):
        size, word = _read(found[place : place + LONGEST])
        words.append(word)
        place += size
    return _BEFORE_STOP.sub(r"\1", " ".join(" ".join(words).split()))


def spell(reading: str) -> str:
    """Return a reading in katakana in Latin letters: トクガワ is tokugawa; long vowels are not marked."""
    spelt = ""
    doubled = False
    for kana in reading:
        letters = _LETTERS.get(kana, "")
        if kana == "ッ":
            doubled = True
            continue
        if kana in _SMALL:
            spelt, letters = spelt.removesuffix("i"), _SMALL[kana]
            letters = letters[1:] if spelt.endswith(("sh", "ch", "j")) else letters
        spelt += letters[:1].replace("c", "t") * doubled + letters  # ッチ is tchi
        doubled = False
    return spelt


def _read(run: list[Morpheme]) -> tuple[int, str]:
    """How many of the morphemes one English word stands for, and that word."""
    meanings = _meanings()
    for size in range(len(run), 0, -1):
        begin, last = "".join(morpheme.surface for morpheme in run[: size - 1]), run[size - 1]
        forms = (last.surface, last.base) if size > 1 else (last.surface, last.base, last.key)
        if size == 1 and last.named == "人名":
            break
        for form in forms:
            if (meaning := _GRAMMAR.get(begin + form, meanings.get(begin + form))) is not None:
                return size, meaning
    first = run[0]
    if not is_unspaced(first.surface):
        return 1, first.surface
    if first.part == "助詞":
        return 1, ""
    return 1, spell(first.reading).capitalize() if first.proper else spell(first.reading)


@cache
def _meanings() -> Mapping[str, str]:
    packed = files("rag").joinpath("glosses.tsv.xz").read_bytes()
    rows = (line.split("\t") for line in lzma.decompress(packed).decode("utf-8").splitlines())
    return {word: meaning for word, meaning in rows}


@cache
def english_words() -> frozenset[str]:
    """The stems of all English words in the meanings: mostly common ones."""
    return frozenset(stem(word) for word in _ENGLISH.findall(" ".join(_meanings().values()).casefold()))
