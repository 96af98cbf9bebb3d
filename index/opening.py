"""Opens the file of a database, by SQLite's locks or around them.

SQLite waits ten seconds for a process that stands still with a reader's mark, and thirty for one that stands still
while it opens or closes the file. Readers do not wait for it: a state that was committed is there all the same.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from index import schema
from index.attempt import Attempt
from index.connection import BUSY, Connection, closed, connect, connect_image
from index.errors import DamagedError, LockedError, NewerError, StoreError
from index.image import State, take_image, take_state
from index.lock import write_lock
from index.memory import Memory
from index.seal import read_seal, seal_holds

DATABASE = "index.sqlite3"
REPAIRED = f"repaired-{DATABASE}"  # the new database of a repair, whole, until it takes the place of the old one
TURN = "opening"
# Seconds to wait for others who open or close the file or begin to read it, which takes them milliseconds. One that
# stands still in it is not waited for: the file is read without its leave.
OPENING = 1.0
GIVEN_UP: State = ()  # of a connection that was lost: what is on the disk is always another one, to be opened anew


class OpenFile:
    """The open file of a knowledge base.

    `shared` reads a sealed file without writing, locking or creating anything, not even beside it. Any file is read so
    while it cannot be locked; one without a seal then from an image of it.
    """

    connection: Connection

    def __init__(self, folder: Path, shared: bool) -> None:
        self.folder = folder
        self.shared = self._only_shared = shared
        self._state: State | None = None  # of the files of which an image is read
        self._unwritable: StoreError = StoreError(f"{folder} can only be read.", "Leave --shared-read out.")
        self.memory = None if shared else Memory(folder)

    def _open(self, damaged: bool) -> None:
        """Look for damage and open the file; it is read as `shared` where nothing can be locked or made beside it."""
        self._seal = read_seal(self.folder)
        if self._only_shared and self._seal is None:
            raise LockedError(f"{self.folder} is being changed.", "Try again when its owner's run has ended.")
        if not damaged:
            if (self.folder / REPAIRED).exists():
                raise DamagedError(f"A repair of {self.folder} was interrupted.", "Run: rag repair --apply")
            check_seal(self.folder, memory=self.memory)
        deadline = time.monotonic() + BUSY
        while error := self._kept_out():
            if time.monotonic() > deadline:
                raise error

    def _kept_out(self) -> LockedError | None:
        """Open the file by SQLite's locks, or around them; the error when others keep it locked and still change it."""
        self.shared, self._state = self._only_shared, None
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
            self.connection, self.shared, self._state = closed(), True, GIVEN_UP
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
        """Open a file anew that was given up, or read as `shared` and changed; raises LockedError while it is."""
        if self.shared and not self.inside() and self._changed():
            self._open_again()

    def _changed(self) -> bool:
        """Whether the file is another than when it was opened as `shared`."""
        if self._state is not None:
            return take_state(self.folder / DATABASE) != self._state
        return read_seal(self.folder) != self._seal

    def _open_again(self) -> None:
        former = (self.connection, self._seal, self._state)
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

    def begin(self, *, in_time: bool) -> None:
        """Begin to read one generation; `in_time`, from an image where that would take too long."""
        if in_time and not self.shared:
            self.connection = self._in_time(self.connection, _begin)
        if not self.inside():
            _begin(self.connection)

    def inside(self) -> bool:
        """Whether a transaction is open: what is read belongs to one generation."""
        return self._state != GIVEN_UP and self.connection.in_transaction

    def check_unchanged(self) -> None:
        """Raise LockedError when a file that cannot be locked was changed under the reader; an image never is."""
        if self.shared and self._state is None and self._changed():
            raise LockedError(f"{self.folder} was changed while it was read.", "Ask again.")

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
