"""Where a statement follows the wording of its source, and what it has put in the place of something else.

A statement that follows a sentence word for word but for one name is wrong about that name, even when the name stands
elsewhere in the passage. The wording is followed by local alignment (Smith and Waterman, "Identification of common
molecular subsequences", 1981) over content tokens, again on what is left, so that a clause may have moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.checking.tokens import Matches, Token

# Per token: something else in its place, a word the source has not, a word left out. Restating leaves out more than
# it adds.
_OTHER, _ADDED, _LEFT_OUT = 0.6, 0.4, 0.2
_ROUNDS = 3  # a sentence with two clauses moved is in three pieces
_EDGE = 4  # tokens beyond the end of what was followed that may be what the statement has exchanged
_SHORTEST = 1.5  # score of a piece worth following: two words


@dataclass(frozen=True, slots=True)
class Substitution:
    """Tokens of the statement that stand where the source has other tokens; indices into both.

    `beside` says that what the source has there only stands before what was followed, in the middle of a sentence: it
    may well speak of something else, and what the statement begins with is mostly its subject.
    """

    stated: tuple[int, ...]
    sourced: tuple[int, ...]
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """How a statement runs along its source: the source token each of its tokens follows, and what was exchanged."""

    follows: dict[int, int]
    substitutions: tuple[Substitution, ...]


def follow(said: Sequence[Token], stands: Sequence[Token], matches: Matches, sentence: int) -> Course:
    """Follow a statement along the sentence it is nearest to and that sentence's neighbours."""
    likes = [{j: like for j, like in ms} for ms in matches]
    follows: dict[int, int] = {}
    substitutions: list[Substitution] = []
    pieces = [(0, len(said))]
    # All that can be followed in the sentence itself, before its neighbours: a word in both was moved, not exchanged.
    for reach in (0, 1):
        near = [j for j, t in enumerate(stands) if abs(t.sentence - sentence) <= reach]
        for _ in range(_ROUNDS):
            found: list[tuple[int, int]] = []
            for first, last in pieces:
                path = _piece(range(first, last), [j for j in near if j not in follows.values()], likes)
                if path:
                    follows.update(path)
                    substitutions += _between(path, said, stands)
                    found += [(first, path[0][0]), (path[-1][0] + 1, last)]
                else:
                    found.append((first, last))
            if found == pieces:
                break
            pieces = [(a, b) for a, b in found if b > a]
        # A lone word that stands in a sentence already followed was only moved.
        homes = {stands[j].sentence for j in follows.values()}
        for i, like in enumerate(likes):
            free = [j for j in near if j in like and j not in follows.values() and stands[j].sentence in homes]
            if i not in follows and free:
                follows[i] = max(free, key=lambda j: (like[j], -j))
        pieces = [(a, b) for a, b in _gaps(len(said), follows) if b > a]
    return Course(follows, tuple(_kept(substitutions, stands, follows)))


def _gaps(count: int, follows: dict[int, int]) -> Iterator[tuple[int, int]]:
    """The runs of statement tokens that are not followed yet, as half-open ranges."""
    bounds = [-1, *sorted(follows), count]
    for a, b in pairwise(bounds):
        yield a + 1, b


def _kept(found: Sequence[Substitution], stands: Sequence[Token], follows: dict[int, int]) -> Iterator[Substitution]:
    """The substitutions without what turned out to be followed in the same sentence: that was only moved."""
    taken = set(follows.values())
    for s in found:
        sourced = tuple(j for j in s.sourced if j not in taken)
        here = {stands[j].sentence for j in s.sourced}
        stated = tuple(i for i in s.stated if i not in follows or stands[follows[i]].sentence not in here)
        if stated and sourced:
            yield replace(s, stated=stated, sourced=sourced)


def _piece(rows: range, columns: Sequence[int], likes: Sequence[dict[int, float]]) -> list[tuple[int, int]]:
    """The best local alignment of these statement tokens with these source tokens: pairs that match, in order."""
    width = len(columns)
    before = [0.0] * (width + 1)
    moves: list[bytearray] = []
    best, best_row, best_column = 0.0, 0, 0
    for r, i in enumerate(rows):
        row, move = [0.0] * (width + 1), bytearray(width + 1)
        like_of = likes[i]
        for c in range(1, width + 1):
            like = like_of.get(columns[c - 1], 0.0)
            both = before[c - 1] + (like if like else -_OTHER)
            added, left_out = before[c] - _ADDED, row[c - 1] - _LEFT_OUT
            score = max(both, added, left_out)
            if score > 0:
                row[c] = score
                move[c] = 1 if score == both else 2 if score == added else 3
                if score > best:
                    best, best_row, best_column = score, r, c
        before = row
        moves.append(move)
    if best < _SHORTEST:
        return []
    path: list[tuple[int, int]] = []
    r, c = best_row, best_column
    while r >= 0 and c > 0 and moves[r][c]:
        step = moves[r][c]
        if step == 1:
            if columns[c - 1] in likes[rows[r]]:
                path.append((rows[r], columns[c - 1]))
            r, c = r - 1, c - 1
        elif step == 2:
            r -= 1
        else:
            c -= 1
    return path[::-1]


def _between(path: Sequence[tuple[int, int]], said: Sequence[Token], stands: Sequence[Token]) -> list[Substitution]:
    """What stands between two followed tokens on both sides, and at the ends of the path within the sentence."""
    found = []
    for (i, j), (k, m) in pairwise(path):
        if k - i > 1 and m - j > 1:
            found.append(Substitution(tuple(range(i + 1, k)), tuple(range(j + 1, m))))
    if len(path) < 3:
        return found
    i, j = path[0]
    before = tuple(x for x in range(j) if stands[x].sentence == stands[j].sentence)
    found.append(Substitution(tuple(range(i)), before[-_EDGE:], beside=len(before) > _EDGE))
    i, j = path[-1]
    after = tuple(x for x in range(j + 1, len(stands)) if stands[x].sentence == stands[j].sentence)
    found.append(Substitution(tuple(range(i + 1, len(said))), after[:_EDGE]))
    return found
