"""Which end of a time a date is: 1277 in "(1277–1347)" is the beginning, and who says "died in 1277" has the other one.

A date is an end by the range it stands in, by the word beside it (from, until, から, まで), or, in a statement with one
date, by what is said to have happened then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from rag.checking import synonyms
from rag.checking.tokens import Token, root

Side = Literal["begins", "ends", ""]

_ROUGHLY = r"(?:頃|ごろ|上旬|中旬|下旬|初頭|前半|後半|半ば|末)*"
_TO = re.compile(r"\s?(?:-|–|—|−|~|〜|to)\s?")
_AFTER: tuple[tuple[Side, re.Pattern[str]], ...] = (
    ("begins", re.compile(rf"{_ROUGHLY}から")),
    ("ends", re.compile(rf"{_ROUGHLY}まで")),
)
_BEFORE: tuple[tuple[Side, re.Pattern[str]], ...] = (
    ("begins", re.compile(r"\b(?:from|since)\s$", re.I)),
    ("ends", re.compile(r"\b(?:until|till)\s$", re.I)),
)


def _keys(words: str) -> frozenset[str]:
    return frozenset(root(word) if word.isascii() else synonyms.JAPANESE.get(word, word) for word in words.split())


_HAPPENED: dict[Side, frozenset[str]] = {
    "begins": _keys("born birth begin start found establish open arise 生まれる 誕生 開始 始まる 設立 発足 創立 即位"),
    "ends": _keys(
        "die death end finish cease close dissolve abolish collapse 死去 終了 終わる 廃止 解散 滅亡 退位 閉鎖"
    ),
}


def sides(tokens: Sequence[Token], text: str) -> list[Side]:
    """Return for each token which end of a time it is, "" for most."""
    found: list[Side] = [_beside(token, text) for token in tokens]
    dates = [i for i, token in enumerate(tokens) if token.value and token.value.dates]
    for a, b in pairwise(dates):
        if _TO.fullmatch(text[tokens[a].end : tokens[b].start]):
            found[a], found[b] = found[a] or "begins", found[b] or "ends"
    return found


def stated_sides(tokens: Sequence[Token], text: str) -> list[Side]:
    """Return the same for a statement, whose only date is when that happened which it tells of."""
    found = sides(tokens, text)
    dates = [i for i, token in enumerate(tokens) if token.value and token.value.dates]
    told: list[Side] = [side for side, keys in _HAPPENED.items() if any(token.key in keys for token in tokens)]
    if len(dates) == len(told) == 1:
        found[dates[0]] = found[dates[0]] or told[0]
    return found


def _beside(token: Token, text: str) -> Side:
    if token.value is None or not token.value.dates:
        return ""
    for side, pattern in _AFTER:
        if pattern.match(text, token.end):
            return side
    before = text[max(0, token.start - 12) : token.start]
    return next((side for side, pattern in _BEFORE if pattern.search(before)), "")
