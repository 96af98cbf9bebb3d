"""A reranker in a child process, which answers ``open`` and ``score``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from ingest.models.model_child import ModelChild
from ingest.worker import Payload


class ChildReranker:
    """`child` is this reranker's to close."""

    def __init__(self, name: str, child: ModelChild, opening: Payload, threads: int) -> None:
        self.name = name
        self._child = child
        self._threads = threads
        try:
            child.open(opening)
        except BaseException:
            self.close()
            raise

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        if not passages:
            return []
        blobs = [text.encode("utf-8", "replace") for text in (question, *passages)]
        reply, _ = self._child.call({"do": "score", "threads": self._threads}, blobs)
        return [float(score) for score in reply["scores"]]

    def close(self) -> None:
        self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
