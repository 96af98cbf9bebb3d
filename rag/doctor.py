"""``rag doctor``: everything a question needs, looked at one by one, with the command that mends what is not fine."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import RagError
from ingest.worker import Limits, Worker
from rag.screen import counted

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

LIBRARIES = ("llama-cpp-python", "faiss-cpu", "tantivy", "sudachipy", "sudachidict-core", "pypdfium2", "pypdf")
EXTRAS = {
    "ocr": "rapidocr",
    "unstructured": "unstructured",
    "mlx": "mlx",
    "sentence-transformers": "sentence-transformers",
}
OFFLINE = "rag.offline:serve"
CLOSED = "Check its permissions, or keep the knowledge base elsewhere: --kb DIR"
FREE = 1 << 30  # bytes: an index of some hundred thousand chunks, and a model state beside it


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is fine, what was found, and the command that mends it."""

    subject: str
    fine: bool
    found: str
    next: str = ""


def examine(kb: str | None, *, offline: bool = False) -> Iterator[Check]:
    """Python, libraries, extras, the disk, settings, models, and the knowledge base in force.

    `offline` says that there is no network, so that no server is looked for.
    """
    yield Check("Python", sys.version_info >= (3, 11), sys.version.split()[0], "Install Python 3.11 or later.")
    for name in LIBRARIES:
        found = _version(name)
        yield Check(name, bool(found), found or "missing", "" if found else f"Install it: pip install {name}")
    for extra, name in EXTRAS.items():
        yield Check(f"extra {extra}", True, _version(name) or "not installed (optional)")
    from rag.model_checks import check_models
    from rag.settings import find_knowledge_base, load_settings

    folder = find_knowledge_base(kb)
    yield _disk(folder)
    try:
        settings = load_settings(folder)
    except RagError as error:
        yield Check("settings", False, error.message, error.next)
        return
    yield from check_models(settings, offline=offline)
    yield from _knowledge_base(folder)


def examine_offline(kb: str | None) -> Iterator[Check]:
    """The same in a child process that has no network, and there a document read and a question asked, by every part.

    Nothing that needs a connection can pass here.
    """
    with Worker(OFFLINE, limits=Limits(network=False, output=1 << 40)) as worker:
        for reply, _ in worker.stream({"kb": kb}):
            yield Check(**reply)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _disk(folder: Path) -> Check:
    place = folder
    try:
        while not place.exists():
            place = place.parent
    except OSError as error:
        return Check("disk", False, f"{place}: {error.strerror}", CLOSED)
    if place != folder and not os.access(place, os.W_OK):
        return Check("disk", False, f"{place} cannot be written, and {folder} would lie in it", CLOSED)
    free = shutil.disk_usage(place).free
    step = "Free some space, or keep the knowledge base on another disk: --kb DIR"
    return Check("disk", free > FREE, f"{free / 1e9:.1f} GB free for {folder}", step)


def _knowledge_base(folder: Path) -> Iterator[Check]:
    from rag.knowledge_base import open_knowledge_base

    try:
        with open_knowledge_base(folder, create=False) as base:
            with base.index.store.reading():
                chunks = base.index.store.count_chunks()
            found = f"{folder}: {counted(chunks, 'chunk')}"
            yield Check("knowledge base", chunks > 0, found, "Add documents: rag ingest FOLDER")
            waiting = base.count_waiting()
            yield Check("vectors", not waiting, f"{counted(waiting, 'chunk')} without one", "Make them: rag ingest")
            if chunks:
                yield _search(base)
    except RagError as error:
        yield Check("knowledge base", False, error.message, error.next)


def _search(base: KnowledgeBase) -> Check:
    """A search for words that stand in the first document: the whole way but the instruct model."""
    listing = base.documents()[0]
    words = " ".join(base.text(listing.path).split()[:8])
    start = time.perf_counter()
    hits = base.search(words or listing.path, k=3)
    seconds = time.perf_counter() - start
    found = f"{counted(len(hits), 'passage')} for words of {listing.path} in {seconds:.2f} s"
    return Check("search", bool(hits), found, "Look for damage: rag verify")
