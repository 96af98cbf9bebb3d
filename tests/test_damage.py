"""Bits flipped, files cut: damage is found before it is answered from, verify names it, repair mends it.

Each test prints its figure; the long forms are run by make torture.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest
from corpus import make_document, make_origin, store_document
from victim import LABEL, LARGE, answers, opened, work
from wholeness import answers_anew, fresh_answers, put_back, wipe

from index import memory, stamp
from index.errors import DamagedError, RagError
from index.facts import SELECTS
from index.opening import DATABASE, REPAIRED, TURN
from index.repair import repair
from index.seal import SEAL, read_seal
from index.verify import find_damage

LONG = [pytest.param(1000, n, marks=[pytest.mark.torture, pytest.mark.timeout(7200)]) for n in range(1, 5)]
KINDS = {"flip": 10.0, "cut": 1.0, "zero": 0.8}  # of 12,000 in three states: 10,000 flips and 1,000 cuts


def put(path: Path, data: bytes) -> None:
    """Give a file other bytes, but not to those who still map the former ones: a cut would end this process."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(data)
    new.chmod(0o600)
    new.replace(path)


def damage(path: Path, whole: bytes, chance: random.Random) -> str:
    """Flip a bit of a file, or cut it, or fill a piece of it with zeros, and set its time back."""
    (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
    at = chance.randrange(len(whole))
    data = bytearray(whole)
    if kind == "flip":
        data[at] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[at:]
    else:
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    before = path.stat()
    put(path, data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return kind if data != whole else ""


def found_in(folder: Path) -> list[str]:
    """What `rag verify` finds."""
    try:
        with opened(folder, damaged=True) as index:
            return list(find_damage(index))
    except RagError as error:
        return [error.message]


def test_no_bit_of_a_stamp_can_be_another(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    parts = [stamp.Stamp("kb", "shape", generation, 7, "folder", {"file": (1, 2, 3)}) for generation in range(3)]
    for part in parts:  # whose checksums have letters among their digits
        stamp.write_stamp(path, part)
        assert stamp.read_stamp(path) == part
        whole = path.read_bytes()
        for bit in range(8 * len(whole)):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            assert stamp.read_stamp(path) is None, (bit, bytes(flipped))


@pytest.mark.slow
@pytest.mark.parametrize("state", ["sealed", "sealed and large", "after a kill"])
@pytest.mark.parametrize(("times", "seed"), [(125, 0), *LONG])
def test_damage_is_found_before_it_is_answered_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, seed: int, state: str
) -> None:
    """In every file: under the seal, under the seal of a file too large to be read each time, and without one."""
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    if state == "sealed and large":
        monkeypatch.setattr(stamp, "ALWAYS_CHECKED", 0)
    with opened(kb) as index:
        wanted = answers(index)
    if state == "after a kill":
        (kb / SEAL).unlink()
    anew = fresh_answers(tmp_path / "fresh", 1)
    files = {path: path.read_bytes() for path in sorted(kb.rglob("*")) if path.is_file() and path.stat().st_size}
    big = [path for path in files if path.name == DATABASE]
    chance, outcomes, kinds, wrong, missed = random.Random(seed), Counter[str](), Counter[str](), [], []
    for step in range(times):
        if state == "sealed and large":  # so that it is remembered as read
            with opened(kb) as index:
                answers(index)
        if state == "after a kill":  # who opens it looks through it and seals it
            (kb / SEAL).unlink(missing_ok=True)
        path = chance.choice(big if step % 2 else list(files))
        kind = damage(path, files[path], chance)
        kinds[kind] += 1
        try:
            with opened(kb) as index:
                same = answers(index) == wanted
            outcomes["same answers" if same else "wrong answers"] += 1
            wrong += [] if same else [(path.name, kind, step)]
            if kind and step % 5 < 2 and state != "after a kill" and path.name not in ("lock", TURN, memory.FILE):
                missed += [] if found_in(kb) else [(path.name, kind, step)]
        except RagError as error:
            assert error.exit == 4
            outcomes["found"] += 1
            missed += [] if step % 5 or found_in(kb) else [(path.name, kind, step)]
            if outcomes["found"] % 25 == 1:
                repair(kb, apply=True)
                work(kb, 1, lambda _: None)
                assert answers_anew(kb) == anew
                assert found_in(kb) == []
                outcomes["repaired"] += 1
                wipe(kb)
        for place in kb.glob(f"{DATABASE}-*"):
            place.unlink()
        for place in [path] if kb.exists() else files:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            put(place, files[place])
    print(f"{state}, {dict(kinds)}: {dict(outcomes)}, wrong answers {wrong}, not found by verify {missed}")
    assert not wrong
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("times", [150, pytest.param(3000, marks=[pytest.mark.torture, pytest.mark.timeout(7200)])])
def test_damage_beside_a_writer_at_work_is_found_before_it_is_answered_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Where no seal covers a file too large to be read each time, and the parts are behind: half of it in indexes."""
    kb, chance, outcomes = tmp_path / "kb", random.Random(7), Counter[str]()
    work(kb, 1, lambda _: None, LARGE)
    monkeypatch.setattr(stamp, "ALWAYS_CHECKED", 0)
    with opened(kb) as writer:
        # Held open to the end: closing it would drop the writer's locks.
        descriptor = os.open(kb / DATABASE, os.O_RDWR)
        with writer.store.session("test"):
            document = make_document("Another wombat of the harbour in generation 5")
            store_document(writer.store, make_origin("docs/9.txt", "x"), document)
            writer.store.delete(["docs/6.txt"])
            run = writer.store.connection.execute
            run("PRAGMA wal_checkpoint")
            (size,) = run("PRAGMA page_size").fetchone()
            roots = [page for (page,) in run("SELECT rootpage FROM sqlite_master WHERE type = 'index'")]
            with opened(kb) as index:
                wanted = answers(index)
            whole = os.pread(descriptor, 1 << 30, 0)
            inside = [page for page in range(len(whole) // size) if page + 1 in roots or whole[page * size] in (2, 10)]
            for step in range(times):
                page = chance.choice(inside) if step % 2 else chance.randrange(len(whole) // size)
                at = page * size + chance.randrange(size)
                os.pwrite(descriptor, bytes([whole[at] ^ 1 << chance.randrange(8)]), at)
                try:
                    with opened(kb) as index:
                        outcomes["same answers" if answers(index) == wanted else "wrong answers"] += 1
                except DamagedError:
                    outcomes["found"] += 1
                os.pwrite(descriptor, whole[at : at + 1], at)
        os.close(descriptor)
    print(f"beside a writer at work, {times} flips: {dict(outcomes)}")
    assert outcomes["found"]
    assert not outcomes["wrong answers"]


def test_a_large_file_is_read_once_and_again_when_anything_of_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(tmp_path / "kb", 1, lambda _: None)
    monkeypatch.setattr(stamp, "ALWAYS_CHECKED", 0)
    read: list[str] = []
    real = stamp.sum_file
    monkeypatch.setattr(stamp, "sum_file", lambda path: read.append(path.name) or real(path))

    def look() -> list[str]:
        read.clear()
        with opened(tmp_path / "kb") as index:
            answers(index)
        return sorted(read)

    everything = look()
    assert DATABASE in everything and len(everything) > 5
    assert look() == []
    file = tmp_path / "kb" / DATABASE
    before = file.stat()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # st_ctime is another now
    assert look() == [DATABASE]
    assert look() == []
    now = time.time()
    monkeypatch.setattr(memory.time, "time", lambda: now + memory.AGAIN + 1)
    assert look() == everything
    (tmp_path / "kb" / memory.FILE).write_bytes(b"nonsense")
    assert look() == everything


def test_what_a_killed_writer_left_is_looked_through_and_sealed(tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    with opened(kb) as index:
        wanted = answers(index)
        run = index.store.connection.execute
        (page,) = run("SELECT rootpage FROM sqlite_master WHERE name = 'chunks_by_document'").fetchone()
        (size,) = run("PRAGMA page_size").fetchone()
    (kb / SEAL).unlink()
    with opened(kb) as index, index.store.session("test"), opened(kb) as reader:  # beside a writer at work
        assert answers(reader) == wanted
        assert read_seal(kb) is None
    (kb / SEAL).unlink()
    with opened(kb) as index:
        assert answers(index) == wanted
    assert read_seal(kb) is not None
    (kb / SEAL).unlink()
    data = bytearray((kb / DATABASE).read_bytes())
    data[page * size - 1] ^= 1  # the document of a chunk, in the index alone
    (kb / DATABASE).write_bytes(data)
    with pytest.raises(DamagedError):
        opened(kb).__enter__()
    assert read_seal(kb) is None


@pytest.mark.slow
@pytest.mark.parametrize("table", ["documents", "chunks", "vectors", "meta", "sqlite_sequence"])
def test_a_value_of_another_kind_is_damage(tmp_path: Path, table: str) -> None:
    """What a flipped bit in the head of a row makes of a number, a text or bytes."""
    kb, before = tmp_path / "kb", tmp_path / "before"
    work(before, 1, lambda _: None)
    (before / SEAL).unlink()
    with opened(before, damaged=True) as index:
        columns = [row[1] for row in index.store.connection.execute(f"PRAGMA table_info({table})")]
        wanted = answers(index)
    row = "key = 'generation'" if table == "meta" else "rowid = 1"
    for column in columns[0 if table == "meta" else 1 :]:
        for value in ("x", b"\xff\x00", 1.5, 1 << 40):
            put_back(before, kb)
            connection = sqlite3.connect(kb / DATABASE)
            with connection:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {row}", (value,))
            connection.close()
            with contextlib.suppress(DamagedError), opened(kb) as index:
                assert answers(index) == wanted
            # SQLite's own numbers for new rows may skip some.
            assert found_in(kb) or table == "sqlite_sequence", (column, value)
            repair(kb, apply=True)
            assert found_in(kb) == []


def test_damage_to_names_in_the_file_is_told_like_any_other(tmp_path: Path) -> None:
    """A document that the index of paths does not lead to, and a table whose name is no text."""
    kb = tmp_path / "kb"

    def spoil(*pieces: tuple[bytes, bytes], index: str = "") -> None:
        wipe(kb)
        work(kb, 1, lambda _: None)
        with opened(kb) as opened_kb:
            run = opened_kb.store.connection.execute
            (size,) = run("PRAGMA page_size").fetchone()
            page = run("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone() or (1,)
        (kb / SEAL).unlink()
        data, start = (kb / DATABASE).read_bytes(), (page[0] - 1) * size
        spoilt = data[start : start + size]
        for old, new in pieces:
            assert old in spoilt
            spoilt = spoilt.replace(old, new)
        put(kb / DATABASE, data[:start] + spoilt + data[start + size :])
        with pytest.raises(DamagedError):
            opened(kb).__enter__()
        assert found_in(kb)
        repair(kb, apply=True)
        work(kb, 1, lambda _: None)
        assert found_in(kb) == []

    spoil((b"docs/6.txt", b"docs/6.txu"), index="sqlite_autoindex_documents_1")
    spoil((b"labelslabels", b"labe\xc1slabels"), (b"CREATE TABLE labels", b"CREATE TABLF labels"))


def test_a_writer_does_not_seal_what_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what decayed in a large file while nothing of it shows a change."""
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    monkeypatch.setattr(stamp, "ALWAYS_CHECKED", 0)
    with opened(kb) as index:
        data = bytearray((kb / DATABASE).read_bytes())
        data[-1] ^= 1
        (kb / DATABASE).write_bytes(data)
        monkeypatch.setattr(memory.Memory, "knows", lambda *_: True)
        with pytest.raises(DamagedError), index.store.session("test"):
            pass
    assert found_in(kb)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE labels SET pattern = 'docs/*' WHERE pattern = 'docs/1.txt'",
        "DELETE FROM labels WHERE pattern = 'docs/1.txt'",
        "UPDATE models SET identity = 'another'",
        "UPDATE sources SET root = '/elsewhere'",
        "UPDATE meta SET value = value - 1 WHERE key = 'generation'",
        "DELETE FROM meta WHERE key = 'facts'",
    ],
)
def test_an_altered_row_of_a_small_table_is_noticed_without_a_seal(tmp_path: Path, statement: str) -> None:
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    with opened(kb) as index:
        index.store.add_source("docs", tmp_path)
    (kb / "index.json").unlink(missing_ok=True)
    connection = sqlite3.connect(kb / DATABASE)
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()
    with pytest.raises(DamagedError, match="labels"):
        opened(kb).__enter__()
    assert any("labels" in finding for finding in found_in(kb))
    repair(kb, apply=True)
    assert found_in(kb) == []


def test_every_table_has_a_checksum_or_a_reason(tmp_path: Path) -> None:
    """`unread`, `looks` and `removed` say what a later run looks at, `conversations` is no part of what is searched."""
    with opened(tmp_path / "kb") as index:
        tables = {
            name for (name,) in index.store.connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
    covered = {select.split(" FROM ")[1].split()[0] for select in SELECTS} | {"documents", "chunks", "vectors"}
    assert tables - covered == {"unread", "looks", "removed", "conversations", "sqlite_sequence"}


def test_repair_carries_over_what_the_user_said(tmp_path: Path) -> None:
    from index.conversations import keep_conversation, list_conversations

    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    with opened(kb) as index:
        keep_conversation(index.store, [{"question": "Why?", "answer": "Because."}])
        with index.store.session("test"):
            index.store.set_removed(["docs/x.txt"], True)
            index.store.add_source("docs", tmp_path)
        kept = list_conversations(index.store)
    data = bytearray((kb / DATABASE).read_bytes())
    data[data.index(b"The wombat of farm 3")] ^= 1
    (kb / DATABASE).write_bytes(data)
    with pytest.raises(DamagedError):
        opened(kb).__enter__()
    assert repair(kb, apply=True).again == ("docs/3.txt",)
    with opened(kb) as index:
        assert list_conversations(index.store) == kept
        assert index.store.removed() == {"docs/x.txt"}
        assert index.store.sources() == {"docs": tmp_path}
        assert index.labels.all() == {LABEL: ["docs/1.txt", "docs/2.txt"]}


def test_a_repair_that_was_interrupted_is_found_and_ended(tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    (kb / REPAIRED).write_bytes((kb / DATABASE).read_bytes())
    (kb / DATABASE).write_bytes(b"half of it")
    with pytest.raises(DamagedError, match="interrupted"):
        opened(kb).__enter__()
    assert found_in(kb)
    repair(kb, apply=True)
    assert found_in(kb) == []
    assert answers_anew(kb) == fresh_answers(tmp_path / "fresh", 1)


def test_a_damaged_seal_is_found_and_made_anew(tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    (kb / "index.json").write_bytes(b"00000000\n{}")
    assert found_in(kb) == ["index.json: the seal of the database is damaged."]
    assert repair(kb, apply=False).findings
    repair(kb, apply=True)
    assert found_in(kb) == []
