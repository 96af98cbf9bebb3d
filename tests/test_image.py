"""Reading without SQLite's locks: an image is what SQLite itself would read, and no command waits for one that stands.

The oracle of an image is SQLite's own recovery of a copy of the two files.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import write_tree
from faults import STOPPED, Trial, layer
from victim import answers, opened, work
from wholeness import put_back

import rag
from index import image, opening
from index.attempt import Attempt
from index.connection import Cursor, connect_image
from index.errors import DamagedError, LockedError, RagError, StoreError
from index.opening import OPENING
from index.seal import SEAL
from rag.cli import main

HERE = Path(__file__).parent
Rows = list[tuple[object, ...]]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file counts as left alone as soon as it is."""
    monkeypatch.setattr(image, "STILL", 0.0)


def contents(connection: sqlite3.Connection) -> Rows | str:
    try:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        rows: Rows = connection.execute("SELECT a, b FROM t ORDER BY a").fetchall()
        return rows if found == "ok" else "damaged"
    except (sqlite3.Error, RagError):
        return "damaged"


def recovered(path: Path, place: Path) -> Rows | str:
    """What SQLite reads of a copy."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        if path.with_name(name).exists():
            shutil.copy(path.with_name(name), place / name)
    with contextlib.closing(sqlite3.connect(place / path.name)) as connection:
        return contents(connection)


def read(path: Path) -> Rows | str:
    taken = image.take_image(path)
    assert taken is not None
    try:
        with contextlib.closing(connect_image(taken[0])) as connection:
            return contents(connection)
    except RagError:
        return "damaged"


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("page", [512, 4096, 65536])
@pytest.mark.parametrize("seed", range(3))
def test_an_image_is_what_recovery_makes_of_the_files(tmp_path: Path, seed: int, page: int) -> None:
    """At many moments between transactions and checkpoints, with logs that are whole, cut, or have a flipped bit."""
    chance, path, place = random.Random(seed), tmp_path / "a.sqlite3", tmp_path / "copy"
    log = tmp_path / "a.sqlite3-wal"
    compared = 0
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        run = connection.execute
        run(f"PRAGMA page_size = {page}")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA wal_autocheckpoint = 0")
        run("PRAGMA cache_size = 10")  # so that pages of a transaction that is open are in the log
        run("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
        for step in range(60):
            run("BEGIN")
            for _ in range(chance.randrange(12)):
                run("INSERT INTO t (b) VALUES (?)", (chance.randbytes(chance.randrange(3000)),))
            run("DELETE FROM t WHERE a % 7 = ?", (chance.randrange(7),))
            if chance.random() < 0.3:
                assert read(path) == recovered(path, place)  # inside
            run(chance.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))
            if chance.random() < 0.2:
                run(f"PRAGMA wal_checkpoint({chance.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})")
            assert read(path) == recovered(path, place) == contents(connection)
            whole = log.read_bytes()
            if step % 4 or not whole:
                continue
            for data in (whole[: chance.randrange(len(whole))], bytearray(whole)):
                if isinstance(data, bytearray):
                    data[chance.choice([chance.randrange(60), chance.randrange(len(data))]) % len(data)] ^= 1
                spoilt = tmp_path / "spoilt"
                spoilt.mkdir(exist_ok=True)
                shutil.copy(path, spoilt / path.name)
                (spoilt / log.name).write_bytes(data)
                assert read(spoilt / path.name) == recovered(spoilt / path.name, place)
                compared += 1
    assert compared > 10


def test_a_file_that_is_being_changed_gives_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a, b)")
    assert image.take_image(path) is None  # changed just now
    time.sleep(image.STILL)
    assert image.take_image(path) is not None
    real = image.read_pieces

    def changed_meanwhile(path: Path, size: int) -> object:
        yield from real(path, size)
        path.with_name(f"{path.name}-wal").write_bytes(b"")

    monkeypatch.setattr(image, "read_pieces", changed_meanwhile)
    assert image.take_image(path) is None


def test_one_too_large_for_the_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.sqlite3").write_bytes(bytes(1000))
    time.sleep(image.STILL)
    monkeypatch.setattr(image, "physical_memory", lambda: 3999)
    with pytest.raises(LockedError, match="stands still, and is too large"):
        image.take_image(tmp_path / "a.sqlite3")


@pytest.mark.usefixtures("at_once")
def test_nothing_can_be_written_into_an_image(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite3")) as connection:
        connection.execute("CREATE TABLE t (a, b)")
    taken = image.take_image(tmp_path / "a.sqlite3")
    assert taken is not None
    with contextlib.closing(connect_image(taken[0])) as copy, pytest.raises(StoreError):
        copy.execute("INSERT INTO t VALUES (1, 2)")


def test_what_was_given_up_is_undone_when_it_gets_there() -> None:
    gate, undone = threading.Event(), threading.Event()
    attempt = Attempt(gate.wait, undone.set)
    assert not attempt.wait(0.01)
    attempt.give_up()
    assert not undone.is_set()
    gate.set()
    assert undone.wait(10)
    done = Attempt(lambda: 7, undone.set)
    assert done.wait(10) and done.result() == 7

    def fail() -> None:
        raise DamagedError("x")

    with pytest.raises(DamagedError):
        Attempt(fail, undone.set).result()


# ---------------------------------------------------------------- commands

COMMANDS = (
    ["search", "wombat burrows"],
    ["search", "wombat", "--mode", "lexical", "--within", "docs/*"],
    ["ask", "What does the wombat of farm 3 dig?", "--no-generate"],
    ["list"],
    ["show", "docs/1.txt"],
    ["status"],
    ["label"],
    ["chat", "--list"],
    ["verify"],
    ["verify", "--absent", "words that are nowhere"],
    ["eval", "--limit", "2", "--quiet"],
    ["doctor"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_a_command_reads_is_begun_in_time(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No statement outside of `reading`: it could stand still with another process inside SQLite."""
    for name, value in (("RAG_HOME", str(tmp_path / "home")), ("RAG_EMBED_MODEL", "hashing:64"), ("RAG_MODEL", "")):
        monkeypatch.setenv(name, value)
    docs = write_tree(tmp_path / "docs", {f"{n}.txt": f"# Farm {n}\n\nThe wombat of farm {n} digs." for n in range(4)})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([docs])
    real, outside = Cursor.execute, []

    def execute(cursor: Cursor, *arguments: object) -> Cursor:
        if not cursor.connection.in_transaction and not str(arguments[0]).startswith(("BEGIN", "PRAGMA")):
            outside.append(arguments[0])
        return real(cursor, *arguments)

    monkeypatch.setattr(Cursor, "execute", execute)
    with pytest.raises(SystemExit) as end:
        main([*command, "--kb", str(tmp_path / "kb")])
    assert end.value.code in (0, 3, 6), capsys.readouterr().err  # doctor wants an instruct model
    assert not outside


def test_what_could_not_be_read_around_a_lock_is_read_when_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same process, as the error says: one that is too large for an image is not open for good."""
    work(tmp_path / "kb", 1, lambda _: None)
    with opened(tmp_path / "kb") as index:
        wanted = answers(index)
        (tmp_path / "kb" / SEAL).unlink()
        held = threading.Event()
        with monkeypatch.context() as patch:
            patch.setattr(opening, "OPENING", 0.01)
            patch.setattr(opening, "_begin", lambda _: held.wait())
            patch.setattr(image, "physical_memory", lambda: 4)
            patch.setattr(image, "STILL", 0.0)
            with pytest.raises(LockedError, match="too large"), index.reading():
                pass
        held.set()
        assert answers(index) == wanted
        with index.store.session("test"):
            index.store.put("fact", "kept")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows locks otherwise")
def test_a_lock_of_tantivy_s_own_keeps_no_reader_waiting(tmp_path: Path) -> None:
    """Its threads lock a part now and then, and it waits without end for one that stands still then."""
    import fcntl

    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    with opened(kb) as index:
        wanted = answers(index)
    with contextlib.ExitStack() as stack:
        for level in (kb / "words").glob("*/*"):
            held = stack.enter_context((level / ".tantivy-meta.lock").open("w"))
            fcntl.flock(held, fcntl.LOCK_EX)
        with opened(kb) as index:
            assert answers(index) == wanted
            assert index.words.is_current()


@pytest.mark.slow
def test_commands_answer_beside_a_process_that_stands_still_with_a_readers_mark(tmp_path: Path) -> None:
    """The moment that SQLite waits ten seconds for: between the lock and the unlock of a mark."""
    kb, before = tmp_path / "disk" / "kb", tmp_path / "before"
    kb.parent.mkdir()
    docs = write_tree(tmp_path / "docs", {f"{n}.txt": f"# Farm {n}\n\nThe wombat of farm {n} digs." for n in range(8)})
    environment = {**os.environ, "RAG_HOME": str(tmp_path / "home"), "PYTHONPATH": str(HERE.parent)}
    environment |= {"RAG_EMBED_MODEL": "hashing:64", "RAG_MODEL": ""}

    def run(*words: str) -> tuple[int, str, float]:
        command = [sys.executable, "-m", "rag", *words, "--kb", str(kb)]
        start = time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout or done.stderr, time.monotonic() - start

    assert run("ingest", str(docs), "--quiet")[0] == 0
    put_back(kb, before)
    commands = [command for command in COMMANDS if command[0] not in ("eval", "doctor", "ask", "status")]
    usual = [run(*command) for command in commands]
    trial, met, slowest = Trial(str(kb), version=2, only=" unlock "), 0, 0.0
    with layer(tmp_path) as tries:
        total = tries.run(trial).calls
        for at in range(1, total):
            if met == 3:
                break
            put_back(before, kb)
            with tries.stopped(replace(trial, at=at)) as outcome:
                assert outcome.code == STOPPED
                start = time.monotonic()
                with opened(kb) as index, index.reading():
                    pass
                if time.monotonic() - start < OPENING:
                    continue
                met += 1
                for command, (code, said, seconds) in zip(commands, usual, strict=True):
                    now = run(*command)
                    slowest = max(slowest, now[2] - seconds)
                    if command[0] != "verify":  # the writer's half is another state
                        assert now[:2] == (code, said), command
                code, said, seconds = run("ingest", str(docs), "--quiet")
                assert code == 4
                assert "by process" in said or "stands still" in said
    assert met == 3
    print(f"{met} moments with a reader's mark held, {len(commands)} commands each: {slowest:.2f} s longer at most")
