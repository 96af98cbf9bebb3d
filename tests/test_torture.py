"""Promises of the store, and tests that try to break them; each prints its figure. Long forms: make torture."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import make_chunks, make_document, make_origin
from victim import PATHS, answers, embed_all, opened, paragraphs, work

from index.errors import DamagedError, LockedError, RagError, StoreError
from index.repair import repair
from index.verify import find_damage

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
pytestmark = pytest.mark.slow


def forms(short: int, long: int) -> pytest.MarkDecorator:
    """How often a test is done: in the suite, and by `make torture`."""
    marks = [pytest.mark.torture, pytest.mark.timeout(7200)]
    return pytest.mark.parametrize("times", [short, pytest.param(long, marks=marks)])


def texts(versions: int) -> set[str]:
    return {make_document(*paragraphs(n, v)).text for n in range(PATHS) for v in range(versions + 1)}


def mark_of(number: int, version: int) -> str:
    return str(zlib.crc32(make_document(*paragraphs(number, version)).text.encode()))


def check_whole(folder: Path, told: dict[str, str], versions: int) -> None:
    """Every document that was told to be committed is there, all is whole, and nobody had to help."""
    with opened(folder) as index:
        known = index.store.origins()
        for path, mark in told.items():  # or a later one, whose commit was not told any more
            number = int(path.removeprefix("docs/").removesuffix(".txt"))
            marks = [mark_of(number, version) for version in range(versions + 1)]
            assert known[path].sha256 in marks[marks.index(mark) :], f"{path} was committed and is lost"
        assert {index.store.text(path) for path in known} <= texts(versions)
        assert list(find_damage(index)) == []


def fresh_answers(folder: Path, version: int) -> list[tuple[str, int, float]]:
    """The answers of a knowledge base that was made undisturbed."""
    shutil.rmtree(folder, ignore_errors=True)
    work(folder, version, lambda _: None)
    return answers_anew(folder)


def answers_anew(folder: Path) -> list[tuple[str, int, float]]:
    """What the truth answers whatever its history: a word index counts what is gone until it is made anew."""
    for name in ("words.json", "vectors.json"):
        (folder / name).unlink(missing_ok=True)
    with opened(folder) as index:
        return sorted(answers(index))


def run_victim(folder: Path, version: int, seconds: float | None, *before: str) -> tuple[int, dict[str, str], float]:
    """Let a process work and kill it after a time: its exit code, what it told, and how long it worked."""
    command = [*before, sys.executable, str(HERE / "victim.py"), str(folder), str(version)]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=null, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        start = time.monotonic()
        if seconds is not None:
            time.sleep(seconds)
            process.kill()
        told = dict(line.split() for line in process.stdout if line.endswith("\n"))
        return process.wait(), told, time.monotonic() - start


@forms(40, 500)
def test_killed_at_random_moments(tmp_path: Path, times: int) -> None:
    kb, chance, told, finished, version = tmp_path / "kb", random.Random(1), {}, 0, 1
    usual = run_victim(tmp_path / "other", 1, None)[2]
    for _ in range(times):
        code, new, _ = run_victim(kb, version, chance.uniform(0, usual))
        told |= new
        if kb.exists() and (kb / "index.sqlite3").exists():
            check_whole(kb, told, version)
        finished += code == 0
        version += code == 0 or chance.random() < 0.1
    assert run_victim(kb, version, None)[0] == 0
    check_whole(kb, {}, version)
    assert answers_anew(kb) == fresh_answers(tmp_path / "other", version)
    print(f"{times} kills, {finished} came too late: 0 of {len(told)} committed documents lost, {version} versions")


CALLS = "write,pwrite64,fsync,fdatasync,rename,link,unlink,rmdir,mkdir,ftruncate,fallocate,fchmod,chmod,openat"


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@forms(12, 10_000)
def test_killed_before_a_system_call(tmp_path: Path, times: int) -> None:
    """Every call that changes something, or `times` of them spread evenly."""
    log = tmp_path / "log"
    trace = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={CALLS}"]
    work(tmp_path / "before", 1, lambda _: None)
    shutil.copytree(tmp_path / "before", tmp_path / "kb")
    assert run_victim(tmp_path / "kb", 2, None, *trace)[0] == 0
    # strace counts the calls of each thread: those of the main one are told apart by their number.
    calls: Counter[str] = Counter()
    moments, begun, main = [], False, ""
    for line in log.read_text(errors="replace").splitlines():
        found = re.match(r"(\d+) +([a-z0-9]+)\(", line)
        if found is None or found[1] != (main := main or found[1]):
            continue
        name = found[2]
        calls[name] += 1
        begun = begun or "begin -" in line
        if begun and (name != "openat" or "O_CREAT" in line):
            moments.append((name, calls[name]))
    killed = 0
    for name, number in moments[:: max(1, len(moments) // times)]:
        shutil.rmtree(tmp_path / "kb")
        shutil.copytree(tmp_path / "before", tmp_path / "kb")
        kill = ["-e", f"inject={name}:signal=KILL:when={number}"]
        code, told, _ = run_victim(tmp_path / "kb", 2, None, *trace, *kill)
        killed += code != 0
        check_whole(tmp_path / "kb", told, 2)
        work(tmp_path / "kb", 2, lambda _: None)
        check_whole(tmp_path / "kb", {}, 2)
    assert answers_anew(tmp_path / "kb") == fresh_answers(tmp_path / "before", 2)
    assert killed >= min(times, len(moments)) // 2  # a run may make fewer calls than the one that was counted
    print(f"{killed} kills before {len(moments)} changing system calls: 0 committed documents lost")


# ---------------------------------------------------------------- a disk that fails


def count_calls(monkeypatch: pytest.MonkeyPatch, fail: Callable[[int, str], None]) -> list[int]:
    """Have `fail(number, name)` called before each call by which Python code changes the disk."""
    seen = [0]

    def wrap(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def counted(*arguments: object, **options: object) -> object:
            seen[0] += 1
            fail(seen[0], name)
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, counted)

    for name in ("open", "write", "fsync", "close", "link", "mkdir", "unlink", "replace"):
        wrap(os, name)
    wrap(Path, "replace")
    return seen


@pytest.mark.parametrize("code", [5, 28], ids=["EIO", "ENOSPC"])
@forms(25, 1000)
def test_an_error_at_a_call_is_no_false_success(tmp_path: Path, times: int, code: int) -> None:
    """At every call, or at `times` of them spread evenly."""
    work(tmp_path / "before", 1, lambda _: None)
    shutil.copytree(tmp_path / "before", tmp_path / "old")
    old = answers_anew(tmp_path / "old")
    new = fresh_answers(tmp_path / "fresh", 2)
    shutil.copytree(tmp_path / "before", tmp_path / "kb")
    with pytest.MonkeyPatch.context() as patch:
        seen = count_calls(patch, lambda number, name: None)
        work(tmp_path / "kb", 2, lambda _: None)
        total = seen[0]
    errors = 0
    numbers = range(1, total + 1, max(1, total // times))
    for number in numbers:
        shutil.rmtree(tmp_path / "kb")
        shutil.copytree(tmp_path / "before", tmp_path / "kb")
        told: dict[str, str] = {}
        failed = False

        def fail(at: int, name: str, number: int = number) -> None:
            if at == number:
                raise OSError(code, os.strerror(code))

        with pytest.MonkeyPatch.context() as patch:
            count_calls(patch, fail)
            try:
                work(tmp_path / "kb", 2, lambda line, told=told: told.update([line.split()]))  # type: ignore[misc]
            except (RagError, OSError) as error:
                assert isinstance(error, StoreError), f"call {number}: {error!r}"
                failed = True
        errors += failed
        check_whole(tmp_path / "kb", told, 2)
        if not told:
            assert answers_anew(tmp_path / "kb") in (old, new)
        if failed:
            work(tmp_path / "kb", 2, lambda _: None)
        assert answers_anew(tmp_path / "kb") == new
    print(f"{os.strerror(code)} at {len(numbers)} of {total} calls: {errors} errors told, 0 false successes")


def test_a_database_that_cannot_grow_keeps_its_old_answers(tmp_path: Path) -> None:
    work(tmp_path / "kb", 1, lambda _: None)
    with opened(tmp_path / "kb") as index:
        wanted = answers(index)
    document = make_document(*(f"Paragraph {n} of a long report." * 20 for n in range(200)))
    chunks = make_chunks(document)
    refused = 0
    for room in range(40):
        with opened(tmp_path / "kb") as index:
            (pages,) = index.store.connection.execute("PRAGMA page_count").fetchone()
            index.store.connection.execute(f"PRAGMA max_page_count = {pages + room}")
            try:
                index.store.replace(make_origin("docs/long.txt"), document, chunks, [chunk.text for chunk in chunks])
                assert index.store.text("docs/long.txt") == document.text
                index.store.delete(["docs/long.txt"])
            except StoreError as error:
                assert "full" in error.message
                assert "docs/long.txt" not in index.store.origins()
                refused += 1
            assert answers(index) == wanted
        (tmp_path / "kb" / "index.json").unlink(missing_ok=True)  # not written in a session: no longer what was sealed
    assert refused
    print(f"room for 0 to 39 more pages: refused {refused} times, never half")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs a small disk of its own")
@forms(16, 200)
def test_a_disk_filled_step_by_step_is_all_or_none(tmp_path: Path, times: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        work(disk / "kb", 1, lambda _: None)
        with opened(disk / "kb") as index:
            old = answers(index)
        free = shutil.disk_usage(disk).free
        refused = 0
        for step in range(times):
            room = step * 3_000_000 // times
            with contextlib.suppress(OSError):  # it goes in as far as it can
                (disk / "ballast").write_bytes(bytes(max(free - room, 0)))
            told: dict[str, str] = {}
            try:
                work(disk / "kb", 2, lambda line, told=told: told.update([line.split()]))  # type: ignore[misc]
                done = True
            except RagError as error:
                assert isinstance(error, StoreError)
                assert not isinstance(error, DamagedError | LockedError), error.message
                done = False
                refused += 1
            with opened(disk / "kb") as index:  # on the full disk
                known = index.store.origins()
                assert {index.store.text(path) for path in known} <= texts(2)
                if not told and not done:
                    assert answers(index) == old
            (disk / "ballast").unlink()
            check_whole(disk / "kb", told, 2)
            shutil.rmtree(disk / "kb")
            work(disk / "kb", 1, lambda _: None)
        print(f"{times} degrees of fullness: refused {refused} times, old answers there each time")
        assert refused
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


# ---------------------------------------------------------------- damage


def damage(path: Path, whole: bytes, chance: random.Random) -> str:
    """Flip a bit of a file, or cut it, or fill a piece of it with zeros."""
    kind = chance.choices(["flip", "cut", "zero"], [8, 1, 1])[0]
    at = chance.randrange(len(whole))
    data = bytearray(whole)
    if kind == "flip":
        data[at] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[at:]
    else:
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    path.write_bytes(data)
    return kind


def refill(folder: Path, version: int) -> None:
    """What `rag repair --apply` and `rag ingest` do."""
    repair(folder, apply=True)
    work(folder, version, lambda _: None)


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "after a kill"])
@forms(170, 5500)
def test_damage_is_found_before_it_is_answered_from(tmp_path: Path, times: int, sealed: bool) -> None:
    """Bits flipped and files cut in every file; half of it with the seal gone, as after a killed writer."""
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    if not sealed:
        (kb / "index.json").unlink()
    with opened(kb) as index:
        wanted = answers(index)
    anew = fresh_answers(tmp_path / "fresh", 1)
    files = {path: path.read_bytes() for path in sorted(kb.rglob("*")) if path.is_file() and path.stat().st_size}
    big = [path for path in files if path.name == "index.sqlite3"]
    chance, outcomes, wrong = random.Random(times), Counter[str](), []
    for step in range(times):
        path = chance.choice(big if step % 2 else list(files))
        kind = damage(path, files[path], chance)
        try:
            with opened(kb) as index:
                same = answers(index) == wanted
            outcomes["same answers" if same else "wrong answers"] += 1
            wrong += [] if same else [(path.name, kind, step)]
        except RagError as error:
            assert error.exit == 4
            outcomes["found"] += 1
            if outcomes["found"] % 12 == 1:
                refill(kb, 1)
                assert answers_anew(kb) == anew
                with opened(kb) as index:
                    assert list(find_damage(index)) == []
                outcomes["repaired"] += 1
        shutil.rmtree(kb, ignore_errors=True)  # tantivy may still make a lock file
        for place, whole in files.items():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.write_bytes(whole)
    print(f"{times} flips and cuts, {'sealed' if sealed else 'after a kill'}: {dict(outcomes)} {wrong}")
    assert not wrong


# ---------------------------------------------------------------- writers and readers

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
                    chunks = make_chunks(document)
                    origin = make_origin(f"docs/{number}.txt", str(generation))
                    index.store.replace(origin, document, chunks, [chunk.text for chunk in chunks])
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
                chunks = make_chunks(document)
                origin = make_origin(f"docs/{name}/{number}.txt")
                index.store.replace(origin, document, chunks, [chunk.text for chunk in chunks])
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
