"""Tells whether the database file is, byte for byte, what its last writer left.

Checksums of rows cannot see what hides a row: a page of an index, a pointer between pages, a value in a header. The
seal is the checksum of the whole file, taken when a writer has put everything into it, and gone while one is at work.
"""

from __future__ import annotations

from pathlib import Path

from index.errors import StoreError
from index.memory import Memory
from index.platform import sync_folder
from index.stamp import Stamp, files_match, read_stamp, take_stamp, write_stamp

SEAL = "index.json"


def break_seal(folder: Path) -> None:
    """Take the seal away, for good before the first byte changes; raises StoreError."""
    try:
        (folder / SEAL).unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be changed: {error.strerror}.", "Check the disk and its space.") from error


def make_seal(folder: Path, name: str, *, kb: str, generation: int) -> None:
    """Seal the database file `name`, which holds everything that was committed; raises StoreError."""
    write_stamp(folder / SEAL, take_stamp(folder, [name], kb=kb, shape="truth", generation=generation, covers=0))


def read_seal(folder: Path) -> Stamp | None:
    """The seal; None while a writer is at work or after one that was killed."""
    return read_stamp(folder / SEAL)


def seal_holds(folder: Path, *, thorough: bool = False, memory: Memory | None = None) -> bool | None:
    """Whether the file is what was sealed; None when there is no seal to tell by."""
    while (seal := read_seal(folder)) is not None:
        if files_match(seal, folder, thorough=thorough, memory=memory):
            return True
        if read_seal(folder) == seal:  # else a writer began while the file was read
            return False
    return None
