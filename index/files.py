"""The one way a file is written: whole or not at all, on the disk itself, private, and read back.

Order of steps after Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014): write, flush, fsync, close,
read back, rename, fsync the folder. After a failed fsync the file is given up (Rebello et al., "Can Applications
Recover from fsync Failures?", ATC 2020: a second fsync may report success without writing).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from index.errors import StoreError
from index.platform import sync_file, sync_folder

PIECE = 1 << 20  # bytes read at a time: large enough to be fast, small enough to be nothing in memory


@contextlib.contextmanager
def disk_errors(told: str, step: str) -> Iterator[None]:
    """Tell what the disk refuses as a StoreError: `told` and the reason, and what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{told}: {error.strerror}.", step) from error


def write_file(path: Path, pieces: Iterable[bytes], *, mode: int = 0o600) -> str:
    """Replace `path` with `pieces` in one step and return the SHA-256 of what is on the disk now.

    Raises StoreError when the disk is full or broken; `path` is then as it was before.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        written = _write_new(temporary, pieces, mode)
        if hash_file(temporary) != written:
            raise StoreError(f"{path} reads back differently from what was written.", "Check the disk.")
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path} could not be written: {error.strerror or error}.",
            "Free some space or check the disk, then run it again.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return written


def _write_new(path: Path, pieces: Iterable[bytes], mode: int) -> str:
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, mode)
    try:
        for piece in pieces:
            digest.update(piece)
            view = memoryview(piece)
            while view:
                view = view[os.write(descriptor, view) :]
        sync_file(descriptor)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def publish_new(new: Path, path: Path) -> None:
    """Put a file that was written whole in its place, unless there is one already; raises OSError."""
    with new.open("rb+") as file:
        sync_file(file.fileno())
    try:
        os.link(new, path)
    except FileExistsError:
        return
    except OSError:  # a disk without hard links
        new.rename(path)
    sync_folder(path.parent)


def link_or_copy(old: Path, new: Path) -> None:
    """Make `new` the same file as `old` where the disk can, else a private copy; for files that never change."""
    with contextlib.suppress(OSError):
        os.link(old, new)
        return
    new.touch(mode=0o600)
    shutil.copyfile(old, new)


def list_below(folder: Path) -> list[Path]:
    """Every file and folder below `folder`, sorted; links are not followed, what vanishes meanwhile is left out."""
    found = [Path(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)]
    return sorted(path for path in found if os.path.lexists(path))


def size_below(folder: Path) -> int:
    """Bytes of the files below `folder`; what vanishes meanwhile, as a writer's do, counts nothing."""
    total = 0
    for path in list_below(folder):
        with contextlib.suppress(OSError):
            status = path.lstat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
