"""From a question to ranked passages: the embedding model and the index together.

The embedding model is opened on first need, in a process of its own, so that its start runs beside the word search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from index.search import Index, Mode, Ranked, search
from index.weights import describe_weights

if TYPE_CHECKING:
    from ingest.embedders import Embedder, Vectors


class Retriever:
    """Ranks the passages of one index for a question; `open_embedder` is called at most once, None without a model."""

    def __init__(self, index: Index, open_embedder: Callable[[], Embedder] | None) -> None:
        self.index = index
        self._open = open_embedder
        self._embedder: Embedder | None = None

    def close(self) -> None:
        if self._embedder:
            self._embedder.close()

    @property
    def embedder(self) -> Embedder | None:
        """The embedding model, if one is set up."""
        if self._embedder is None and self._open is not None:
            self._embedder = self._open()
            self.index.identity = self._embedder.identity.to_json()
        return self._embedder

    def search(self, question: str, k: int, mode: Mode, within: str | Sequence[str] | None = None) -> list[Ranked]:
        """The `k` best passages, best first."""
        vector = self.embed_question(question) if mode != "lexical" else None
        with self.index.store.reading():
            return search(
                self.index, question, vector, k=k, mode=mode, within=within, readable=self._readable(question, vector)
            )

    def _readable(self, question: str, vector: Vectors | None) -> float:
        return self.embedder.readable_share(question) if vector is not None and self.embedder else 1.0

    def embed_question(self, question: str) -> Vectors | None:
        """The question's unit vector (d,); None without a model, or without vectors to compare it with."""
        embedder = self.embedder
        if embedder is None or self.index.vectors() is None or not question.strip():
            return None
        return embedder.embed_question(question)

    def embed(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors (n, d) of sentences; None without a model."""
        return self.embedder.embed_documents(texts) if self.embedder else None

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term over the chunks, as in BM25."""
        return _idf(self.index.words.frequency(term), self.count)

    def learned(self) -> dict[str, str]:
        """What the index found out about itself, as ``rag status`` shows it."""
        weights = self.index.weights()
        return describe_weights(weights) if weights else {}

    @property
    def count(self) -> int:
        """Chunks in the index."""
        return self.index.store.count_chunks()


def _idf(frequency: int, count: int) -> float:
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
