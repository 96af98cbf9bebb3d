"""A user's own nomic file, from its path to the stored vectors: prefixes, dimensions as set, models never mixed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import write_nomic_bert

import rag


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"llamacpp:{write_nomic_bert(tmp_path_factory.mktemp('nomic') / 'nomic.gguf')}"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nStaff get 20 days of leave a year.\n", encoding="utf-8")
    (folder / "office.md").write_text("# Office\n\nThe office opens at 9 and the fox is red.\n", encoding="utf-8")
    return folder


def stored(kb: Any) -> dict[tuple[str, int], list[np.ndarray[Any, Any]]]:
    """The vectors in the knowledge base by label and dimension of their model."""
    rows = kb.index.store.connection.execute(
        "SELECT m.identity, v.vector FROM models m JOIN vectors v ON v.model = m.id ORDER BY v.id"
    )
    found: dict[tuple[str, int], list[np.ndarray[Any, Any]]] = {}
    for identity, data in rows:
        entry = json.loads(identity)
        found.setdefault((entry["label"], entry["dimension"]), []).append(np.frombuffer(data, np.float32))
    return found


def test_vectors_are_stored_with_the_models_prefix_and_dimension(tmp_path: Path, documents: Path, model: str) -> None:
    with rag.open(tmp_path / "kb", embed_model=model) as kb:
        kb.ingest([documents])
        vectors = stored(kb)
        assert set(vectors) == {("nomic-embed-text-v1.5", 128)}
        assert [vector.shape for vector in vectors["nomic-embed-text-v1.5", 128]] == [(128,), (128,)]
        hits = kb.search("leave days", mode="dense")
        assert {hit.path for hit in hits} == {"docs/leave.md", "docs/office.md"}
        identity = json.loads(kb.index.store.connection.execute("SELECT identity FROM models").fetchone()[0])
    assert identity["document_prefix"] == "search_document: "
    assert identity["question_prefix"] == "search_query: "


def test_a_shorter_dimension_is_another_model_with_rows_of_its_own(tmp_path: Path, documents: Path, model: str) -> None:
    with rag.open(tmp_path / "kb", embed_model=model) as kb:
        kb.ingest([documents])
    with rag.open(tmp_path / "kb", embed_model=model, embed_dimension=64) as kb:
        report = kb.ingest([documents])
        assert len(report.unchanged) == 2
        vectors = stored(kb)
        assert {len(vector) for vector in vectors["nomic-embed-text-v1.5", 64]} == {64}
        assert len(kb.search("leave days", mode="dense")) == 2
    full = np.stack(vectors["nomic-embed-text-v1.5", 128]).astype(np.float64)
    cut = (full - full.mean(axis=1, keepdims=True))[:, :64]  # the model card's recipe
    expected = cut / np.linalg.norm(cut, axis=1, keepdims=True)
    assert np.allclose(np.stack(vectors["nomic-embed-text-v1.5", 64]), expected, atol=1e-5)


def test_another_model_sees_none_of_its_vectors(tmp_path: Path, documents: Path, model: str) -> None:
    with rag.open(tmp_path / "kb", embed_model=model) as kb:
        kb.ingest([documents])
    with rag.open(tmp_path / "kb", embed_model="hashing:128") as kb:  # as many dimensions: only the identity tells
        assert not any("dense" in hit.ranks for hit in kb.search("leave days", mode="dense"))
        kb.ingest([documents])
        assert all("dense" in hit.ranks for hit in kb.search("leave days", mode="dense"))
