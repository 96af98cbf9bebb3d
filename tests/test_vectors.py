"""The vectors of what waits: each text once, whatever the batches, and nothing lost when the model fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import make_chunks, make_document, make_origin

from index.errors import RagError
from index.search import Index
from ingest import vectors
from ingest.chunk import embedding_input
from ingest.embedders.hashing import HashingEmbedder
from ingest.vectors import embed_waiting


class Recorder(HashingEmbedder):
    """Notes the texts of each call, and fails at call number `fails`."""

    def __init__(self, fails: int = -1) -> None:
        super().__init__(32)
        self.calls: list[list[str]] = []
        self.fails = fails

    def embed_documents(self, texts: Sequence[str]) -> Any:
        if len(self.calls) == self.fails:
            raise RagError("The model is gone.")
        self.calls.append(list(texts))
        return super().embed_documents(texts)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Forty documents of two chunks, of which one stands in all."""
    index = Index(tmp_path / "kb")
    for number in range(40):
        document = make_document(f"Rule {number} is about leave.", "The same in all.", title="")
        chunks = make_chunks(document)
        inputs = [embedding_input(document.title, chunk) for chunk in chunks]
        index.store.replace(make_origin(f"d/{number}.md"), document, chunks, inputs)
    return index


def embed(index: Index, embedder: Recorder, done: list[str] | None = None) -> list[tuple[int, int]]:
    """The progress of a run."""
    told: list[tuple[int, int]] = []
    embed_waiting(
        index,
        embedder,
        lambda stage, at, total, name: told.append((at, total)),
        lambda: None if done is None else done.append("meanwhile"),
    )
    return told


@pytest.mark.parametrize("first", [1, 3, 500])
def test_every_text_is_embedded_once_and_its_vector_is_its_own(
    index: Index, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "FIRST", first)
    monkeypatch.setattr(vectors, "MOST", max(first, 7))
    embedder, done = Recorder(), []
    told = embed(index, embedder, done)
    asked = [text for call in embedder.calls[: -1 if index.weights() else None] for text in call]
    assert len(asked) == len(set(asked)) == 41
    assert done == ["meanwhile"]
    assert told == sorted(told) and told[-1] == (80, 80)
    model = index.model()
    assert model is not None and index.table.count_waiting(model) == 0
    for passage in index.store.each_passage():
        (number,) = index.table.vector_ids(model, [passage.id])
        _, stored = index.table.vectors_by_id([number])
        oracle = HashingEmbedder(32).embed_documents([embedding_input(passage.title, passage.chunk)])
        assert np.allclose(stored, oracle)


def test_with_nothing_waiting_the_other_work_is_done_all_the_same(index: Index) -> None:
    embed(index, Recorder())
    again, done = Recorder(), []
    embed(index, again, done)
    assert again.calls == [] and done == ["meanwhile"]


def test_a_model_that_fails_loses_only_what_was_not_committed(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "FIRST", 5)
    monkeypatch.setattr(vectors, "MOST", 5)
    with pytest.raises(RagError, match="gone"):
        embed(index, Recorder(fails=3))
    model = index.model()
    assert model is not None and len(index.table.numbers(model)) == 15
    rest = Recorder()
    embed(index, rest)
    assert len({text for call in rest.calls[:-1] for text in call}) == 26
    assert index.table.count_waiting(model) == 0
