"""How well the words of a statement stand together at one place of its sources.

A false statement is often made of true words: the right sort of answer, taken from somewhere else in the passage. So
it is not enough that every word stands in the source. Each part of the statement is asked how much of the rest stands
*near* it, compared with the place where the rest stands best, and with the place of a rival: another number, date or
name that the statement does not mention. Nearness fades as in proximity ranking (Lv and Zhai, "Positional language
models for information retrieval", SIGIR 2009).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp

from rag.checking.distances import places, stride, window
from rag.checking.opposites import opposed
from rag.checking.route import Route, find_route
from rag.checking.tokens import FAMILY, Matches, Token
from rag.checking.values import agree, exclude

_TOPIC = 4.0  # the most a sentence's opening is away from anything in it
_REACH = 6.0  # tokens at which nearness has faded to 1/e
# 月曜 and 火曜, 課長 and 部長, 貸主 and 借主 are two days and two people each, not words of one family.
_ONE_OF_ITS_KIND = "曜長主務部店室町村区国語税線港門口城校館院男女"
_NAME_ENDING = re.compile(r"[aeiouy]{0,2}(?:l|n|ns|s|se|sh|c|cs|in|en|er|ers|land|sm|st|sts|t[iy]|tion|tions)?")
_HIRAGANA = re.compile("[ぁ-ゖ]")
_NUMERAL = re.compile("[一二三四五六七八九十]")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of the statement's tokens that stands together in the source; indices into the statement's tokens."""

    first: int
    last: int
    nearness: float  # of the rest of the statement to this part, 0 to 1, relative to the best place for the rest
    rivalry: float  # nearness of the best rival, relative to the same


@dataclass(frozen=True, slots=True)
class Alignment:
    """What of a statement stands where in its sources; shares are between 0 and 1."""

    covered: float  # share of the statement's weight that the best sentence has
    found: float  # the same anywhere in the sources
    stride: float  # the longest way from one token of the statement to the next in the source, 0 to 1
    window: float  # the shortest piece of the best sentence with all of the statement that it has, 0 to 1
    parts: tuple[Part, ...]
    sentence: int  # the best sentence
    matches: tuple[tuple[tuple[int, float], ...], ...]  # for each token of the statement: (source token, likeness)
    route: Route


def align(statement: Sequence[Token], source: Sequence[Token], text: str) -> Alignment:
    """Align the tokens of a statement with those of its sources (`text` is the sources' normalised text)."""
    matches = _matches(statement, source)
    weights = _weights(statement, source, matches)
    line = places(source, text)
    total = sum(weights) or 1.0
    shares = _shares(source, matches, weights)
    sentences = sorted({t.sentence for t in source})
    by_sentence = {k: sum(share.get(k, 0.0) for share in shares) for k in sentences}
    best = max(sentences, key=lambda k: (by_sentence[k], -k), default=0)
    return Alignment(
        covered=by_sentence.get(best, 0.0) / total,
        found=sum(max(share.values(), default=0.0) for share in shares) / total,
        stride=stride(matches, line),
        window=window([[j for j, _ in ms if source[j].sentence == best] for ms in matches], line),
        parts=tuple(_parts(statement, source, matches, weights, line)),
        sentence=best,
        matches=tuple(tuple(ms) for ms in matches),
        route=find_route(matches, line, [t.sentence for t in source], best),
    )


def _matches(statement: Sequence[Token], source: Sequence[Token]) -> list[list[tuple[int, float]]]:
    by_key: dict[str, list[int]] = {}
    for i, t in enumerate(source):
        if not t.value:
            by_key.setdefault(t.key, []).append(i)
    found = []
    for s in statement:
        if s.value:
            found.append([(i, 1.0) for i, t in enumerate(source) if t.value and agree(s.value, t.value)])
        else:
            alike = {key: like for key in by_key if (like := likeness(s.key, key)) > 0}
            if s.name:
                alike = {key: like for key, like in alike.items() if like == 1.0 or _is_one_name(s.key, key)}
            least = FAMILY if s.name or 1.0 in alike.values() else 0.0  # 太郎 and 次郎 are two people
            found.append(sorted((i, like) for key, like in alike.items() if like >= least for i in by_key[key]))
    return found


def _is_one_name(one: str, other: str) -> bool:
    """Whether two names of one beginning differ in an ending at most: Mexico and Mexican, not Nordlys and Nordlux."""
    common = _common(one, other)
    endings = one[common:], other[common:]
    return not one.isascii() or "" in endings or all(map(_NAME_ENDING.fullmatch, endings))


def _common(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@lru_cache(maxsize=1 << 16)
def likeness(one: str, other: str) -> float:
    """Return 1 for the same key, less for words of one family (origin, originate; 発表, 公表), 0 for others."""
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    if opposed(one, other) or any(c.isdigit() for c in short + long):
        return 0.0
    if short.isascii():
        common = _common(short, long)
        beginning = common >= 5 and common >= 0.6 * len(long)
        whole = common == len(short) >= 4 and len(long) <= len(short) + 3
        return FAMILY if beginning or whole else 0.0
    if _NUMERAL.sub("", short) == _NUMERAL.sub("", long):  # 一酸化, 二酸化
        return 0.0
    if short in long and len(short) >= 2:
        return FAMILY
    one, other = _HIRAGANA.sub("", one), _HIRAGANA.sub("", other)  # 貸主 is written 貸し主, too
    if len(one) == len(other) == 2 and one != other and one[-1] == other[-1] and one[-1] in _ONE_OF_ITS_KIND:
        return 0.0
    shared = sum("一" <= c <= "鿿" and c in long for c in short)
    return 0.4 if shared and len(short) >= 2 and len(long) <= 4 else 0.0


def _weights(statement: Sequence[Token], source: Sequence[Token], matches: Matches) -> list[float]:
    """What each token counts: values and names more, words that are in most sentences less."""
    sentences = len({t.sentence for t in source}) or 1
    weights = []
    for s, ms in zip(statement, matches, strict=True):
        spread = len({source[i].sentence for i, like in ms if like >= FAMILY})
        common = 0.5 if sentences > 2 and spread > sentences / 2 else 1.0
        light = 0.5 if s.light else 1.0
        weights.append(common * light * (1.5 if s.value else 1.2 if s.name else 1.0))
    return weights


def _parts(
    statement: Sequence[Token],
    source: Sequence[Token],
    matches: list[list[tuple[int, float]]],
    weights: list[float],
    line: list[float],
) -> list[Part]:
    taken = sorted({at for ms in matches for at, _ in ms})
    near = _nearness(source, matches, weights, line, taken)
    parts = []
    for first, last in _runs(statement, matches):
        rest = [i for i, ms in enumerate(matches) if ms and not first <= i <= last]
        at = [sum(near[i][j] for i in rest) for j in range(len(source))]
        best = max((at[j] for j in taken), default=0.0)
        if not best:
            continue
        here = {j for i in range(first, last + 1) for j, _ in matches[i]}
        part = statement[first : last + 1]
        rivals = [j for j, t in enumerate(source) if j not in taken and _rival(part, t)]
        parts.append(
            Part(
                first,
                last,
                nearness=max(at[j] for j in here) / best,
                rivalry=max((at[j] for j in rivals), default=0.0) / best,
            )
        )
    return parts


def _nearness(
    source: Sequence[Token],
    matches: Matches,
    weights: Sequence[float],
    line: Sequence[float],
    taken: Sequence[int],
) -> list[list[float]]:
    """For each token of the statement, how near it stands to each token of the source, weighed."""
    openings = {i for i, t in enumerate(source) if not i or source[i - 1].sentence != t.sentence}
    fading: dict[int, list[float]] = {}
    for t in taken:
        row = fading[t] = [exp(-abs(line[t] - place) / _REACH) for place in line]
        # What opens a sentence is mostly what all of it is about.
        for j, other in enumerate(source):
            if other.sentence == source[t].sentence and (t in openings or j in openings):
                row[j] = max(row[j], exp(-_TOPIC / _REACH))
    found = []
    for ms, weight in zip(matches, weights, strict=True):
        rows = [[like * f for f in fading[t]] for t, like in ms]
        found.append([weight * max(column) for column in zip(*rows, strict=True)] if rows else [])
    return found


def _shares(source: Sequence[Token], matches: Matches, weights: Sequence[float]) -> list[dict[int, float]]:
    """For each token of the statement, what of its weight each sentence of the source has."""
    found = []
    for ms, weight in zip(matches, weights, strict=True):
        share: dict[int, float] = {}
        for t, like in ms:
            k = source[t].sentence
            share[k] = max(share.get(k, 0.0), weight * like)
        found.append(share)
    return found


def _runs(statement: Sequence[Token], matches: Matches) -> list[tuple[int, int]]:
    """Runs of names, or of other words, that stand one behind the other in the source too: (first, last), inclusive.

    A value is always alone: its rivals are other values, and all the words around it speak for it or for them.
    """
    runs: list[tuple[int, int]] = []
    for i, ms in enumerate(matches):
        if not ms:
            continue
        like_last = i > 0 and statement[i].name == statement[i - 1].name
        if runs and runs[-1][1] == i - 1 and like_last and not statement[i].value and not statement[i - 1].value:
            before = {at for at, _ in matches[i - 1]}
            if any(at - step in before for at, _ in ms for step in (1, 2)):
                runs[-1] = (runs[-1][0], i)
                continue
        runs.append((i, i))
    return runs


def _rival(part: Sequence[Token], token: Token) -> bool:
    """Whether a source token could stand in the place of this part."""
    if value := part[0].value:
        return token.value is not None and exclude(value, token.value)
    if part[0].name:
        return token.name and not token.value
    return not token.value
