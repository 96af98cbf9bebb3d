"""Mends a damaged knowledge base: what is right is carried into a new database, and the derived parts are made anew."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index import schema
from index.connection import Connection, connect
from index.dense import STAMP as VECTOR_STAMP
from index.errors import DamagedError, NewerError, RagError
from index.facts import keep_facts
from index.files import disk_errors, link_or_copy
from index.lexical import STAMP as WORD_STAMP
from index.lock import write_lock
from index.opening import DATABASE, REPAIRED
from index.platform import sync_folder
from index.rows import CHUNK, HEAD, checksum, unpack_passage
from index.seal import SEAL, break_seal, seal_holds
from index.search import Index
from index.stamp import read_stamp
from index.vector_table import ROW, is_right
from index.verify import find_damage_of_parts, find_damage_of_truth

DAMAGED = f"damaged-{DATABASE}"  # the former database, kept beside the new one
MAKING = f".{REPAIRED}.tmp"
# Tables that are copied row by row.
OTHERS = ("sources", "models", "unread", "looks", "removed", "labels", "conversations")


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found and what is, or would be, done about it.

    `again` are documents whose text is lost: the next ingest reads them from their files. `vectors` are lost and made
    anew from stored text. `rebuilt` are derived parts. `kept` is the former database, when it was replaced.
    """

    findings: tuple[str, ...]
    again: tuple[str, ...]
    vectors: int
    rebuilt: tuple[str, ...]
    applied: bool
    kept: str = ""


def repair(folder: Path, *, apply: bool) -> Repair:
    """Mend the knowledge base in `folder`, or only say what that takes; nothing changes without `apply`.

    Raises StoreError when the disk is full or broken; what was there is there still, and the next repair goes on.
    """
    told = f"{folder} could not be mended", "Free some space or check the disk, then run it again."
    with write_lock(folder, "rag repair"), disk_errors(*told):
        if (folder / REPAIRED).exists():  # a repair that was killed: all that is right is in there
            truth, parts = ["A repair was interrupted."], list[str]()
        else:
            truth, parts = _look(folder)
        again: tuple[str, ...] = ()
        vectors, kept = 0, ""
        if truth:
            if not (folder / REPAIRED).exists():
                again, vectors = _salvage(folder, keep=apply)
            if apply:
                kept = _swap(folder)
        rebuilt = (WORD_STAMP, VECTOR_STAMP) if truth else tuple(name for name in (WORD_STAMP, VECTOR_STAMP) if parts)
        if apply:
            _rebuild(folder, rebuilt)
        return Repair((*truth, *parts), again, vectors, rebuilt, apply, kept)


def _look(folder: Path) -> tuple[list[str], list[str]]:
    """What is damaged in the truth and in the parts."""
    try:
        index = Index(folder, create=False, damaged=True)
    except DamagedError as error:
        return [error.message], []
    except NewerError as error:
        if seal_holds(folder, thorough=True) is not False:
            raise
        return [error.message], []  # the number of the format is what is damaged
    try:
        truth = list(find_damage_of_truth(index))
        return truth, [] if truth else list(find_damage_of_parts(index))
    finally:
        index.close()


def _salvage(folder: Path, *, keep: bool) -> tuple[tuple[str, ...], int]:
    """Make a database of all that is right, at REPAIRED if it is to be kept; the paths and number of vectors lost."""
    making = folder / MAKING
    schema.remove_database(making)
    stamps = [stamp for name in (SEAL, WORD_STAMP, VECTOR_STAMP) if (stamp := read_stamp(folder / name))]
    with contextlib.closing(connect(folder / DATABASE, "rw")) as old:
        facts = dict(_rows(old, "SELECT key, value FROM meta"))
        kb = stamps[0].kb if stamps else str(facts.get("kb", ""))
        schema.make(making, kb)
        with contextlib.closing(connect(making, "rw")) as new:
            new.execute("BEGIN IMMEDIATE")
            known = {path for (path,) in _rows(old, "SELECT path FROM documents") if isinstance(path, str)}
            for table in OTHERS:
                for row in _rows(old, f"SELECT * FROM {table}"):
                    marks = ",".join("?" * len(row))
                    new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
            saved, lost = _copy_documents(old, new), _copy_vectors(old, new)
            generation = max([_number(facts.get("generation")), *(stamp.generation for stamp in stamps)]) + 1
            new.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(generation),))
            for key, value in facts.items():
                check, _, learned = str(value).partition(" ")
                if learned and check == str(checksum(learned)):
                    new.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))
            keep_facts(new)
            new.execute("COMMIT")
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if keep:
        making.replace(folder / REPAIRED)
        sync_folder(folder)
    schema.remove_database(making)
    return tuple(sorted(known - saved)), lost


def _copy_documents(old: Connection, new: Connection) -> set[str]:
    """Copy every document that is right with all its chunks; their paths."""
    saved = set()
    columns = f"{HEAD}, head, text, crc"
    marks = ",".join("?" * len(columns.split(",")))
    for row in _numbered(old, f"SELECT {columns} FROM documents", "documents"):
        head, (check, text, crc) = row[:-3], row[-3:]
        if checksum(*head) != check or not isinstance(text, str):
            continue
        # The second way does without the index, which may be what is damaged.
        for column in ("document", "+document"):
            chunks = list(_rows(old, f"SELECT {CHUNK}, crc FROM chunks WHERE {column} = {row[0]} ORDER BY id"))
            if checksum(text, [chunk[-1] for chunk in chunks]) == crc and _all_right(row, text, chunks):
                new.execute(f"INSERT OR REPLACE INTO documents ({columns}) VALUES ({marks})", row)
                new.executemany(
                    f"INSERT OR REPLACE INTO chunks ({CHUNK}, crc) VALUES ({','.join('?' * len(CHUNK.split(',')))},?)",
                    chunks,
                )
                saved.add(row[1])
                break
    return saved


def _all_right(row: tuple[Any, ...], text: str, chunks: list[tuple[Any, ...]]) -> bool:
    head = dict(zip(HEAD.split(", "), row, strict=False))
    try:
        return all(unpack_passage(chunk, head, text).chunk for chunk in chunks)
    except RagError:
        return False


def _copy_vectors(old: Connection, new: Connection) -> int:
    """Copy every vector that is right, still needed, and of a known model; the number of those needed and lost."""
    needed = {key for (key,) in new.execute("SELECT input FROM chunks")}
    models = {model for (model,) in new.execute("SELECT id FROM models")}
    found: dict[int, set[bytes]] = {}
    for row in _numbered(old, f"SELECT {ROW} FROM vectors", "vectors"):
        _, _, model, key, _ = row
        kept = found.setdefault(model, set())
        if is_right(row) and key in needed and model in models:
            new.execute(f"INSERT OR REPLACE INTO vectors ({ROW}) VALUES (?,?,?,?,?)", row)
            kept.add(key)
    # None is lost where there were none: then no model is known either.
    return len(needed) - max(map(len, found.values()), default=0 if models else len(needed))


def _numbered(connection: Connection, select: str, table: str) -> Iterator[tuple[Any, ...]]:
    """All rows of a table with row numbers; one by one where a scan meets damage."""
    last = 0
    try:
        for row in connection.execute(f"{select} NOT INDEXED ORDER BY id"):
            last = row[0]
            yield row
    except RagError:
        # The second is what the first should be, for a table whose last page cannot be read.
        for ask in (f"SELECT max(id) FROM {table}", f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'"):
            highest = max((n for (n,) in _rows(connection, ask) if isinstance(n, int)), default=0)
            if highest > last:
                break
        for number in range(last + 1, highest + 1):
            yield from _rows(connection, f"{select} WHERE id = {number}")


def _rows(connection: Connection, select: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query up to the first that cannot be read."""
    with contextlib.suppress(RagError):
        yield from connection.execute(select)


def _number(value: object) -> int:
    return int(value) if isinstance(value, str | int) and str(value).isdigit() else 0


def _swap(folder: Path) -> str:
    """Put the new database in the old one's place and keep the old one beside it.

    While REPAIRED is there nobody opens the old one: a kill between two steps is made up for by the next repair.
    """
    break_seal(folder)
    (folder / DAMAGED).unlink(missing_ok=True)
    link_or_copy(folder / DATABASE, folder / DAMAGED)
    for suffix in ("-wal", "-shm"):
        (folder / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    (folder / REPAIRED).replace(folder / DATABASE)
    sync_folder(folder)
    return DAMAGED


def _rebuild(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
    break_seal(folder)
    index = Index(folder, create=False, damaged=True)
    try:
        used = index.store.connection.execute(
            "SELECT identity FROM models ORDER BY (SELECT count(*) FROM vectors WHERE model = models.id) DESC LIMIT 1"
        ).fetchone()
        index.identity = used[0] if used else ""
        index.refresh()
        index.store.seal()
    finally:
        index.close()
