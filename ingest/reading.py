"""Turns the bytes of files into Documents, each in a worker process with limits, several at once.

A worker serves many files and is replaced after one that hung, crashed or used too much.
"""

from __future__ import annotations

import hashlib
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, TypeVar

from index.errors import DocumentError, LimitError, MissingError, RagError, UnsupportedError
from index.types import Block, Document, Kind, Member
from ingest.parsers import ParseOptions, find_parser
from ingest.parsers.archive import EXTENSIONS as ARCHIVES
from ingest.worker import Handler, Limits, Worker, WorkerError

# What decides how a file is read: a change in any of it may read more, so what the former code read is read again.
CODE = ("parsers", "texts", "pages", "office", "text_builder.py", "sentences.py", "chunk.py")
MEMORY = 4 << 30  # address space of a worker: OCR maps about 2 GB, of which it touches a quarter
# What the process that stores documents has to hold of each at once, several times over: together below 500 MB.
MAX_TEXT_BYTES = 64 << 20  # ten million words
OUTPUT = 256 << 20  # text, and files inside
LARGE = 32 << 20  # bytes of a file from which it is read alone; so are archives, whose size says little
SILENCE = 60.0  # seconds for a small file or a page of one, which OCR reads in 4 to 8; a hang costs no more than this
SILENCE_PER_MB = 5.0  # the slowest readers take about a second a megabyte
SECONDS = 3600.0  # for any file: a scanned book of 500 pages on a slow machine

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one file: a document, or the error that says why there is none."""

    document: Document | None
    error: RagError | None


class Reader:
    """A pool of worker processes that parse; use it in a ``with`` block."""

    def __init__(self, options: ParseOptions, jobs: int) -> None:
        self.options = options
        self.jobs = jobs
        limits = Limits(memory=MEMORY, files=256, output=OUTPUT, polite=True)
        self._workers: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._all = [Worker("ingest.reading:serve", limits=limits) for _ in range(jobs)]
        for worker in self._all:
            self._workers.put(worker)
        self._threads = ThreadPoolExecutor(jobs)
        self._ended = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.close()

    def read(self, name: str, data: bytes) -> Reading:
        """Parse one file, named so that its extension tells the format; never raises for a bad file."""
        try:
            check_readable(PurePosixPath(name).suffix)
            with self._worker() as worker:
                return Reading(self._parse(worker, name, data), None)
        except WorkerError as error:
            return Reading(None, _explain(error))
        except RagError as error:
            return Reading(None, error)

    def read_each(
        self,
        files: Iterable[_Key],
        load: Callable[[_Key], tuple[str, bytes]],
        alone: Callable[[_Key], bool] = lambda _: False,
    ) -> Iterator[tuple[_Key, Reading]]:
        """Parse many files at once and yield them in the order given.

        `load` gives a file's name and bytes; those for which `alone` holds are read while no other is.
        """

        def work(file: _Key) -> Reading:
            try:
                return self.read(*load(file))
            except RagError as error:
                return Reading(None, error)

        ahead: deque[tuple[_Key, Future[Reading]]] = deque()
        for file in files:
            large = alone(file)
            while ahead and (large or len(ahead) > 2 * self.jobs):  # enough for every worker, few enough to hold
                key, future = ahead.popleft()
                yield key, future.result()
            if large:
                yield file, work(file)
            else:
                ahead.append((file, self._threads.submit(work, file)))
        while ahead:
            key, future = ahead.popleft()
            yield key, future.result()

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        worker = self._workers.get()
        try:
            if self._ended:  # a file that was on its way when the run was interrupted starts no worker any more
                raise DocumentError("The run has ended.", "Run ingest again.")
            yield worker
        finally:
            self._workers.put(worker)

    def _parse(self, worker: Worker, name: str, data: bytes) -> Document:
        request = {"name": name, "passwords": self.options.passwords, "ocr": self.options.ocr}
        silence = SILENCE + SILENCE_PER_MB * len(data) / 1e6
        reply, blobs = worker.call(request, [data], seconds=SECONDS, silence=silence)
        return unpack_document(reply, blobs)


def _explain(error: WorkerError) -> RagError:
    """A worker's end as what it means for the file."""
    if error.cause == "time":
        return LimitError(f"Reading was given up: {error.message.lower()}", "Split the file, or save it again.")
    if error.cause == "memory":
        return LimitError("Reading needed more memory than allowed.", "Split the file, or save it again.")
    return DocumentError(f"The reader of this format failed: {error.message}", "Save the file again in its program.")


def is_large(path: str, size: int) -> bool:
    """Whether a file is read alone, because it or what it holds may take much memory."""
    return size >= LARGE or PurePosixPath(path).suffix.lower() in ARCHIVES


def reader_version(path: str, options: ParseOptions) -> str:
    """What reads this file, in so far as it may read more of it another time."""
    module = find_parser(PurePosixPath(path).suffix)
    name = module.__name__.rpartition(".")[2] if module else "none"
    extras = "ocr" if name in ("pdf", "image") and options.ocr and find_spec("rapidocr") else ""
    return "/".join((code_version(), name, extras))


def attempt_version(path: str, options: ParseOptions) -> str:
    """The same for a file that could not be read: a library, a program or another password may open it, where one that
    was read needs none. Without passwords it is how the version with any of them begins."""
    module = find_parser(PurePosixPath(path).suffix)
    helpers = [library for library in getattr(module, "REQUIRES", ()) if find_spec(library)]
    helpers += getattr(module, "programs", list)()
    secrets = hashlib.sha256("\0".join(options.passwords).encode()).hexdigest()[:8] if options.passwords else ""
    return "/".join((reader_version(path, options), "+".join(helpers), secrets))


@cache
def code_version() -> str:
    """A hash of the code that reads. Nobody has to remember to raise a number when a parser gets better."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for part in CODE for file in folder.glob(part if "." in part else f"{part}/**/*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def check_readable(extension: str) -> None:
    """Raise UnsupportedError when nothing reads this extension."""
    if find_parser(extension) is None:
        known = extension or "a name without extension"
        raise UnsupportedError(f"no reader for {known}", "Save it as PDF, docx or text.")


def serve() -> Handler:
    """The worker's side: one request a file."""
    return _handle


def _handle(
    request: dict[str, Any], blobs: list[bytes], cancelled: Callable[[], bool]
) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    name = request["name"]
    module = find_parser(PurePosixPath(name).suffix)
    assert module is not None, "Reader.read looked before"
    steps: queue.SimpleQueue[bool] = queue.SimpleQueue()  # True: still at work; False: done
    options = ParseOptions(tuple(request["passwords"]), request["ocr"], lambda: steps.put(True))
    with ThreadPoolExecutor(1) as thread:
        parsing = thread.submit(_parse, module, name, blobs[0], options)
        parsing.add_done_callback(lambda _: steps.put(False))
        while steps.get():
            yield {"alive": True}, []
    yield pack_document(parsing.result())


def _parse(module: ModuleType, name: str, data: bytes, options: ParseOptions) -> Document:
    try:
        return module.parse(name, data, options)  # type: ignore[no-any-return]
    except ImportError as error:
        extra = getattr(module, "EXTRA", "")
        raise MissingError(
            f"reading this format needs {error.name}", f"Run: pip install 'tebiki-rag[{extra}]'" if extra else ""
        ) from error
    except RecursionError as error:
        raise LimitError("It is nested too deeply.", "Save the file again in its program.") from error
    except DocumentError as error:
        if data:
            raise
        raise DocumentError(f"{name} is empty (0 bytes).", "Get a complete copy of the file.") from error


def pack_document(document: Document) -> tuple[dict[str, Any], list[bytes]]:
    """A document as one message; `unpack_document` gives it back. Raises LimitError when it holds too much text."""
    text = document.text.encode("utf-8", "replace")
    if len(text) > MAX_TEXT_BYTES:
        raise LimitError(
            f"It holds {len(text) >> 20} MiB of text; more than {MAX_TEXT_BYTES >> 20} MiB are not read.", "Split it."
        )
    head = {
        "title": document.title,
        "blocks": [[b.start, b.end, b.kind, b.level, b.page, b.line, b.sheet] for b in document.blocks],
        "page_labels": document.page_labels,
        "pages": document.pages,
        "date": document.date,
        "warnings": document.warnings,
        "members": [member.name for member in document.members],
    }
    return head, [text, *(member.data for member in document.members)]


def unpack_document(head: dict[str, Any], blobs: list[bytes]) -> Document:
    """The document in a message; raises DocumentError when it is none, or its ranges do not fit its text."""
    try:
        text = blobs[0].decode("utf-8")
        blocks = tuple(Block(b[0], b[1], Kind(b[2]), *b[3:]) for b in head["blocks"])
        ends = [0, *(edge for block in blocks for edge in (block.start, block.end)), len(text)]
        whole = ends == sorted(ends)
        members = tuple(Member(name, data) for name, data in zip(head["members"], blobs[1:], strict=True))
        labels, warnings = tuple(head["page_labels"]), tuple(head["warnings"])
        document = Document(head["title"], text, blocks, labels, head["pages"], head["date"], warnings, members)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DocumentError("The reader of this format gave no document.", "Please report this file.") from error
    if not whole:
        raise DocumentError(
            "The reader of this format gave ranges that do not fit the text.", "Please report this file."
        )
    return document
