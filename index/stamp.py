"""What a derived part stands for, and whether its files are still what was written.

A part is a set of files that never change once they are published, and a stamp that names them with their checksums and
says which rows of the truth they cover. The stamp is written last; a part without a right stamp is not used.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from index.files import PIECE, write_file

# A part up to this size is read through before each process's first use (about 0.05 s); a larger one only when the size
# or time of a file is not the recorded one. A file read whole into memory is always checked by its reader.
ALWAYS_CHECKED = 64 << 20


@dataclass(frozen=True, slots=True)
class Stamp:
    """`covers` is the highest row number in the part; `shape` what else must agree (format, model); `files` by name."""

    kb: str
    shape: str
    generation: int
    covers: int
    folder: str
    files: dict[str, tuple[int, int, int]]  # size, mtime_ns, CRC-32


def take_stamp(folder: Path, names: list[str], *, kb: str, shape: str, generation: int, covers: int) -> Stamp:
    """The stamp of files that were just written in `folder`."""
    files = {}
    for name in sorted(names):
        status = (folder / name).stat()
        files[name] = (status.st_size, status.st_mtime_ns, sum_file(folder / name))
    return Stamp(kb, shape, generation, covers, folder.name, files)


def write_stamp(path: Path, stamp: Stamp) -> None:
    """Publish a part."""
    body = json.dumps(asdict(stamp), sort_keys=True).encode()
    write_file(path, [b"%08x\n" % zlib.crc32(body), body])


def read_stamp(path: Path) -> Stamp | None:
    """The stamp at `path`; None when there is none or it was altered."""
    try:
        check, _, body = path.read_bytes().partition(b"\n")
        if int(check, 16) != zlib.crc32(body):
            return None
        fields = json.loads(body)
        files = {name: (size, time, crc) for name, (size, time, crc) in fields.pop("files").items()}
        return Stamp(**fields, files=files)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def files_match(stamp: Stamp, folder: Path, *, thorough: bool = False) -> bool:
    """Whether every file of the part is what was written; `thorough` reads large ones through as well."""
    thorough = thorough or sum(size for size, _, _ in stamp.files.values()) <= ALWAYS_CHECKED
    try:
        return all(_file_matches(folder / name, facts, thorough) for name, facts in stamp.files.items())
    except OSError:
        return False


def _file_matches(path: Path, facts: tuple[int, int, int], thorough: bool) -> bool:
    size, mtime_ns, crc = facts
    status = path.stat()
    if status.st_size != size:
        return False
    return (not thorough and status.st_mtime_ns == mtime_ns) or sum_file(path) == crc


def sum_file(path: Path) -> int:
    """CRC-32 of a file."""
    crc = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            crc = zlib.crc32(piece, crc)
    return crc
