"""Conversations, kept in the truth beside the documents they are about, and deleted from it.

They are no part of the index: keeping one does not change its generation, so nothing derived from it grows old.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from index.characters import whole
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
    with _changing(store):
        if number is not None:
            _put(store, number, turns)
            return number
        text = _write(turns)
        begun = datetime.now().astimezone().isoformat(timespec="seconds")
        made = store.connection.execute("INSERT INTO conversations (begun, turns) VALUES (?, ?)", (begun, text))
        return int(made.lastrowid)


def list_conversations(store: Database) -> list[Conversation]:
    """Every kept conversation, oldest first."""
    with store.reading():
        rows = store.connection.execute("SELECT id, begun, turns FROM conversations ORDER BY id").fetchall()
    return [Conversation(number, begun, tuple(json.loads(turns))) for number, begun, turns in rows]


def delete_conversation(store: Database, number: int) -> bool:
    """Delete a conversation; whether there was one."""
    with _changing(store):
        gone = store.connection.execute("DELETE FROM conversations WHERE id = ?", (number,)).rowcount
    return bool(gone)


def forget_turns(store: Database, paths: Iterable[str]) -> int:
    """Take out what was answered from these documents, and what was asked after it, for the holder of the lock.

    A later question of the same conversation may carry on the words of an answer. Returns the number of turns.
    """
    gone, count = set(paths), 0
    with store.writing():
        for kept in list_conversations(store):
            turns = list(takewhile(lambda turn: not _cites(turn, gone), kept.turns))
            count += len(kept.turns) - len(turns)
            if len(turns) < len(kept.turns):
                _put(store, kept.id, turns)
    return count


def move_citations(store: Database, source: str, place: str) -> None:
    """Name the documents of a source as those at `place`, for the holder of the lock."""

    def move(citation: list[Any]) -> list[Any]:
        number, path, *rest = citation
        return [number, place + path[len(source) :] if f"{path}/".startswith(f"{source}/") else path, *rest]

    with store.writing():
        for kept in list_conversations(store):
            turns = [{**turn, "citations": [move(entry) for entry in turn.get("citations", ())]} for turn in kept.turns]
            if turns != list(kept.turns):
                _put(store, kept.id, turns)


def _cites(turn: Mapping[str, Any], paths: Set[str]) -> bool:
    return any(path in paths for _, path, *_ in turn.get("citations", ()))


def _put(store: Database, number: int, turns: Sequence[Mapping[str, Any]]) -> None:
    if turns:
        text = _write(turns)
        store.connection.execute("UPDATE conversations SET turns = ? WHERE id = ?", (text, number))
    else:
        store.connection.execute("DELETE FROM conversations WHERE id = ?", (number,))


def _write(turns: Sequence[Mapping[str, Any]]) -> str:
    return whole(json.dumps(list(turns), ensure_ascii=False))


@contextmanager
def _changing(store: Database) -> Iterator[None]:
    """One transaction under the writer's lock, which leaves the generation as it is."""
    with store.session("rag chat"), store.transaction():
        yield
