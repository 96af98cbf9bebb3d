"""One SQLite file, opened with care: transactions that number their generation, and errors of ours."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from index import schema
from index.attempt import Attempt
from index.connection import BUSY, Connection, closed, connect, connect_image
from index.errors import DamagedError, LockedError, NewerError, NoIndexError, RagError, StoreError
from index.facts import check_facts, keep_facts
from index.image import State, take_image, take_state
from index.lock import PATIENCE, write_lock
from index.memory import Memory
from index.platform import make_private_folder
from index.seal import SEAL, break_seal, make_seal, read_seal, seal_holds

DATABASE = "index.sqlite3"
REPAIRED = f"repaired-{DATABASE}"  # the new database of a repair, whole, until it takes the place of the old one
ASIDE = f".migrated-{DATABASE}.tmp"  # where an older format is brought to the present one
TURN = "opening"
# Seconds to wait for others who open or close the file or begin to read it, which takes them milliseconds. One that
# stands still in it is not waited for: the file is read without its leave.
OPENING = 1.0
# Bytes of a file that is looked through beside a writer at work by each process that opens it: of a larger one it would
# take more than a second.
LOOKED_THROUGH = 1 << 30
MANY = 500  # values bound to one statement: below SQLite's oldest limit of 999

_Value = TypeVar("_Value")


class Database:
    """One open database; writers work inside `session`.

    `shared` reads a sealed file without writing, locking or creating anything, not even beside it. Any file is read so
    while it cannot be locked; one without a seal then from an image of it. `damaged` opens without looking for damage
    first, for those who look for it or repair it. `kb` is the id of one that is made.
    """

    connection: Connection

    def __init__(
        self, folder: Path, *, create: bool = True, shared: bool = False, damaged: bool = False, kb: str = ""
    ) -> None:
        self.folder = folder
        self.shared = self._only_shared = shared
        self._state: State | None = None  # of the files of which an image is read
        self._changing = False
        self._unwritable: StoreError = StoreError(f"{folder} can only be read.", "Leave --shared-read out.")
        self.memory = None if shared else Memory(folder)
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
        """Look for damage and open the file; it is read as `shared` where nothing can be locked or made beside it."""
        self._seal = read_seal(self.folder)
        if self.shared and self._seal is None:
            raise LockedError(f"{self.folder} is being changed.", "Try again when its owner's run has ended.")
        if not damaged:
            if (self.folder / REPAIRED).exists():
                raise DamagedError(f"A repair of {self.folder} was interrupted.", "Run: rag repair --apply")
            check_seal(self.folder, memory=self.memory)
        deadline = time.monotonic() + BUSY
        while error := self._kept_out():
            if time.monotonic() > deadline:
                raise error
        if not damaged:
            try:
                self._check_structure()
            except BaseException:
                self.close()
                raise

    def _kept_out(self) -> LockedError | None:
        """Open the file by SQLite's locks, or around them; the error when others keep it locked and still change it."""
        try:
            with self._turn():
                connection = connect(self.folder / DATABASE, "immutable" if self.shared else "rw")
                self.connection = self._in_time(connection, self._prepare)
        except StoreError as error:  # no room, no right, or another process that stands still
            if self._only_shared or isinstance(error, (DamagedError, NewerError)):
                raise
            if around := self._around(error):
                self.connection = around
            elif isinstance(error, LockedError):
                return error
            else:
                raise
        return None

    def _in_time(self, connection: Connection, action: Callable[[Connection], object]) -> Connection:
        """The connection with `action` done; another one, when a process that stands still keeps it from being done."""
        attempt = Attempt(lambda: action(connection), connection.close)
        try:
            while not attempt.wait(OPENING):
                holder = LockedError(
                    f"{self.folder} is locked by a process that stands still.",
                    "End that process or let it go on, then try again.",
                )
                if around := self._around(holder):
                    attempt.give_up()
                    return around
        except BaseException:
            attempt.give_up()
            self.connection = closed()
            raise
        attempt.result()
        return connection

    def _around(self, error: StoreError) -> Connection | None:
        """A connection for reading that asks for no lock, since `error` keeps us from it; None when there is none now.

        A sealed file says all by itself. Of another one an image is made, unless it is being changed.
        """
        path, state = self.folder / DATABASE, None
        if self._seal is not None and read_seal(self.folder) == self._seal:
            connection = connect(path, "immutable")
        else:
            taken = take_image(path)
            if taken is None:
                return None
            connection, state = connect_image(taken[0]), taken[1]
        self.shared, self._unwritable, self._state = True, error, state
        self._prepare(connection)
        return connection

    def _turn(self) -> contextlib.AbstractContextManager[None]:
        """One process at a time opens or closes the file; raises LockedError that names it."""
        if self.shared:
            return contextlib.nullcontext()
        return write_lock(self.folder, "rag, which opens it", OPENING, TURN)

    def follow(self) -> None:
        """Open a file that is read as `shared` anew when it was changed since; raises LockedError while it is."""
        if self.shared and not self.inside() and self._changed():
            self._open_again()

    def _changed(self) -> bool:
        """Whether the file is another than when it was opened as `shared`."""
        if self._state is not None:
            return take_state(self.folder / DATABASE) != self._state
        return read_seal(self.folder) != self._seal

    def _open_again(self) -> None:
        former = (self.connection, self._seal, self._state)
        self.shared, self._state = self._only_shared, None
        try:
            self._open(damaged=False)
        except BaseException:
            self.connection, self._seal, self._state = former
            self.shared = True
            raise
        former[0].close()

    def close(self) -> None:
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(StoreError):  # one stands still: then SQLite keeps the order
                stack.enter_context(self._turn())
            self.connection.close()

    def _prepare(self, connection: Connection) -> None:
        """Set a connection up; it is closed when that fails."""
        run = connection.execute
        try:
            run("PRAGMA foreign_keys = ON")
            run("PRAGMA secure_delete = ON")  # what is removed does not stay in free pages
            run("PRAGMA cell_size_check = ON")
            run("PRAGMA trusted_schema = OFF")
            run("PRAGMA temp_store = MEMORY")  # no text of documents in the system's temporary folder
            if not self.shared:
                run("PRAGMA synchronous = FULL")
            connection.is_old = schema.is_old(connection)
        except BaseException:
            connection.close()
            raise

    def _wait(self, seconds: float) -> None:
        """How long the statements that follow wait for other connections."""
        self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _check_structure(self) -> None:
        """Look through a file without a seal: a writer is at work, or was killed.

        What a killed writer left is looked through once, whatever its size, and sealed. A writer at work has read the
        whole file when it began; beside it, that is done again where it takes less than a second.
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
        except LockedError:
            if (self.folder / DATABASE).stat().st_size <= LOOKED_THROUGH:
                self._check_pages()

    def _check_pages(self) -> None:
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

    def inside(self) -> bool:
        """Whether a transaction is open: what is read belongs to one generation."""
        return self.connection.in_transaction

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
        self.connection.execute("BEGIN IMMEDIATE")
        before = self.connection.total_changes
        try:
            yield
            if self.connection.total_changes != before:
                self.connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                keep_facts(self.connection)
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
        if not self.shared and not self._changing:  # a writer needs the file itself
            self.connection = self._in_time(self.connection, _begin)
        if not self.inside():
            self.connection.execute("BEGIN")
        try:
            yield
        except DamagedError:
            self._check_unchanged()
            raise
        finally:
            if self.inside():
                self.connection.execute("COMMIT")
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Raise LockedError when a file that cannot be locked was changed under the reader; an image never is."""
        if self.shared and self._state is None and self._changed():
            raise LockedError(f"{self.folder} was changed while it was read.", "Ask again.")

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


def _begin(connection: Connection) -> None:
    """Begin to read: from now on one generation is seen."""
    connection.execute("BEGIN")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check_seal(folder: Path, *, thorough: bool = False, memory: Memory | None = None) -> None:
    """Raise DamagedError when the database file is not what its last writer left."""
    if seal_holds(folder, thorough=thorough, memory=memory) is False:
        raise DamagedError(f"{folder / DATABASE} is damaged: it is not what was written.", "Run: rag repair")


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
