"""The dense leg finds what a scan of all vectors finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corpus import harm, make_chunks, make_document, make_origin
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.dense import STAMP, VectorIndex
from index.errors import StoreError
from index.rows import embedding_key
from index.search import Index
from index.store import Store
from index.vector_table import VectorTable

DIMENSION = 32


def unit(count: int, seed: int, dimension: int = DIMENSION) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_index(folder: Path, vectors: NDArray[np.float32], flat_limit: int = 1000) -> VectorIndex:
    table = VectorTable(Store(folder))
    model = table.model_id("m")
    table.add_vectors(model, [n.to_bytes(16, "big") for n in range(len(vectors))], vectors)
    return VectorIndex(table, model, flat_limit=flat_limit)


def scan(vectors: NDArray[np.float32], numbers: NDArray[np.int64], question: NDArray[np.float32], k: int) -> list[int]:
    order = np.argsort(-(vectors @ question), kind="stable")[:k]
    return [int(numbers[i]) for i in order]


@pytest.mark.parametrize("published", [False, True])
def test_flat_results_equal_a_scan(tmp_path: Path, published: bool) -> None:
    vectors = unit(500, 1)
    index = make_index(tmp_path / "kb", vectors)
    if published:
        index.refresh()
        assert index.lag() == 0
    numbers = np.arange(1, 501)
    for question in unit(20, 2):
        found = index.search(question, 10)
        assert [n for n, _ in found] == scan(vectors, numbers, question, 10)
        assert [s for _, s in found] == pytest.approx(sorted(vectors @ question, reverse=True)[:10], abs=1e-5)


def test_new_vectors_are_found_before_the_part_is_written_again(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", unit(100, 1))
    index.refresh()
    late = unit(5, 9)
    index.table.add_vectors(index.model, [b"late" + bytes(11) + bytes([n]) for n in range(5)], late)
    assert index.search(late[3], 1)[0][0] == 104
    assert index.lag() == 5
    index.refresh()
    assert index.lag() == 0
    assert index.search(late[3], 1)[0] == (104, pytest.approx(1.0, abs=1e-5))


def test_vectors_far_beyond_the_part_wait_for_the_next_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = make_index(tmp_path / "kb", unit(100, 1))
    index.refresh()
    late = unit(6, 9)
    index.table.add_vectors(index.model, [b"late" + bytes(11) + bytes([n]) for n in range(6)], late)
    monkeypatch.setattr("index.dense.LAG_LIMIT", 5)
    assert index.behind() == 6
    assert 104 not in [number for number, _ in index.search(late[3], 100)]
    index.refresh()
    assert index.behind() == 0
    assert index.search(late[3], 1)[0][0] == 104


def test_removed_vectors_leave_the_part(tmp_path: Path) -> None:
    vectors = unit(50, 1)
    index = make_index(tmp_path / "kb", vectors)
    index.refresh()
    index.table.connection.execute("DELETE FROM vectors WHERE id = 7")
    index.refresh()
    assert 7 not in [n for n, _ in index.search(vectors[6], 50)]
    assert len(index.search(vectors[6], 50)) == 49


@pytest.mark.parametrize("flat_limit", [1000, 10])
def test_when_all_vectors_are_gone_no_file_holds_them(tmp_path: Path, flat_limit: int) -> None:
    index = make_index(tmp_path / "kb", unit(50, 1), flat_limit)
    index.refresh()
    index.table.connection.execute("DELETE FROM vectors")
    index.refresh()
    assert sum(path.stat().st_size for path in (tmp_path / "kb").glob("*.faiss")) < 1000
    assert index.search(unit(1, 1)[0], 5) == []


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 200), min_size=1), st.integers(1, 20))
def test_a_restriction_is_applied_before_ranking(allowed: set[int], k: int) -> None:
    import tempfile

    vectors = unit(200, 3)
    with tempfile.TemporaryDirectory() as folder:
        index = make_index(Path(folder) / "kb", vectors)
        index.refresh()
        question = unit(1, 4)[0]
        inside = sorted(allowed)
        wanted = scan(vectors[[n - 1 for n in inside]], np.array(inside), question, k)
        assert [n for n, _ in index.search(question, k, inside)] == wanted
        index.table.database.close()


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "stamp"])
def test_a_damaged_part_is_not_used(tmp_path: Path, damage: str) -> None:
    vectors = unit(100, 1)
    folder = tmp_path / "kb"
    make_index(folder, vectors).refresh()
    (part,) = folder.glob("vectors-*.faiss")
    harm(part, folder / STAMP, damage)
    table = VectorTable(Store(folder))
    index = VectorIndex(table, table.model_id("m"))
    assert index.lag() == 100
    assert [n for n, _ in index.search(vectors[4], 5)] == scan(vectors, np.arange(1, 101), vectors[4], 5)
    index.refresh()
    assert index.lag() == 0


def test_a_part_of_another_version_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_index(tmp_path / "kb", unit(10, 1)).refresh()
    monkeypatch.setattr("index.dense.VERSION", 99)
    table = VectorTable(Store(tmp_path / "kb"))
    assert VectorIndex(table, table.model_id("m")).lag() == 10


def test_another_model_never_answers(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", unit(10, 1))
    index.refresh()
    other = VectorIndex(index.table, index.table.model_id("other"))
    assert other.search(unit(1, 1)[0], 5) == []


def make_knowledge_base(folder: Path, vectors: NDArray[np.float32]) -> Index:
    """A document for each of the vectors."""
    index = Index(folder, identity="m")
    for n, vector in enumerate(vectors):
        document = make_document(f"Text {n}.")
        index.store.replace(make_origin(f"d/{n}.md"), document, make_chunks(document), [f"Text {n}."])
        index.table.add_vectors(index.table.model_id("m"), [embedding_key(f"Text {n}.")], vector[None])
    index.refresh()
    return index


@pytest.mark.parametrize("flat_limit", [1000, 0])
def test_where_the_nearest_are_gone_the_next_ones_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flat_limit: int
) -> None:
    """Also where the part still holds them, and they fill all the places that are looked at."""
    monkeypatch.setattr("index.dense.RESCORED", 8)
    vectors = unit(40, 1)
    index = make_knowledge_base(tmp_path / "kb", vectors)
    part = index.vectors()
    assert part is not None
    part.flat_limit = flat_limit
    part.refresh()
    nearest = scan(vectors, np.arange(40), vectors[3], 40)
    index.store.delete([f"d/{n}.md" for n in nearest[:30]])
    assert [chunk - 1 for chunk, _ in index.dense_leg(vectors[3], 2, None)] == nearest[30:32]


def test_a_reader_that_stays_open_takes_up_the_part_that_a_writer_made(tmp_path: Path) -> None:
    vectors = unit(9, 1)
    make_knowledge_base(tmp_path / "kb", vectors[:1])
    reader = Index(tmp_path / "kb", identity="m")
    for known in (1, 9):
        make_knowledge_base(tmp_path / "kb", vectors[:known])
        with reader.reading():
            assert len(reader.dense_leg(vectors[0], 10, None)) == known
            part = reader.vectors()
            assert part is not None and part.lag() == 0


def test_a_part_that_is_replaced_under_a_reader_leaves_it_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.dense.LAG_LIMIT", 2)
    vectors = unit(7, 1)
    writer = make_knowledge_base(tmp_path / "kb", vectors[:5])
    reader = Index(tmp_path / "kb", identity="m")

    def publish(number: int) -> None:
        writer.table.add_vectors(1, [bytes([number]) * 16], vectors[number][None])
        writer.refresh()

    def count() -> int:
        part = reader.vectors()
        assert part is not None
        return len(part.search(vectors[0], 10))

    with reader.reading():
        assert count() == 5
    publish(5)
    with reader.reading():
        publish(6)
        assert count() == 6
    with reader.reading():
        assert count() == 7


@pytest.mark.parametrize("flat_limit", [1000, 10])
def test_a_part_that_could_not_be_written_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flat_limit: int
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.")

    index = make_index(tmp_path / "kb", unit(50, 1), flat_limit)
    index.refresh()
    late = unit(5, 9)
    index.table.add_vectors(index.model, [b"late" + bytes(11) + bytes([n]) for n in range(5)], late)
    with monkeypatch.context() as patch, pytest.raises(StoreError):
        patch.setattr("index.dense.write_file", refuse)
        index.search(late[0], 1)
        index.refresh()
    numbers = [number for number, _ in index.search(late[0], 60)]
    assert sorted(numbers) == list(range(1, 56))


@pytest.mark.slow
def test_codes_find_what_a_scan_finds_among_families_of_near_identical_vectors(tmp_path: Path) -> None:
    """300,000 vectors, a third of them in families; recall of the exact ten at least 0.995."""
    from index.dense import make_part

    rng = np.random.default_rng(5)
    dimension, count = 64, 300_000
    families = unit(1000, 6, dimension)
    noise = unit(100_000, 7, dimension)
    near = np.repeat(families, 100, axis=0) + 0.18 * noise
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    vectors = np.concatenate([unit(200_000, 8, dimension), near]).astype(np.float32)
    part = make_part(dimension, flat=False)
    part.add_with_ids(vectors, np.arange(count))
    index = make_index(tmp_path / "kb", vectors[:1])

    class Exact:
        """The truth's rows, without 300,000 inserts."""

        def vectors_by_id(self, ids: list[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            return np.array(ids, np.int64), vectors[ids]

    questions = vectors[rng.integers(0, count, 100)] + 0.1 * unit(100, 10, dimension)
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    index._part, index.table = part, Exact()  # type: ignore[assignment]
    found = 0
    for question in questions.astype(np.float32):
        wanted = set(np.argpartition(-(vectors @ question), 10)[:10].tolist())
        found += len(wanted & {n for n, _ in index._search_part(question, 10, None)})
    print(f"recall of the exact ten: {found / 1000:.3f}")
    assert found / 1000 >= 0.995
