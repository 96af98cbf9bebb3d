"""One thread at a time in a knowledge base: its database and its models' processes follow one conversation each."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from index.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")


class Turn:
    """Lets one thread in at a time, and that one again and again.

    Unlike with a lock of `threading`, another thread may end it: that of a generator which is thrown away.
    """

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._holder: int | None = None
        self._depth = 0
        self._ended = False

    def end(self) -> None:
        """Let nobody in any more."""
        self._ended = True

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait until no other thread is in, and be in; raises UsageError once it has ended."""
        me = threading.get_ident()
        with self._free:
            self._free.wait_for(lambda: self._holder in (None, me))
            if self._ended:
                raise UsageError("This knowledge base is closed.", "Open it again: rag.open(…)")
            self._holder = me
            self._depth += 1
        try:
            yield
        finally:
            with self._free:
                self._depth -= 1
                if not self._depth:
                    self._holder = None
                    self._free.notify()


def in_turn(method: Callable[P, R]) -> Callable[P, R]:
    """A method of an object with a `turn`, that waits for it; a generator keeps it until it is used up or closed."""

    @wraps(method)
    def steps(*arguments: P.args, **named: P.kwargs) -> Iterator[Any]:
        with _turn_of(arguments).taken():
            yield from cast(Iterator[Any], method(*arguments, **named))

    @wraps(method)
    def whole(*arguments: P.args, **named: P.kwargs) -> R:
        with _turn_of(arguments).taken():
            return method(*arguments, **named)

    return cast(Callable[P, R], steps) if inspect.isgeneratorfunction(method) else whole


def _turn_of(arguments: tuple[Any, ...]) -> Turn:
    turn: Turn = arguments[0].turn
    return turn
