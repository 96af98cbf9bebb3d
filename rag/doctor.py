"""``rag doctor``: everything a question needs, looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.errors import RagError

LIBRARIES = ("llama-cpp-python", "faiss-cpu", "tantivy", "sudachipy", "sudachidict-core", "pypdfium2", "pypdf")
EXTRAS = {
    "ocr": "rapidocr",
    "unstructured": "unstructured",
    "mlx": "mlx",
    "sentence-transformers": "sentence-transformers",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is fine, what was found, and the command that mends it."""

    subject: str
    fine: bool
    found: str
    next: str = ""


def examine(kb: str | None) -> Iterator[Check]:
    """Libraries, models, settings, and the knowledge base in force."""
    for name in LIBRARIES:
        yield _library(name)
    for extra, name in EXTRAS.items():
        found = _version(name)
        yield Check(f"extra {extra}", True, found or "not installed (optional)")
    yield from _knowledge_base(kb)


def _library(name: str) -> Check:
    found = _version(name)
    return Check(name, bool(found), found or "missing", "" if found else f"Install it: pip install {name}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _knowledge_base(named: str | None) -> Iterator[Check]:
    from rag.knowledge_base import open_knowledge_base
    from rag.settings import find_knowledge_base, load_settings

    folder = find_knowledge_base(named)
    try:
        settings = load_settings(folder)
    except RagError as error:
        yield Check("settings", False, error.message, error.next)
        return
    yield _model("embedding model", settings.embed_model)
    yield _model("instruct model", settings.model)
    try:
        with open_knowledge_base(folder, create=False) as base:
            chunks = base.index.store.count_chunks()
            yield Check("knowledge base", chunks > 0, f"{folder}: {chunks} chunks", "Add documents: rag ingest FOLDER")
            waiting = base.count_waiting()
            yield Check("vectors", not waiting, f"{waiting} chunks wait", "Make them: rag ingest")
    except RagError as error:
        yield Check("knowledge base", False, error.message, error.next)


def _model(subject: str, name: str) -> Check:
    if not name:
        return Check(subject, False, "none chosen", "Choose and fetch models: rag setup")
    runtime, _, place = name.partition(":")
    if runtime == "llamacpp" and not Path(place).expanduser().is_file():
        return Check(subject, False, f"{place} is gone", "Fetch it again: rag setup")
    return Check(subject, True, name)
