"""Tries something that may stand still inside a library, without standing still with it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from index.errors import RagError

_Value = TypeVar("_Value")


class Attempt(Generic[_Value]):
    """Something that is done in a thread of its own; one that is given up is ended by `undo` whenever it gets there.

    SQLite waits by itself for whoever holds a reader's mark, for ten seconds, and can neither be told to wait less nor
    be interrupted in it. The process does not wait for the thread at its end.
    """

    def __init__(self, action: Callable[[], _Value], undo: Callable[[], object]) -> None:
        self._action = action
        self._undo = undo
        self._done = threading.Event()
        self._turn = threading.Lock()
        self._given_up = False
        self._error: BaseException | None = None
        threading.Thread(target=self._try, name="attempt", daemon=True).start()

    def _try(self) -> None:
        try:
            self._value = self._action()
        except BaseException as error:  # raised again where it is waited for
            self._error = error
        with self._turn:
            self._done.set()
            if self._given_up:
                self._end()

    def wait(self, seconds: float) -> bool:
        """Whether it is done, waited for that long."""
        return self._done.wait(seconds)

    def result(self) -> _Value:
        """What was done; raises what it raised."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value

    def give_up(self) -> None:
        """Leave it to itself; the caller must not touch any more what it works on."""
        with self._turn:
            self._given_up = True
            if self._done.is_set():
                self._end()

    def _end(self) -> None:
        with contextlib.suppress(RagError):
            self._undo()
