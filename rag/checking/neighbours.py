"""Two things of a statement that stand each in the other's place, beside the same words as there.

Nothing is known here of what the places mean: "a bridge from Oslo over the Glomma" is not "a bridge from Glomma over
the Oslo", whatever "from" and "over" say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, zip_longest
from typing import NamedTuple

from ingest.sentences import split_sentences
from rag.checking.particles import PARTICLES, SUFFIX, is_passive
from rag.checking.tokens import Token
from rag.checking.voices import ARTICLES, MUTUAL

# What stands in a list may stand in any order.
_LISTING = re.compile(r"(?:[,、・/&\s]|and|or|や|と|及び|および|又は|または|並びに|ならびに|か)+")
_IN_ORDER = re.compile(r"\brespectively\b|\bin (?:that|this) order\b|それぞれ|各々|の順|順に", re.I)
_ASKED = re.compile(r"\b(is|are|was|were|been) (?:the |an? )?$", re.I)  # "What was the fort renamed?"
_QUESTION = 10  # characters of the longest of them
# "paid to the tenant", "paid by the tenant"
_CONTRARY = (frozenset(("to", "by")), frozenset(("to", "from")), frozenset(("into", "from")))


Alike = Sequence[frozenset[int]]


class Neighbours(NamedTuple):
    """Two things, as runs of tokens, that stand beside each other in a sentence, and what stands between."""

    first: range
    gap: str
    second: range


class Place(NamedTuple):
    """A thing of the statement and what the source has there; a place is `telling` beside a word that is no name."""

    thing: range
    others: list[range]
    telling: bool


def list_neighbours(tokens: Sequence[Token], text: str) -> list[Neighbours]:
    """Return what stands beside each other; names and compounds of several words are one thing."""
    found = []
    for first, second in pairwise(list_things(tokens, text)):
        a, b = tokens[first[-1]], tokens[second[0]]
        gap = " ".join(ARTICLES.sub("", SUFFIX.sub("", text[a.end : b.start].lower())).split())
        if b.verb and not gap and (asked := _ASKED.search(text, max(0, a.start - _QUESTION), a.start)):
            gap = asked[1].lower()
        if a.sentence == b.sentence and not _LISTING.fullmatch(gap):
            found.append(Neighbours(first, gap, second))
    return found


def list_things(tokens: Sequence[Token], text: str) -> Iterator[range]:
    """Yield the runs of tokens that are one name or compound: Tom Hansen, 総務部, Article 5."""
    start = 0
    for i, (token, after) in enumerate(zip_longest(tokens, tokens[1:])):
        if after is None or not _goes_with(token, after, text[token.end : after.start]):
            yield range(start, i + 1)
            start = i + 1


def in_order(tokens: Sequence[Token], text: str) -> bool:
    """Return whether the order of a text's lists says something: of two of one length, each member goes with one of the
    other's.
    """
    numbers = number_lists(tokens, text)
    lengths = Counter(numbers[thing[0]] for thing in list_things(tokens, text))
    long = [(tokens[number].sentence, length) for number, length in lengths.items() if length > 1]
    return len(set(long)) < len(long) or _IN_ORDER.search(text) is not None


def number_lists(tokens: Sequence[Token], text: str) -> list[int]:
    """Return for each token the number of the list it stands in; what stands in none has one of its own."""
    numbers: list[int] = []
    for thing in list_things(tokens, text):
        first = tokens[thing[0]]
        before = tokens[thing[0] - 1] if numbers else None
        gap = text[before.end : first.start].lower().strip() if before and before.sentence == first.sentence else ""
        joined = gap and _LISTING.fullmatch(gap)
        number = numbers[-1] if joined else thing[0]
        numbers += [number] * len(thing)
    return numbers


def _goes_with(token: Token, after: Token, between: str) -> bool:
    if not between:
        # 総務部 is one thing; 大人500円 is two, of which 子供300円 may have the one or the other.
        return not token.verb and (after.value is None or token.value is not None)
    if token.name and after.name:
        return token.sentence == after.sentence and not between.strip("・. ")  # Tom Hansen, Mr. Hansen
    return between == " " and after.value is not None and not token.value and token.surface[:1].isupper()


def _is_passive(text: str) -> bool:
    return is_passive(text) or re.search(r"\bby\b", text) is not None


class Beside:
    """The neighbours of a statement laid beside those of its sources.

    `alike` are for each of its tokens those of the source of one family with it, `same` those with the same key.
    """

    def __init__(
        self, said: Sequence[Token], stands: Sequence[Token], alike: Alike, same: Alike, statement: str, text: str
    ) -> None:
        self.said, self.alike, self.same, self.statement = said, alike, same, statement
        # は and に mean something else in a sentence of the other voice.
        passive = _is_passive(statement)
        voices = [_is_passive(text[start:end]) is passive for start, end in split_sentences(text)]
        self.same_voice = [voices[token.sentence] for token in stands]
        self.stated = list_neighbours(said, statement)
        self.sourced = list_neighbours(stands, text)
        self.stated_lists, self.sourced_lists = number_lists(said, statement), number_lists(stands, text)
        self.in_order = in_order(said, statement) or in_order(stands, text)

    def exchanged(self) -> Iterator[tuple[range, range]]:
        """Pairs of things of the statement of which each stands where the source has the other.

        Of names one is enough: who says "followed by Brazil" where the source has "followed by Peru", and names Peru
        somewhere else, has taken one for the other.
        """
        places = list(self._places())
        kept = {place.thing for place in places if self._among(place.thing, place.others)}
        moved = [place for place in places if place.thing not in kept]
        for a, b in combinations(moved, 2):
            turned = self._among(a.thing, b.others) and self._among(b.thing, a.others)
            if turned and not self._of_one_list(a.thing, b.thing):
                yield a.thing, b.thing
        names = [thing for thing in list_things(self.said, self.statement) if self._named(thing)]
        for place in moved:
            for other in names if place.thing in names and place.telling else ():
                here = other not in kept and other != place.thing and self._among(other, place.others)
                if here and not self._of_one_list(place.thing, other):
                    yield place.thing, other

    def _places(self) -> Iterator[Place]:
        """The places of the statement that the source has, too, each on one side of a word."""
        there: dict[tuple[int, bool, str], range] = {}
        for first, gap, second in self.sourced:
            there[second[0], False, gap] = first
            there[first[-1], True, gap] = second
        for first, gap, second in self.stated:
            for beside, behind, thing in ((second[0], False, first), (first[-1], True, second)):
                word = self.said[beside]
                places = [j for j in self.same[beside] if gap not in PARTICLES or self.same_voice[j]]
                others = [there[j, behind, gap] for j in places if (j, behind, gap) in there]
                if others and word.key not in MUTUAL:
                    plain = not (word.name or word.value or gap in PARTICLES)
                    yield Place(thing, others, telling=plain and all(self.same_voice[j] for j in places))

    def turned(self) -> Iterator[tuple[range, range]]:
        """Neighbours that stand in the source in the other order, or with the contrary between them."""
        at: dict[int, list[Neighbours]] = {}  # the neighbours of the source by each of their tokens
        for pair in self.sourced:
            for j in (*pair.first, *pair.second):
                at.setdefault(j, []).append(pair)
        for first, gap, second in self.stated:
            near = [pair for i in first for j in self.alike[i] for pair in at.get(j, ())]
            gaps = {g for f, g, s in near if self._same(first, f) and self._same(second, s)}
            # Particles depend on the voice, and 時期の長雨 is 長雨の時期.
            if not gap or gap in gaps or gap in PARTICLES or gap == "の":
                continue
            back = {g for f, g, s in near if self._same(first, s) and self._same(second, f)}
            if gap in back or any(frozenset((gap, g)) in _CONTRARY for g in gaps):
                yield first, second

    def _of_one_list(self, one: range, other: range) -> bool:
        """Whether both stand in one list, here and in the source: Ben and Anna, Anna and Ben."""
        if self.in_order:
            return False
        sourced = [{self.sourced_lists[j] for i in thing for j in self.alike[i]} for thing in (one, other)]
        return self.stated_lists[one[0]] == self.stated_lists[other[0]] and not sourced[0].isdisjoint(sourced[1])

    def _named(self, thing: range) -> bool:
        return all(self.said[i].name for i in thing)

    def _among(self, stated: range, sourced: Sequence[range]) -> bool:
        return any(self._same(stated, thing) for thing in sourced)

    def _same(self, stated: range, sourced: range) -> bool:
        """Whether one has every word of the other: Hansen and Tom Hansen, but not 総務部 and 人事部."""
        return all(not self.alike[i].isdisjoint(sourced) for i in stated) or all(
            any(j in self.alike[i] for i in stated) for j in sourced
        )
