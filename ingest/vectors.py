"""Gives every chunk its vector, in batches that are each committed, so that a stopped run loses seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.search import Index
from index.weights import UNRELATED
from ingest.chunk import embedding_input
from ingest.report import Progress

if TYPE_CHECKING:
    from ingest.embedders import Embedder

SAMPLE = 64  # passages that `rag verify --deep` embeds again: a few seconds' work
# Cosine of a vector and the same text embedded again. Not 1: in other batches, numbers are added in another order.
SAME = 0.99

BATCH = 64  # chunks a commit: about a second's work of a small model on two cores


def embed_waiting(index: Index, embedder: Embedder, progress: Progress) -> None:
    """Embed what has no vector of this model yet, oldest first."""
    model = index.table.model_id(embedder.identity.to_json())
    index.identity = embedder.identity.to_json()
    total, done = index.table.count_waiting(model), 0
    while waiting := index.table.waiting(model, BATCH):
        progress("embed", done, total, "")
        passages = index.store.passages([chunk for _, chunk in waiting])
        texts = [embedding_input(passages[chunk].title, passages[chunk].chunk) for _, chunk in waiting]
        index.table.add_vectors(model, [key for key, _ in waiting], embedder.embed_documents(texts))
        done += len(waiting)
    progress("embed", total, total, "")
    weights, count = index.weights(), index.store.count_chunks()
    if count and (weights is None or not weights.fit(count)):
        index.learn(embedder.embed_documents(UNRELATED), embedder.readable_share)


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
