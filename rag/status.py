"""What is in a knowledge base and in what state it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.files import size_below

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase


@dataclass(frozen=True, slots=True)
class Status:
    """`waiting` chunks have no vector of the embedding model yet; `learned` is what the index found out by itself."""

    kb: str
    generation: int
    sources: dict[str, str]
    documents: int
    chunks: int
    waiting: int
    unread: dict[str, int]
    embed_model: str
    model: str
    bytes: int
    learned: dict[str, str]


def describe(kb: KnowledgeBase) -> Status:
    """The status of an open knowledge base."""
    store = kb.index.store
    unread = Counter(entry.outcome for entry in store.unread().values())
    return Status(
        kb=str(kb.folder),
        generation=store.generation,
        sources={name: str(root) for name, root in store.sources().items()},
        documents=len(store.document_ids()),
        chunks=store.count_chunks(),
        waiting=kb.count_waiting(),
        unread=dict(sorted(unread.items())),
        embed_model=kb.settings.embed_model,
        model=kb.settings.model,
        bytes=size_below(kb.folder),
        learned=kb.retriever.learned(),
    )
