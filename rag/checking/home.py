"""The sentence of a source that a statement is nearest to, and which of its words the statement follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.checking.tokens import Token


@dataclass(frozen=True, slots=True)
class Home:
    """A sentence from `start` to `end` of the sources' text; `tokens` are all of theirs, `inside` those of it."""

    text: str
    start: int
    end: int
    tokens: Sequence[Token]
    inside: Sequence[int]
    matched: frozenset[int]  # tokens of the sources, by index, that the statement has, too
    followed: frozenset[int]  # those of them that it follows in its order
    alone: frozenset[int]  # those whose word has no other directly before it in the statement
    exception: str  # the sentence after it, if that takes something back: ただし, …

    @property
    def sentence(self) -> str:
        """The sentence itself."""
        return self.text[self.start : self.end]

    def part(self) -> Home:
        """The part of the sentence between semicolons that the statement follows most."""
        borders = [self.start, *(self.start + m.end() for m in re.finditer(";", self.sentence)), self.end]
        parts = [
            (start, end, [j for j in self.inside if start <= self.tokens[j].start < end])
            for start, end in pairwise(borders)
        ]
        start, end, inside = max(parts, key=lambda part: len(self.followed.intersection(part[2])))
        return replace(self, start=start, end=end, inside=inside)
