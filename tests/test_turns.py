"""Readers while a writer is at work, and two writers: one generation or the next, one at a time.

Each test prints its figure; the long forms are run by make torture.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import make_document, make_origin, store_document
from faults import KILL, KILLED, STOPPED, Trial, layer
from victim import PATHS, answers, embed_all, opened, paragraphs
from wholeness import check_whole, finish, forms, put_back, spread

from index.absence import find_traces
from index.errors import LockedError
from index.seal import SEAL
from index.search import Index
from index.verify import find_damage

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
pytestmark = pytest.mark.slow
# Calls by which a writer changes or locks something, by the names of faults.c.
EVERY = " lock unlock write pwrite64 open mkdir link rename ftruncate fsync fdatasync unlink rmdir chmod fchmod close "

READER = """
import sys, time
from pathlib import Path
from victim import *
from index.search import search
rounds, seen = 0, set()
with opened(Path(sys.argv[1])) as index:
    while not Path(sys.argv[2]).exists():
        with index.reading():
            for mode in ("lexical", "dense"):
                meaning = Meaning(embed("x"), 1.0)
                hits = search(index, "generation marker", lambda: meaning, k=20, mode=mode)
                told = {hit.passage.chunk.text.split()[-1] for hit in hits}
                assert len(told) == 1 and len(hits) == 6, (mode, told, len(hits))
                for hit in hits:
                    chunk = hit.passage.chunk
                    assert index.store.text(hit.passage.path)[chunk.start : chunk.end] == chunk.text
                seen |= told
        rounds += 1
print(rounds, len(seen))
"""


@forms(12, 100)
def test_readers_see_one_generation_or_the_next(tmp_path: Path, times: int) -> None:
    """Eight readers while a writer replaces every document, `times` generations long."""
    kb, stop = tmp_path / "kb", tmp_path / "stop"

    def write(generation: int) -> None:
        with opened(kb) as index, index.store.session("victim"):
            with index.store.writing():
                for number in range(6):
                    document = make_document(f"Marker {number} of generation {generation}")
                    origin = make_origin(f"docs/{number}.txt", str(generation))
                    store_document(index.store, origin, document)
                embed_all(index)
            if generation % 3:
                index.refresh()

    write(0)
    command = [sys.executable, "-c", READER, str(kb), str(stop)]
    readers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        for _ in range(8)
    ]
    for generation in range(1, times + 1):
        write(generation)
        time.sleep(0.1)
    stop.touch()
    rounds, seen = 0, 0
    for reader in readers:
        out, err = reader.communicate()
        assert reader.returncode == 0, err
        rounds, seen = rounds + int(out.split()[0]), max(seen, int(out.split()[1]))
    print(f"8 readers, {times} generations, {rounds} rounds, up to {seen} generations seen by one: 0 mixtures")


@pytest.mark.parametrize("state", ["sealed", "left by a killed run"])
@forms(16, 10_000)
def test_readers_do_not_wait_for_a_writer_that_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, state: str
) -> None:
    """Before every call by which a writer changes, locks or unlocks something: readers answer from one generation.

    The writer brings one document after the other to its next text: those before one that is new are new. Another
    writer is told who it is, unless the first one holds nothing.
    """
    kb, before, slowest, told = tmp_path / "disk" / "kb", tmp_path / "before", 0.0, 0
    kb.parent.mkdir()
    finish(before, 1)
    old, new = ([make_document(*paragraphs(n, version)).text for n in range(PATHS)] for version in (1, 2))
    with layer(tmp_path) as tries:
        if state != "sealed":  # with half of its documents in the log
            half = tries.run(Trial(str(put_back(before, kb)), version=2)).calls // 4
            assert tries.run(Trial(str(put_back(before, kb)), "work", 2, KILL, half)).code == KILLED
            assert not (kb / SEAL).exists()
            put_back(kb, before)
        trial = Trial(str(kb), version=2, only=EVERY)
        total = tries.run(replace(trial, folder=str(put_back(before, kb)))).calls
        for at in spread(total, times):
            put_back(before, kb)
            with tries.stopped(replace(trial, at=at)) as outcome:
                assert outcome.code == STOPPED
                start = time.monotonic()
                with opened(kb) as index:
                    answers(index)
                    with index.reading():
                        found = [index.store.text(f"docs/{number}.txt") for number in range(PATHS)]
                    slowest = max(slowest, time.monotonic() - start)
                    assert found in [new[:n] + old[n:] for n in range(PATHS + 1)]
                    assert list(find_damage(index)) == []
                    try:
                        with (
                            monkeypatch.context() as impatient
                        ):  # tests/test_access.py takes the time of another writer
                            impatient.setattr("index.database.PATIENCE", 0.1)
                            with index.store.session("test"):
                                pass
                    except LockedError as error:
                        assert re.search(r"by process \d+ \((victim|rag, )|stands still", error.message)
                        told += 1
            finish(kb, 2)
            check_whole(kb, {}, 2)
        assert told > len(spread(total, times)) // 2
    print(
        f"{state}: a writer stood still before {len(spread(total, times))} of {total} calls: readers answered each"
        f" time, after {slowest:.2f} s at most, and another writer was told {told} times"
    )


ORIGINS = """
import sys
from victim import *
with opened(Path(sys.argv[1])) as index:
    print(*index.store.origins())
"""


def seen_by_another(kb: Path) -> set[str]:
    """The documents that a process sees that opens the knowledge base and closes it again."""
    command = [sys.executable, "-c", ORIGINS, str(kb)]
    return set(subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout.split())


def put_in(index: Index, path: str) -> None:
    document = make_document(f"Text of {path}")
    store_document(index.store, make_origin(path), document)


def test_a_reader_that_comes_and_goes_takes_nothing_of_a_writer_away(tmp_path: Path) -> None:
    """Reading the file byte by byte must not cost SQLite's locks: the reader would delete the log at its end."""
    kb = tmp_path / "kb"
    with opened(kb) as index:
        with index.store.session("test"):
            put_in(index, "docs/0")
        with index.store.session("test"):
            put_in(index, "docs/1")
            assert seen_by_another(kb) == {"docs/0", "docs/1"}
            put_in(index, "docs/2")
            assert seen_by_another(kb) == {"docs/0", "docs/1", "docs/2"}
        for look in (lambda: list(find_damage(index)), lambda: find_traces(index.store, "nowhere"), index.store.seal):
            look()
            with index.store.session("test"):
                put_in(index, "docs/3")
                assert "docs/3" in seen_by_another(kb)
                index.store.delete(["docs/3"])
                assert "docs/3" not in seen_by_another(kb)
    assert seen_by_another(kb) == {"docs/0", "docs/1", "docs/2"}


WRITER = """
import sys
from victim import *
from index.errors import LockedError
name, refused = sys.argv[2], 0
for number in range(int(sys.argv[3])):
    while True:
        try:
            with opened(Path(sys.argv[1])) as index, index.store.session(name):
                document = make_document(f"Text {number} of {name}")
                origin = make_origin(f"docs/{name}/{number}.txt")
                store_document(index.store, origin, document)
                embed_all(index)
                index.refresh()
            break
        except LockedError as error:
            assert "is being changed by process" in error.message, error.message
            refused += 1
print(refused)
"""


@forms(5, 50)
def test_two_writers_take_turns_from_the_first_moment(tmp_path: Path, times: int) -> None:
    kb = tmp_path / "kb"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(kb), name, str(times)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for name in ("one", "two")
    ]
    refused = 0
    for writer in writers:
        out, err = writer.communicate()
        assert writer.returncode == 0, err
        refused += int(out)
    with opened(kb) as index:
        assert len(index.store.origins()) == 2 * times
        assert list(find_damage(index)) == []
    print(
        f"2 writers × {times} rounds: {2 * times} of {2 * times} documents, turned away and tried again {refused} times"
    )
