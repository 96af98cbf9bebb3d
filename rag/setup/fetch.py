"""Get a pinned file from the first place that has it, and keep it only when its content is the pinned one."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.errors import MissingError, ModelError, RagError, StoreError
from index.files import PIECE, hash_file
from index.platform import make_private_folder, sync_file, sync_folder
from rag.setup.originals import Original
from rag.setup.places import Place

SLACK = 1.01  # sizes are known within 1 %; a stream that goes on after that is not the file
EVERY = 16  # pieces between two reports of progress


@dataclass(frozen=True, slots=True)
class Step:
    """What setup does now, as a sentence ("" when only `done` moves on); `done` and `total` are bytes, or both 0."""

    text: str
    done: int = 0
    total: int = 0


def fetch_originals(originals: Sequence[Original], folder: Path, places: Sequence[Place]) -> Iterator[Step]:
    """Put each of `originals` into `folder`, from the first place that has it; those already there are kept.

    An interrupted run goes on at the byte it stopped at. Raises MissingError with what every place said when none has a
    file, ModelError when a place gave other content than the pinned, StoreError when the disk is full.
    """
    make_private_folder(folder)
    for original in originals:
        target = folder / original.name
        if target.is_file() and hash_file(target) == original.sha256:
            yield Step(f"{original.name} is here already.")
            continue
        check_room(original.name, folder, original.size * SLACK - size_of(part_of(target)))
        yield from _fetch(original, target, places)


def check_room(name: str, folder: Path, needed: float) -> None:
    """Raise StoreError when `folder` has not as many bytes free as are still `needed` for what is called `name`."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"{name} needs {needed / 1e9:.1f} GB, and {folder} has {free / 1e9:.1f} GB free.",
            "Free some space, or set RAG_MODELS to a folder on another disk.",
        )


def part_of(target: Path) -> Path:
    """Where a file is until all of it is here."""
    return target.with_name(f".{target.name}.part")


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def _fetch(original: Original, target: Path, places: Sequence[Place]) -> Iterator[Step]:
    failures: list[RagError] = []
    part = part_of(target)
    for place in places:
        yield Step(f"Fetching {original.name} ({original.size / 1e6:,.0f} MB) from {place.name}.")
        try:
            yield from _download(original, part, place)
        except MissingError as error:
            failures.append(error)
            continue
        part.replace(target)
        sync_folder(target.parent)
        yield Step(f"{original.name} is verified.", original.size, original.size)
        return
    said = " ".join(failure.message for failure in failures)
    kind = ModelError if any(isinstance(failure, ModelError) for failure in failures) else MissingError
    raise kind(said, "Try again, or carry the files here: `rag setup --download-to DIR` there, `--from DIR` here.")


def _download(original: Original, part: Path, place: Place) -> Iterator[Step]:
    """Fill `part` up with the rest of the file, and check the whole."""
    done = size_of(part)
    try:
        with closing(_pieces(original, done, place)) as pieces, part.open("ab") as file:
            for number, piece in enumerate(pieces):
                done += len(piece)
                if done > original.size * SLACK:
                    break
                file.write(piece)
                if number % EVERY == 0:
                    yield Step("", done, original.size)
            file.flush()
            sync_file(file.fileno())
    except OSError as error:
        raise StoreError(f"{part} cannot be written: {error}.", "Free some space, run it again.") from error
    if done * SLACK < original.size:
        raise MissingError(f"{place.name} ended {original.name} early; what came is kept.", "Run it again.")
    found = hash_file(part)
    if found != original.sha256:
        part.unlink()
        raise ModelError(f"{place.name} gave other content than {original.name}: its SHA-256 is {found}.", "")


def _pieces(original: Original, start: int, place: Place) -> Generator[bytes]:
    """What a place gives. It takes every OSError for its own, so none of the disk's may reach it."""
    with place.open(original, start) as stream:
        yield from iter(lambda: stream.read(PIECE), b"")
