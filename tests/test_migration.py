"""Formats carry a version: an older one is brought to the present one aside and switched, a newer one is refused."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from faults import DONE, FAIL, KILL, KILLED, TOLD, Trial, layer
from victim import LABEL, answers, opened, work
from wholeness import check_whole, finish, forms, put_back, spread

from index.conversations import list_conversations
from index.database import ASIDE
from index.errors import DamagedError, LockedError, NewerError, StoreError
from index.lock import write_lock
from index.opening import DATABASE
from index.repair import repair
from index.schema import MIGRATIONS, VERSION
from index.seal import make_seal

TURNS = '[{"question": "Why?", "answer": "Because."}]'


def make_older(folder: Path, *, talked: bool, version: int = 1) -> list[tuple[str, int, float]]:
    """A knowledge base as an older version left it, and its answers.

    Of version 1, conversations had no table until there was one.
    """
    work(folder, 1, lambda _: None)
    with opened(folder) as index:
        wanted, kb, generation = answers(index), index.store.get("kb"), index.store.generation
    connection = sqlite3.connect(folder / DATABASE)
    with connection:
        connection.execute("DROP TABLE looks")
        if version == 1:
            connection.execute("DELETE FROM meta WHERE key = 'facts'")
        if talked:
            connection.execute("INSERT INTO conversations VALUES (1, '2025-01-01T00:00:00', ?)", (TURNS,))
        elif version == 1:
            connection.execute("DROP TABLE conversations")
        connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    make_seal(folder, DATABASE, kb=kb, generation=generation)
    return wanted


@pytest.mark.parametrize("version", range(min(MIGRATIONS), VERSION))
@pytest.mark.parametrize("talked", [True, False])
def test_an_older_format_becomes_the_present_one_when_it_is_opened(tmp_path: Path, talked: bool, version: int) -> None:
    kb = tmp_path / "kb"
    wanted = make_older(kb, talked=talked, version=version)
    with opened(kb) as index:
        assert index.store.connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert answers(index) == wanted
        assert index.labels.all() == {LABEL: ["docs/1.txt", "docs/2.txt"]}
        assert [kept.turns[0]["answer"] for kept in list_conversations(index.store)] == ["Because."] * talked
    check_whole(kb, {}, 1)
    assert not (kb / ASIDE).exists()
    work(kb, 2, lambda _: None)
    check_whole(kb, {}, 2)


@pytest.mark.slow
def test_a_reader_of_the_old_format_reads_on_while_it_is_switched(tmp_path: Path) -> None:
    make_older(tmp_path / "kb", talked=False)
    reader = sqlite3.connect(tmp_path / "kb" / DATABASE, isolation_level=None)
    reader.execute("BEGIN")
    before = reader.execute("SELECT path, text FROM documents ORDER BY path").fetchall()
    with opened(tmp_path / "kb") as index:
        assert reader.execute("SELECT path, text FROM documents ORDER BY path").fetchall() == before
        assert reader.execute("PRAGMA user_version").fetchone() == (1,)
        reader.execute("COMMIT")
        assert reader.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert index.store.text("docs/0.txt")
    reader.close()


@pytest.mark.slow
def test_an_older_format_waits_for_the_writer_that_has_it(tmp_path: Path) -> None:
    make_older(tmp_path / "kb", talked=False)
    with write_lock(tmp_path / "kb", "rag ingest"), pytest.raises(LockedError, match="rag ingest"):
        opened(tmp_path / "kb").__enter__()
    with opened(tmp_path / "kb"):
        pass


def test_a_shared_copy_of_an_older_format_is_not_changed(tmp_path: Path) -> None:
    make_older(tmp_path / "kb", talked=False)
    before = (tmp_path / "kb" / DATABASE).read_bytes()
    with pytest.raises(StoreError, match="older format"):
        opened(tmp_path / "kb", shared=True).__enter__()
    assert (tmp_path / "kb" / DATABASE).read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(("what", "code"), [(KILL, 0), (FAIL, 5), (FAIL, 28)], ids=["kill", "EIO", "ENOSPC"])
@forms(10, 10_000)
def test_a_migration_that_is_cut_short(tmp_path: Path, times: int, what: int, code: int) -> None:
    kb, before = tmp_path / "disk" / "kb", tmp_path / "before"
    kb.parent.mkdir()
    wanted = make_older(before, talked=True)
    with layer(tmp_path) as tries:
        total = tries.run(Trial(str(put_back(before, kb)), "open")).calls
        for at in spread(total, times):
            outcome = tries.run(Trial(str(put_back(before, kb)), "open", 1, what, at, code, lasting=code == 28))
            assert outcome.code in (DONE, KILLED, TOLD), outcome.words
            assert not outcome.words.startswith("DamagedError"), outcome.words
            with opened(kb) as index:
                assert answers(index) == wanted
                assert len(list_conversations(index.store)) == 1
            check_whole(kb, {}, 1)
            finish(kb, 1)
            assert not (kb / ASIDE).exists()
    print(f"a migration cut short before {len(spread(total, times))} of {total} changing calls: nothing lost")


@pytest.mark.parametrize("version", range(min(MIGRATIONS), VERSION))
def test_an_older_format_that_is_damaged_keeps_its_documents(tmp_path: Path, version: int) -> None:
    kb = tmp_path / "kb"
    wanted = make_older(kb, talked=True, version=version)
    connection = sqlite3.connect(kb / DATABASE)
    with connection:
        connection.execute("UPDATE vectors SET vector = x'00' WHERE id = 1")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    mended = repair(kb, apply=True)
    assert (mended.again, mended.vectors) == ((), 1)
    work(kb, 1, lambda _: None)
    with opened(kb) as index:
        assert answers(index) == wanted
        assert len(list_conversations(index.store)) == 1


def test_a_newer_format_is_refused_politely_and_left_alone(tmp_path: Path) -> None:
    """By every command: also by those that look for damage or mend it."""
    import rag

    kb = tmp_path / "kb"
    with rag.open(kb):
        pass
    connection = sqlite3.connect(kb / DATABASE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    (kb / "index.json").unlink(missing_ok=True)
    before = (kb / DATABASE).read_bytes()
    with pytest.raises(NewerError):
        repair(kb, apply=True)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    for command in (
        ["search", "x"],
        ["list"],
        ["ingest", str(tmp_path)],
        ["verify"],
        ["repair", "--apply"],
        ["status"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "rag", *command, "--kb", str(kb)],
            capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode == 4, (command, done)
        assert "has format 99" in done.stderr and "newer version" in done.stderr, command
    assert (kb / DATABASE).read_bytes() == before


def test_a_format_that_never_was_is_damage(tmp_path: Path) -> None:
    work(tmp_path / "kb", 1, lambda _: None)
    connection = sqlite3.connect(tmp_path / "kb" / DATABASE)
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    (tmp_path / "kb" / "index.json").unlink(missing_ok=True)
    with pytest.raises(DamagedError):
        opened(tmp_path / "kb").__enter__()
    repair(tmp_path / "kb", apply=True)
    check_whole(tmp_path / "kb", {}, 1)
