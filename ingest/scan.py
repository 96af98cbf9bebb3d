"""Which files there are: from the folders and files a user names to the sources to read, in one fixed order.

Each folder is a source named by its last part; a document's path is that name and the path inside, in NFC with "/".
What lies inside a known source belongs to it. Links are not followed, so they lead nowhere and loop nowhere.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import DocumentError, LimitError, UsageError
from index.opening import DATABASE
from ingest.ignore import FILE_NAME, Rule, always_ignored, is_ignored, read_rules
from ingest.texts.decoding import decode
from ingest.texts.member_names import decode_name, printable, unique_name

MAX_FILE_BYTES = 256 << 20  # a file is held in memory twice while a worker parses it
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@dataclass(frozen=True, slots=True)
class Root:
    """What one run looks at: the source of that name at `root`, all of it or the `part` of it ("" or "hr/2024")."""

    source: str
    root: Path
    part: str = ""

    @property
    def prefix(self) -> str:
        """The path of the folder or file looked at."""
        return f"{self.source}/{self.part}" if self.part else self.source

    def covers(self, path: str) -> bool:
        """Whether the document at `path` lies in what this run looks at."""
        return path == self.prefix or path.startswith(f"{self.prefix}/")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read; `source` is the name of the source it belongs to, `file` the absolute path on the disk.

    What changes a file, renames it or sets its times moves `ctime_ns`, which no program sets as it does `mtime_ns`: two
    files of one size and time whose names were swapped are told by it. (On Windows it is when the file was made.)
    """

    path: str
    file: Path
    source: str
    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """What is not read, and why; nothing at or below the path of an `unreadable` folder may be taken for gone."""

    path: str
    reason: str
    unreadable: bool = False


def plan_roots(roots: Sequence[Path], known: Mapping[str, Path]) -> list[Root]:
    """What to look at for the paths a user gave, or for every known source when there are none.

    A single file of no known source becomes a source by itself, named "<its folder>/<its name>". Raises UsageError
    when one is missing or cannot be listed.
    """
    if not roots:
        return _outermost([Root(name, _check_known(name, root)) for name, root in sorted(known.items())])
    whole = {name: root for name, root in known.items() if not _is_single(name)}
    folders = {name.split("/")[0]: root.parent if _is_single(name) else root for name, root in known.items()}
    given = [(Path(root).absolute(), _check(Path(root))) for root in roots]
    planned: list[Root] = []
    for asked, path in given:
        if any(path != other and path.is_relative_to(other) for _, other in given):
            continue  # another of the given folders holds it
        holders = [name for name, root in whole.items() if path.is_relative_to(root)]
        holder = max(holders, key=lambda name: len(whole[name].parts), default=None)
        if holder is not None:
            planned.append(Root(holder, whole[holder], _path_inside(whole[holder], path)))
            continue
        single = not path.is_dir()
        folder, title = (path.parent, asked.parent.name) if single else (path, asked.name)
        title = folder.name if title in ("", "..") else title
        name = next((name for name, taken in folders.items() if taken == folder), None)
        if name is None:
            name = unique_name(printable(readable_name(title)) or "root", folders, folder=True)
            folders[name] = folder
        planned.append(Root(f"{name}/{_path_inside(folder, path)}" if single else name, path))
    return _outermost(planned)


def scan(roots: Sequence[Root]) -> Iterator[Source | Skipped]:
    """Every file at the roots, sorted by path, and what is left out of them for a reason a user should know.

    Not named are hidden files, litter of systems and what .ragignore leaves out.
    """
    for root in roots:
        try:
            start, rules = find_start(root)
        except (OSError, DocumentError) as error:
            yield Skipped(root.prefix, f"folder cannot be read ({_why(error)})", unreadable=True)
            continue
        if start is not None:
            yield from _walk(root, start, rules)


def load(source: Source) -> bytes:
    """The bytes of a file as they are at one moment.

    Raises LimitError when it is too large, DocumentError when it cannot be read or changes meanwhile.
    """
    try:
        if not stat.S_ISREG(source.file.lstat().st_mode):
            raise DocumentError("It is no longer a regular file.", "Run ingest again.")
        with source.file.open("rb") as stream:
            before = os.fstat(stream.fileno())
            if before.st_size > MAX_FILE_BYTES:
                raise LimitError(
                    f"The file has {before.st_size >> 20} MiB; more than {MAX_FILE_BYTES >> 20} MiB are not read.",
                    f"Split it, or leave it out with {FILE_NAME}.",
                )
            data = stream.read()
            after = os.fstat(stream.fileno())
    except OSError as error:
        raise DocumentError(
            f"The file cannot be read ({_why(error)}).", "Check its permissions and run ingest again."
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise DocumentError("The file changed while it was read.", "Run ingest again.")
    return data


def find_start(root: Root) -> tuple[Path | None, list[Rule]]:
    """Where the part to look at lies on the disk, None when it is gone, and the rules of the folders above it."""
    here, inside = root.root, ""
    rules: list[Rule] = []
    for name in root.part.split("/") if root.part else ():
        rules += _read_rules(here, inside)
        below = next((entry for shown, entry in _names(here) if shown == name), None)
        if below is None:
            return None, rules
        here, inside = below, f"{inside}/{name}" if inside else name
    return (here if os.path.lexists(here) else None), rules


def _walk(root: Root, start: Path, rules: list[Rule]) -> Iterator[Source | Skipped]:
    """All below `start`, without recursion: folders may nest deeper than Python calls."""
    waiting = [(root.part, start, rules)]
    while waiting:
        inside, here, rules = waiting.pop()
        path = f"{root.source}/{inside}" if inside else root.source
        if not _is_folder(here):
            yield _look(root.source, path, here)
            continue
        try:
            rules = rules + _read_rules(here, inside)
            entries = _names(here)
        except (OSError, DocumentError) as error:
            yield Skipped(path, f"folder cannot be read ({_why(error)})", unreadable=True)
            continue
        if any(entry.name == DATABASE for _, entry in entries):  # this run's own, or another
            yield Skipped(path, "a knowledge base")
            continue
        for name, entry in reversed(entries):
            below = f"{inside}/{name}" if inside else name
            if not always_ignored(name) and not is_ignored(below, is_folder=_is_folder(entry), rules=rules):
                waiting.append((below, entry, rules))


def _is_folder(path: Path) -> bool:
    """A folder itself, not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _look(source: str, path: str, file: Path) -> Source | Skipped:
    try:
        found = file.lstat()
        if stat.S_ISLNK(found.st_mode):
            return Skipped(
                path, f"a link (to {printable(readable_name(str(file.readlink())))}); links are not followed"
            )
    except OSError as error:
        return Skipped(path, f"cannot be read ({_why(error)})", unreadable=True)
    if not stat.S_ISREG(found.st_mode):
        return Skipped(path, f"not a file but {_KINDS.get(stat.S_IFMT(found.st_mode), 'something else')}")
    return Source(path, file, source, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _names(folder: Path) -> list[tuple[str, Path]]:
    """What is in a folder with the names to show, sorted; of names that look the same the later get "-2", "-3" …"""
    with os.scandir(folder) as entries:
        shown = {entry.name: printable(readable_name(entry.name)) or "unnamed" for entry in entries}
    named = {name: folder / name for name, title in shown.items() if name == title}
    for name in sorted(shown.keys() - named.keys(), key=os.fsencode):
        named[unique_name(shown[name], named)] = folder / name
    return sorted(named.items())


def readable_name(name: str) -> str:
    """A name from the disk or the command line; where it is not UTF-8, Python holds its bytes as lone surrogates."""
    try:
        name.encode("utf-8")
        return name
    except UnicodeEncodeError:
        return decode_name(os.fsencode(name))


def _path_inside(root: Path, path: Path) -> str:
    """The path of `path` inside `root` as a scan of all of `root` would name it."""
    shown = []
    for part in path.relative_to(root).parts:
        shown.append(next((name for name, entry in _names(root) if entry.name == part), printable(readable_name(part))))
        root = root / part
    return "/".join(shown)


def _read_rules(folder: Path, inside: str) -> list[Rule]:
    file = folder / FILE_NAME
    return read_rules(decode(file.read_bytes()).text, f"{inside}/" if inside else "") if file.is_file() else []


def _check(path: Path) -> Path:
    try:
        found = path.resolve(strict=True)
        if found.is_dir():
            _names(found)
        elif not found.is_file():
            raise UsageError(f"{path} is neither a folder nor a regular file.", "Name a folder or a file.")
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist.", "Check the path; nothing was changed.") from error
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"{path} cannot be read ({_why(error)}).", "Check its permissions; nothing was changed."
        ) from error
    return found


def _check_known(name: str, root: Path) -> Path:
    """A single file may be gone, its folder may not: then a disk is not there, and nothing is to be removed."""
    try:
        _check(root.parent if _is_single(name) else root)
    except UsageError as error:
        if os.path.lexists(root):  # not gone, but unreadable or something else
            raise
        raise UsageError(error.message, f"Bring it back, or take it out with: rag rm {shlex.quote(name)}") from error
    return root


def _is_single(name: str) -> bool:
    """Whether a source is one file, given alone."""
    return "/" in name


def _outermost(roots: list[Root]) -> list[Root]:
    """Without those that another one covers."""
    kept = dict.fromkeys(roots)
    return [root for root in kept if not any(other != root and other.covers(root.prefix) for other in kept)]


def _why(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
