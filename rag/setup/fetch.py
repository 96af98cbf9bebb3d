"""Get a pinned file from the first place that has it, and keep it only when its content is the pinned one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from index.errors import DamagedError, MissingError, RagError
from index.files import hash_file, write_file
from index.platform import make_private_folder
from rag.setup.originals import Original
from rag.setup.places import PIECE, Place

STALE_SECONDS = 3600  # a temporary file older than this belongs to a run that was killed


@dataclass(frozen=True, slots=True)
class Step:
    """What setup is doing now, as a sentence; `done` and `total` are bytes, 0 when they say nothing."""

    text: str
    done: int = 0
    total: int = 0


def fetch_originals(originals: Sequence[Original], folder: Path, places: Sequence[Place]) -> Iterator[Step]:
    """Put each of `originals` into `folder`, from the first place that has it; those already there are kept.

    An interrupted run is taken up at the file it stopped at. Raises MissingError with what every place said when none
    has a file, DamagedError when a place gave other content than the pinned.
    """
    make_private_folder(folder)
    _clear_stale(folder)
    for original in originals:
        target = folder / original.name
        if target.is_file() and target.stat().st_size == original.size and hash_file(target) == original.sha256:
            yield Step(f"{original.name} is here already.")
            continue
        yield from _fetch(original, target, places)


def _fetch(original: Original, target: Path, places: Sequence[Place]) -> Iterator[Step]:
    failures: list[RagError] = []
    for place in places:
        yield Step(f"Fetching {original.name} ({original.size / 1e6:.0f} MB) from {place.name}.")
        try:
            with place.open(original) as stream:
                written = write_file(target, _read(stream, original))
        except (MissingError, DamagedError) as error:
            failures.append(error)
            continue
        if written == original.sha256:
            yield Step(f"{original.name} is verified.", original.size, original.size)
            return
        target.unlink()
        failures.append(
            DamagedError(f"{place.name} gave a file that is not {original.name}: its SHA-256 is {written[:16]}….", "")
        )
    said = " ".join(failure.message for failure in failures)
    kind = DamagedError if any(isinstance(failure, DamagedError) for failure in failures) else MissingError
    raise kind(said, failures[-1].next or "Try again, or carry the files here (`rag setup --download-to`, `--from`).")


def _read(stream: IO[bytes], original: Original) -> Iterator[bytes]:
    """The stream's bytes; stops with DamagedError as soon as there are more than the pinned file has."""
    left = original.size
    while piece := stream.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise DamagedError(f"A file larger than {original.name} came in its place.", "")
        yield piece


def _clear_stale(folder: Path) -> None:
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                leftover.unlink()
