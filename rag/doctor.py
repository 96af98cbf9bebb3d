"""``rag doctor``: everything a question needs, looked at one by one, with the command that mends what is not fine."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import RagError
from ingest.worker import Limits, Worker

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase
    from rag.settings import Settings

LIBRARIES = ("llama-cpp-python", "faiss-cpu", "tantivy", "sudachipy", "sudachidict-core", "pypdfium2", "pypdf")
EXTRAS = {
    "ocr": "rapidocr",
    "unstructured": "unstructured",
    "mlx": "mlx",
    "sentence-transformers": "sentence-transformers",
}
OFFLINE = "rag.offline:serve"
FREE = 1 << 30  # bytes: an index of some hundred thousand chunks, and a model state beside it


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is fine, what was found, and the command that mends it."""

    subject: str
    fine: bool
    found: str
    next: str = ""


def examine(kb: str | None) -> Iterator[Check]:
    """Python, libraries, extras, the disk, settings, models, and the knowledge base in force."""
    yield Check("Python", sys.version_info >= (3, 11), sys.version.split()[0], "Install Python 3.11 or later.")
    for name in LIBRARIES:
        found = _version(name)
        yield Check(name, bool(found), found or "missing", "" if found else f"Install it: pip install {name}")
    for extra, name in EXTRAS.items():
        yield Check(f"extra {extra}", True, _version(name) or "not installed (optional)")
    from rag.settings import find_knowledge_base, load_settings

    folder = find_knowledge_base(kb)
    yield _disk(folder)
    try:
        settings = load_settings(folder)
    except RagError as error:
        yield Check("settings", False, error.message, error.next)
        return
    yield from _models(settings)
    yield from _knowledge_base(folder)


def examine_offline(kb: str | None) -> Iterator[Check]:
    """The same in a child process that has no network, and there a document read and a question asked, by every part.

    Nothing that needs a connection can pass here.
    """
    with Worker(OFFLINE, limits=Limits(network=False, output=1 << 40)) as worker:
        for reply, _ in worker.stream({"kb": kb}):
            yield Check(**reply)


def as_payload(check: Check) -> dict[str, object]:
    """A check as a message between processes."""
    return asdict(check)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _disk(folder: Path) -> Check:
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    step = "Free some space, or keep the knowledge base on another disk: --kb DIR"
    return Check("disk", free > FREE, f"{free / 1e9:.1f} GB free for {folder}", step)


def _models(settings: Settings) -> Iterator[Check]:
    """Each model that the settings name: its file whole, and small enough for this machine's memory."""
    from rag.machine import read_machine

    yield from _model("embedding model", settings.embed_model)
    yield from _model("instruct model", settings.model)
    needed = sum(_memory(name) for name in (settings.embed_model, settings.model))
    memory = read_machine().memory
    if needed and memory:
        found = f"the models take about {needed / 1e9:.1f} of {memory / 1e9:.1f} GB"
        yield Check("memory", needed < memory, found, "Choose smaller models: rag models recommend")


def _model(subject: str, name: str) -> Iterator[Check]:
    from ingest.models.gguf_header import read_header
    from rag.setup.bundled import find_bundled, verify_bundled

    if not name:
        yield Check(subject, False, "none chosen", "Choose and fetch models: rag setup")
        return
    runtime, _, place = name.partition(":")
    path = Path(place).expanduser()
    if runtime != "llamacpp":
        yield Check(subject, True, name)
        return
    if not path.is_file():
        yield Check(subject, False, f"{path} is gone", "Fetch it again: rag setup")
        return
    try:
        header = read_header(path)
    except RagError as error:
        yield Check(subject, False, error.message, error.next)
        return
    made_here = {model.file for model in find_bundled(path.parent).values()}
    damage = [finding for finding in verify_bundled(path.parent) if str(path) in finding] if made_here else []
    found = damage[0] if damage else f"{name} ({header.architecture}, {header.size / 1e6:.0f} MB)"
    yield Check(subject, not damage, found, "Make it again: rag setup --bundled" if damage else "")


def _memory(name: str) -> int:
    from ingest.models.gguf_header import read_header
    from rag.catalogue.memory import estimate_file_memory

    runtime, _, place = name.partition(":")
    path = Path(place).expanduser()
    if runtime != "llamacpp" or not path.is_file():
        return 0
    try:
        return estimate_file_memory(read_header(path)).total
    except RagError:
        return 0


def _knowledge_base(folder: Path) -> Iterator[Check]:
    from rag.knowledge_base import open_knowledge_base

    try:
        with open_knowledge_base(folder, create=False) as base:
            chunks = base.index.store.count_chunks()
            yield Check("knowledge base", chunks > 0, f"{folder}: {chunks} chunks", "Add documents: rag ingest FOLDER")
            waiting = base.count_waiting()
            yield Check("vectors", not waiting, f"{waiting} chunks wait", "Make them: rag ingest")
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
    found = f"{len(hits)} passages for words of {listing.path} in {seconds:.2f} s"
    return Check("search", bool(hits), found, "Look for damage: rag verify")
