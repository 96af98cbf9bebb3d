"""SQLite connections whose every error is one of ours, wherever a row is fetched."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.descriptors import File, hold, let_go
from index.errors import DamagedError, LockedError, RagError, StoreError

BUSY = 30.0  # seconds a statement waits for another connection's commit or checkpoint, which takes far less
# Of a damaged file: where SQLite's message names what is no text, Python cannot even make an error of it.
ERRORS = (sqlite3.Error, UnicodeDecodeError)
_DISK = ("full", "disk i/o", "readonly", "read-only", "unable to open")


class Cursor(sqlite3.Cursor):
    """A cursor that raises LockedError, StoreError or DamagedError where sqlite3 has its own errors."""

    def execute(self, *arguments: Any) -> Cursor:
        with translated():
            super().execute(*arguments)
        return self

    def executemany(self, *arguments: Any) -> Cursor:
        with translated():
            super().executemany(*arguments)
        return self

    def fetchone(self) -> Any:
        with translated():
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with translated():
            return super().fetchall()

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except ERRORS as error:
            raise _explain(error) from error


class Connection(sqlite3.Connection):
    """A connection whose cursors are such; its file is held so that nobody here drops the locks on it.

    One thread at a time may use it, whichever. `is_old` is whether its format has to be brought to the present one.
    """

    file: File | None = None
    is_old = False

    def close(self) -> None:
        super().close()
        file, self.file = self.file, None
        if file is not None:
            let_go(file)

    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, *arguments: Any) -> Any:
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self.cursor().executemany(*arguments)


def connect(path: Path, mode: str) -> Connection:
    """Open a database file; `mode` is "rw" or "immutable" (nothing is written or locked, not even beside it).

    Raises StoreError.
    """
    options = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    try:
        file = hold(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.", "Check the disk and its permissions.") from error
    try:
        connection = _connect(f"{path.resolve().as_uri()}?{options}")
    except BaseException:
        let_go(file)
        raise
    connection.file = file
    return connection


def closed() -> Connection:
    """A connection that can do nothing any more, in place of one that was given up."""
    connection = _connect(":memory:")
    connection.close()
    return connection


def connect_image(image: bytes | bytearray) -> Connection:
    """Open a database that is all in memory, to be read."""
    connection = _connect(":memory:")
    with translated():
        connection.deserialize(image)
        connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(name: str) -> Connection:
    with translated():
        return sqlite3.connect(
            name, uri=True, isolation_level=None, timeout=BUSY, factory=Connection, check_same_thread=False
        )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except ERRORS as error:
        raise _explain(error) from error


def _explain(error: Exception) -> RagError:
    message = str(error)
    if isinstance(error, sqlite3.OperationalError):
        if any(word in message for word in ("locked", "busy", "locking protocol")):
            return LockedError("The knowledge base is in use by another program.", "Try again in a moment.")
        if any(word in message.lower() for word in _DISK):
            return StoreError(
                f"The knowledge base could not be read or written: {message}.",
                "Free some space or check the disk and its permissions, then run it again.",
            )
    return DamagedError(f"The knowledge base is damaged: {message}.", "Run: rag repair")
