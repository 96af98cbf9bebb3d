"""Reads files that SQLite may have open without letting go of its locks.

POSIX drops every lock that a process holds on a file as soon as the process closes any descriptor of that file
(https://www.sqlite.org/howtocorrupt.html, section 2.2). Another process would then take itself for the only one, and
delete the log into which this one still writes. So each file has one descriptor here, shared by SQLite's connections
and by those who read it byte by byte, which is closed when the last of them is done.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

File = tuple[int, int]  # device and inode

_holders: Counter[File] = Counter()
_descriptors: dict[File, list[int]] = {}
_guard = threading.Lock()


def hold(path: Path) -> File:
    """Keep the file at `path` open until `let_go`; raises OSError."""
    with _guard:
        file = _identify(path.stat())
        if file not in _descriptors:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            file = _identify(os.fstat(descriptor))  # it may have been replaced meanwhile
            _descriptors.setdefault(file, []).append(descriptor)
        _holders[file] += 1
        return file


def let_go(file: File) -> None:
    """Close the descriptor of a file that nobody else holds."""
    with _guard:
        _holders[file] -= 1
        if _holders[file]:
            return
        del _holders[file]
        for descriptor in _descriptors.pop(file):
            with contextlib.suppress(OSError):  # it was read from, nothing can be lost
                os.close(descriptor)


def read_pieces(path: Path, size: int) -> Iterator[bytes]:
    """The bytes of a file, `size` at a time; raises OSError."""
    read = getattr(os, "pread", None)
    if read is None:  # Windows, where a lock belongs to the descriptor it was taken by
        with path.open("rb") as plain:
            while piece := plain.read(size):
                yield piece
        return
    file = hold(path)
    try:
        at = 0
        while piece := read(_descriptors[file][0], size, at):
            at += len(piece)
            yield piece
    finally:
        let_go(file)


def _identify(status: os.stat_result) -> File:
    return status.st_dev, status.st_ino
