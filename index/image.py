"""Reads a database without asking for a lock: the bytes of its file, with those of its log laid over them, in memory.

For the moment in which another process stands still with a lock of SQLite's that every reader needs. Such a process
changes nothing, so the two files together are what a crash would leave now, which SQLite brings to the last commit by
its log (https://www.sqlite.org/fileformat2.html, sections 4.1 to 4.5); so is it done here, the sums of the log checked.
A file that is written while it is read gives no image.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.descriptors import read_pieces
from index.errors import LockedError, StoreError
from index.files import PIECE
from index.memory import Facts, take_facts
from index.platform import physical_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Seconds that a file must have been left alone before it is read. The times of files go by the kernel's clock, which
# moves on every 1 to 10 ms; what is written after this shows another time than what was written before.
STILL = 0.1
SHARE = 4  # of the machine's memory, one part may be an image: while it is made it is there twice
HEAD, FRAME = 32, 24  # bytes before the first frame of a log, and of each frame before its page
MAGIC = {0x377F0682: "<u4", 0x377F0683: ">u4"}  # by the words that its sums are made of
FRAMES = 1000  # summed at a time: four megabytes

State = tuple[Facts | None, ...]


def take_state(path: Path) -> State:
    """What tells a database file and its log from changed ones."""
    found = []
    for part in (path, _log_of(path)):
        facts: Facts | None = None
        with contextlib.suppress(FileNotFoundError):
            facts = take_facts(part)
        found.append(facts)
    return tuple(found)


def take_image(path: Path) -> tuple[bytearray, State] | None:
    """The database at `path` as of its last commit, for `Connection.deserialize`; None while it is being changed.

    Raises LockedError for one that is too large for the memory, StoreError when it cannot be read.
    """
    try:
        before = take_state(path)
        age = time.time() - max((facts[1] for facts in before if facts), default=0) / 1e9
        if 0 <= age < STILL:
            return None
        size = sum(facts[0] for facts in before if facts)
        if size > physical_memory() // SHARE > 0:
            raise LockedError(
                f"{path.parent} is locked by a process that stands still, and is too large to be read around it.",
                "End that process or let it go on, then try again.",
            )
        image = bytearray()
        for piece in read_pieces(path, PIECE):
            image += piece
        log = b""
        with contextlib.suppress(FileNotFoundError):
            log = _log_of(path).read_bytes()
        if take_state(path) != before:
            return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.", "Check the disk and its permissions.") from error
    _lay_over(image, log)
    image[18:20] = b"\1\1"  # said to be without a log, which a database in memory cannot have
    return image, before


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _lay_over(image: bytearray, log: bytes) -> None:
    """Put the committed pages of a log into the image, and give it the size of the last commit."""
    frames = list(_frames(log))
    last = max((at for at, (_, pages, _) in enumerate(frames) if pages), default=-1)
    for number, _, page in frames[: last + 1]:
        size = len(page)
        image += bytes(max(0, number * size - len(image)))
        image[(number - 1) * size : number * size] = page
    if last >= 0:
        pages, size = frames[last][1], len(frames[last][2])
        image += bytes(max(0, pages * size - len(image)))
        del image[pages * size :]


def _frames(log: bytes) -> Iterator[tuple[int, int, memoryview]]:
    """The valid frames of a log: number of the page, pages of the database after a commit (else 0), the page."""
    import numpy as np

    if len(log) < HEAD:
        return
    head = np.frombuffer(log, ">u4", HEAD // 4)
    kind, size = MAGIC.get(int(head[0])), int(head[2])
    if kind is None or size < 512 or size & (size - 1):
        return
    sums = _sum(np.frombuffer(log, kind, 6)[None], np.zeros(2, np.uint32))[0]
    if sums.tolist() != head[6:8].tolist():
        return
    count, step = (len(log) - HEAD) // (FRAME + size), FRAME + size
    for first in range(0, count, FRAMES):
        some = np.frombuffer(log, np.uint8, min(FRAMES, count - first) * step, HEAD + first * step).reshape(-1, step)
        heads = np.ascontiguousarray(some[:, :FRAME]).view(">u4")
        summed = np.ascontiguousarray(np.concatenate([some[:, :8], some[:, FRAME:]], axis=1)).view(kind)
        for at, (fields, right) in enumerate(zip(heads.tolist(), _sum(summed, sums).tolist(), strict=True)):
            if fields[2:4] != head[4:6].tolist() or fields[4:6] != right or not fields[0]:
                return
            start = HEAD + (first + at) * step + FRAME
            yield fields[0], fields[1], memoryview(log)[start : start + size]
        sums = np.array(right, np.uint32)


def _sum(rows: NDArray[np.uint32], start: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The running sums (n, 2) after each of `rows` (n, words), by SQLite's rule; all numbers modulo 2³².

    For each two words x and y: a += x + b, b += y + a. What a row adds does not depend on what came before it.
    """
    import numpy as np

    of_words, of_start = _factors(rows.shape[1])
    words = rows.astype(np.uint32)
    added = [(words * factors).sum(axis=1, dtype=np.uint32) for factors in of_words]
    found, (a, b) = [], start.tolist()
    for more_a, more_b in zip(added[0].tolist(), added[1].tolist(), strict=True):
        (aa, ab), (ba, bb) = of_start
        a, b = (aa * a + ab * b + more_a) % 2**32, (ba * a + bb * b + more_b) % 2**32
        found.append((a, b))
    return np.array(found, np.uint32)


@lru_cache
def _factors(words: int) -> tuple[NDArray[np.uint32], tuple[tuple[int, int], tuple[int, int]]]:
    """How often each of so many words (2, words), and each of the sums before them, is in the sums after them."""
    import numpy as np

    (aa, ab), (ba, bb) = (1, 0), (0, 1)  # what the sums become from the words that follow, from the last one backwards
    of_words = np.zeros((2, words), np.uint32)
    for at in range(words - 2, -1, -2):
        # x is in a once and through a in b; y is in b alone.
        of_words[:, at] = (aa + ab) % 2**32, (ba + bb) % 2**32
        of_words[:, at + 1] = ab, bb
        # a' = a + b, b' = a + 2b
        (aa, ab), (ba, bb) = ((aa + ab) % 2**32, (aa + 2 * ab) % 2**32), ((ba + bb) % 2**32, (ba + 2 * bb) % 2**32)
    return of_words, ((aa, ab), (ba, bb))
