"""Gives every chunk its vector, in batches that are each committed, so that a stopped run loses seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.search import Index
from index.weights import UNRELATED
from ingest.chunk import embedding_input
from ingest.report import Progress

if TYPE_CHECKING:
    from ingest.embedders import Embedder, Vectors

SAMPLE = 64  # passages that `rag verify --deep` embeds again: a few seconds' work
# Cosine of a vector and the same text embedded again. Not 1: in other batches, numbers are added in another order.
SAME = 0.99

SECONDS = 2.0  # of embedding between two commits: what a stopped run loses, whatever the model
FIRST, MOST = 16, 512  # chunks of the first batch, before the model's speed is known, and of any
AHEAD = 4  # batches that wait to be embedded while the last ones are written


@dataclass(frozen=True, slots=True)
class _Embedded:
    vectors: Vectors
    seconds: float


def embed_waiting(
    index: Index, embedder: Embedder, progress: Progress, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Embed what has no vector of this model yet, oldest first; `meanwhile` is called once, beside the first batches.

    A thread keeps the model at work while this one reads the next texts and commits the vectors that are ready.
    """
    model = index.table.model_id(embedder.identity.to_json())
    index.identity = embedder.identity.to_json()
    total, done, size, last = index.table.count_waiting(model), 0, FIRST, 0
    ahead: deque[tuple[list[bytes], Future[_Embedded]]] = deque()
    with ThreadPoolExecutor(1) as thread:
        try:
            while True:
                while len(ahead) < AHEAD and (waiting := index.table.waiting(model, size, last)):
                    last = waiting[-1][1]
                    texts = _inputs(index, [chunk for _, chunk in waiting])
                    ahead.append(([key for key, _ in waiting], thread.submit(_embed, embedder, texts)))
                if not ahead:
                    break
                if done:  # the model's speed is known, and enough waits for it
                    meanwhile()
                    meanwhile = _nothing
                progress("embed", done, total, "")
                keys, future = ahead.popleft()
                found = future.result()
                index.table.add_vectors(model, keys, found.vectors)
                done += len(keys)
                size = max(FIRST, min(MOST, round(len(keys) * SECONDS / max(found.seconds, 0.01))))
        except BaseException:
            thread.shutdown(wait=False, cancel_futures=True)
            raise
    meanwhile()
    progress("embed", total, total, "")
    weights, count = index.weights(), index.store.count_chunks()
    if count and (weights is None or not weights.fit(count)):
        index.learn(embedder.embed_documents(UNRELATED), embedder.readable_share)


def _nothing() -> None:
    """What is left to do beside the later batches."""


def _inputs(index: Index, chunks: list[int]) -> list[str]:
    passages = index.store.passages(chunks)
    return [embedding_input(passages[chunk].title, passages[chunk].chunk) for chunk in chunks]


def _embed(embedder: Embedder, texts: list[str]) -> _Embedded:
    start = time.monotonic()
    return _Embedded(embedder.embed_documents(texts), time.monotonic() - start)


def compare_sample(index: Index, embedder: Embedder) -> list[str]:
    """A sentence for each of a sample of passages whose stored vector is not what the model gives now."""
    model = index.table.find_model(embedder.identity.to_json())
    chunks = sorted(index.store.all_chunk_ids())
    if model is None or not chunks:
        return []
    sample = chunks[:: max(1, len(chunks) // SAMPLE)][:SAMPLE]
    shared = index.table.vector_ids(model, sample)
    numbers, vectors = index.table.vectors_by_id(list(shared))
    passages = index.store.passages(sample)
    first = [passages[shared[number][0]] for number in numbers.tolist()]
    if not first:
        return []
    again = embedder.embed_documents([embedding_input(passage.title, passage.chunk) for passage in first])
    return [
        f"A vector of {passage.path} is not what the embedding model gives (cosine {cosine:.3f})."
        for passage, cosine in zip(first, (vectors * again).sum(axis=1).tolist(), strict=True)
        if cosine < SAME
    ]
