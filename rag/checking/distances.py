"""How far the words of a source stand from one another: on a line on which commas and sentence ends take room."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from rag.checking.tokens import Matches, Token

_COMMA, _SENTENCE = 3.5, 8.0  # tokens of distance a comma and a sentence end stand for
# What parts clauses and the members of a list; brackets count less often, since they mostly hold the same thing again.
_BREAK = re.compile(r"[,、;:—–「」]|\b(?:and|or|but|while|whereas|although)\b|および|及び|または|一方")
# A sentence that opens with a word for something said before goes on with it.
_REFERS = re.compile(r"[^\w]*(?:he|she|it|they|this|these|that|those|his|her|its|their|such)\b", re.I)
_REFERENCE = 3.0  # tokens of distance to such a sentence
LONGEST = 40.0  # tokens; from there on it makes no difference how far two words are apart
_WIDEST = 10.0  # tokens of the source for each of the statement; the same


def places(source: Sequence[Token], text: str) -> list[float]:
    """Return the place of each source token on the line."""
    found, at = [], 0.0
    for i, token in enumerate(source):
        if i:
            before = source[i - 1]
            gap = text[before.end : token.start]
            at += 1.0 + _COMMA * min(2, len(_BREAK.findall(gap)))
            parted = token.sentence - before.sentence
            at += _SENTENCE * min(2, parted) if parted != 1 or not _REFERS.match(gap) else _REFERENCE
        found.append(at)
    return found


def stride(matches: Matches, line: Sequence[float]) -> float:
    """Return the longest way in the source from one token of the statement to the next, 0 to 1."""
    steps = [
        min(abs(line[a] - line[b]) for a, _ in one for b, _ in next_)
        for one, next_ in pairwise(matches)
        if one and next_
    ]
    return min(1.0, max(steps, default=0.0) / LONGEST)


def window(matches: Sequence[Sequence[int]], line: Sequence[float]) -> float:
    """Return how long the shortest piece of the line is that holds a match of each token that has one, 0 to 1."""
    found = [ms for ms in matches if ms]
    along = sorted((line[j], i) for i, ms in enumerate(found) for j in ms)
    held: Counter[int] = Counter()
    shortest, first = _WIDEST * len(found), 0
    for place, i in along:
        held[i] += 1
        while len(held) == len(found):
            start, left = along[first]
            shortest = min(shortest, place - start)
            held[left] -= 1
            if not held[left]:
                del held[left]
            first += 1
    return shortest / (_WIDEST * len(found)) if found else 0.0
