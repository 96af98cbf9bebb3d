"""Remembers which large files were read through, so that this is not done before every question.

A file is read again when its size, its times or its inode are others: a change that sets the time of modification back
shows in that of the inode (st_ctime), which no program can set. What decays on the disk itself changes nothing of
these: so once a day all the same.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from index.errors import StoreError
from index.files import write_file

FILE = "checked.json"
AGAIN = 24 * 3600.0  # seconds: a gigabyte takes about one second to read, once a day is little

Facts = list[int]  # size, mtime_ns, ctime_ns, inode; where it is remembered, also the CRC-32 that the file had


class Memory:
    """What was read through in the knowledge base in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def knows(self, path: Path, crc: int) -> bool:
        """Whether the file at `path` was found to have this CRC-32 within a day, and has not changed since."""
        facts, seen = self._read().get(self._name(path), ([], 0.0))
        return facts == [*take_facts(path), crc] and 0 <= time.time() - seen < AGAIN

    def add(self, found: dict[Path, Facts]) -> None:
        """Remember files by the facts that held before they were read; those that are gone are forgotten."""
        known = self._read()
        known |= {self._name(path): (facts, time.time()) for path, facts in found.items()}
        kept = {name: entry for name, entry in known.items() if (self.folder / name).exists()}
        with contextlib.suppress(StoreError):  # no room or no right: they are read again
            write_file(self.folder / FILE, [json.dumps(kept).encode()])

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _read(self) -> dict[str, tuple[Facts, float]]:
        try:
            known = json.loads((self.folder / FILE).read_bytes())
            return {name: (list(facts), float(seen)) for name, (facts, seen) in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def take_facts(path: Path) -> Facts:
    """What tells a file from a changed one without reading it."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
