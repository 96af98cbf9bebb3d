"""Looks at how an OLE file (MS-CFB) is put together before a reader follows its sectors, which may lead in a circle."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from index.errors import DocumentError

SECTORS = 109  # of the allocation table that are named in the head of the file; others follow in a chain of sectors


def check_sectors(name: str, data: bytes) -> None:
    """Raise DocumentError when a sector of an OLE file is followed by one that comes before it."""
    if len(data) < 512:
        return
    size = 1 << min(struct.unpack_from("<H", data, 30)[0], 20)
    small, more = (struct.unpack_from("<I", data, at)[0] for at in (60, 68))
    places = list(struct.unpack_from(f"<{SECTORS}I", data, 76))
    seen: set[int] = set()
    while more not in seen and (numbers := _sector(data, more, size)):
        seen.add(more)
        places += numbers[:-1]
        more = numbers[-1]
    table = [number for place in places for number in _sector(data, place, size)]
    small_table: list[int] = []
    if more not in seen and not _circles(table):
        while numbers := _sector(data, small, size):
            small_table += numbers
            small = table[small] if small < len(table) else len(data)
        if not _circles(small_table):
            return
    raise DocumentError(f"{name} is damaged: its sectors lead in a circle.", "Open it in Excel and save it again.")


def _sector(data: bytes, number: int, size: int) -> Sequence[int]:
    """The numbers in a sector; none for one that is not in the file."""
    start = (number + 1) * size
    return struct.unpack_from(f"<{size // 4}I", data, start) if start + size <= len(data) else ()


def _circles(following: Sequence[int]) -> bool:
    """Whether one comes back to where one was by going from each number to the one that stands at it."""
    walk_of = [0] * len(following)
    for start in range(len(following)):
        at = start
        while at < len(following) and not walk_of[at]:
            walk_of[at] = start + 1
            at = following[at]
        if at < len(following) and walk_of[at] == start + 1:
            return True
    return False
