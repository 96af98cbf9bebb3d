"""Looks for a text in every byte of a knowledge base, to show that what was forgotten is gone."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from index.connection import Connection
from index.descriptors import read_pieces
from index.files import list_below
from index.opening import DATABASE
from index.store import Store

PAGE_HEAD = 4  # bytes at the start of an overflow page that name the next one (SQLite's file format, section 1.6)
PAGES = 256  # pages of a file looked at in one piece
# SQLite's table of what is in its log: numbers of pages and sums, no text. Reading it would cost the locks that lie on
# it (see index.descriptors).
UNREAD = f"{DATABASE}-shm"


def find_traces(store: Store, text: str) -> list[str]:
    """Where `text` still stands, in any way it may be written: in columns, and in the bytes of every file."""
    found = [f"index.sqlite3: {place}" for place in _find_in_columns(store.connection, text)]
    forms = _forms(text)
    page = int(store.connection.execute("PRAGMA page_size").fetchone()[0])
    for path in (path for path in list_below(store.folder) if path.is_file() and path.name != UNREAD):
        if _holds(path, forms, page):
            found.append(f"{path.relative_to(store.folder).as_posix()}: in its bytes")
        if any(form.decode("utf-8", "ignore") in path.name for form in forms if form.isascii()):
            found.append(f"{path.relative_to(store.folder).as_posix()}: in its name")
    return found


def _holds(path: Path, forms: set[bytes], page: int) -> bool:
    """Whether one of the forms stands in a file; in a database also where it runs over into the next page."""
    longest = max(map(len, forms))
    ends = [b"", b"", b""]  # of the piece before, in each of the views
    with contextlib.suppress(FileNotFoundError):  # a writer may have taken it away meanwhile
        for piece in read_pieces(path, PAGES * page):
            views = [piece, piece.lower()]
            if DATABASE in path.name:
                views.append(b"".join(piece[at + PAGE_HEAD : at + page] for at in range(0, len(piece), page)))
            views = [end + view for end, view in zip(ends, views, strict=False)]
            if any(form in view for form in forms for view in views):
                return True
            ends = [view[-longest:] for view in views]
    return False


def _forms(text: str) -> set[bytes]:
    """The bytes `text` may be stored as: both Unicode forms, lower case, as JSON, in UTF-8 and UTF-16."""
    spelled = {text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}
    spelled |= {unicodedata.normalize("NFKC", text), *(form.casefold() for form in spelled)}
    spelled |= {json.dumps(form, ensure_ascii=ascii)[1:-1] for form in spelled for ascii in (False, True)}
    encodings = ("utf-8", "utf-16-le", "utf-16-be")
    return {form.encode(encoding, "surrogatepass") for form in spelled for encoding in encodings}


def _find_in_columns(connection: Connection, text: str) -> Iterator[str]:
    """Tables and columns that hold the text, by the database's own reading."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for column in [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]:
            query = f"SELECT count(*) FROM {table} WHERE instr(lower({column}), lower(?))"
            (count,) = connection.execute(query, (text,)).fetchone()
            if count:
                yield f"{count} rows of {table}.{column}"
