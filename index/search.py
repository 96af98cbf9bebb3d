"""The read side of the index: two legs, one ranking.

words of the question → lexical leg ┐
its vector            → dense leg   ┴ fuse → passages, best first
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.dense import VectorIndex
from index.errors import UsageError
from index.globs import match_paths
from index.lexical import WordIndex
from index.store import Store
from index.types import Passage
from index.vector_table import VectorTable
from index.words import terms

Mode = Literal["hybrid", "lexical", "dense"]
MODES: tuple[Mode, ...] = ("hybrid", "lexical", "dense")
POOL = 100  # candidates of each leg that are fused: a right passage below that is lost in either ranking

Leg = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its fused score, and its score and 1-based rank in each leg that found it."""

    passage: Passage
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    also: tuple[str, ...] = ()


class Index:
    """A knowledge base's truth and the parts derived from it; `identity` is the embedding model's, or empty."""

    def __init__(self, folder: Path, *, identity: str = "", create: bool = True, readonly: bool = False) -> None:
        self.store = Store(folder, create=create, readonly=readonly)
        self.table = VectorTable(self.store)
        self.words = WordIndex(self.store)
        self.identity = identity
        self._vectors: VectorIndex | None = None

    def close(self) -> None:
        self.store.close()

    def model(self) -> int | None:
        """The number under which this model's vectors are kept, once there are some."""
        return self.table.find_model(self.identity) if self.identity else None

    def vectors(self) -> VectorIndex | None:
        """The vectors of the embedding model in use, if there are any."""
        model = self.model()
        if model is None:
            return None
        if self._vectors is None or self._vectors.model != model:
            self._vectors = VectorIndex(self.table, model)
        return self._vectors

    def refresh(self) -> None:
        """Bring the derived parts up to the truth; for the holder of the write lock."""
        self.words.refresh()
        if vectors := self.vectors():
            vectors.refresh()

    def documents_within(self, within: str | Sequence[str] | None) -> list[int] | None:
        """The documents whose paths match; None for all."""
        if within is None:
            return None
        known = self.store.document_ids()
        return [known[path] for path in match_paths(within, known)]

    # ---------------------------------------------------------------- the legs

    def lexical_leg(self, words: Sequence[str], k: int, documents: list[int] | None) -> Leg:
        """The `k` best chunks for these terms, best first."""
        return self._living(lambda n: self.words.search(words, n, documents), k)

    def dense_leg(self, question: NDArray[np.float32], k: int, documents: list[int] | None) -> Leg:
        """The `k` chunks nearest to the question's vector, best first."""
        vectors, model = self.vectors(), self.model()
        if vectors is None or model is None:
            return []
        inside = None if documents is None else set(self.store.chunk_ids(documents))
        allowed = None if inside is None else list(self.table.vector_ids(model, list(inside)))

        def search(n: int) -> Leg:
            near = vectors.search(question, n, allowed)
            chunks = self.table.chunks_of_vectors(model, [number for number, _ in near])
            return [
                (chunk, score)
                for number, score in near
                for chunk in chunks.get(number, ())
                if inside is None or chunk in inside
            ]

        return self._living(search, k)

    def _living(self, search: Callable[[int], Leg], k: int) -> Leg:
        """The `k` best that are still in the truth; asks for more where some are gone."""
        wanted = k
        while True:
            found = search(wanted)
            alive = self.store.existing_chunks([chunk for chunk, _ in found])
            kept = [(chunk, score) for chunk, score in found if chunk in alive]
            if len(kept) >= k or len(found) < wanted:
                return kept[:k]
            wanted *= 4


def check_mode(mode: str) -> Mode:
    """`mode` as one of MODES; raises UsageError."""
    for known in MODES:
        if mode == known:
            return known
    raise UsageError(f"There is no search mode {mode!r}.", f"Use one of: {', '.join(MODES)}")


def search(
    index: Index,
    question: str,
    vector: NDArray[np.float32] | None,
    *,
    k: int,
    mode: Mode = "hybrid",
    within: str | Sequence[str] | None = None,
) -> list[Ranked]:
    """The `k` best passages for a question, best first; without a vector the word leg alone answers."""
    documents = index.documents_within(within)
    pool = max(POOL, k)
    legs: dict[str, Leg] = {}
    if mode != "dense" or vector is None:
        legs["lexical"] = index.lexical_leg(terms(question), pool, documents)
    if mode != "lexical" and vector is not None:
        legs["dense"] = index.dense_leg(vector, pool, documents)
    fused: dict[int, float] = {}
    for leg in legs.values():
        top, low = (leg[0][1], leg[-1][1]) if leg else (1.0, 0.0)
        for chunk, score in leg:
            fused[chunk] = fused.get(chunk, 0.0) + (score - low) / ((top - low) or 1.0)
    order = sorted(fused, key=lambda chunk: (-fused[chunk], chunk))[:k]
    passages = index.store.passages(order)
    scores = {name: dict(leg) for name, leg in legs.items()}
    ranks = {name: {chunk: rank for rank, (chunk, _) in enumerate(leg, 1)} for name, leg in legs.items()}
    return [
        Ranked(
            passages[chunk],
            fused[chunk],
            {name: scores[name][chunk] for name in legs if chunk in scores[name]},
            {name: ranks[name][chunk] for name in legs if chunk in ranks[name]},
        )
        for chunk in order
        if chunk in passages
    ]
