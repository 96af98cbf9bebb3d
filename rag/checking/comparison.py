"""A statement laid beside its sources: everything in it that differs from what stands there.

Values must agree, names must stand in the source, what is denied in one must be denied in the other, bounds and
opposites must point the same way, and nothing may have been put in the place of something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

from ingest.sentences import split_sentences
from rag.checking.alignment import Alignment, align
from rag.checking.changes import end_of_change
from rag.checking.clauses import halves_turned
from rag.checking.converse import converse_bound
from rag.checking.counts import other_counts
from rag.checking.differences import Course, Substitution, follow
from rag.checking.exchanges import exchanged_things, is_deed, is_thing
from rag.checking.home import Home
from rag.checking.limits import list_limits
from rag.checking.members import other_member
from rag.checking.messages import reason
from rag.checking.mixing import mixed_clauses
from rag.checking.omissions import left_out_at_will
from rag.checking.opposites import bound, opposed, opposites, turned_bound
from rag.checking.provisos import EXCEPTS
from rag.checking.ranges import range_bound
from rag.checking.rates import other_rate
from rag.checking.roles import exchanged_roles
from rag.checking.sides import sides, stated_sides
from rag.checking.splices import spliced
from rag.checking.swaps import swapped
from rag.checking.tokens import FAMILY, Token
from rag.checking.values import Value, calculated, comparable, exclude, is_approximate
from rag.checking.vocabulary import STOP_WORDS
from rag.question import takes_back

_COPY = 0.6  # share of tokens that follow the source, from which another name at a place is the wrong name
_STRETCH = 8  # tokens in a row for each place where something is left out; short ones may be put together from anywhere
_PIECE = 3  # tokens of the shortest of them: a single word may be the subject or the answer of something left out
_WORD = 40  # characters; no word is longer
_ROW, _END = 3, 2  # tokens in a row that stand in no source, anywhere and at an end: a subject, an answer
# "Over 500" may mean about 500; "over two" are not two.
_ROUGH = re.compile(r"\d\d|\w{3}ty\b|hundred|thousand|million|[十百千万億]")
_WIDE = frozenset(("all", "any", "each", "every", "no", "the"))  # say how many are meant, not which
_DOTTED = re.compile(r"(?<!\d)\d{1,3}(?:\.\d{3})+(?!\d)")  # 1.500 may be fifteen hundred
# Shares of the tokens that follow the source, and of the plain words that stand in it, from which it speaks of the same
# thing and a difference contradicts: in freer wording it is only not confirmed.
_SAME_WORDING, _SAME_THING = 0.75, 0.6
# Words that deny without "not", or turn what is denied round: "only", しか.
_DENYING = re.compile(
    r"\b(?:fail|forg[eo]t|refus|neglect|declin|avoid|except|without|lack|prevent|prohibit|forbid|forbad|exclud|only\b)"
    r"|-free\b|\b(?:(?:net|instead) of|rather than)\b"
    r"|しか(?![しら])|のみ|だけ|以外|対象外|不可|なし|除|禁|拒|なければ|なく",
    re.I,
)
# "Up to 100 euros …, beyond that …" bounds 100 both ways.
_REFERS_TO_BOUND = re.compile(
    r"\b(?:beyond|above|below|over|before|after|until|since) (?:that|this|it|then)\b|\bpreviously\b"
    r"|[そこ]れを(?:超|上回|下回)|[そこ]れ(?:以前|以後|以降|まで)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that keeps a statement from being supported, and whether it contradicts it.

    `wording` says that it is only a word that stands in no source, not a value, a name or a denial: another word may
    say the same there. `thing` says that it is one that is put in the place of another: the two may be one ("bill"
    for "invoice"), but to an embedding model a dog is as near to a cat.
    """

    contradicts: bool
    reason: str
    wording: bool = False
    thing: bool = False


def _named(token: Token, names: set[str]) -> Token:
    """A word with a capital at the beginning of a sentence is a name if it is one elsewhere."""
    return replace(token, name=True) if token.surface[:1].isupper() and token.key in names else token


class Comparison:
    """A statement laid beside its sources, token by token."""

    def __init__(self, statement: str, said: Sequence[Token], stands: Sequence[Token], text: str) -> None:
        names = {t.key for t in (*said, *stands) if t.name}
        self.statement = statement
        self.said = said = [_named(t, names) for t in said]
        self.stands = stands = [_named(t, names) for t in stands]
        self.text = text
        self.spans = split_sentences(text)  # what `sentence` of a source token counts
        self.alignment: Alignment = align(said, stands, text)
        self.course: Course = follow(said, stands, self.alignment.matches, self.alignment.sentence)
        self._at_will = left_out_at_will(stands, text, set(self.course.follows.values()))
        # The place of each source token in its order, where what may be left out at will takes no room.
        self.rank = list(accumulate(not at_will for at_will in self._at_will))
        self.in_a_row = self._count_in_a_row()
        self.keys = {s.key for s in said if not s.value}
        self.copied = len(self.course.follows) >= _COPY * len(said)
        self.home = self._find_home()
        self.same_thing = self._is_twin() or (self._follows() >= _SAME_WORDING and self._others_found() >= _SAME_THING)
        # A denial that the other has not is no contradiction where both deny, nor where something is excepted from it.
        self.both = said, stands, self.alignment.matches, statement, text
        self.converse = converse_bound(*self.both)
        self.open_denial = self.converse or self._both_deny() or EXCEPTS.search(self.home.sentence) is not None
        self.turned = halves_turned(statement, said, self.home)
        self.elsewhere = self.copied and any(map(self._stands_elsewhere, self.course.substitutions))

    def doubts(self) -> Iterator[Doubt]:
        """Everything that speaks against the statement."""
        if self.copied:
            yield from self._says_otherwise()
        laid = self.said, self.alignment.matches, self.home
        if mixed := mixed_clauses(self.statement, *laid) or other_member(*laid) or spliced(*laid):
            yield Doubt(False, reason("mixed", self.statement, *mixed))
        if turned := swapped(self.said, self.statement, self.home):
            yield Doubt(False, reason("roles", self.statement, *turned))
        if self._says_more():
            yield Doubt(False, reason("far", self.statement), wording=True)
        for substitution in self.course.substitutions:
            yield from self._exchanged(substitution)
        for thing in exchanged_things(*self.both):
            yield self._put_in(thing)
        for one, other, how in exchanged_roles(*self.both):
            yield Doubt(False, reason(how, self.statement, one, other))
        for count, other, places in other_counts(*self.both):
            here = all(self.stands[j].sentence == self.alignment.sentence for j in places)
            yield self._doubt("value", count, other, surely=here)
        stated, sourced = stated_sides(self.said, self.statement), sides(self.stands, self.text)
        for i, s in enumerate(self.said):
            near = self._near(i)
            if s.value:
                yield from self._value(s, s.value, near)
                if stated[i] and near and all(sourced[j] not in ("", stated[i]) for j in near):
                    # 1277 in "(1277–1347)", where the statement says that somebody died then.
                    yield Doubt(False, reason("bound", self.statement, s.value.text))
            else:
                yield from self._word(s, near)

    def _find_home(self) -> Home:
        start, end = self.spans[self.alignment.sentence]
        following = [self.text[a:b].strip() for a, b in self.spans[self.alignment.sentence + 1 :][:1]]
        inside = [j for j, token in enumerate(self.stands) if start <= token.start < end]
        follows = self.course.follows
        described = {s.key for s in self.said if self._is_described(s)}
        alone = frozenset(j for i, j in follows.items() if self.said[i].key not in described)
        exception = "".join(filter(takes_back, following))
        matched = frozenset(j for ms in self.alignment.matches for j, like in ms if like == 1.0) | set(follows.values())
        return Home(self.text, start, end, self.stands, inside, matched, frozenset(follows.values()), alone, exception)

    def _both_deny(self) -> bool:
        """Whether statement and source deny in other words: "did not sign" and "forgot to sign".

        That is, whether each denies something that the other does not, or has a word that denies without "not".
        """
        matches = self.alignment.matches
        denied = {i for i, s in enumerate(self.said) if s.negated}
        stated = any(not any(self.stands[j].negated for j, _ in matches[i]) for i in denied)
        sourced = {j for i in denied for j, _ in matches[i]}
        here = any(self.stands[j].negated and j not in sourced for j in self.home.inside)
        told = self.home.sentence + self.home.exception
        return (stated or bool(_DENYING.search(self.statement))) and (here or bool(_DENYING.search(told)))

    def _says_otherwise(self) -> Iterator[Doubt]:
        """What a statement in the words of its source says with more force than that, or without what limits it."""
        home = self.home
        if turned := turned_bound(self.statement, home.sentence):
            yield self._doubt("bound", turned)
        if self.turned == "turned":
            yield Doubt(False, reason("halves", self.statement))
        for name, words in list_limits(self.statement, self.said, self.alignment.matches, home, self.course.follows):
            yield Doubt(False, reason(name, self.statement, words))

    def _is_described(self, s: Token) -> bool:
        """Whether a word stands directly before another in the statement: of "T cells" the second, of 街区方式."""
        before = re.search(r"[^\W\d_ぁ-ゖ]+\s?$", self.statement[max(0, s.start - _WORD) : s.start])
        word = before.group().strip() if before else ""
        return bool(word) and word not in STOP_WORDS and word.lower() not in _WIDE

    def _count_in_a_row(self) -> int:
        """How many of the statement's words are followed by the same word as in the source."""
        follows = self.course.follows
        return sum(i + 1 in follows and self.rank[follows[i + 1]] - self.rank[j] == 1 for i, j in follows.items())

    def only_shortened(self) -> bool:
        """Whether the statement is a sentence of the source with something left out, in long stretches."""
        course = [self.course.follows.get(i, -1) for i in range(len(self.said))]
        if -1 in course or self.course.substitutions or len({self.stands[j].sentence for j in course}) > 1:
            return False
        steps = [self.rank[b] - self.rank[a] for a, b in pairwise(course)]
        cuts = [-1, *(i for i, step in enumerate(steps) if step > 1), len(steps)]
        stretches = [b - a for a, b in pairwise(cuts)]
        if min(steps, default=0) <= 0 or min(stretches) < _PIECE or _STRETCH * (len(stretches) - 1) > len(course):
            return False
        # Of "14 in 2004 and 17 in 2005" neither number may be left out beside the year of the other.
        here = self.stands[course[0]].sentence
        kept = [v for s in self.said if (v := s.value)]
        left_out = [
            v
            for j, t in enumerate(self.stands)
            if t.sentence == here and j not in course and not self._at_will[j] and (v := t.value)
        ]
        return not any(comparable(v, w) for v in kept for w in left_out)

    def _says_more(self) -> bool:
        """Whether so much in a row stands in no source that it may be what the statement is about."""
        missing = [not ms for ms in self.alignment.matches]
        rows = [len(list(row)) for flag, row in groupby(missing) if flag]
        ends = [all(end) for end in (missing[:_END], missing[-_END:]) if len(missing) > _END]
        return any(ends) or max(rows, default=0) >= _ROW

    def _near(self, i: int) -> list[int]:
        """The source tokens that token i of the statement is compared with: where it is followed, else the nearest."""
        if i in self.course.follows:
            followed = self.stands[self.course.follows[i]]
            same = [j for j, like in self.alignment.matches[i] if like == 1.0]
            beside = [j for j in same if self.stands[j].sentence == followed.sentence]
            # "Inspected" is not followed to "inspection" where "inspected" stands there, too.
            return beside if beside and self.course.follows[i] not in same else [self.course.follows[i]]
        at = [j for j, like in self.alignment.matches[i] if like >= FAMILY]
        here = self.alignment.sentence
        for reach in (0, 1):
            if close := [j for j in at if abs(self.stands[j].sentence - here) <= reach]:
                return close
        return at

    def _exchanged(self, substitution: Substitution) -> Iterator[Doubt]:
        said = [self.said[i] for i in substitution.stated]
        stands = [self.stands[j] for j in substitution.sourced]
        alone = self._only_differs_in(substitution)
        for i, s in zip(substitution.stated, said, strict=True):
            for t in stands:
                if s.value and t.value and self.alignment.matches[i] and comparable(s.value, t.value):
                    yield self._doubt("value", s.surface, t.surface)
                elif s.name and t.name and not s.value and not t.value and s.key != t.key and t.key not in self.keys:
                    # What stands in the source somewhere may only have been moved, unless all the rest is the same.
                    moved = bool(self.alignment.matches[i])
                    surely = (alone and not self._of_one_name(i, substitution)) or not (substitution.beside or moved)
                    yield self._doubt("other name" if moved else "name", s.surface, t.surface, surely=surely)
                elif opposed(s.key, t.key) and s.negated is t.negated:
                    surely = not self.turned and (alone or not self.alignment.matches[i])
                    yield self._doubt("opposite", s.surface, t.surface, surely=surely)
        if alone:
            only = stands[0] if len(stands) == len(said) == 1 else None
            for i, s in zip(substitution.stated, said, strict=True):
                unknown = not self.alignment.matches[i] and (is_thing(s) or is_deed(s))
                if unknown or (only is not None and self._replaces(i, only)):
                    yield self._put_in(s)

    def _replaces(self, i: int, t: Token) -> bool:
        """Whether token i is another than this thing of the source, whose place it has, though it may stand elsewhere.

        "Press the red button" is another than the green one that the source has, where it holds the red one later; and
        so is "main" than "nearest", wide as its meaning is. Of "which rule? rule" the second is none.
        """
        s, twice = self.said[i], i > 0 and self.said[i - 1].key == self.said[i].key
        return is_thing(t) and t.key not in self.keys and not (s.verb or s.value or s.name or twice)

    def _put_in(self, s: Token) -> Doubt:
        """A thing or deed put in the place of another.

        To an embedding model a dog is as near to a cat as a worker to an employee, and what was spared as near to what
        was destroyed as what was mended to what was repaired: no matter of wording. What reads both texts together
        tells things apart, deeds hardly.
        """
        return Doubt(False, reason("no name", self.statement, s.surface), thing=not is_deed(s))

    def _of_one_name(self, i: int, substitution: Substitution) -> bool:
        """Whether a name stands beside one that was not exchanged, and beside it in the source too: Karl (Lindqvist).

        The source may have the whole name elsewhere, and only half of it in the sentence that is followed.
        """
        matches = self.alignment.matches
        return any(
            self.said[k].name and any(m - j == k - i for j, _ in matches[i] for m, _ in matches[k])
            for k in {i - 1, i + 1} & self.course.follows.keys() - set(substitution.stated)
        )

    def _only_differs_in(self, substitution: Substitution) -> bool:
        """Whether the rest of the statement stands in the source word by word, on each side of this."""
        course = [self.course.follows.get(i) for i in range(len(self.said))]
        sides = (course[: substitution.stated[0]], course[substitution.stated[-1] + 1 :])
        return all(
            b is not None and (not i or ((a := side[i - 1]) is not None and self.rank[b] - self.rank[a] == 1))
            for side in sides
            for i, b in enumerate(side)
        )

    def _stands_elsewhere(self, substitution: Substitution) -> bool:
        """Whether the statement has put something in its place that the sources have in another."""
        # A word that is said twice ("what principle … the local-global principle") is not put in anything's place.
        followed = {self.said[i].key for i in self.course.follows if not self.said[i].value}
        return all(self.alignment.matches[i] and self.said[i].key not in followed for i in substitution.stated)

    def _doubt(self, name: str, stated: str, sourced: str = "", *, surely: bool = True) -> Doubt:
        """A doubt that contradicts when the source says the same of the same thing but for this."""
        either_way = name == "value" and (_DOTTED.search(stated) or _DOTTED.search(sourced))
        return Doubt(surely and self.same_thing and not either_way, reason(name, self.statement, stated, sourced))

    def _word(self, s: Token, near: Sequence[int]) -> Iterator[Doubt]:
        if s.name and not near and not self._abbreviated(s):
            yield Doubt(False, reason("no name", self.statement, s.surface))
        if (contrary := opposites(s.key) - self.keys) and not near:
            around = (t for t in self.stands if abs(t.sentence - self.alignment.sentence) <= 1)
            turned = next((t for t in around if t.key in contrary and t.negated is s.negated), None)
            if turned and self.turned != "converse":
                # In a sentence beside it the opposite may be said of something else.
                surely = not self.turned and turned.sentence == self.alignment.sentence
                yield self._doubt("opposite", s.surface, turned.surface, surely=surely)
        if near and all(self.stands[j].negated != s.negated for j in near):
            yield self._doubt("negated" if s.negated else "affirmed", s.surface, surely=not self.open_denial)
        elif s.negated and not near:
            yield Doubt(False, reason("far", self.statement))

    def _value(self, s: Token, value: Value, near: Sequence[int]) -> Iterator[Doubt]:
        if not near:
            every = [t.value for t in self.stands if t.value]
            rivals = [
                t.value
                for t in self.stands
                if t.value and abs(t.sentence - self.alignment.sentence) <= 1 and exclude(value, t.value)
            ]
            if calculated(value, every):
                yield Doubt(False, reason("calculated", self.statement, value.text))
            elif is_approximate(value, self.statement) or not rivals:
                yield Doubt(False, reason("no value", self.statement, value.text))
            else:
                yield self._doubt("value", value.text, rivals[0].text)
            return
        here = [v for j in near if (v := self.stands[j].value)]
        if (unit := self._other_unit(s, value)) and all(v.unit for v in here):
            yield self._put_in(unit)
        if all(self.stands[j].negated != s.negated for j in near):
            yield self._doubt("negated" if s.negated else "affirmed", value.text, surely=not self.open_denial)
        change = end_of_change(value, self.statement)
        if change and all(end_of_change(v, self.text) not in ("", change) for v in here):
            yield self._doubt("change", value.text)
        if rates := other_rate(value, self.statement, here, self.text):
            yield self._doubt("value", *rates)
        stated = bound(value, self.statement) or range_bound(value, self.statement)
        ends = [range_bound(v, self.text) for v in here]
        sourced = [bound(v, self.text) or end for v, end in zip(here, ends, strict=True)]
        telling = (">=", "<=") if _ROUGH.search(value.text) else (">=", "<=", ">", "<")
        if not stated and (not value.dates or all(ends)) and all(b in telling for b in sourced):
            # Of "up to 500 euros" 500 euros says more; "over 500" is but a way of telling about how many.
            yield Doubt(False, reason("no bound", self.statement, value.text))
        if stated:
            if all(b and b[0] != stated[0] for b in sourced):
                surely = not (self.converse or _REFERS_TO_BOUND.search(self.text))
                yield self._doubt("bound", value.text, surely=surely)
            elif stated not in sourced:
                yield Doubt(False, reason("no bound", self.statement, value.text))

    def _other_unit(self, s: Token, value: Value) -> Token | None:
        """A word that no source has directly behind a value without unit: of "12 digits", not "12 characters"."""
        behind = self.said.index(s) + 1
        if value.unit or behind == len(self.said) or self.statement[value.end : self.said[behind].start] != " ":
            return None
        return self.said[behind] if is_thing(self.said[behind]) and not self.alignment.matches[behind] else None

    def _is_twin(self) -> bool:
        """Whether a sentence of the source is the statement but for its values: "The fee is 20 EUR" for "30 EUR"."""
        inside = [j for j in self.home.inside if not self._at_will[j]]
        return len(inside) == len(self.said) > sum(s.value is not None for s in self.said) and all(
            any(j == m for m, _ in ms) or (s.value and (t := self.stands[j].value) and exclude(s.value, t))
            for s, ms, j in zip(self.said, self.alignment.matches, inside, strict=True)
        )

    def _follows(self) -> float:
        """Share of the tokens that follow the source, but for values that no source has: it may have others there."""
        lacking = sum(s.value is not None and not ms for s, ms in zip(self.said, self.alignment.matches, strict=True))
        return len(self.course.follows) / max(len(self.said) - lacking, 1)

    def _others_found(self) -> float:
        """Share of the plain words of the statement that stand in the sources."""
        plain = [i for i, s in enumerate(self.said) if not s.value and not s.name]
        plain = plain if len(plain) > 1 else [i for i, s in enumerate(self.said) if not s.value]
        return sum(bool(self.alignment.matches[i]) for i in plain) / len(plain) if plain else 0.0

    def _abbreviated(self, s: Token) -> bool:
        """Whether a name of capitals stands for words of the source by their initials, or the other way round."""
        letters = s.surface.replace(".", "")
        if letters.isupper() and 2 <= len(letters) <= 6:
            return letters in "".join(t.surface[:1].upper() if not t.value else " " for t in self.stands)
        shorts = {t.surface for t in self.stands if t.surface.isupper() and 2 <= len(t.surface) <= 6}
        initials = "".join(t.surface[:1].upper() for t in self.said)
        return any(short in initials and s.surface[:1] in short for short in shorts)
