"""Gives every chunk its vector, in batches that are each committed, so that a stopped run loses seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.search import Index
from index.weights import UNRELATED
from ingest.chunk import embedding_input
from ingest.report import Progress

if TYPE_CHECKING:
    from ingest.embedders import Embedder

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
