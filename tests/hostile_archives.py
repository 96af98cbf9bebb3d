"""Archives that want to hurt whoever unpacks them."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping

from parser_samples import WORDS

MEGABYTE = 1 << 20


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def stored(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def tarred(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry, b""


def nested(depth: int) -> bytes:
    data = zipped({"inside.txt": WORDS.encode()})
    for level in range(depth):
        data = zipped({f"level{level}.zip": data})
    return data


def lying() -> bytes:
    """A zip whose directory claims four gigabytes for a member of some bytes."""
    data = bytearray(zipped({"a.txt": b"x" * 50}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(data)


def overlapping() -> bytes:
    """A directory that names the same data again and again (D. Fifield, "A better zip bomb", 2019)."""
    data = zipped({"a.txt": b"0" * 4 * MEGABYTE})
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry, count = data[start:end], 400
    directory = b"".join(entry.replace(b"a.txt", f"{n:05}".encode()) for n in range(count))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    return data[:start] + directory + tail


def encrypted_zip() -> bytes:
    data = bytearray(zipped({"a.txt": WORDS.encode() * 3}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)
