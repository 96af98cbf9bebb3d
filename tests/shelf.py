"""A few documents, searched by brute force, for tests of what is made of passages."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from index.search import Ranked
from index.types import Document, Kind, Passage, Quote
from index.words import terms
from ingest.chunk import chunk_document
from ingest.embedders import Reading
from ingest.text_builder import TextBuilder
from rag.question import take_apart
from rag.quotes import select_quotes
from rag.relevance import weigh_sentences


class Shelf:
    """A few documents, searched by brute force."""

    def __init__(self, *documents: Document, vectors: bool = False) -> None:
        self.documents = {f"docs/{n}.md": document for n, document in enumerate(documents)}
        self.passages = [
            Passage(0, path, "/" + path, document.title, "2026-01-01", None, (), chunk)
            for path, document in self.documents.items()
            for chunk in chunk_document(document)
        ]
        self.frequency = Counter(t for p in self.passages for t in set(terms(p.chunk.text)))
        self.vectors = vectors
        self.words = False  # whether the model shows the words it reads
        self.embedded = 0

    def idf(self, term: str) -> float:
        n, df = len(self.passages), self.frequency[term]
        return math.log(1 + (n - df + 0.5) / (df + 0.5))

    def read(self, texts: Sequence[str]) -> list[Reading]:
        self.embedded += len(texts)
        return [self.read_question(text) for text in texts]

    def read_question(self, text: str) -> Reading:
        vector = self.embed_question(text)
        if not self.words:
            return Reading(vector, (), vector[None, :0])
        words = text.split()
        return Reading(vector, tuple(words), np.stack([self.embed_question(word) for word in words]))

    def read_together(self, question: str, passages: Sequence[str]) -> list[float] | None:
        return None

    def embed_question(self, text: str) -> Any:
        vector = np.zeros(64, np.float32)
        for term in terms(text):
            vector[sum(term.encode()) % 64] += 1
        return vector / (np.linalg.norm(vector) or 1)

    def text(self, path: str) -> str:
        return self.documents[path].text

    def ranked(self, question: str) -> list[Ranked]:
        asked = take_apart(question, self.idf)
        scored = sorted(self.passages, key=lambda p: -asked.share(terms(p.title + " " + p.chunk.text)))
        found = []
        for passage in scored[:20]:
            score = asked.share(terms(passage.title + " " + passage.chunk.text))
            scores = {"lexical": score}
            if self.vectors:
                scores["dense"] = float(self.embed_question(question) @ self.embed_question(passage.chunk.text))
            found.append(Ranked(passage, score, scores))
        return found

    def quotes(self, question: str, limit: int = 3) -> list[Quote]:
        return select_quotes(weigh_sentences(question, self.ranked(question), self), self.text, limit=limit)


def document(*blocks: tuple[Kind, str], title: str = "") -> Document:
    builder = TextBuilder()
    for kind, text in blocks:
        builder.add(text, kind, level=1 if kind is Kind.HEADING else 0, line=1)
    return builder.build(title)


@cache
def office() -> Shelf:
    return Shelf(
        document(
            (Kind.HEADING, "Annual leave"),
            (
                Kind.TEXT,
                "Staff rest. Full-time employees receive 20 days of paid leave. They may carry over five of them.",
            ),
            (Kind.TEXT, "Leave is granted in the following cases:"),
            (Kind.ITEM, "marriage of a child: two days"),
            (Kind.ITEM, "moving house: one day"),
        ),
        document(
            (Kind.HEADING, "Travel"),
            (Kind.HEADER, "City | Daily allowance | Hotel limit"),
            (Kind.ROW, "Osaka | 3,000 yen | 12,000 yen"),
            (Kind.ROW, "Dublin | 45 euros | 160 euros"),
            (Kind.CODE, "travel new --city CITY\ntravel send --to manager"),
        ),
        document(
            (Kind.HEADING, "年次有給休暇"),
            (Kind.TEXT, "入社後六か月で10日を付与する。翌年度に限り繰り越すことができる。退職時の買い取りは行わない。"),
        ),
        document(
            (Kind.HEADING, "News"),
            (Kind.TEXT, "The canteen opens at noon. Full-time employees receive 20 days of paid leave!"),
        ),
    )
