"""The answer is one of a few texts: the model writes its way through them, token by token, and so chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chosen:
    """What has been written, and whether it is one of the choices as it stands."""

    written: bytes = b""
    may_end: bool = False


class Choices:
    """The texts of one answer, compared as UTF-8 bytes because a token may end inside a character."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = frozenset(text.encode("utf-8", "replace") for text in texts)

    def advance(self, state: Chosen, written: bytes) -> Chosen | None:
        """The state after `written`; None when no choice begins so. A token of no bytes leads nowhere."""
        text = state.written + written
        if not written or not any(choice.startswith(text) for choice in self._texts):
            return None
        return Chosen(text, text in self._texts)

    def settled(self, state: Chosen) -> bytes:
        """What is left to write when only one choice begins so; else nothing."""
        left = [choice for choice in self._texts if choice.startswith(state.written)]
        return left[0][len(state.written) :] if len(left) == 1 else b""
