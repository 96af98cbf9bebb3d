"""Conversations, kept in the truth beside the documents they are about, and deleted from it.

They are no part of the index: keeping one does not change its generation, so nothing derived from it grows old.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from index.database import Database

TABLE = """
CREATE TABLE IF NOT EXISTS conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    begun TEXT NOT NULL,            -- ISO 8601, local time
    turns TEXT NOT NULL             -- JSON: a list of objects, question and answer
)
"""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A kept conversation; `turns` hold what was asked and what was answered, oldest first."""

    id: int
    begun: str
    turns: tuple[Mapping[str, Any], ...]


def keep_conversation(store: Database, turns: Sequence[Mapping[str, Any]], number: int | None = None) -> int:
    """Keep the turns of a conversation, in place of what stood under `number`; returns its number.

    Raises LockedError while another process changes the knowledge base.
    """
    text = json.dumps(list(turns), ensure_ascii=False)
    with _changing(store):
        if number is not None:
            store.connection.execute("UPDATE conversations SET turns = ? WHERE id = ?", (text, number))
            return number
        begun = datetime.now().astimezone().isoformat(timespec="seconds")
        made = store.connection.execute("INSERT INTO conversations (begun, turns) VALUES (?, ?)", (begun, text))
        return int(made.lastrowid)


def list_conversations(store: Database) -> list[Conversation]:
    """Every kept conversation, oldest first."""
    known = store.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'conversations'").fetchone()
    if not known:
        return []
    rows = store.connection.execute("SELECT id, begun, turns FROM conversations ORDER BY id").fetchall()
    return [Conversation(number, begun, tuple(json.loads(turns))) for number, begun, turns in rows]


def delete_conversation(store: Database, number: int) -> bool:
    """Delete a conversation; whether there was one."""
    with _changing(store):
        gone = store.connection.execute("DELETE FROM conversations WHERE id = ?", (number,)).rowcount
    return bool(gone)


@contextmanager
def _changing(store: Database) -> Iterator[None]:
    """One transaction under the writer's lock, which leaves the generation as it is."""
    with store.session("rag chat"):
        store.connection.execute("BEGIN IMMEDIATE")
        try:
            store.connection.execute(TABLE)
            yield
            store.connection.execute("COMMIT")
        except BaseException:
            store.connection.execute("ROLLBACK")
            raise
