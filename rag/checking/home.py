"""The sentence of a source that a statement is nearest to, and which of its words the statement follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.checking.tokens import Token


@dataclass(frozen=True, slots=True)
class Home:
    """A sentence from `start` to `end` of the sources' text; `tokens` are all of theirs, `inside` those of it."""

    text: str
    start: int
    end: int
    tokens: Sequence[Token]
    inside: Sequence[int]
    matched: frozenset[int]  # tokens of the sources, by index, that a word of the statement is like
    followed: frozenset[int]  # those of them that it follows in its order
    alone: frozenset[int]  # those whose word has no other directly before it in the statement
    exception: str  # the sentence after it, if that takes something back: ただし, …

    @property
    def sentence(self) -> str:
        """The sentence itself."""
        return self.text[self.start : self.end]
