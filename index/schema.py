"""The tables of the truth, and the functions that carry an older knowledge base to the present shape.

Row numbers are never used twice (AUTOINCREMENT), and rows of `chunks` and `vectors` never change: a derived part that
covers rows up to number n stays right for as long as it lives, but for rows that are gone.
"""

from __future__ import annotations

import contextlib
import secrets
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from index.connection import Connection, connect, translated
from index.errors import DamagedError, NewerError, StoreError
from index.facts import keep_facts
from index.files import publish_new

VERSION = 3

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (name TEXT PRIMARY KEY, root TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,      -- <source>/<path inside it>, NFC; a member's is <path of its file>/<name>
    file TEXT NOT NULL,             -- the absolute path it was read from
    source TEXT NOT NULL,
    parent TEXT,                    -- path of the file this document is a member of
    sha256 TEXT NOT NULL,           -- of the bytes that were read
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reader TEXT NOT NULL,           -- what read it, so that a better reader reads it again
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    date TEXT,
    pages INTEGER,
    page_labels TEXT NOT NULL,
    warnings TEXT NOT NULL,
    head INTEGER NOT NULL,          -- CRC-32 of all columns but the text
    crc INTEGER NOT NULL            -- CRC-32 of the text and of the checksums of its chunks
);
CREATE INDEX documents_by_source ON documents (source);
CREATE INDEX documents_by_parent ON documents (parent);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    heading TEXT NOT NULL,
    blocks TEXT NOT NULL,
    context TEXT NOT NULL,
    input BLOB NOT NULL,            -- hash of what is embedded: equal texts share a vector
    crc INTEGER NOT NULL            -- CRC-32 of the row with the texts it names
);
CREATE INDEX chunks_by_document ON chunks (document);
CREATE INDEX chunks_by_input ON chunks (input);
CREATE TABLE models (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    input BLOB NOT NULL,
    vector BLOB NOT NULL,           -- float32, little endian, unit length
    crc INTEGER NOT NULL,           -- CRC-32 of model, input and vector
    UNIQUE (model, input)
);
CREATE TABLE unread (               -- files that gave no document, so that an unchanged one is not tried each time
    path TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,          -- skipped | failed
    reason TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reader TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE looks (                -- how each file was found that was read, or tried
    path TEXT PRIMARY KEY,
    ctime_ns INTEGER NOT NULL       -- see ingest.scan.Source
) WITHOUT ROWID;
CREATE TABLE removed (              -- what the user took out stays out
    path TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE labels (               -- what the user calls the documents that match a pattern, now and later
    name TEXT NOT NULL,
    pattern TEXT NOT NULL,
    PRIMARY KEY (name, pattern)
) WITHOUT ROWID;
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    begun TEXT NOT NULL,            -- ISO 8601, local time
    turns TEXT NOT NULL             -- JSON: a list of objects, question and answer
);
"""


def _to_2(connection: Connection) -> None:
    """Conversations, whose table was made with the first of them, and the checksum over the small tables."""
    _add_table(connection, "conversations")
    keep_facts(connection)


def _to_3(connection: Connection) -> None:
    """How files were found; of those read before nothing is known, and the next run compares their bytes."""
    _add_table(connection, "looks")


def _add_table(connection: Connection, name: str) -> None:
    table = next(statement for statement in TABLES.split(";\n") if f"TABLE {name} " in statement)
    connection.execute(table.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))


# MIGRATIONS[n] carries version n to n + 1 inside one transaction.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: _to_2, 2: _to_3}


def make(path: Path, kb: str = "") -> None:
    """Make an empty database at `path`, which appears whole; one that another process made first is left alone."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    with _scratch(new):
        with contextlib.closing(connect(new, "rw")) as connection:
            create(connection, kb or uuid.uuid4().hex)
        publish_new(new, path)


@contextlib.contextmanager
def _scratch(path: Path) -> Iterator[None]:
    """An empty private file at `path`, which is gone in the end; what the disk refuses meanwhile is a StoreError."""
    try:
        remove_database(path)
        path.touch(mode=0o600)
        yield
    except OSError as error:
        raise StoreError(
            f"{path} could not be made: {error.strerror}.", "Free some space or check the disk."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            remove_database(path)


def create(connection: Connection, kb: str) -> None:
    """Make the tables of an empty database file, and put it into WAL mode for good."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", [("kb", kb), ("generation", "0")])
    keep_facts(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def is_old(connection: Connection) -> bool:
    """Whether a database has to be migrated first; raises NewerError for one from the future."""
    version = read_version(connection)
    if version > VERSION:
        raise NewerError(
            f"This knowledge base has format {version}; this program knows formats up to {VERSION}.",
            "Install the newer version that wrote it, or ingest the documents into a new knowledge base.",
        )
    if version < min(MIGRATIONS):
        raise DamagedError("This is no knowledge base, or its format is damaged.", "Run: rag repair")
    return version < VERSION


def migrate(connection: Connection, aside: Path) -> None:
    """Bring an older database to the present version in a copy at `aside`, and switch to it when all of it is right.

    The copy comes back in one transaction of SQLite's: readers see the old one or the new one, a kill leaves either.
    """
    with _scratch(aside), contextlib.closing(connect(aside, "rw")) as copy, translated():
        connection.backup(copy)
        for step in range(read_version(copy), VERSION):
            copy.execute("BEGIN IMMEDIATE")
            MIGRATIONS[step](copy)
            copy.execute(f"PRAGMA user_version = {step + 1}")
            copy.execute("COMMIT")
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DamagedError(f"The knowledge base is damaged: {found}.", "Run: rag repair")
        copy.backup(connection)


def remove_database(path: Path) -> None:
    """Delete a database file that nobody has open, with what SQLite keeps beside it; raises OSError."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def read_version(connection: Connection) -> int:
    """The version of the tables; 0 for an empty database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
