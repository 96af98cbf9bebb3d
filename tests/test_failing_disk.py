"""A disk that fails or fills up: an error that says so, or all of it done; never a false success, never the half.

Each test prints its figure; the long forms are run by make torture.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus import make_document, make_origin, store_document, write_tree
from faults import DONE, FAIL, HALF, TOLD, Layer, Trial, layer
from victim import answers, opened, work
from wholeness import answers_anew, check_whole, finish, forms, fresh_answers, put_back, spread, wipe

from index.errors import DamagedError, LockedError, RagError, StoreError

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow

ROOM = " write pwrite64 open mkdir link rename ftruncate "
KINDS = {  # what fails, how, whether from there on for good, and at which calls
    "EIO": (FAIL, errno.EIO, False, ""),
    "EIO for good": (FAIL, errno.EIO, True, ""),
    "ENOSPC": (FAIL, errno.ENOSPC, False, ROOM),
    "ENOSPC for good": (FAIL, errno.ENOSPC, True, ROOM),
    "short write": (HALF, 0, False, " write pwrite64 "),
    "failed fsync": (FAIL, errno.EIO, False, " fsync fdatasync "),
    "failed rename": (FAIL, errno.EIO, False, " rename link "),
}


@pytest.fixture
def tries(tmp_path: Path) -> Iterator[Layer]:
    with layer(tmp_path) as opened_layer:
        yield opened_layer


@pytest.mark.parametrize("kind", KINDS)
@forms(12, 10_000)
def test_a_failing_call_is_no_false_success(tmp_path: Path, tries: Layer, times: int, kind: str) -> None:
    """Every call of its kind that changes the disk, or `times` of them evenly spread."""
    kb, before = tmp_path / "disk" / "kb", tmp_path / "before"
    kb.parent.mkdir()
    finish(before, 1)
    wanted = fresh_answers(tmp_path / "fresh", 2)
    what, code, lasting, only = KINDS[kind]
    total = tries.run(Trial(str(put_back(before, kb)), version=2, only=only)).calls
    errors = 0
    for at in spread(total, times):
        outcome = tries.run(Trial(str(put_back(before, kb)), "work", 2, what, at, code, lasting, only))
        assert outcome.code in (DONE, TOLD), outcome.words
        assert not outcome.words.startswith(("DamagedError", "LockedError")), outcome.words
        errors += outcome.code == TOLD
        check_whole(kb, outcome.told, 2)
        if outcome.code == TOLD:
            finish(kb, 2)
        assert answers_anew(kb) == wanted, f"call {at}"
    print(f"{kind} at {len(spread(total, times))} of {total} calls: {errors} errors told, 0 false successes")


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@forms(3, 100)
def test_a_rename_of_tantivy_s_own_fails(tmp_path: Path, times: int) -> None:
    """tantivy renames by a system call that the layer does not see."""
    kb, before, log = tmp_path / "kb", tmp_path / "before", tmp_path / "log"
    finish(before, 1)
    wanted = fresh_answers(tmp_path / "fresh", 2)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    trace = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=renameat"]
    command = [sys.executable, str(HERE / "victim.py"), str(put_back(before, kb)), "2"]
    subprocess.run([*trace, *command], check=True, env=environment, capture_output=True)
    total = len(re.findall(r"renameat\(", log.read_text(errors="replace")))
    assert total
    errors = 0
    for at in spread(total, times):
        put_back(before, kb)
        inject = ["-e", f"inject=renameat:error=EIO:when={at}"]
        done = subprocess.run([*trace, *inject, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "StoreError" in done.stderr, done.stderr
        errors += done.returncode != 0
        check_whole(kb, dict(line.split() for line in done.stdout.splitlines() if "docs/" in line), 2)
        finish(kb, 2)
        assert answers_anew(kb) == wanted
    print(f"EIO at {len(spread(total, times))} renames of tantivy's: {errors} errors told, 0 false successes")


def test_a_database_that_cannot_grow_keeps_its_old_answers(tmp_path: Path) -> None:
    work(tmp_path / "kb", 1, lambda _: None)
    with opened(tmp_path / "kb") as index:
        wanted = answers(index)
    document = make_document(*(f"Paragraph {n} of a long report." * 20 for n in range(200)))
    refused = 0
    for room in range(40):
        with opened(tmp_path / "kb") as index:
            (pages,) = index.store.connection.execute("PRAGMA page_count").fetchone()
            index.store.connection.execute(f"PRAGMA max_page_count = {pages + room}")
            try:
                store_document(index.store, make_origin("docs/long.txt"), document)
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


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, mounted in `folder`."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


needs_a_disk = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs a small disk of its own, which only root can mount"
)


@needs_a_disk
def test_a_full_disk_answers_every_question(tmp_path: Path) -> None:
    """The commands themselves, which keep notes for the next one where there is room."""
    docs = write_tree(tmp_path / "docs", {"leave.md": "# Leave\n\nStaff receive 20 days of annual leave a year.\n"})
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "RAG_EMBED_MODEL": "hashing:64"}
    commands = (["search", "annual leave"], ["ask", "How many days of annual leave do staff receive?"], ["list"])
    with small_disk(tmp_path, 40) as disk:

        def run(*words: str) -> tuple[int, str]:
            command = [sys.executable, "-m", "rag", *words, "--kb", str(disk / "kb")]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            return done.returncode, re.sub(r"[\d.]+ s", "", done.stdout) or done.stderr

        assert run("ingest", str(docs))[0] == 0
        wanted = [run(*words) for words in commands]
        assert [code for code, _ in wanted] == [0, 0, 0]
        with contextlib.suppress(OSError):
            (disk / "ballast").write_bytes(bytes(64 << 20))
        assert shutil.disk_usage(disk).free == 0
        assert [run(*words) for words in commands] == wanted
        (docs / "travel.md").write_text("Hotels are paid.")
        code, said = run("ingest", str(docs))
        assert code == 4
        assert "Free some space" in said
        assert [run(*words) for words in commands] == wanted
        (disk / "ballast").unlink()
        assert run("verify")[0] == 0


@needs_a_disk
@forms(16, 200)
def test_a_disk_filled_step_by_step_is_all_or_none(tmp_path: Path, times: int) -> None:
    with small_disk(tmp_path, 6) as disk:
        work(disk / "kb", 1, lambda _: None)
        with opened(disk / "kb") as index:
            old = answers(index)
        free = shutil.disk_usage(disk).free
        refused = 0
        for step in range(times):
            room = step * 800_000 // times
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
                assert set(known) <= {f"docs/{number}.txt" for number in range(8)}
                if not told and not done:
                    assert answers(index) == old
            (disk / "ballast").unlink()
            check_whole(disk / "kb", told, 2)
            wipe(disk / "kb")
            work(disk / "kb", 1, lambda _: None)
        print(f"{times} degrees of fullness: refused {refused} times, old answers there each time")
        assert refused
