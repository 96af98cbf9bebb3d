"""One ranking of what the legs found: the passages by words, the documents by words, the passages by meaning.

Scores, not ranks, are combined, each divided by the best of its kind: convex combination with a theoretical minimum of
zero (Bruch, Gai & Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023, who find it better than
rank fusion). `tests/bench/table.py` prints what it gives beside each leg.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Leg = Sequence[tuple[int, float]]

# The best passage holds about 0.4 of what a question's words could score at most (0.33 to 0.42 on nine sets). Where it
# holds more, words weigh more against meaning, and where it holds less, less.
COVERED = 0.6
# What each further passage of a document keeps of its score, so that one document does not fill the list. Chosen on the
# sets that `tests/bench/table.py` measures.
FURTHER = 0.9


@dataclass(frozen=True, slots=True)
class Found:
    """What the legs found for one question, each best first and cut at `pool` entries.

    `passages` and `files` are BM25 scores of chunks and of documents, `dense` cosines of chunks. `best_possible` is
    what the question's words could score in one chunk, `baseline` the cosine of texts that have nothing in common.
    `best` are the best scores of the three in the whole collection where the search is restricted to a part of it: the
    scales must not depend on who is let in, or the order would.
    """

    passages: Leg
    files: Leg
    dense: Leg
    pool: int
    best_possible: float = 0.0
    baseline: float = 0.0
    best: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk with its place in the one ranking; `scores` and 1-based `ranks` are those in the legs that found it."""

    chunk: int
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)


def fuse(found: Found, document_of: Mapping[int, int], dense_share: float) -> list[Fused]:
    """Return every chunk that a leg found, best first; `dense_share` (0 to 1) is the say of the dense leg.

    `document_of` gives the document of each chunk; chunks that it lacks are left out.
    """
    chunks = sorted({chunk for leg in (found.passages, found.dense) for chunk, _ in leg if chunk in document_of})
    best = found.best or tuple(leg[0][1] if leg else 0.0 for leg in (found.passages, found.files, found.dense))
    passages, files = _Scale(found.passages, found.pool, best[0]), _Scale(found.files, found.pool, best[1])
    dense = _Scale(found.dense, found.pool, best[2], found.baseline)
    lexical = {chunk: (passages.of(chunk) + files.of(document_of[chunk])) / 2 for chunk in chunks}
    share = dense_share if found.dense else 0.0
    coverage = passages.top / (COVERED * found.best_possible) if share and found.best_possible else 1.0
    if not passages.top:
        share, coverage = 1.0, 0.0
    scores = {chunk: (1 - share) * coverage * lexical[chunk] + share * dense.of(chunk) for chunk in chunks}
    legs = {
        "lexical": {chunk: lexical[chunk] for chunk, _ in found.passages if chunk in lexical},
        "dense": {chunk: score for chunk, score in found.dense if chunk in lexical},
    }
    ranks = {name: {c: rank for rank, c in enumerate(_best_first(leg), 1)} for name, leg in legs.items()}
    return [
        Fused(
            chunk,
            score,
            {name: leg[chunk] for name, leg in legs.items() if chunk in leg},
            {name: rank[chunk] for name, rank in ranks.items() if chunk in rank},
        )
        for chunk, score in _spread(scores, document_of)
    ]


class _Scale:
    """The scores of a leg as shares of the best one, from `zero` up; below it, of the way down to the least cosine."""

    def __init__(self, leg: Leg, pool: int, top: float, zero: float = 0.0) -> None:
        self.zero = zero
        self.top = top
        self.scores = dict(leg)
        # What a full pool lacks may score as much as its last entry; what another lacks scores nothing.
        self.rest = leg[-1][1] if len(leg) >= pool else zero

    def of(self, number: int) -> float:
        above = self.scores.get(number, self.rest) - self.zero
        # A share of the best one would be without bound where that is hardly above `zero`, or below it.
        return above / (self.top - self.zero) if above > 0 else above / (1 + self.zero)


def _best_first(scores: Mapping[int, float]) -> list[int]:
    return sorted(scores, key=lambda chunk: (-scores[chunk], chunk))


def _spread(scores: Mapping[int, float], document_of: Mapping[int, int]) -> list[tuple[int, float]]:
    """The chunks with their scores, where each further one of a document counts less; best first."""
    seen: Counter[int] = Counter()
    lowered = {}
    for chunk in _best_first(scores):
        lowered[chunk] = scores[chunk] * FURTHER ** seen[document_of[chunk]]
        seen[document_of[chunk]] += 1
    return [(chunk, lowered[chunk]) for chunk in _best_first(lowered)]
