"""Holds a constraint over text whose words were chosen elsewhere: what the constraint forbids loses its marks.

A model behind a server cannot be steered token by token. So a mark of a source that was not given is left out, and
words in quotation marks that stand so in no source are shown without them: they are then a statement like any other,
which is checked.
"""

from __future__ import annotations

import re

from rag.decoding.constraint import CLOSERS, Automaton, State
from rag.generators import Constraint

LONGEST = 1_000  # characters held back while a quotation is open
_NUMBERS = re.compile(r"\[[\d\s,;、，-]*\]?")


class Enforcer:
    """Text goes in as it comes, and out as far as it is known to be allowed."""

    def __init__(self, constraint: Constraint | None) -> None:
        self._automaton = Automaton(constraint.citations, constraint.quotable) if constraint else None
        self._state = State()
        self._last = ""
        self._held = ""

    def add(self, text: str) -> str:
        """What may be shown now."""
        return "".join(self._take(character) for character in text) if self._automaton else text

    def rest(self) -> str:
        """What was held back and is not finished."""
        return self._release()

    def _take(self, character: str) -> str:
        if not self._held:
            if character == "[" or (character in CLOSERS and not self._measures(character)):
                self._held = character
                return ""
            return self._show(character)
        self._held += character
        closer = "]" if self._held[0] == "[" else CLOSERS[self._held[0]]
        return self._release() if character in (closer, "\n") or len(self._held) > LONGEST else ""

    def _release(self) -> str:
        shown = line_end = ""
        while self._held:
            held, self._held = self._held, ""
            if allowed := self._show(held):
                shown += allowed
            elif _NUMBERS.fullmatch(held):  # "[2, 9]" becomes "[2]" where 2 is a source and 9 is none
                numbers = re.findall(r"\d+", held) if held.endswith("]") else []
                shown += "".join(self._show(f"[{number}]") for number in numbers)
            else:
                # Without its opening mark; what it encloses may hold back again. A line end would end each such run
                # inside the one before: it waits until all are let go.
                inside = held[1:].removesuffix("]" if held[0] == "[" else CLOSERS[held[0]])
                line_end = line_end or inside[len(inside.rstrip("\n")) :]
                shown += self.add(inside.rstrip("\n"))
        return shown + self.add(line_end)

    def _show(self, text: str) -> str:
        """`text`, if it is allowed here and nothing of it stays open; else nothing."""
        assert self._automaton is not None
        after = self._automaton.advance(self._state, text.encode("utf-8", "replace"))
        if after is None or not after.may_end:
            return ""
        self._state, self._last = after, text[-1]
        return text

    def _measures(self, character: str) -> bool:
        """Whether it is the mark of inches, as in 5"."""
        return character == '"' and self._last.isascii() and self._last.isalnum()
