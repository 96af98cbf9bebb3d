"""The checksum over the small tables, whose rows have none of their own: what models, sources and labels there are.

It is kept among the facts in `meta` and renewed by every transaction, so that a change in these tables, or a row that
is gone from them, is seen also where no seal covers the file: while a writer is at work, and after one was killed.
"""

from __future__ import annotations

from index.connection import Connection
from index.errors import DamagedError
from index.rows import checksum

KEY = "facts"
SELECTS = (
    f"SELECT key, value FROM meta WHERE key != '{KEY}' ORDER BY key",
    "SELECT name, root FROM sources ORDER BY name",
    "SELECT id, identity FROM models ORDER BY id",
    "SELECT name, pattern FROM labels ORDER BY name, pattern",
)


def keep_facts(connection: Connection) -> None:
    """Renew the checksum, inside the transaction that changed what it covers."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (KEY, str(_sum(connection))))


def check_facts(connection: Connection) -> None:
    """Raise DamagedError when the small tables are not what was written; inside a transaction, or alone."""
    row = connection.execute(f"SELECT value FROM meta WHERE key = '{KEY}'").fetchone()
    if row is None or row[0] != str(_sum(connection)):
        raise DamagedError(
            "What the knowledge base knows of its models, sources and labels is damaged.",
            "Run: rag repair --apply, then look at: rag label",
        )


def _sum(connection: Connection) -> int:
    return checksum(*(connection.execute(select).fetchall() for select in SELECTS))
