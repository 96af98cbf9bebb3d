"""The read side of the index: two legs, one ranking.

words of the question → lexical leg ┐
its vector            → dense leg   ┴ fuse → passages, best first
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from index.dense import STAMP as VECTOR_STAMP
from index.dense import VectorIndex
from index.duplicates import sameness
from index.errors import DamagedError, UsageError
from index.fusion import Found, Fused, fuse
from index.globs import match_paths
from index.label_table import LabelTable
from index.lexical import WordIndex
from index.query import Query, fold, read_query
from index.rows import checksum
from index.stamp import Stamp, read_stamp
from index.store import Store
from index.types import Passage
from index.vector_table import VectorTable
from index.weights import Weights, dense_share, learn_weights, likeness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Mode = Literal["hybrid", "lexical", "dense"]
MODES: tuple[Mode, ...] = ("hybrid", "lexical", "dense")
POOL = 100  # candidates of each leg that are fused: a right passage below that is lost in either ranking
LOOKED_AT = 2000  # passages drawn when weights are learned: enough for some hundreds of the rarer script

Leg = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents a search may see: those that match one of `patterns` and have one of `labels`, where given."""

    patterns: str | Sequence[str] | None = None
    labels: tuple[str, ...] = ()


Within = str | Sequence[str] | Scope | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question as the embedding model sees it: its unit vector (d,), and the share of it that the model can read."""

    vector: NDArray[np.float32]
    readable: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its fused score, and its score and 1-based rank in each leg that found it.

    `share` is the say that the dense leg had in this question (0 to 1); the word legs had the rest.
    """

    passage: Passage
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    share: float = 0.0


class Index:
    """A knowledge base's truth and the parts derived from it; `identity` is the embedding model's, or empty."""

    def __init__(
        self,
        folder: Path,
        *,
        identity: str = "",
        create: bool = True,
        shared: bool = False,
        damaged: bool = False,
        kb: str = "",
    ) -> None:
        self.store = Store(folder, create=create, shared=shared, damaged=damaged, kb=kb)
        self.table = VectorTable(self.store)
        self.labels = LabelTable(self.store)
        self.words = WordIndex(self.store)
        self.identity = identity
        self._vectors: VectorIndex | None = None
        self._published: Stamp | None = None

    def close(self) -> None:
        self.words.close()
        self.store.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Everything inside sees one generation, by words, by meaning and in the texts.

        The parts are looked at before the snapshot of the truth begins. One that is older than the snapshot is made up
        for from the truth; a newer one would lack what was there.
        """
        if not self.store.inside():
            with self.store.reading():
                self.words.load(anew=True)
            self._published = read_stamp(self.store.folder / VECTOR_STAMP)
        with self.store.reading():
            yield

    def _vector_stamp(self) -> Stamp | None:
        return self._published if self.store.inside() else read_stamp(self.store.folder / VECTOR_STAMP)

    def model(self) -> int | None:
        """The number under which this model's vectors are kept, once there are some."""
        return self.table.find_model(self.identity) if self.identity else None

    def vectors(self) -> VectorIndex | None:
        """The vectors of the embedding model in use, if there are any."""
        model = self.model()
        if model is None:
            return None
        if self._vectors is None or self._vectors.model != model:
            self._vectors = VectorIndex(self.table, model, published=self._vector_stamp)
        return self._vectors

    def refresh(self) -> None:
        """Bring the derived parts up to the truth; for the holder of the write lock."""
        self.words.refresh()
        if vectors := self.vectors():
            vectors.refresh()

    def behind(self) -> dict[str, int]:
        """For each leg whose part was lost or is far behind: how many passages it does not search."""
        vectors = self.vectors()
        found = {"lexical": self.words.behind(), "dense": vectors.behind() if vectors else 0}
        return {leg: count for leg, count in found.items() if count}

    def weights(self) -> Weights | None:
        """What was learned about the dense leg with the embedding model in use, once it was."""
        model = self.model()
        return None if model is None else self.weights_of(model)

    def weights_of(self, model: int) -> Weights | None:
        """The same of the model with this number; raises DamagedError."""
        kept = self._kept("weights", model)
        return Weights.from_json(kept) if kept else None

    def keep(self, name: str, fact: str) -> None:
        """Keep something learned with the embedding model in use."""
        self.store.put(f"{name} of model {self.model()}", f"{checksum(fact)} {fact}")

    def kept(self, name: str) -> str:
        """What was kept under this name with the model in use, or ""; raises DamagedError when it was altered."""
        return self._kept(name, self.model())

    def _kept(self, name: str, model: int | None) -> str:
        check, _, fact = self.store.get(f"{name} of model {model}").partition(" ")
        if fact and check != str(checksum(fact)):
            raise DamagedError(f"What was learned with the embedding model ({name}) is damaged.", "Run: rag repair")
        return fact

    def learn(self, unrelated: NDArray[np.float32], readable_share: Callable[[str], float]) -> None:
        """Look at a sample of the passages and their vectors anew; `unrelated` are the vectors of weights.UNRELATED."""
        model = self.model()
        if model is None:
            return
        chunks = sorted(self.store.all_chunk_ids())
        sample = chunks[:: max(1, len(chunks) // LOOKED_AT)]
        shared = self.table.vector_ids(model, sample)
        numbers, vectors = self.table.vectors_by_id(list(shared))
        first = [shared[number][0] for number in numbers.tolist()]
        passages = self.store.passages(first)
        texts = [passages[chunk].chunk.text for chunk in first]
        weights = learn_weights(texts, vectors, unrelated, readable_share, len(chunks))
        self.keep("weights", weights.to_json())

    def documents_within(self, within: Within) -> list[int] | None:
        """The documents whose paths match; None for all. Raises UsageError for a label that nothing has."""
        if within is None:
            return None
        known = self.store.document_ids()
        if not isinstance(within, Scope):
            return [known[path] for path in match_paths(within, known)]
        paths = list(known) if within.patterns is None else match_paths(within.patterns, known)
        if within.labels:
            labelled = set(match_paths(self.labels.patterns(within.labels), known))
            paths = [path for path in paths if path in labelled]
        return [known[path] for path in paths]

    # ---------------------------------------------------------------- the legs

    def lexical_leg(self, query: Query, k: int, documents: list[int] | None) -> Leg:
        """The `k` best chunks for the words of a question, best first."""
        return self._living(lambda n: self.words.search(query, n, documents), k, self.words)

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
            # A vector that is gone stands for chunk 0, which there never was, and is counted as gone by `_living`.
            return [
                (chunk, score)
                for number, score in near
                for chunk in chunks.get(number, (0,))
                if inside is None or chunk in inside
            ]

        return self._living(search, k, vectors)

    def complete(self, query: Query | None, meaning: Meaning | None, legs: Sequence[Leg]) -> list[Leg]:
        """The legs (passages, files, dense) with the scores of every chunk that one of them found, and its document."""
        passages, files, dense = legs
        chunks = sorted({chunk for leg in (passages, dense) for chunk, _ in leg})
        if query is not None:
            passages = self.words.search(query, len(chunks), chunks=chunks)
            documents = sorted(set(self.store.documents_of(chunks).values()))
            files = self.words.search_files(query, len(documents), documents)
        model, vectors = self.model(), self.vectors()
        if meaning is not None and model is not None and vectors is not None:
            shared = self.table.vector_ids(model, chunks)
            near = vectors.search(meaning.vector, len(shared), list(shared))
            dense = [(chunk, score) for number, score in near for chunk in shared[number]]
        return [passages, files, dense]

    def vectors_of(self, leg: Leg) -> NDArray[np.float32]:
        """The vectors (n, d) of the chunks of a dense leg, equal texts once."""
        model = self.model()
        numbers = [] if model is None else list(self.table.vector_ids(model, [chunk for chunk, _ in leg]))
        return self.table.vectors_by_id(numbers)[1]

    def _living(self, search: Callable[[int], Leg], k: int, part: WordIndex | VectorIndex) -> Leg:
        """The `k` best that are still in the truth; asks for more where some are gone.

        Raises DamagedError when they are gone although nothing changed since `part` was written.
        """
        wanted = k
        while True:
            found = search(wanted)
            alive = self.store.existing_chunks([chunk for chunk, _ in found])
            kept = [(chunk, score) for chunk, score in found if chunk in alive]
            if len(kept) < len(found) and part.is_current():
                raise DamagedError("Passages are missing from the knowledge base.", "Run: rag repair")
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
    understand: Callable[[], Meaning | None],
    *,
    k: int,
    mode: Mode = "hybrid",
    within: Within = None,
) -> list[Ranked]:
    """The `k` best passages for a question, best first; where `understand` gives None, the word leg alone answers.

    `understand` is called after the word leg, beside which its model may start. Passages that hold what the question
    has in quotation marks come first. `within` restricts the candidates of every leg; the scales are those of the whole
    collection and every candidate has its score in every leg, so the order is that of the whole ranking.
    """
    query = read_query(question)
    documents = index.documents_within(within)
    pool = max(POOL, k)
    meaning = understand() if mode == "dense" else None
    by_words = meaning is None
    passages = index.lexical_leg(query, pool, None) if by_words else []
    files = index.words.search_files(query, pool, None) if by_words else []
    if mode == "hybrid":
        meaning = understand()
    weights = index.weights()
    baseline = weights.baseline if weights else 0.0
    share, dense = 0.0, []
    if meaning is not None:
        share = dense_share(weights, query, meaning.readable) if by_words else 1.0
        dense = index.dense_leg(meaning.vector, pool, None) if share else []
        if by_words and dense:
            share = dense_share(weights, query, meaning.readable, likeness(index.vectors_of(dense), baseline))
    legs, best = [passages, files, dense if share else []], None
    if documents is not None:
        best = (_top(legs[0]), _top(legs[1]), _top(legs[2]))
        inside = [
            index.lexical_leg(query, pool, documents) if by_words else [],
            [],
            index.dense_leg(meaning.vector, pool, documents) if meaning is not None and share else [],
        ]
        legs = index.complete(query if by_words else None, meaning if share else None, inside)
        pool = sum(map(len, legs)) + 1  # nothing is missing from them
    found = Found(
        passages=legs[0],
        files=legs[1],
        dense=legs[2],
        pool=pool,
        best_possible=index.words.best_possible(query) if by_words and share else 0.0,
        baseline=baseline,
        best=best,
    )
    document_of = index.store.documents_of([chunk for leg in (found.passages, found.dense) for chunk, _ in leg])
    fused = fuse(found, document_of, share)
    if query.phrases:
        holding = {
            number
            for number, passage in index.store.passages([entry.chunk for entry in fused]).items()
            if all(phrase in _read_whole(passage) for phrase in query.phrases)
        }
        first = [entry for entry in fused if entry.chunk in holding]
        least = min((entry.score for entry in first), default=math.inf)
        rest = [entry for entry in fused if entry.chunk not in holding]
        fused = [*first, *(replace(entry, score=min(entry.score, least)) for entry in rest)]
    return _once_each(index.store, fused, share, k)


def _read_whole(passage: Passage) -> str:
    return fold("\n".join((passage.title, *passage.chunk.heading, passage.chunk.text)))


def _top(leg: Leg) -> float:
    return leg[0][1] if leg else 0.0


def _once_each(store: Store, fused: Sequence[Fused], share: float, k: int) -> list[Ranked]:
    """The first `k` different passages; each names the other documents that hold the same, wherever those rank."""
    kept: dict[tuple[str, ...], Ranked] = {}
    passages = store.passages([entry.chunk for entry in fused])
    for entry in fused:
        passage = passages.get(entry.chunk)
        if passage is None:
            continue
        key = sameness(passage)
        first = kept.get(key)
        if first is None and len(kept) < k:
            kept[key] = Ranked(passage, entry.score, entry.scores, entry.ranks, share=share)
        elif first is not None and passage.path not in (first.passage.path, *first.also):
            kept[key] = replace(first, also=(*first.also, passage.path))
    return list(kept.values())
