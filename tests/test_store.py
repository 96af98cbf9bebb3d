"""The truth: what is stored comes back, changes together, and tells when it was altered."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corpus import make_chunks, make_document, make_origin, store_document

from index.dense import read_part
from index.errors import DamagedError, NewerError, NoIndexError, StoreError
from index.opening import DATABASE
from index.repair import repair
from index.seal import SEAL
from index.search import Index
from index.stamp import read_stamp, write_stamp
from index.store import Store, Unread, embedding_key
from index.vector_table import VectorTable
from index.verify import find_damage_of_parts


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kb")


def put(store: Store, path: str, *paragraphs: str) -> None:
    document = make_document(*paragraphs)
    store_document(store, make_origin(path), document)


def test_a_document_comes_back_as_it_was_stored(store: Store) -> None:
    put(store, "docs/a.md", "First paragraph.", "二つ目の段落。")
    document = make_document("First paragraph.", "二つ目の段落。")
    assert store.text("docs/a.md") == document.text
    passages = list(store.each_passage())
    assert [p.chunk for p in passages] == make_chunks(document)
    for passage in passages:
        assert document.text[passage.chunk.start : passage.chunk.end] == passage.chunk.text


def test_replacing_keeps_one_version_and_its_row_numbers_are_new(store: Store) -> None:
    put(store, "docs/a.md", "Old.")
    (old,) = store.all_chunk_ids()
    put(store, "docs/a.md", "New.")
    (new,) = store.all_chunk_ids()
    assert store.passages([old, new])[new].chunk.text == "New."
    assert new > old


def test_chunks_are_counted_without_reading_their_rows(store: Store) -> None:
    put(store, "docs/a.md", "One.", "Two.")
    first, last = sorted(store.all_chunk_ids())
    said: list[str] = []
    store.connection.set_trace_callback(said.append)
    assert store.count_chunks() == 2  # asked for each word of a question
    store.connection.set_trace_callback(None)
    assert "COVERING INDEX" in str(store.connection.execute(f"EXPLAIN QUERY PLAN {said[0]}").fetchall())
    assert (store.count_chunks(after=first), store.count_chunks(after=last)) == (1, 0)


def test_an_unchanged_passage_keeps_its_vector_when_its_document_changes(store: Store) -> None:
    table = VectorTable(store)
    model = table.model_id("m")
    put(store, "docs/a.md", "Kept.", "Changed.")
    table.add_vectors(model, [embedding_key("Kept."), embedding_key("Changed.")], np.eye(2, dtype=np.float32))
    put(store, "docs/a.md", "Kept.", "Different.")
    assert [key for key, _ in table.waiting(model, 10)] == [embedding_key("Different.")]
    assert len(table.numbers(model)) == 1


def test_equal_passages_of_two_documents_share_a_vector(store: Store) -> None:
    table = VectorTable(store)
    model = table.model_id("m")
    put(store, "docs/a.md", "Same.")
    put(store, "docs/b.md", "Same.")
    assert len(table.waiting(model, 10)) == 1
    table.add_vectors(model, [embedding_key("Same.")], np.ones((1, 1), np.float32))
    (number,) = table.numbers(model).tolist()
    assert sorted(table.chunks_of_vectors(model, [number])[number]) == sorted(store.all_chunk_ids())
    store.delete(["docs/a.md"])
    assert len(table.numbers(model)) == 1
    store.delete(["docs/b.md"])
    assert len(table.numbers(model)) == 0


def test_members_go_with_their_file(store: Store) -> None:
    put(store, "docs/mail.eml", "Letter.")
    document = make_document("Offer.")
    store.replace(make_origin("docs/mail.eml/offer.pdf", parent="docs/mail.eml"), document, [], [])
    store.delete(["docs/mail.eml"])
    assert store.origins() == {}


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    before = store.generation
    with pytest.raises(RuntimeError), store.writing():
        put(store, "docs/a.md", "Lost.")
        raise RuntimeError
    assert store.origins() == {}
    assert store.generation == before


def test_readers_see_one_generation(store: Store, tmp_path: Path) -> None:
    put(store, "docs/a.md", "One.")
    reader = Store(tmp_path / "kb")
    with reader.reading():
        assert len(reader.origins()) == 1
        put(store, "docs/b.md", "Two.")
        assert len(reader.origins()) == 1
    assert len(reader.origins()) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents SET text = replace(text, 'First', 'Worst')",
        "UPDATE documents SET title = 'Other'",
        "UPDATE documents SET text = text || '!'",
    ],
)
def test_altered_text_is_noticed(store: Store, statement: str) -> None:
    put(store, "docs/a.md", "First paragraph.")
    store.connection.execute(statement)
    with pytest.raises(DamagedError, match=r"docs/a\.md"):
        store.text("docs/a.md")


@pytest.mark.parametrize("column", ["start", "end", "heading", "blocks"])
def test_an_altered_chunk_is_noticed(store: Store, column: str) -> None:
    put(store, "docs/a.md", "First paragraph.")
    value = "start + 1" if column == "start" else "end - 1" if column == "end" else "'[]'"
    store.connection.execute(f"UPDATE chunks SET {column} = {value}")
    with pytest.raises(DamagedError):
        list(store.each_passage())


def test_an_altered_vector_is_noticed(store: Store) -> None:
    table = VectorTable(store)
    model = table.model_id("m")
    table.add_vectors(model, [b"k" * 16], np.ones((1, 4), np.float32))
    store.connection.execute("UPDATE vectors SET vector = zeroblob(16)")
    with pytest.raises(DamagedError):
        table.vectors(model)


def lose(store: Store, folder: Path, table: str) -> None:
    """Store a document and its vector, close the store, and empty a table behind its back."""
    put(store, "docs/a.md", "One.")
    vectors = VectorTable(store)
    vectors.add_vectors(vectors.model_id("m"), [embedding_key("One.")], np.ones((1, 4), np.float32))
    store.close()
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as plain, plain:
        plain.execute(f"DELETE FROM {table}")


def test_repair_takes_over_no_vector_of_a_model_that_is_lost(store: Store, tmp_path: Path) -> None:
    lose(store, tmp_path / "kb", "models")
    assert repair(tmp_path / "kb", apply=True).vectors == 1
    assert repair(tmp_path / "kb", apply=False).findings == ()


def test_repair_counts_vectors_as_lost_also_where_not_one_is_left(store: Store, tmp_path: Path) -> None:
    lose(store, tmp_path / "kb", "vectors")
    assert repair(tmp_path / "kb", apply=False).vectors == 1


def test_a_file_without_a_seal_is_read_where_nothing_can_be_locked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    put(store, "docs/a.md", "One.")
    store.close()
    (tmp_path / "kb" / SEAL).unlink()
    monkeypatch.setattr("index.lock.lock_file", refuse)
    monkeypatch.setattr("index.image.STILL", 0.0)  # it was left alone
    with contextlib.closing(Store(tmp_path / "kb")) as reader, reader.reading():
        assert reader.text("docs/a.md").endswith("One.")


@pytest.mark.parametrize("name", ["words.json", "vectors.json"])
def test_a_part_that_lacks_what_it_says_to_cover_is_found_also_when_it_is_older(tmp_path: Path, name: str) -> None:
    index = Index(tmp_path / "kb", identity="m")
    for number, text in enumerate(("One.", "Two.")):
        put(index.store, f"docs/{number}.md", text)
        index.table.add_vectors(index.table.model_id("m"), [embedding_key(text)], np.ones((1, 4), np.float32))
        if number == 0:
            index.refresh()
    assert list(find_damage_of_parts(index)) == []
    stamp = read_stamp(tmp_path / "kb" / name)
    assert stamp is not None and stamp.generation < index.store.generation
    write_stamp(tmp_path / "kb" / name, replace(stamp, covers=2))
    (found,) = find_damage_of_parts(index)
    assert found.startswith(name)


def test_a_part_that_holds_a_vector_twice_is_found(tmp_path: Path) -> None:
    index = Index(tmp_path / "kb", identity="m")
    put(index.store, "docs/a.md", "One.")
    index.table.add_vectors(index.table.model_id("m"), [embedding_key("One.")], np.ones((1, 4), np.float32))
    index.refresh()
    stamp, vectors = read_stamp(tmp_path / "kb" / "vectors.json"), index.vectors()
    assert stamp is not None and vectors is not None and list(find_damage_of_parts(index)) == []
    part = read_part(tmp_path / "kb", stamp)
    part.add_with_ids(np.ones((1, 4), np.float32), np.array([1]))
    vectors._publish(part, stamp.shape)
    (found,) = find_damage_of_parts(index)
    assert found.startswith("vectors.json")


def test_what_is_removed_leaves_no_trace_in_the_file(store: Store, tmp_path: Path) -> None:
    put(store, "docs/a.md", "The password is xyzzy-plugh.")
    store.delete(["docs/a.md"])
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"xyzzy-plugh" not in (tmp_path / "kb" / DATABASE).read_bytes()


def test_unread_files_are_remembered_until_they_are_read(store: Store) -> None:
    file = Unread("docs/a.md", "failed", "damaged", 3, 4, "1")
    store.record_unread(file)
    assert store.unread() == {"docs/a.md": file}
    put(store, "docs/a.md", "Now it reads.")
    assert store.unread() == {}


def test_a_missing_document_is_an_error_that_names_it(store: Store) -> None:
    with pytest.raises(StoreError, match=r"docs/none\.md"):
        store.text("docs/none.md")


def test_a_missing_knowledge_base_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(NoIndexError):
        Store(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_newer_format_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    store.connection.execute("PRAGMA user_version = 99")
    store.close()
    (tmp_path / "kb" / SEAL).unlink()
    with pytest.raises(NewerError, match="99"):
        Store(tmp_path / "kb")


def test_a_file_that_is_no_database_is_damage(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(DamagedError):
        Store(tmp_path)


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    import os

    old = os.umask(0)
    try:
        store = Store(tmp_path / "kb")
        put(store, "docs/a.md", "Text.")
    finally:
        os.umask(old)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "kb").iterdir()}
    assert all(mode == 0o600 for mode in modes.values()), modes
    assert (tmp_path / "kb").stat().st_mode & 0o777 == 0o700


def test_sqlite_is_set_to_survive_a_power_cut(store: Store) -> None:
    assert store.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert isinstance(store.connection, sqlite3.Connection)
