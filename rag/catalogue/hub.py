"""The child that talks to a model hub with huggingface_hub: the only process in which the offline switches are lifted.

Files are fetched by `rag.setup.fetch`, which goes on at the byte it stopped at: huggingface_hub (2.4) gives every
download a new temporary file and deletes it when it is interrupted, so 5 GB would begin again. Its own part is what a
hub and its mirrors differ in: addresses, tokens, proxies, redirects, and what files there are.
"""

from __future__ import annotations

import hashlib
import importlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from index.errors import MissingError, ModelError, RagError, UsageError
from index.files import PIECE, write_file
from index.platform import make_private_folder
from ingest.worker import Handler, Limits, Message, Payload, Worker
from rag.setup.fetch import Step, fetch_originals
from rag.setup.originals import Original
from rag.setup.places import NOTHING_LEFT, SECONDS_TO_ANSWER, hub_address, may_be_fetched, skip_bytes

TARGET = "rag.catalogue.hub:serve"
# "0" and not deleted, because `rag` sets the switches that are not there. Xet would fetch in pieces of its own, which
# mirrors do not have and which cannot be resumed by byte.
ENVIRONMENT = {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
LIMITS = Limits(network=True, output=1 << 44)
SMALL = 64 << 20  # bytes: files of text, kept in memory and checked by git's hash; weights have a SHA-256


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a repository; `sha256` "" for small ones, which have git's own hash (`git_sha1`)."""

    path: str
    bytes: int
    sha256: str = ""
    git_sha1: str = ""


def list_repository(repository: str) -> list[Entry]:
    """The files of a repository on the hub; raises MissingError when it cannot be asked."""
    with Worker(TARGET, limits=LIMITS, environment=ENVIRONMENT) as worker:
        reply, _ = worker.call({"do": "list", "repository": repository})
    return [Entry(**entry) for entry in reply["files"]]


def fetch_files(repository: str, entries: list[Entry], folder: Path) -> Iterator[Step]:
    """Put files of a repository into `folder`, checked; those already there are kept. A killed run is taken up."""
    request = {
        "do": "fetch",
        "repository": repository,
        "files": [asdict(entry) for entry in entries],
        "folder": str(folder),
    }
    with Worker(TARGET, limits=LIMITS, environment=ENVIRONMENT) as worker:
        for reply, _ in worker.stream(request):
            yield Step(**reply)


def serve() -> Handler:
    """The handler of ingest.worker for `list` and `fetch` requests."""

    def handle(request: Payload, _: list[bytes], __: Callable[[], bool]) -> Iterator[Message]:
        hub = _Hub(request["repository"])
        if request["do"] == "list":
            yield {"files": [asdict(entry) for entry in hub.list()]}, []
            return
        folder = Path(request["folder"])
        for entry in (Entry(**fields) for fields in request["files"]):
            for step in _fetch(hub, entry, folder):
                yield asdict(step), []

    return handle


def _fetch(hub: _Hub, entry: Entry, folder: Path) -> Iterator[Step]:
    path = PurePosixPath(entry.path)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.path:
        raise ModelError(f"{hub.name} names a file {entry.path!r}, which would land elsewhere.", "Use another hub.")
    make_private_folder(folder / path.parent)
    # A file that the catalogue names lands under its own name; those of a repository keep their folders.
    original = Original(path.name, entry.sha256, entry.bytes, repository=hub.repository, path=entry.path)
    if entry.sha256:
        yield from fetch_originals([original], folder / path.parent, [hub])
        return
    if entry.bytes > SMALL:
        raise ModelError(f"{hub.name} gives no SHA-256 for {entry.path}.", "Use another hub.")
    with hub.open(original, 0) as stream:
        content = stream.read(SMALL + 1)
    found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if entry.git_sha1 and found != entry.git_sha1:
        raise ModelError(f"{hub.name} gave other content than {entry.path}: its git hash is {found}.", "Try again.")
    write_file(folder / path, [content])
    yield Step(f"{entry.path} is here.")


class _Hub:
    """One repository on the hub, or on the mirror that HF_ENDPOINT names: a Place for `rag.setup.fetch`."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self.name = hub_address()
        if not may_be_fetched(self.name):
            raise UsageError(f"HF_ENDPOINT is {self.name}: only https addresses are fetched.", "Change HF_ENDPOINT.")

    def list(self) -> list[Entry]:
        with self._translated(self.repository):
            from huggingface_hub import HfApi

            found = HfApi(endpoint=self.name).model_info(
                self.repository, files_metadata=True, timeout=SECONDS_TO_ANSWER
            )
            return [
                Entry(
                    entry.rfilename,
                    entry.size or 0,
                    entry.lfs.sha256 if entry.lfs else "",
                    "" if entry.lfs else entry.blob_id or "",
                )
                for entry in found.siblings or ()
            ]

    @contextmanager
    def open(self, original: Original, start: int) -> Iterator[IO[bytes]]:
        with self._translated(original.name):
            import huggingface_hub

            utils: Any = importlib.import_module("huggingface_hub.utils")  # what it exports is not declared

            address = huggingface_hub.hf_hub_url(original.repository, original.path, endpoint=self.name)
            headers = {**utils.build_hf_headers(), "Accept-Encoding": "identity"}
            if start:
                headers["Range"] = f"bytes={start}-"
            session = utils.get_session()
            with session.stream(
                "GET", address, headers=headers, follow_redirects=True, timeout=SECONDS_TO_ANSWER
            ) as reply:
                if start and reply.status_code == NOTHING_LEFT:
                    yield io.BytesIO()
                    return
                if reply.status_code >= 400:
                    reply.read()
                utils.hf_raise_for_status(reply)
                stream = io.BufferedReader(_Pieces(reply.iter_bytes(PIECE)), PIECE)
                if reply.status_code != 206:  # a mirror that begins at the beginning all the same
                    skip_bytes(stream, start)
                yield stream

    @contextmanager
    def _translated(self, subject: str) -> Iterator[None]:
        """Whatever huggingface_hub or its HTTP library raises, as ours."""
        try:
            yield
        except RagError:
            raise
        except ImportError as error:
            raise MissingError("huggingface_hub is not installed.", "Run `pip install huggingface_hub`.") from error
        except Exception as error:
            kind = type(error).__name__
            if kind == "GatedRepoError":
                step = f"Accept its licence at {self.name}/{self.repository}, then set HF_TOKEN to your token."
            else:
                step = "Check the network, the proxy variables and HF_ENDPOINT; what came is kept."
            reason = str(error).strip().splitlines() or [kind]
            raise MissingError(f"{self.name} does not give {subject}: {reason[0].rstrip('.')}.", step) from error


class _Pieces(io.RawIOBase):
    """A stream over an iterator of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        size = min(len(self._rest), len(buffer))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
