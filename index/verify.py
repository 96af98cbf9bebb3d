"""Looks for damage: everything that is stored is read and compared with its checksum."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from index.dense import STAMP as VECTOR_STAMP
from index.errors import DamagedError
from index.lexical import FOLDER as WORD_FOLDER
from index.lexical import STAMP as WORD_STAMP
from index.search import Index
from index.stamp import files_match, read_stamp


def find_damage(index: Index) -> Iterator[str]:
    """A sentence for each thing that is not as it was written."""
    store = index.store
    try:
        for (line,) in store.connection.execute("PRAGMA integrity_check"):
            if line != "ok":
                yield f"The database is damaged: {line}."
        for path in store.document_ids():
            yield from _message(store.text, path)
        yield from _message(lambda: sum(1 for _ in store.each_passage()))
        for (model,) in store.connection.execute("SELECT id FROM models").fetchall():
            yield from _message(index.table.vectors, model)
    except sqlite3.DatabaseError as error:
        yield f"The database cannot be read: {error}."
    for name, folder in ((WORD_STAMP, store.folder / WORD_FOLDER), (VECTOR_STAMP, store.folder)):
        if not (store.folder / name).exists():
            continue
        stamp = read_stamp(store.folder / name)
        place = folder / stamp.folder if stamp and name == WORD_STAMP else folder
        if stamp is None or not files_match(stamp, place, thorough=True):
            yield f"{name}: the files of this part are damaged; the next ingest makes them anew."


def _message(check: Callable[..., object], *arguments: object) -> Iterator[str]:
    """What `check` finds damaged."""
    try:
        check(*arguments)
    except DamagedError as error:
        yield error.message
