"""One SQLite file, opened with care: transactions that number their generation, and errors of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from index import schema
from index.connection import BUSY
from index.errors import DamagedError, NoIndexError, RagError, StoreError
from index.facts import check_facts, keep_facts
from index.lock import PATIENCE, write_lock
from index.opening import DATABASE, OpenFile, check_seal
from index.platform import make_private_folder
from index.seal import SEAL, break_seal, make_seal

ASIDE = f".migrated-{DATABASE}.tmp"  # where an older format is brought to the present one
MANY = 500  # values bound to one statement: below SQLite's oldest limit of 999

_Value = TypeVar("_Value")


class Database(OpenFile):
    """One open database; writers work inside `session`.

    `damaged` opens without looking for damage first, for those who look for it or repair it. `kb` is the id of one that
    is made. `shared` as in OpenFile.
    """

    def __init__(
        self, folder: Path, *, create: bool = True, shared: bool = False, damaged: bool = False, kb: str = ""
    ) -> None:
        super().__init__(folder, shared)
        self._changing = False
        path = folder / DATABASE
        if not path.exists():
            if not create or shared:
                raise NoIndexError(f"There is no knowledge base in {folder}.", "Run: rag ingest FOLDER")
            make_private_folder(folder)
            schema.make(path, kb)
        self._open(damaged)
        if self.connection.is_old and not damaged:
            self._migrate()

    def _open(self, damaged: bool) -> None:
        super()._open(damaged)
        if not damaged:
            try:
                self._check_structure()
            except BaseException:
                self.close()
                raise

    def _wait(self, seconds: float) -> None:
        """How long the statements that follow wait for other connections."""
        self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _check_structure(self) -> None:
        """Look through a file without a seal: a writer is at work, or was killed.

        What a killed writer left is looked through once and sealed. Beside a writer at work each process looks through
        it anew, since nothing says what has not changed; large ones are then asked more slowly.
        """
        if self._seal is not None:
            return
        if not self.connection.is_old:
            with self.reading():
                check_facts(self.connection)
        try:
            with write_lock(self.folder, "rag, after a run that was cut short", patience=0.0):
                self._check_pages()
                if not (self.folder / SEAL).exists():  # a damaged one is left for `rag verify` to tell
                    with contextlib.suppress(RagError, OSError):  # the next one looks through it again
                        self.seal(wait=0.0)
        except DamagedError:
            raise
        except StoreError:  # another process has the lock, or none can be had here
            self._check_pages()

    def _check_pages(self) -> None:
        with self.reading():
            (found,) = self.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DamagedError(f"{self.folder / DATABASE} is damaged: {found}.", "Run: rag repair")

    def _migrate(self) -> None:
        """Bring an older format to the present one, unless another process has just done so."""
        try:
            if self._only_shared:
                raise StoreError(
                    f"{self.folder} has an older format and can only be read.",
                    "Its owner has to open it once with this version: rag status",
                )
            with self.session("rag, bringing it to the present format"):
                if schema.is_old(self.connection):
                    schema.migrate(self.connection, self.folder / ASIDE)
            self.connection.is_old = False
        except BaseException:
            self.close()
            raise

    # ---------------------------------------------------------------- transactions

    @contextlib.contextmanager
    def session(self, purpose: str) -> Iterator[None]:
        """Hold the right to change this knowledge base, and seal what is left at the end.

        Raises LockedError that names the holder while another process has it.
        """
        if self._only_shared:
            raise self._unwritable
        # Who found the file locked has waited already.
        with write_lock(self.folder, purpose, 0.0 if self.shared else PATIENCE):
            if self.shared:
                self._open_again()
            if self.shared:
                raise self._unwritable
            check_seal(self.folder, thorough=True)  # what is damaged must not be sealed as if it were right
            break_seal(self.folder)
            _remove_remains(self.folder)
            self._changing = True
            try:
                yield
            finally:
                self._changing = False
                with contextlib.suppress(RagError, OSError):  # everything is committed; unsealed, it is looked through
                    self.seal()

    def seal(self, wait: float = 1.0) -> None:
        """Bring all that was committed into the one file and seal it; left unsealed while a reader needs the old.

        Readers are waited for `wait` seconds.
        """
        if self.shared:
            raise self._unwritable
        self._wait(wait)
        busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._wait(BUSY)
        if not busy:
            make_seal(self.folder, DATABASE, kb=self.get("kb"), generation=self.generation)

    def rewrite(self) -> bool:
        """Write the whole file anew, without free pages or remains; False while a reader needs the old pages."""
        self.connection.execute("VACUUM")
        return not self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside becomes visible together, under the next generation, or not at all."""
        if self.inside():
            yield
            return
        with self.transaction():
            before = self.connection.total_changes
            yield
            if self.connection.total_changes != before:
                self.connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                keep_facts(self.connection)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, under the present generation, or not at all."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(RagError):  # the error that led here says more; SQLite rolls back when it is read
                if self.inside():
                    self.connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Everything inside sees one generation."""
        if self.inside():
            yield
            return
        self.follow()
        try:
            self.begin(in_time=not self._changing)  # a writer needs the file itself
            yield
        except DamagedError:
            self.check_unchanged()
            raise
        finally:
            if self.inside():
                self.connection.execute("COMMIT")
        self.check_unchanged()

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
        try:
            return int(self.get("generation", "0"))
        except ValueError as error:
            raise DamagedError("The number of the generation is damaged.", "Run: rag repair") from error

    def last_row(self, table: str) -> int:
        """The highest row number ever given out in a table."""
        row = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(row[0]) if row else 0


def _remove_remains(folder: Path) -> None:
    """Delete what killed writers left half written; files of these names are made under the lock alone."""
    for name in (f".{part}*.tmp*" for part in ("index.json", "words", "vectors", "repaired", "migrated")):
        for path in folder.glob(name):
            with contextlib.suppress(OSError):  # the next writer tries again
                path.unlink()


def portions(values: list[_Value]) -> Iterator[list[_Value]]:
    """`values` in lists short enough to be bound to one statement."""
    for first in range(0, len(values), MANY):
        yield values[first : first + MANY]
