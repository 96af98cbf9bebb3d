"""Text as it may be shown while it is written: whole characters only, and nothing that may begin a stop text."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any


class Stops:
    """Ends text before the first of `stops`."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def add(self, text: str) -> tuple[str, bool]:
        """What may be shown now, and whether a stop text has come."""
        text = self._held + text
        found = [(place + len(stop), place) for stop in self._stops if (place := text.find(stop)) >= 0]
        if found:
            # The one that is complete first, as if the text had come letter by letter.
            self._held = ""
            return text[: min(found)[1]], True
        keep = max((overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def rest(self) -> str:
        """What was held back in vain."""
        held, self._held = self._held, ""
        return held


class TokenText:
    """Text from the bytes of tokens; bytes of a character that is never finished are dropped."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = Stops(stops)
        self._decoder: Any = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, piece: bytes) -> tuple[str, bool]:
        """What may be shown now, and whether a stop text has come."""
        return self._stops.add(self._decoder.decode(piece))

    def rest(self) -> str:
        """What was held back in vain."""
        return self._stops.rest()


def overlap(text: str, mark: str) -> int:
    """Characters at the end of `text` that `mark` begins with, and does not end with."""
    return next((size for size in range(min(len(text), len(mark) - 1), 0, -1) if text.endswith(mark[:size])), 0)
