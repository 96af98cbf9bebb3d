"""The write helper, patterns, locks and places."""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.descriptors import hold, let_go, read_pieces
from index.errors import LockedError, StoreError
from index.files import write_file
from index.globs import match_paths
from index.lock import write_lock
from index.places import clip, locate
from index.platform import make_private_folder
from index.types import Block


def test_a_file_is_written_whole_private_and_hashed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    old = os.umask(0)
    try:
        digest = write_file(path, [b"one", b"two"])
    finally:
        os.umask(old)
    assert path.read_bytes() == b"onetwo"
    assert digest == hashlib.sha256(b"onetwo").hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["write", "fsync", "replace", "close"])
def test_a_failing_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "a.bin"
    write_file(path, [b"old"])
    real_close = os.close

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    def fail_close(descriptor: int) -> None:
        real_close(descriptor)
        fail()

    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(os, step, fail_close if step == "close" else fail)
    with pytest.raises(StoreError, match="No space left"):
        write_file(path, [b"new"])
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:3])))
    write_file(tmp_path / "a", [b"longer than three"])
    assert (tmp_path / "a").read_bytes() == b"longer than three"


def test_what_reads_back_differently_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data).replace(b"e", b"f")))
    with pytest.raises(StoreError, match="reads back differently"):
        write_file(tmp_path / "a", [b"here"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("docs/*", "docs/a.md", True),
        ("docs/*.md", "docs/hr/a.md", False),
        ("docs/*", "docs/hr/a.md", False),
        ("*", "docs/a.md", False),
        ("docs/*/", "docs/hr/a.md", True),
        ("docs/*/", "docs/hr/old/a.md", True),
        ("docs/*/", "docs/a.md", False),
        ("docs/**", "docs/hr/a.md", True),
        ("**/a.md", "docs/hr/a.md", True),
        ("**/a.md", "a.md", True),
        ("docs/hr", "docs/hr/a.md", True),
        ("docs/h", "docs/hr/a.md", False),
        ("DOCS/HR/A.MD", "docs/hr/a.md", True),
        ("docs/カ\u3099.md", "docs/ガ.md", True),
        ("docs/[ab].md", "docs/b.md", True),
        ("docs/[!ab].md", "docs/c.md", True),
        ("docs/r[2024-03]*.md", "docs/r3.md", True),
        ("docs/r[2024-03]*.md", "docs/r1.md", False),
        ("docs/[!z-a].md", "docs/c.md", True),
        ("docs/[a-].md", "docs/-.md", True),
        ("docs/a?.md", "docs/ab.md", True),
        ("docs/a?.md", "docs/a/.md", False),
        ("docs/a+b(1).md", "docs/a+b(1).md", True),
        ("docs/[draft]*.txt", "docs/[draft]*.txt", True),
        ("docs/[draft]", "docs/[draft]/a.txt", True),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert match_paths(pattern, [path]) == ([path] if matches else [])


def test_a_pattern_that_is_the_name_of_a_file_means_that_file() -> None:
    paths = ["docs/*.txt", "docs/a.txt", "docs/[b].txt", "docs/b.txt", "docs/[c]/x.txt", "docs/c/x.txt"]
    assert match_paths("docs/*.txt", paths) == ["docs/*.txt"]
    assert match_paths("docs/[b].txt", paths) == ["docs/[b].txt"]
    assert match_paths("docs/[c]/", paths) == ["docs/[c]/x.txt"]
    assert match_paths("docs/?.txt", paths) == ["docs/*.txt", "docs/a.txt", "docs/b.txt"]


def test_a_document_that_matches_brings_those_inside_it() -> None:
    paths = ["docs/all.zip", "docs/all.zip/in.eml", "docs/all.zip/in.eml/a.txt", "docs/hr/a.txt"]
    assert match_paths("docs/*", paths) == match_paths("docs/*.zip", paths) == paths[:3]
    assert match_paths("docs/*/*.eml", paths) == paths[1:3]


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_patterns_without_folders_agree_with_fnmatch(pattern: str, path: str) -> None:
    if "**" not in pattern:
        assert bool(match_paths(pattern, [path])) == fnmatch.fnmatchcase(path, pattern)


@pytest.mark.slow
def test_one_writer_at_a_time_and_a_dead_one_never_blocks(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from index.lock import write_lock\n"
        "with write_lock(Path(sys.argv[1]), 'rag ingest'): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with pytest.raises(LockedError, match=rf"process {holder.pid} \(rag ingest\)"), write_lock(tmp_path, "rag rm"):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with write_lock(tmp_path, "rag rm"):
        pass


def test_a_second_writer_is_told_within_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only its own waiting moves."""
    clock = [0.0]
    monkeypatch.setattr("index.lock.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("index.lock.time.sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    with (
        write_lock(tmp_path, "rag ingest"),
        pytest.raises(LockedError, match=f"process {os.getpid()} \\(rag ingest\\)"),
        write_lock(tmp_path, "rag rm"),
    ):
        pass
    assert 0.5 < clock[0] < 1.5  # the command itself has the rest
    print(f"a second writer gives up after {clock[0]:.2f} s of waiting")


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_a_disk_without_locks_is_not_held_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with write_lock(tmp_path, "rag ingest"):
        pass  # its name stays in the file
    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(StoreError, match=os.strerror(errno.ENOLCK)) as caught, write_lock(tmp_path, "rag rm"):
        pass
    assert not isinstance(caught.value, LockedError)


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_a_lock_on_a_network_drive_is_held_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SMB, and NFS here and there, say of a lock that is held that it is not permitted."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    with write_lock(tmp_path, "rag ingest"):
        pass
    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(LockedError, match="rag ingest"), write_lock(tmp_path, "rag rm", patience=0.0):
        pass


def test_a_planted_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Wombat")
    (tmp_path / "lock").symlink_to(tmp_path / "letter")
    with pytest.raises(StoreError), write_lock(tmp_path, "rag rm"):
        pass
    assert (tmp_path / "letter").read_text() == "Dear Wombat"


def test_the_name_of_a_new_folder_is_put_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("index.platform.sync_folder", synced.append)
    make_private_folder(tmp_path / "a" / "b")
    assert set(synced) == {tmp_path / "a", tmp_path}
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


LOCKED = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'rb+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_reading_a_file_that_is_held_keeps_the_locks_on_it(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    with path.open("rb+") as file:
        held = hold(path)
        fcntl.lockf(file, fcntl.LOCK_EX)

        def is_locked() -> bool:
            return (
                subprocess.run([sys.executable, "-c", LOCKED, path], capture_output=True, check=False).returncode != 0
            )

        assert b"".join(read_pieces(path, 3)) == b"x" * 10
        assert next(read_pieces(path, 3)) == b"xxx"
        assert is_locked()
        let_go(held)
        assert not is_locked()


def test_places_are_told_in_the_terms_of_the_format() -> None:
    text = "one\ntwo\nthree"
    block = Block(0, len(text), line=40)
    assert locate([block], (), text, 0, 4, 13).where == "lines 41–42"
    assert locate([block], (), text, 0, 4, 7).lines == (41, 41)
    assert locate([Block(0, 13, page=12)], (), text, 0, 0, 3).where == "p. 12"
    assert locate([Block(0, 13, page=2)], ("i", "ii"), text, 0, 0, 3).where == "p. ii (2)"
    assert locate([Block(0, 13, line=17, sheet="2024")], (), text[:3], 0, 0, 3).where == "Sheet 2024, row 17"
    assert clip(block, 4, 7, text) == Block(4, 7, line=41)
