"""What may be on a disk after a power cut, worked out from the log of faults.c.

The strict reading of POSIX (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014): what was written to a
file is there for sure once the file was synced, a name once its folder was. Anything later may be there, in part or not
at all, writes in any order and torn at sectors of 512 bytes; changes of names in their order, as journals keep them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
LEAST, MOST, SOME = "least", "most", "some"  # of what is not for sure


@dataclass(slots=True)
class File:
    """`changes` are writes (position, data) and new sizes (size, None); the first `sure` of them are on the disk."""

    changes: list[tuple[int, bytes | None]] = field(default_factory=list)
    sure: int = 0

    def content(self, keep: str, chance: random.Random) -> bytes:
        data = bytearray()
        for number, (at, piece) in enumerate(self.changes):
            if number >= self.sure and (keep == LEAST or (keep == SOME and chance.random() < 0.5)):
                continue
            if piece is None:
                data = data[:at] if at <= len(data) else data + bytes(at - len(data))
                continue
            if number >= self.sure and keep == SOME:
                piece = piece[: SECTOR * chance.randrange(len(piece) // SECTOR + 2)]
            data += bytes(max(0, at - len(data)))
            data[at : at + len(piece)] = piece
        return bytes(data)


@dataclass(slots=True)
class Change:
    """One step in the names: these are taken away, and these given; a folder's file is None."""

    folders: set[str]
    gone: tuple[str, ...] = ()
    new: tuple[tuple[str, File | None], ...] = ()
    sure: bool = False


class Disk:
    """The folder `root` as it was when the log began, and all that happened since."""

    def __init__(self, root: Path) -> None:
        self.names: dict[str, File | None] = {}
        self.changes: list[Change] = []
        self.told: dict[str, str] = {}
        self._inodes: dict[int, str] = {}
        for path in sorted(root.rglob("*")):
            held = None if path.is_dir() else File([(0, path.read_bytes())], 1)
            self.names[str(path)] = held
            self.changes.append(Change(set(), (), ((str(path), held),), True))

    def happen(self, name: str, inode: int, path: str, other: str, position: int, data: bytes) -> None:
        """Take in one line of the log."""
        if name == "create":
            self._inodes[inode] = path
        file = self.names.get(path)
        if name == "tell":
            for line in data.decode().splitlines():
                self.told.update([line.split()])  # type: ignore[list-item]
        elif name in ("write", "ftruncate") and file is not None:
            file.changes.append((position, data if name == "write" else None))
        elif name in ("fsync", "fdatasync"):
            self._notice_renames(path, data)
            if file is not None:
                file.sure = len(file.changes)
            for change in self.changes:
                change.sure = change.sure or path in change.folders
        elif name in ("create", "mkdir"):
            self._rename((), ((path, File() if name == "create" else None),))
        elif name in ("unlink", "rmdir"):
            self._rename((path,), ())
        elif name == "rename":
            inside = [kept for kept in self.names if kept.startswith(f"{path}/")]
            moved = tuple((other + kept[len(path) :], self.names[kept]) for kept in (path, *inside))
            self._rename((path, *inside), moved)
        elif name == "link":
            self._rename((), ((other, file),))

    def _notice_renames(self, folder: str, listing: bytes) -> None:
        """A folder that is synced shows what was renamed in it by calls that the layer does not see."""
        for line in listing.decode().splitlines():
            inode, _, name = line.partition(" ")
            path, former = f"{folder}/{name}", self._inodes.get(int(inode), "")
            if former in self.names and former != path and not Path(path).name.startswith(".tmp"):
                if self.names.get(path) is not self.names[former]:
                    self._rename((former,), ((path, self.names[former]),))
                self._inodes[int(inode)] = path

    def _rename(self, gone: tuple[str, ...], new: tuple[tuple[str, File | None], ...]) -> None:
        touched = [*gone[:1], *(name for name, _ in new[:1])]
        self.changes.append(Change({str(Path(name).parent) for name in touched}, gone, new))
        for name in gone:
            self.names.pop(name, None)
        self.names.update(new)

    def after_the_cut(self, keep: str, chance: random.Random) -> dict[str, bytes | None]:
        """The names and contents of one outcome that may be."""
        unsure = [change for change in self.changes if not change.sure]
        last = {LEAST: 0, MOST: len(unsure), SOME: chance.randint(0, len(unsure))}[keep]
        kept = {id(change) for change in unsure[:last]}
        names: dict[str, File | None] = {}
        for change in self.changes:
            if change.sure or id(change) in kept:
                for name in change.gone:
                    names.pop(name, None)
                names.update(change.new)
        return {name: file and file.content(keep, chance) for name, file in sorted(names.items())}


def put(found: dict[str, bytes | None], root: Path, place: Path) -> None:
    """Make these files in `place` in the stead of `root`; what lies in a folder that is not there is lost."""
    for name, content in found.items():
        path = place / Path(name).relative_to(root)
        if not path.parent.is_dir():
            continue
        if content is None:
            path.mkdir(mode=0o700)
        else:
            path.write_bytes(content)
            path.chmod(0o600)


def read_log(path: Path) -> Iterator[tuple[str, int, str, str, int, bytes]]:
    """The calls in their order: name, inode, path, other path, position or size, data."""
    with path.open("rb") as file:
        while line := file.readline():
            name, inode, first, second, position, size = line.rstrip(b"\n").split(b"\t")
            yield name.decode(), int(inode), first.decode(), second.decode(), int(position), file.read(int(size))
