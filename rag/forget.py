"""``rag forget``: takes documents out so that no byte of them stays in the knowledge base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.conversations import forget_turns
from index.dense import STAMP as VECTOR_STAMP
from index.errors import LockedError, UsageError
from index.globs import match_paths
from index.lexical import FOLDER as WORD_FOLDER
from index.lexical import STAMP as WORD_STAMP
from index.opening import DATABASE
from index.repair import DAMAGED
from rag.last_answer import FILE as LAST_ANSWER

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

MEMORIES = (LAST_ANSWER,)  # what a command keeps for the next one
REMAINS = "remains"  # the fact that a forgetting was begun, until the files are made anew


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed: documents with their numbers of passages and vectors, the turns of kept conversations that were
    answered from them, and the files of the knowledge base that were deleted or made anew. `present` are original files
    that still lie where they were read; later runs leave their paths out, whose names stay for that reason alone."""

    paths: tuple[str, ...]
    passages: int
    vectors: int
    turns: int
    files: tuple[str, ...]
    present: tuple[str, ...]


def forget(kb: KnowledgeBase, patterns: str | Iterable[str]) -> Forgotten:
    """Remove the matching documents from tables, free pages, the log, both derived parts and what commands remember.

    Raises UsageError when nothing matches, LockedError while another process reads what has to be overwritten.
    """
    store = kb.index.store
    with store.session("rag forget"):
        known = {**store.document_ids(), **dict.fromkeys((*store.unread(), *store.removed()), 0)}
        paths = match_paths(patterns, known)
        if not paths and not store.get(REMAINS):
            raise UsageError("No document matches.", "See: rag list")
        gone = set(paths)
        places = {path: origin.file for path, origin in store.origins().items() if path in gone}
        passages = len(store.chunk_ids([known[path] for path in paths]))
        before = _count_vectors(kb)
        present = sorted({path for path, file in places.items() if _may_be_there(file)})
        with store.writing():
            store.put(REMAINS, "yes")
            store.delete(paths)
            store.set_removed(paths, False)
            store.set_removed(present, True)
            store.forget_unread(paths)
            turns = forget_turns(store, paths)
            for name, labelled in kb.index.labels.all().items():
                kb.index.labels.remove(name, gone & set(labelled))
        vectors = before - _count_vectors(kb)
        files = [name for name in (*MEMORIES, DAMAGED) if _drop(kb.folder / name, {*paths, *places.values()})]
        _rewrite(kb)
        return Forgotten(
            tuple(paths), passages, vectors, turns, (*files, DATABASE, WORD_STAMP, VECTOR_STAMP), tuple(present)
        )


def _may_be_there(file: str) -> bool:
    """Whether the next ingest could find the file: one in a folder that is closed now, it could."""
    try:
        Path(file).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last for a name that no disk can have
        return False
    except OSError:
        return True
    return True


def _count_vectors(kb: KnowledgeBase) -> int:
    return int(kb.index.store.connection.execute("SELECT count(*) FROM vectors").fetchone()[0])


def _drop(path: Path, names: set[str]) -> bool:
    """Delete a file that speaks of these documents, or may."""
    if not path.exists():
        return False
    if path.suffix == ".json":
        text = path.read_text(encoding="utf-8", errors="surrogatepass")
        if not any(json.dumps(name, ensure_ascii=False)[1:-1] in text for name in names):
            return False
    path.unlink()
    return True


def _rewrite(kb: KnowledgeBase) -> None:
    """Make the database file and the derived parts anew: nothing of their former pages and segments is left."""
    for name in (WORD_STAMP, VECTOR_STAMP):
        (kb.folder / name).unlink(missing_ok=True)
    shutil.rmtree(kb.folder / WORD_FOLDER, ignore_errors=True)
    for file in kb.folder.glob("vectors-*.faiss"):
        file.unlink()
    used = kb.index.store.connection.execute("SELECT identity FROM models ORDER BY id DESC LIMIT 1").fetchone()
    kb.index.identity = kb.index.identity or (used[0] if used else "")
    kb.index.refresh()
    if not kb.index.store.rewrite():
        raise LockedError(
            "The documents are out of every search, but another process still reads the file that held them.",
            "End it, then run the same command again.",
        )
    kb.index.store.put(REMAINS, "")
