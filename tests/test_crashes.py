"""Killed at any moment, or cut off from power: what was told to be committed is there, and the next run needs no help.

Each test prints its figure; the long forms are run by make torture.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus import write_tree
from faults import DONE, KILL, KILLED, Layer, Trial, layer
from powercut import LEAST, MOST, SOME, Disk, put, read_log
from victim import LARGE, PATHS, opened
from wholeness import answers_anew, check_whole, finish, forms, fresh_answers, put_back, spread

import rag
from index.absence import find_traces
from index.opening import DATABASE
from rag.trust import trust_folder

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


@pytest.fixture
def tries(tmp_path: Path) -> Iterator[Layer]:
    with layer(tmp_path) as opened_layer:
        yield opened_layer


@forms(40, 500)
def test_killed_at_random_moments_of_a_large_ingest(tmp_path: Path, tries: Layer, times: int) -> None:
    kb, chance, told, killed, late, version = tmp_path / "disk" / "kb", random.Random(1), {}, 0, 0, 1
    kb.parent.mkdir()
    for number in range(2):  # the first one also imports what a run needs
        start = time.monotonic()
        assert tries.run(Trial(str(tmp_path / f"other{number}"), "large")).code == DONE
    usual = time.monotonic() - start
    while killed < times:
        outcome = tries.run(Trial(str(kb), "large", version, seconds=chance.uniform(0, usual)))
        assert outcome.code in (DONE, KILLED), outcome.words
        told |= outcome.told
        if (kb / DATABASE).exists():
            check_whole(kb, told, version, LARGE)
        else:
            assert not told
        killed += outcome.code == KILLED
        late += outcome.code == DONE
        usual *= 0.95 if outcome.code == DONE else 1.02  # the machine is not always as busy: about a quarter come late
        version += outcome.code == DONE or chance.random() < 0.1
    finish(kb, version, LARGE)
    check_whole(kb, {}, version, LARGE)
    assert answers_anew(kb) == fresh_answers(tmp_path / "fresh", version, LARGE)
    print(f"{killed} kills at random moments, {late} more came too late: 0 of {len(told)} committed documents lost")


@pytest.mark.parametrize("first", [True, False], ids=["a first run", "a later run"])
@forms(15, 10_000)
def test_killed_before_a_call_that_changes_the_disk(tmp_path: Path, tries: Layer, times: int, first: bool) -> None:
    """Every such call of a small ingest, or `times` of them evenly spread."""
    kb, before, version = tmp_path / "disk" / "kb", tmp_path / "before", 1 if first else 2
    kb.parent.mkdir()
    if not first:
        finish(before, 1)
    wanted = fresh_answers(tmp_path / "fresh", version)
    total = tries.run(Trial(str(put_back(before, kb)), version=version)).calls
    killed = 0
    for at in spread(total, times):
        outcome = tries.run(Trial(str(put_back(before, kb)), "work", version, KILL, at))
        assert outcome.code in (DONE, KILLED), outcome.words
        killed += outcome.code == KILLED
        if (kb / DATABASE).exists():
            check_whole(kb, outcome.told, version)
        else:
            assert not outcome.told
        finish(kb, version)
        check_whole(kb, {}, version)
        assert answers_anew(kb) == wanted
    assert killed >= min(times, total) // 2  # a run may make fewer calls than the one that was counted
    print(f"killed before {killed} of {total} changing calls: 0 committed documents lost, the same result each time")


@forms(12, 10_000)
def test_killed_while_it_is_mended(tmp_path: Path, tries: Layer, times: int) -> None:
    kb, before = tmp_path / "disk" / "kb", tmp_path / "before"
    kb.parent.mkdir()
    finish(before, 1)
    data = bytearray((before / DATABASE).read_bytes())
    data[data.index(b"The wombat of farm 3")] ^= 1
    (before / DATABASE).write_bytes(data)
    wanted = fresh_answers(tmp_path / "fresh", 1)
    total = tries.run(Trial(str(put_back(before, kb)), "mend")).calls
    kept = {path for path, _ in ((f"docs/{n}.txt", n) for n in range(PATHS)) if path != "docs/3.txt"}
    for at in spread(total, times):
        outcome = tries.run(Trial(str(put_back(before, kb)), "mend", 1, KILL, at))
        assert outcome.code in (DONE, KILLED), outcome.words
        assert tries.run(Trial(str(kb), "mend")).code == DONE
        with opened(kb) as index:
            assert set(index.store.origins()) == kept
        finish(kb, 1)
        check_whole(kb, {}, 1)
        assert answers_anew(kb) == wanted
    print(
        f"killed before {len(spread(total, times))} of {total} changing calls of a repair: nothing lost that was right"
    )


@forms(12, 10_000)
def test_killed_while_it_forgets(tmp_path: Path, tries: Layer, times: int) -> None:
    kb, before = tmp_path / "disk" / "kb", tmp_path / "before"
    kb.parent.mkdir()
    finish(before, 1)
    trust_folder(before)
    total = tries.run(Trial(str(put_back(before, kb)), "forget")).calls
    again = 0
    for at in spread(total, times):
        tries.run(Trial(str(put_back(before, kb)), "forget", 1, KILL, at))
        repeated = tries.run(Trial(str(kb), "forget"))
        assert repeated.code == DONE or "No document matches" in repeated.words, repeated.words
        again += repeated.code == DONE
        with opened(kb) as index:
            assert len(index.store.origins()) == PATHS - 1
            assert find_traces(index.store, "The wombat of farm 0") == []
    print(f"killed before {len(spread(total, times))} of {total} calls of a forgetting, {again} went on: no trace")


@pytest.mark.parametrize("first", [True, False], ids=["a first run", "a later run"])
@forms(30, 10_000)
def test_power_cut(tmp_path: Path, tries: Layer, times: int, first: bool) -> None:
    """After each call, with the least, the most, and some of what is not for sure on the disk (powercut.py)."""
    root, log, version, told = tmp_path / "disk", tmp_path / "log", 1 if first else 2, 0
    root.mkdir()
    if not first:
        finish(root / "kb", 1)
    disk = Disk(root)
    assert tries.run(Trial(str(root / "kb"), version=version, log=str(log))).code == DONE
    calls = list(read_log(log))
    points, place = set(spread(len(calls), times)), tmp_path / "cut"
    for number, call in enumerate(calls, 1):
        disk.happen(*call)
        if number not in points:
            continue
        for keep in (LEAST, MOST, SOME):
            shutil.rmtree(place, ignore_errors=True)
            place = tmp_path / f"cut at {number} {keep}"  # what read the last one may put a file there while it goes
            place.mkdir()
            put(disk.after_the_cut(keep, random.Random(number)), root, place)
            if (place / "kb" / DATABASE).exists():
                check_whole(place / "kb", disk.told, version)
            else:
                assert first and not disk.told
        told = len(disk.told)
    finish(place / "kb", version)
    assert answers_anew(place / "kb") == fresh_answers(tmp_path / "fresh", version)
    print(f"the power went after {len(points)} of {len(calls)} calls, in 3 ways: 0 of {told} committed documents lost")


RUN = "import rag, sys; rag.open(sys.argv[1], embed_model='hashing:64').ingest([sys.argv[2]])"


@forms(6, 60)
def test_a_killed_run_of_the_whole_way_in(tmp_path: Path, times: int) -> None:
    """With its worker processes, which outlive it for a moment and must hold neither lock nor file."""
    docs = write_tree(tmp_path / "docs", {f"{n:02}.txt": f"Wombat number {n} digs. " * 60 for n in range(60)})
    kb, chance, late = tmp_path / "kb", random.Random(3), 0
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", RUN, str(tmp_path / "other"), str(docs)], cwd=HERE.parent, check=True)
    usual = time.monotonic() - start
    for number in range(times):
        for path in chance.sample(sorted(docs.iterdir()), 20):
            path.write_text(f"Wombat {path.name} of round {number} digs. " * 60, encoding="utf-8")
        process = subprocess.Popen([sys.executable, "-c", RUN, str(kb), str(docs)], cwd=HERE.parent)
        time.sleep(chance.uniform(0, usual))
        process.kill()
        late += process.wait() == 0
        if (kb / DATABASE).exists():
            with rag.open(kb, embed_model="hashing:64") as base:
                assert base.verify() == []
    with rag.open(kb, embed_model="hashing:64") as base, rag.open(tmp_path / "new", embed_model="hashing:64") as other:
        base.ingest([docs])
        other.ingest([docs])
        assert base.verify() == []
        assert [base.text(entry.path) for entry in base.documents()] == [
            other.text(entry.path) for entry in other.documents()
        ]
        assert base.count_waiting() == 0
    print(f"{times} runs of the whole way in killed, {late} had ended: the next one finished each without help")
