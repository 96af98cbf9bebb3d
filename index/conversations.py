"""Conversations, kept in the truth beside the documents they are about, and deleted from it.

They are no part of the index: keeping one does not change its generation, so nothing derived from it grows old.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from index.database import Database


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
    rows = store.connection.execute("SELECT id, begun, turns FROM conversations ORDER BY id").fetchall()
    return [Conversation(number, begun, tuple(json.loads(turns))) for number, begun, turns in rows]


def delete_conversation(store: Database, number: int) -> bool:
    """Delete a conversation; whether there was one."""
    with _changing(store):
        gone = store.connection.execute("DELETE FROM conversations WHERE id = ?", (number,)).rowcount
    return bool(gone)


def forget_turns(store: Database, paths: Iterable[str]) -> int:
    """Take out what was asked and answered from these documents, for the holder of the lock; the number of turns."""
    gone, count = set(paths), 0
    with store.writing():
        for kept in list_conversations(store):
            turns = [turn for turn in kept.turns if not gone & {path for _, path, *_ in turn.get("citations", ())}]
            count += len(kept.turns) - len(turns)
            if not turns:
                store.connection.execute("DELETE FROM conversations WHERE id = ?", (kept.id,))
            elif len(turns) < len(kept.turns):
                text = json.dumps(turns, ensure_ascii=False)
                store.connection.execute("UPDATE conversations SET turns = ? WHERE id = ?", (text, kept.id))
    return count


def move_citations(store: Database, source: str, place: str) -> None:
    """Name the documents of a source as those at `place`, for the holder of the lock."""
    with store.writing():
        for kept in list_conversations(store):
            turns = json.loads(json.dumps(kept.turns, ensure_ascii=False))
            for citation in (citation for turn in turns for citation in turn.get("citations", ())):
                if f"{citation[1]}/".startswith(f"{source}/"):
                    citation[1] = place + citation[1][len(source) :]
            if turns != list(kept.turns):
                text = json.dumps(turns, ensure_ascii=False)
                store.connection.execute("UPDATE conversations SET turns = ? WHERE id = ?", (text, kept.id))


@contextmanager
def _changing(store: Database) -> Iterator[None]:
    """One transaction under the writer's lock, which leaves the generation as it is."""
    with store.session("rag chat"):
        store.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            store.connection.execute("COMMIT")
        except BaseException:
            store.connection.execute("ROLLBACK")
            raise
