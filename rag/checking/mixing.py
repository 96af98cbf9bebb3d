"""Two clauses of a source mixed: the subject of one with what the source says of the subject of the other.

"Model A has a steel tank, while model B has a plastic tank" does not bear out that B has a steel tank. Nothing is
parsed: a clause has what stands before its first verb (English) or は and が (Japanese), and only where a statement has
the subject of one clause, nothing of the other's, and a word that stands in the other alone is something said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

from rag.checking.home import Home
from rag.checking.languages import is_japanese
from rag.checking.tokens import Matches, Token
from rag.checking.vocabulary import AUXILIARIES
from rag.checking.voices import ARTICLES

_BORDER = re.compile(r"[;:]|,? (?:while|whereas|although|but|yet)\b|,? and (?=(?:the|an?|this) )|, and\b", re.I)
_JAPANESE_BORDER = re.compile("(?<=[しりちみびぎきいえけせねべめれげがばずを])、")  # but て joins: に比べて, として
_FINITE = re.compile(rf"\b(?:{AUXILIARIES})\b", re.I)
_PRONOUN = re.compile(r"\b(?:it|its|they|their|he|his|she|her|we|our|you|your|this|these|who|which|that|there)\b", re.I)
_OPENING = re.compile(r"[^,]*,", re.I)
_SUBJECT = re.compile(r"(?P<by>[はが])(?![ぁ-ん]?、?$)")
_ATTRIBUTE = re.compile(r"の|(?:する|した|な)?")
_MOST = 30  # clauses of one sentence: more are a list or a table


@dataclass(frozen=True, slots=True)
class Clause:
    """The tokens of a clause, and those of them that it speaks of."""

    tokens: frozenset[int]
    subject: frozenset[int]
    particle: str = ""  # behind the subject; what は marks is spoken of until another は


def mixed_clauses(statement: str, said: Sequence[Token], matches: Matches, home: Home) -> tuple[str, str] | None:
    """Return the subject stated, and what is said of another one in the source, or None."""
    read = _japanese if is_japanese(statement) else _english
    clauses = [clause for clause in read(home) if clause.subject]
    if not 2 <= len(clauses) <= _MOST:
        return None
    keys = {j: home.tokens[j].key for clause in clauses for j in clause.tokens}
    stated, inside = {t.key for t in said}, frozenset(home.inside)
    here = [(token, inside.intersection(j for j, _ in matches[i])) for i, token in enumerate(said) if not token.light]
    for own, other in permutations(clauses, 2):
        ours = {keys[j] for j in own.subject} - {keys[j] for j in other.tokens}
        theirs = {keys[j] for j in other.subject} - {keys[j] for j in own.subject}
        if own.particle != other.particle or not ours or not theirs or not ours <= stated or theirs & stated:
            continue
        # What stands before the subject, as a time or a place, may be said of all that follows.
        said_of_it = {j for j in other.tokens if j > max(other.subject)}
        for token, places in here:
            if places and places <= said_of_it:
                first = min(j for j in own.subject if keys[j] in ours)
                return home.tokens[first].surface, token.surface
    return None


def _split(home: Home, border: re.Pattern[str]) -> Iterator[tuple[int, int, list[int]]]:
    borders = [m.span() for m in border.finditer(home.text, home.start, home.end)]
    for (_, start), (end, _) in pairwise([(home.start, home.start), *borders, (home.end, home.end)]):
        yield start, end, [j for j in home.inside if start <= home.tokens[j].start < end]


def _english(home: Home) -> Iterator[Clause]:
    begin, before = home.start, list[int]()
    for start, end, tokens in _split(home, _BORDER):
        begin, tokens = (begin, before + tokens) if before else (start, tokens)
        says_something = _FINITE.search(home.text, begin, end) or any(_is_finite(home, j, end) for j in tokens)
        if not says_something and home.text[end : end + 1] not in ";:" and end < home.end:
            before = tokens  # the first half of a list: "the pumps, and the valves are"
            continue
        before = []
        yield Clause(frozenset(tokens), frozenset(_subject(home, begin, end, tokens)))


def _subject(home: Home, start: int, end: int, tokens: Sequence[int]) -> list[int]:
    """What stands before the verb of a clause, or behind an imperative; nothing where there is a pronoun."""
    opening = _OPENING.match(home.text, start, end)
    at = opening.end() if opening and not _FINITE.search(opening.group()) else start
    subject: list[int] = []
    for j in (j for j in tokens if home.tokens[j].start >= at):
        gap = home.text[at : home.tokens[j].start]
        if _PRONOUN.search(gap):
            return []
        if subject and (_FINITE.search(gap) or _is_finite(home, j, end)):
            return subject
        subject.append(j)
        at = home.tokens[j].end
    imperative = subject and not home.text[start : home.tokens[subject[0]].start].strip()
    return _objects(home, subject) if imperative else []


def _objects(home: Home, tokens: Sequence[int]) -> list[int]:
    """What follows the first of these with nothing but articles between: of "Oil the rails every day" the rails."""
    found = []
    for before, j in pairwise(tokens):
        if ARTICLES.sub("", home.text[home.tokens[before].end : home.tokens[j].start]).strip():
            break
        found.append(j)
    return found


def _is_finite(home: Home, j: int, end: int) -> bool:
    """Whether a token is what its clause says, and not a participle of its subject: "reports exported by mail are"."""
    token = home.tokens[j]
    participle = token.surface.endswith("ed") and _FINITE.search(home.text, token.end, end)
    return token.finite and not participle


def _japanese(home: Home) -> Iterator[Clause]:
    for _, end, tokens in _split(home, _JAPANESE_BORDER):
        subjects: dict[str, list[int]] = {}
        for at, j in enumerate(tokens):
            found = _SUBJECT.match(home.text, home.tokens[j].end, end)
            if not found:
                continue
            run = [j]
            for before in reversed(tokens[:at]):
                if not _ATTRIBUTE.fullmatch(home.text[home.tokens[before].end : home.tokens[run[-1]].start]):
                    break
                run.append(before)
            subjects.setdefault(found["by"], run)
        particle = "が" if "が" in subjects else "は"
        yield Clause(frozenset(tokens), frozenset(subjects.get(particle, ())), particle)
