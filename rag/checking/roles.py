"""Who does it to whom: two participants that a statement has put in each other's roles.

"Acme bought Zenith" has every word of "Zenith bought Acme", and 借主が貸主に every one of 貸主が借主に. Nothing here
parses: things have their neighbours, and a predicate has the words before and behind it (English, with its voice) or
the particles of the words before it (Japanese). Only where two things have each other's place or role beside the same
words is something said of them. So a role that was not understood is no doubt, and one that differs is mostly none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

from rag.checking import particles, voices
from rag.checking.frames import Frame
from rag.checking.languages import is_japanese
from rag.checking.neighbours import Alike, Beside, list_things
from rag.checking.tokens import FAMILY, Matches, Token

Exchange = Literal["roles", "mixed"]

_SUFFIX = 4  # characters
_MOST = 40  # words beside one predicate, or with a preposition in one sentence: more are a list or a table


def exchanged_roles(
    said: Sequence[Token], stands: Sequence[Token], matches: Matches, statement: str, text: str
) -> Iterator[tuple[str, str, Exchange]]:
    """Yield pairs of things of the statement, as written, that have each other's roles in the source.

    Or a name and a predicate of which the source says that it is another's ("mixed"). `matches` are for each token of
    the statement those of the source, with their likeness.
    """
    alike = [frozenset(j for j, like in ms if like >= FAMILY) for ms in matches]
    # A founder and what was founded are of one family, but have different things beside them.
    same = [frozenset(j for j in a if stands[j].key == s.key) for s, a in zip(said, alike, strict=True)]
    beside = Beside(said, stands, alike, same, statement, text)
    stated, sourced = _frames(said, stands, statement, text)
    thing = {i: thing for thing in list_things(said, statement) for i in thing}
    pairs = [*beside.exchanged(), *beside.turned()]
    crossed = [
        *_exchanged(stated, sourced, alike, same),
        *_crossed(stated, sourced, same),
        *_across(stated, sourced, same),
    ]
    pairs += [(thing[i], thing[j]) for i, j in crossed]
    for one, other in dict.fromkeys(pairs):
        yield _written(one, said, statement), _written(other, said, statement), "roles"
    for name, predicate in _strayed(stated, sourced, alike, same, [t.name for t in said], [t.name for t in stands]):
        yield _written(thing[name], said, statement), said[predicate].surface, "mixed"


def _written(thing: range, tokens: Sequence[Token], text: str) -> str:
    start, end = tokens[thing[0]].start, tokens[thing[-1]].end
    suffix = particles.SUFFIX.match(text[end : end + _SUFFIX])
    return text[start : end + suffix.end()] if suffix else text[start:end]


def _frames(
    said: Sequence[Token], stands: Sequence[Token], statement: str, text: str
) -> tuple[list[Frame], list[Frame]]:
    if is_japanese(statement):
        return particles.list_frames(said, statement), particles.list_frames(stands, text)
    verbs = voices.list_verbs([*said, *stands])  # "notify" is known as one by the other text's "notified"
    return voices.list_frames(said, statement, verbs), voices.list_frames(stands, text, verbs)


def _exchanged(
    stated: Sequence[Frame], sourced: Sequence[Frame], alike: Alike, same: Alike
) -> Iterator[tuple[int, int]]:
    for frame in stated:
        beside = [f for f in sourced if _same_predicate(frame, f, same)]
        words = sorted({word for word, _ in frame.roles if alike[word]})[:_MOST]
        for one, other in combinations(words, 2):
            roles = frame.role(frozenset({one})), frame.role(frozenset({other}))
            there = [(f.role(alike[one]), f.role(alike[other])) for f in beside]
            apart = roles[0] != roles[1] and not alike[one] & alike[other]
            if apart and all(roles) and roles[::-1] in there and roles not in there:
                yield one, other
        for word in words:
            role, others = frame.role(frozenset({word})), {f.role(alike[word]) for f in beside}
            if role not in others and any(frozenset((role, other)) in frame.contrary for other in others):
                yield word, frame.predicate or word


def _crossed(stated: Sequence[Frame], sourced: Sequence[Frame], same: Alike) -> Iterator[tuple[int, int]]:
    """Pairs of words beside one predicate that the source has beside it in two clauses, each with a partner there.

    Of "the tenant bears the repairs, the landlord bears the heating" the landlord and the repairs.
    """
    for frame in (f for f in stated if f.predicate is not None):
        beside = [f for f in sourced if _same_predicate(frame, f, same)]
        words = [(word, role) for word, role in sorted(frame.roles) if same[word]][:_MOST]
        for (one, role), (other, others) in combinations(words, 2):
            with_one = [f for f in beside if any((j, role) in f.roles for j in same[one])]
            with_other = [f for f in beside if any((j, others) in f.roles for j in same[other])]
            apart = role != others and with_one and with_other and not any(f in with_other for f in with_one)
            if apart and all(_has(f, others) for f in with_one) and all(_has(f, role) for f in with_other):
                yield one, other


def _across(stated: Sequence[Frame], sourced: Sequence[Frame], same: Alike) -> Iterator[tuple[int, int]]:
    """Pairs of words in one role beside two predicates, of which the source has each beside the other's predicate.

    Of "if the tenant is in breach, the landlord may terminate" the tenant and the landlord.
    """
    filled = [
        (word, role, [f for f in sourced if _same_predicate(frame, f, same)])
        for frame in stated
        if frame.predicate is not None
        for word, role in sorted(frame.roles)
        if same[word] and role in _DOERS
    ][:_MOST]
    for (one, role, with_one), (other, others, with_other) in combinations(filled, 2):
        if role == others and same[one].isdisjoint(same[other]):
            here = _fill(with_one, role, same[other]) and _fill(with_other, role, same[one])
            if here and not _fill(with_one, role, same[one]) and not _fill(with_other, role, same[other]):
                yield one, other


_DOERS = frozenset(("agent", "が"))


def _fill(frames: Sequence[Frame], role: str, words: frozenset[int]) -> bool:
    return any((word, role) in frame.roles for frame in frames for word in words)


def _strayed(
    stated: Sequence[Frame],
    sourced: Sequence[Frame],
    alike: Alike,
    same: Alike,
    stated_names: Sequence[bool],
    names: Sequence[bool],
) -> Iterator[tuple[int, int]]:
    """Names, each with a predicate, that the source has beside other predicates only, and another name in their role.

    Of "the board asked Mr. Berg" Berg, where the source has "Mr. Berg proposed it, and the board asked Ms. Dahl".
    """
    taken = {j for js in alike for j in js}
    known = {j for frame in sourced if frame.predicate is not None for j, _ in frame.roles}
    for frame in stated:
        beside = [f for f in sourced if frame.predicate is not None and _same_predicate(frame, f, same)]
        here = {j for f in beside for j, _ in f.roles}
        for word, role in sorted(frame.roles) if beside else ():
            others = [[j for j, r in f.roles if r == role and names[j] and j not in taken] for f in beside]
            strays = stated_names[word] and here.isdisjoint(alike[word]) and not known.isdisjoint(same[word])
            if strays and all(others) and frame.predicate is not None:
                yield word, frame.predicate


def _has(frame: Frame, role: str) -> bool:
    return any(there == role for _, there in frame.roles)


def _same_predicate(stated: Frame, sourced: Frame, same: Alike) -> bool:
    if stated.predicate is None or sourced.predicate is None:
        return stated.predicate is sourced.predicate
    return sourced.predicate in same[stated.predicate]
