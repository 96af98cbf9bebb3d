"""Is a statement borne out by its sources? Values, names, negation and comparison first, then wording.

supported      the wording stands together at one place of a source and nothing in it differs
contradicted   the source speaks of the same thing and gives another value or name, or says the opposite
unchecked      anything else: too far from the wording, another language, a sum
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.words import is_unspaced, normalize
from rag.checking.alignment import Alignment, align
from rag.checking.confidence import confidence
from rag.checking.messages import reason
from rag.checking.opposites import bound, opposites
from rag.checking.tokens import Token, tokens
from rag.checking.values import calculated, comparable, is_approximate

Verdict = Literal["supported", "contradicted", "unchecked"]
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]

_SAME_THING = 0.5  # share of the statement's other words near by, from which the source speaks of the same thing


@dataclass(frozen=True, slots=True)
class Check:
    """What the sources say of a statement, with the reasons as short sentences in the statement's language."""

    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Doubt:
    """Something that keeps a statement from being supported, and whether it contradicts it."""

    contradicts: bool
    reason: str


def check(statement: str, sources: Sequence[str], *, embed: Embed | None = None) -> Check:
    """Return whether the sources bear out the statement.

    `sources` are the quotes it cites, in any order, each with what is needed to understand it. `embed` turns texts into
    vectors; it is not used yet for the verdict of wording that is far from the source.
    """
    text = normalize("\n\n".join(sources))
    said, stands = tokens(statement), tokens(text)
    if not said or not stands:
        return Check("unchecked", (reason("empty", statement),))
    if is_unspaced(statement) != is_unspaced(text):
        return Check("unchecked", (reason("language", statement),))
    if _bare(statement) in _bare(text):
        return Check("supported", (reason("verbatim", statement),))
    alignment = align(said, stands, text)
    doubts = list(_doubts(statement, said, stands, text, alignment))
    against = tuple(d.reason for d in doubts if d.contradicts)
    if against:
        return Check("contradicted", against)
    if doubts:
        return Check("unchecked", tuple(d.reason for d in doubts))
    if confidence(said, alignment) < 0:
        return Check("unchecked", (reason("far", statement),))
    return Check("supported", (reason("covered", statement),))


def _bare(text: str) -> str:
    return "".join(c for c in normalize(text).casefold() if c.isalnum() or c in "%-.").rstrip(".")


def _doubts(
    statement: str, said: Sequence[Token], stands: Sequence[Token], text: str, alignment: Alignment
) -> Iterator[_Doubt]:
    here = {alignment.sentence}
    around = {alignment.sentence - 1, alignment.sentence, alignment.sentence + 1}
    same_thing = _others_covered(said, alignment) >= _SAME_THING
    stated_text = normalize(statement)
    keys = {s.key for s in said}
    for i, s in enumerate(said):
        at = [j for j, like in alignment.matches[i] if like >= 0.7]
        near = [j for j in at if stands[j].sentence in here] or [j for j in at if stands[j].sentence in around] or at
        if s.value:
            yield from _value_doubts(statement, stated_text, s, near, stands, text, alignment, same_thing)
            continue
        if s.name and not at and not _abbreviated(s, said, stands):
            rivals = [t.surface for t in stands if t.name and not t.value and t.sentence in here and t.key not in keys]
            yield _Doubt(
                same_thing and bool(rivals),
                reason(
                    "name" if same_thing and rivals else "no name", statement, s.surface, rivals[0] if rivals else ""
                ),
            )
        turned = [t.surface for t in stands if t.sentence in around and t.key in opposites(s.key) and t.key not in keys]
        if turned and not near:
            yield _Doubt(same_thing, reason("opposite", statement, s.surface, turned[0]))
        elif opposites(s.key) and not near:
            yield _Doubt(False, reason("far", statement))
        if near and all(stands[j].negated != s.negated for j in near):
            yield _Doubt(same_thing, reason("negated" if s.negated else "affirmed", statement, s.surface))
        elif s.negated and not near:
            yield _Doubt(False, reason("far", statement))


def _value_doubts(
    statement: str,
    stated_text: str,
    s: Token,
    near: Sequence[int],
    stands: Sequence[Token],
    text: str,
    alignment: Alignment,
    same_thing: bool,
) -> Iterator[_Doubt]:
    value = s.value
    assert value is not None
    if not near:
        every = [t.value for t in stands if t.value]
        rivals = [
            t.value
            for t in stands
            if t.value and abs(t.sentence - alignment.sentence) <= 1 and comparable(value, t.value)
        ]
        if calculated(value, every):
            yield _Doubt(False, reason("calculated", statement, value.text))
        elif is_approximate(value, stated_text) or not (rivals and same_thing):
            yield _Doubt(False, reason("no value", statement, value.text))
        else:
            yield _Doubt(True, reason("value", statement, value.text, rivals[0].text))
        return
    stated = bound(value, stated_text)
    if stated:
        sourced = [bound(v, text) for j in near if (v := stands[j].value)]
        if all(b and b[0] != stated[0] for b in sourced):
            yield _Doubt(same_thing, reason("bound", statement, value.text))
        elif stated not in sourced:
            yield _Doubt(False, reason("no bound", statement, value.text))


def _others_covered(said: Sequence[Token], alignment: Alignment) -> float:
    """Share of the plain words of the statement that stand in the sources."""
    plain = [i for i, s in enumerate(said) if not s.value and not s.name]
    plain = plain if len(plain) > 1 else [i for i, s in enumerate(said) if not s.value]
    return sum(bool(alignment.matches[i]) for i in plain) / len(plain) if plain else 0.0


def _abbreviated(s: Token, said: Sequence[Token], stands: Sequence[Token]) -> bool:
    """Whether a name of capitals stands for words of the source by their initials, or the other way round."""
    letters = s.surface.replace(".", "")
    if letters.isupper() and 2 <= len(letters) <= 6:
        initials = "".join(t.surface[:1].upper() if not t.value else " " for t in stands)
        return letters in initials
    shorts = {t.surface for t in stands if t.surface.isupper() and 2 <= len(t.surface) <= 6}
    initials = "".join(t.surface[:1].upper() for t in said)
    return any(short in initials and s.surface[:1] in short for short in shorts)
