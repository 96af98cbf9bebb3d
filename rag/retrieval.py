"""From a question to ranked passages: the embedding model, the index, and a reranker where one is named.

The embedding model, and what reads question and passage together, open in the background when a question comes, each
in a process of its own, beside the word search.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from index.characters import is_unspaced
from index.errors import RagError
from index.lexical import idf
from index.search import Index, Meaning, Mode, Ranked, Within, search
from index.weights import describe_weights
from ingest.models.adapters import ANSWERS, GLOSSED, SUPPORTS
from rag.languages import language_of

if TYPE_CHECKING:
    from ingest.embedders import Embedder, Reading, Vectors
    from rag.answerable import Calibration
    from rag.cross_encoder import CrossEncoder
    from rag.rerankers import Reranker

SAMPLE = 200  # passages looked at for the calibration: they give the forty sentences of a language that it needs
# Characters of a question's beginning and of its end that the embedding model reads: what a passage holds, in scripts
# that part words and in those that do not. Each further passage of it would cost as much as embedding one, and the mean
# of many is near to none; every word of it takes part in the word leg.
READ, READ_UNSPACED = 1100, 350
# The adapters of what reads question and passage together, by the question's language: SmolLM2 was taught hardly
# anything but English, so Japanese is read word for word in English.
READS = {"en": ANSWERS, "ja": GLOSSED}
RERANKED = 30  # passages a reranker reads: each costs as much as embedding it, a second in all for a small model


class _Closing(Protocol):
    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=_Closing)


class Background(Generic[Opened]):
    """A model that opens in a thread of its own, at most once; None without an opener."""

    def __init__(self, opener: Callable[[], Opened] | None) -> None:
        self._opener = opener
        self._opening: Future[Opened] | None = None

    def start(self) -> None:
        """Begin to open it, without waiting for it."""
        if self._opener is None or self._opening is not None:
            return
        self._opening = Future()
        threading.Thread(target=self._finish, args=(self._opener, self._opening), daemon=True).start()

    @staticmethod
    def _finish(opener: Callable[[], Opened], opening: Future[Opened]) -> None:
        try:
            opening.set_result(opener())
        except BaseException as error:
            opening.set_exception(error)

    def wait(self) -> Opened | None:
        """It once it is open; raises what kept it from opening."""
        self.start()
        return None if self._opening is None else self._opening.result()

    def close(self) -> None:
        """End it; one that is still opening ends as soon as it is open, and nobody waits for that."""
        if self._opening is not None:
            self._opening.add_done_callback(self._end)

    @staticmethod
    def _end(opened: Future[Opened]) -> None:
        if opened.exception() is None:
            opened.result().close()


class Retriever:
    """Ranks the passages of one index for a question; each opener is called at most once, None without a model.

    `share` is the say that the dense leg had in the last question, `reranking` the seconds that the reranker took.
    `unread` says what kept the model that reads question and passages together from doing so, "" if nothing did: it is
    as if there were none then.
    """

    def __init__(
        self,
        index: Index,
        open_embedder: Callable[[], Embedder] | None,
        open_reranker: Callable[[], Reranker] | None = None,
        open_reader: Callable[[], CrossEncoder] | None = None,
    ) -> None:
        self.index = index
        self.share = 0.0
        self.reranking = 0.0
        self.unread = ""
        self._embedder = Background(open_embedder)
        self._reader = Background(open_reader)
        self._open_reranker = open_reranker
        self._reranker: Reranker | None = None
        self._understood: tuple[str, Reading] | None = None

    def close(self) -> None:
        """End the models' processes."""
        self._embedder.close()
        self._reader.close()
        if self._reranker:
            self._reranker.close()

    @property
    def embedder(self) -> Embedder | None:
        """The embedding model, if one is set up; waits until it is open, and raises what kept it from opening."""
        embedder = self._embedder.wait()
        if embedder is None:
            return None
        self.index.identity = embedder.identity.to_json()
        return embedder

    def search(self, question: str, k: int, mode: Mode, within: Within = None) -> list[Ranked]:
        """The `k` best passages, best first."""
        if mode != "lexical":
            self._embedder.start()
        wanted = max(k, RERANKED) if self._open_reranker else k
        with self.index.reading():
            ranked = search(
                self.index, question, lambda: self._understand(question), k=wanted, mode=mode, within=within
            )
        self.share = ranked[0].share if ranked else 0.0
        return self._rerank(question, ranked)[:k]

    def _rerank(self, question: str, ranked: list[Ranked]) -> list[Ranked]:
        """The same passages in the order of the reranker, the ones it did not read after them."""
        self.reranking = 0.0
        if self._open_reranker is None or not ranked:
            return ranked
        start = time.perf_counter()
        self._reranker = self._reranker or self._open_reranker()
        read, rest = ranked[:RERANKED], ranked[RERANKED:]
        odds = self._reranker.score(question, [hit.passage.chunk.text for hit in read])
        order = sorted(range(len(read)), key=lambda i: (-odds[i], i))
        scores = list(map(_chance, odds))
        floor = min(scores)
        self.reranking = time.perf_counter() - start
        return [
            *(
                replace(read[i], score=scores[i], ranks={**read[i].ranks, "reranker": n})
                for n, i in enumerate(order, 1)
            ),
            # Below every passage that was read, in the order they had.
            *(replace(hit, score=floor / (1 + n)) for n, hit in enumerate(rest, 1)),
        ]

    def _understand(self, question: str) -> Meaning | None:
        embedder, vector = self.embedder, self.embed_question(question)
        if embedder is None or vector is None:
            return None
        return Meaning(vector, embedder.readable_share(cut_middle(question)))

    def embed_question(self, question: str) -> Vectors | None:
        """The question's unit vector (d,); None without a model, or without vectors to compare it with."""
        reading = self.read_question(question)
        return None if reading is None else reading.vector

    def read_question(self, question: str) -> Reading | None:
        """The question as the embedding model reads it; None as in `embed_question`, no words where it shows none."""
        embedder = self.embedder
        if embedder is None or self.index.vectors() is None or not question.strip():
            return None
        if self._understood is None or self._understood[0] != question:
            read = cut_middle(question)
            [reading] = embedder.read([read], question=True) or [_bare(embedder.embed_question(read))]
            self._understood = (question, reading)
        return self._understood[1]

    def read(self, texts: Sequence[str]) -> list[Reading] | None:
        """Sentences as the embedding model reads them; None without a model."""
        embedder = self.embedder
        if embedder is None:
            return None
        return embedder.read(texts) or [_bare(vector) for vector in embedder.embed_documents(texts)]

    def read_together(self, question: str, passages: Sequence[str]) -> list[float] | None:
        """The log odds that passages answer the question; None without a model that reads both together."""
        return self._judge(READS[language_of(question)], question, passages)

    def judge_statement(self, statement: str, texts: Sequence[str]) -> list[float] | None:
        """The log odds that texts bear a statement out; None without a model that reads both together."""
        return self._judge(SUPPORTS, statement, texts)

    def _judge(self, adapter: str, asked: str, texts: Sequence[str]) -> list[float] | None:
        if self.unread:
            return None
        try:
            reader = self._reader.wait()
            return None if reader is None else reader.judge(adapter, asked, texts)
        except RagError as error:
            self.unread = error.message
            return None

    def start_reading(self) -> None:
        """Begin to open what reads the question, and what reads it together with passages."""
        self._embedder.start()
        self._reader.start()

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term over the chunks, as in BM25."""
        return idf(self.index.words.frequency(term), self.count)

    def learned(self) -> dict[str, str]:
        """What the index found out about itself, as ``rag status`` shows it."""
        from rag.calibration import describe_calibration

        weights, calibration = self.index.weights(), self.calibration()
        return {
            **(describe_weights(weights) if weights else {}),
            **(describe_calibration(calibration) if calibration else {}),
        }

    def calibration(self) -> Calibration | None:
        """How high questions get that this collection cannot answer, once that was found out."""
        from rag.answerable import KEPT, Calibration

        kept = self.index.kept(KEPT)
        return Calibration.from_json(kept) if kept else None

    def calibrate(self) -> None:
        """Find out again how high questions get that cannot be answered, where the collection has changed enough."""
        from rag.answerable import KEPT
        from rag.calibration import calibrate, is_outdated

        if not self.count or not is_outdated(self.calibration(), self.count):
            return
        chunks = sorted(self.index.store.all_chunk_ids())
        passages = self.index.store.passages(chunks[:: max(1, len(chunks) // SAMPLE)])
        self.index.keep(KEPT, calibrate(list(passages.values()), self, self.count).to_json())

    @property
    def count(self) -> int:
        """Chunks in the index."""
        return self.index.store.count_chunks()


def cut_middle(question: str) -> str:
    """A question without what stands between its beginning and its end, where it is longer than both."""
    size = READ_UNSPACED if is_unspaced(question) else READ
    return question if len(question) <= 2 * size else f"{question[:size]} {question[-size:]}"


def _chance(odds: float) -> float:
    """The probability that log odds stand for, in the form that does not overflow: on the scale of the other scores,
    whose shares of the best one tell whether a question is answered."""
    return math.exp(min(odds, 0.0)) / (1 + math.exp(-abs(odds)))


def _bare(vector: Vectors) -> Reading:
    """A vector of a runtime that shows no words."""
    from ingest.embedders import Reading

    return Reading(vector, (), vector[None, :0])
