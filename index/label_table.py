"""Labels: names the user gives to documents, by patterns of their paths, so that later ones have them too."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from index.connection import Connection
from index.database import Database
from index.errors import UsageError


class LabelTable:
    """The table `labels` of an open database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def connection(self) -> Connection:
        return self.database.connection

    def add(self, name: str, patterns: Iterable[str]) -> None:
        with self.database.writing():
            self.connection.executemany(
                "INSERT OR IGNORE INTO labels VALUES (?, ?)", [(name, pattern) for pattern in patterns]
            )

    def remove(self, name: str, patterns: Iterable[str]) -> None:
        with self.database.writing():
            self.connection.executemany(
                "DELETE FROM labels WHERE name = ? AND pattern = ?", [(name, pattern) for pattern in patterns]
            )

    def all(self) -> dict[str, list[str]]:
        """The patterns of each label."""
        found: dict[str, list[str]] = {}
        for name, pattern in self.connection.execute("SELECT name, pattern FROM labels ORDER BY name, pattern"):
            found.setdefault(name, []).append(pattern)
        return found

    def patterns(self, names: Iterable[str]) -> list[str]:
        """The patterns of these labels; raises UsageError for a label that nothing has."""
        known = self.all()
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known) or 'none (rag label PATH NAME)'}"
                )
                raise UsageError(f"There is no label {name}.", hint)
        return [pattern for name in names for pattern in known[name]]
