"""A predicate with the roles of the words beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """Indices of tokens: a predicate, and words with their roles; some roles (from Oslo, to Bergen) need no predicate.

    A word may have two roles where it was not clear which it has; then it has none that counts.
    """

    predicate: int | None
    roles: frozenset[tuple[int, str]]
    contrary: frozenset[frozenset[str]] = frozenset()  # pairs of roles that one thing cannot both have here

    def role(self, words: frozenset[int]) -> str:
        """Return the only role of these words, or ""."""
        found = {role for word, role in self.roles if word in words}
        return found.pop() if len(found) == 1 else ""
