"""One SQLite file, opened with care: transactions that number their generation, and errors of ours."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from index import schema
from index.errors import DamagedError, LockedError, NoIndexError, StoreError
from index.platform import make_private_folder

DATABASE = "index.sqlite3"
MANY = 500  # values bound to one statement: below SQLite's oldest limit of 999

_Value = TypeVar("_Value")


class Database:
    """One open database; writers hold the lock of `index.lock` before they call what changes it."""

    def __init__(self, folder: Path, *, create: bool = True, readonly: bool = False) -> None:
        self.folder = folder
        path = folder / DATABASE
        if not path.exists():
            if not create or readonly:
                raise NoIndexError(f"There is no knowledge base in {folder}.", "Run: rag ingest FOLDER")
            make_private_folder(folder)
            path.touch(mode=0o600)
        try:
            mode = "ro" if readonly else "rw"
            self.connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30
            )
            with _translated(path):
                self._prepare(readonly)
        except sqlite3.Error as error:
            raise DamagedError(f"{path} cannot be opened: {error}.", "Run: rag repair") from error

    def _prepare(self, readonly: bool) -> None:
        run = self.connection.execute
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA secure_delete = ON")  # what is removed does not stay in free pages
        if not readonly:
            run("PRAGMA journal_mode = WAL")
            run("PRAGMA synchronous = FULL")
            if schema.read_version(self.connection) == 0:
                schema.create(self.connection)
        schema.migrate(self.connection)

    def close(self) -> None:
        self.connection.close()

    def _inside(self) -> bool:
        return self.connection.in_transaction

    # ---------------------------------------------------------------- transactions

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside becomes visible together, under the next generation, or not at all."""
        if self._inside():
            yield
            return
        with _translated(self.folder / DATABASE):
            self.connection.execute("BEGIN IMMEDIATE")
            before = self.connection.total_changes
            try:
                yield
                if self.connection.total_changes != before:
                    self.connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                self.connection.execute("COMMIT")
            except BaseException:
                if self._inside():
                    self.connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Everything inside sees one generation."""
        if self._inside():
            yield
            return
        with _translated(self.folder / DATABASE):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._inside():
                    self.connection.execute("COMMIT")

    # ---------------------------------------------------------------- facts about the whole

    def get(self, key: str, default: str = "") -> str:
        """A fact the index keeps about itself."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row[0])

    def put(self, key: str, value: str) -> None:
        with self.writing():
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def generation(self) -> int:
        return int(self.get("generation", "0"))


def portions(values: list[_Value]) -> Iterator[list[_Value]]:
    """`values` in lists short enough to be bound to one statement."""
    for first in range(0, len(values), MANY):
        yield values[first : first + MANY]


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise LockedError(f"{path} is in use by another program.", "Try again in a moment.") from error
        raise StoreError(f"{path}: {error}.", "Free some space or check the disk, then run it again.") from error
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"{path} is damaged: {error}.", "Run: rag repair") from error
