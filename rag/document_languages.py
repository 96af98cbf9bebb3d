"""In which languages the documents of a knowledge base are written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rag.languages import language_of

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

SAMPLE, BEGINNING = 300, 1000  # documents, and characters of each: read in a moment, and enough to tell them apart
LEAST = 0.05  # share of the documents: a stray one in another language is no reason for another model


def read_languages(base: KnowledgeBase) -> tuple[str, ...]:
    """The languages of the documents (ISO 639-1), the most frequent first; none without documents."""
    with base.index.store.reading():
        texts = base.index.store.beginnings(SAMPLE, BEGINNING)
    counts = Counter(map(language_of, texts))
    return tuple(language for language, count in counts.most_common() if count >= LEAST * counts.total())
