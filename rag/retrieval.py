"""From a question to ranked passages: the embedding model and the index together.

The embedding model opens in the background when a question comes, in a process of its own, beside the word search.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from index.search import Index, Meaning, Mode, Ranked, Within, search
from index.weights import describe_weights

if TYPE_CHECKING:
    from ingest.embedders import Embedder, Vectors


class Retriever:
    """Ranks the passages of one index for a question; `open_embedder` is called at most once, None without a model."""

    def __init__(self, index: Index, open_embedder: Callable[[], Embedder] | None) -> None:
        self.index = index
        self._open = open_embedder
        self._opening: Future[Embedder] | None = None

    def start(self) -> None:
        """Begin to open the embedding model, without waiting for it."""
        if self._open is None or self._opening is not None:
            return
        self._opening = Future()
        threading.Thread(target=self._finish, args=(self._open, self._opening), daemon=True).start()

    @staticmethod
    def _finish(opener: Callable[[], Embedder], opening: Future[Embedder]) -> None:
        try:
            opening.set_result(opener())
        except BaseException as error:
            opening.set_exception(error)

    def close(self) -> None:
        """End the model's processes."""
        if self._opening is not None and self._opening.exception() is None:
            self._opening.result().close()

    @property
    def embedder(self) -> Embedder | None:
        """The embedding model, if one is set up; waits until it is open, and raises what kept it from opening."""
        self.start()
        if self._opening is None:
            return None
        embedder = self._opening.result()
        self.index.identity = embedder.identity.to_json()
        return embedder

    def search(self, question: str, k: int, mode: Mode, within: Within = None) -> list[Ranked]:
        """The `k` best passages, best first."""
        if mode != "lexical":
            self.start()
        with self.index.reading():
            return search(self.index, question, lambda: self._understand(question), k=k, mode=mode, within=within)

    def _understand(self, question: str) -> Meaning | None:
        embedder, vector = self.embedder, self.embed_question(question)
        return Meaning(vector, embedder.readable_share(question)) if embedder and vector is not None else None

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
