"""What a derived part stands for, and whether its files are still what was written.

A part is a set of files that never change once they are published, and a stamp that names them with their checksums and
says which rows of the truth they cover. The stamp is written last; a part without a right stamp is not used.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from index.descriptors import read_pieces
from index.files import PIECE, write_file
from index.memory import Facts, Memory, take_facts

# A part up to this size is read through before each process's first use (about 0.05 s); a larger one when it is not
# remembered as read through. A file read whole into memory is always checked by its reader.
ALWAYS_CHECKED = 64 << 20
# Rows that a part does not cover are searched from the truth. More than this (a part was lost) would keep each question
# waiting for many seconds; then the other leg answers, and the next writer makes the part anew.
LAG_LIMIT = 20_000
LINE = 9  # bytes of a stamp before its body: eight digits and a line end


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
    write_file(path, [_sum_of(body), body])


def read_stamp(path: Path) -> Stamp | None:
    """The stamp at `path`; None when there is none or it was altered."""
    try:
        written = path.read_bytes()
        body = written[LINE:]
        if written[:LINE] != _sum_of(body):  # byte for byte: as a number, 1A would do for 1a
            return None
        fields = json.loads(body)
        files = {name: (size, time, crc) for name, (size, time, crc) in fields.pop("files").items()}
        return Stamp(**fields, files=files)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _sum_of(body: bytes) -> bytes:
    return b"%08x\n" % zlib.crc32(body)


def files_match(stamp: Stamp, folder: Path, *, thorough: bool = False, memory: Memory | None = None) -> bool:
    """Whether every file of the part is what was written; `thorough` reads large ones through in any case.

    Without a `memory` (a shared copy, where nothing can be remembered) a large file of the recorded time is taken as it
    is.
    """
    small = sum(size for size, _, _ in stamp.files.values()) <= ALWAYS_CHECKED
    read: dict[Path, Facts] = {}
    try:
        for name, (size, mtime_ns, crc) in stamp.files.items():
            path = folder / name
            facts = take_facts(path)
            if facts[0] != size:
                return False
            if not (small or thorough) and (memory.knows(path, crc) if memory else facts[1] == mtime_ns):
                continue
            if sum_file(path) != crc:
                return False
            read[path] = [*facts, crc]
    except OSError:
        return False
    if memory and read and not small:
        memory.add(read)
    return True


def sum_file(path: Path) -> int:
    """CRC-32 of a file."""
    crc = 0
    for piece in read_pieces(path, PIECE):
        crc = zlib.crc32(piece, crc)
    return crc
