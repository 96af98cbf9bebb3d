"""The truth about documents: their text, their chunks, and what is known of the files they came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from index.database import MANY, Database, portions
from index.errors import DamagedError, StoreError
from index.rows import (
    CHUNK,
    HEAD,
    READ,
    Origin,
    checksum,
    embedding_key,
    format_time,
    pack_chunk,
    pack_head,
    pack_path,
    unpack_passage,
    unpack_path,
)
from index.types import Chunk, Document, Passage

__all__ = ["Listing", "Origin", "Store", "Unread", "embedding_key", "format_time"]

_OF_FILES = ("unread", "looks")  # tables of what is known of a file itself, also where it gave no document


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that gave no document; `outcome` is "skipped" or "failed"."""

    path: str
    outcome: str
    reason: str
    size: int
    mtime_ns: int
    reader: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A document as ``rag list`` shows it."""

    path: str
    file: str
    title: str
    pages: int | None
    chunks: int
    modified: str  # ISO 8601, local time
    warnings: tuple[str, ...]


class Store(Database):
    """One open database; writers hold the lock of `index.lock` before they call what changes it."""

    def sources(self) -> dict[str, Path]:
        """Name and root of each ingested folder."""
        rows = self.connection.execute("SELECT name, root FROM sources")
        return {name: Path(unpack_path(root)) for name, root in rows}

    def add_source(self, name: str, root: Path) -> None:
        with self.writing():
            self.connection.execute("INSERT OR IGNORE INTO sources VALUES (?, ?)", (name, pack_path(root)))

    def remove_source(self, name: str) -> None:
        """Take a source out of which no document is left."""
        with self.writing():
            self.connection.execute("DELETE FROM sources WHERE name = ?", (name,))

    # ---------------------------------------------------------------- documents

    def replace(self, origin: Origin, document: Document, chunks: Sequence[Chunk], inputs: Sequence[str]) -> bool:
        """Store a document with its chunks in place of what was at its path; `inputs` are what is embedded.

        Where it is what is stored already, only its origin is noted, and the answer is False.
        """
        keys = [embedding_key(text) for text in inputs]
        with self.writing():
            if self._holds(origin, document, chunks, keys):
                self.touch(origin)
                return False
            former = self._delete([origin.path])
            number, first = self.last_row("documents") + 1, self.last_chunk() + 1
            rows = [
                pack_chunk(first + at, number, chunk, key)
                for at, (chunk, key) in enumerate(zip(chunks, keys, strict=True))
            ]
            head = pack_head(number, origin, document)
            crc = checksum(document.text, [row[-1] for row in rows])
            self.connection.execute(
                f"INSERT INTO documents ({HEAD}, head, text, crc) VALUES ({','.join('?' * (len(head) + 3))})",
                (*head, checksum(*head), document.text, crc),
            )
            self.connection.executemany(
                f"INSERT INTO chunks ({CHUNK}, crc) VALUES ({','.join('?' * len(CHUNK.split(',')))},?)", rows
            )
            self._drop_orphans(former)
        return True

    def _holds(self, origin: Origin, document: Document, chunks: Sequence[Chunk], keys: Sequence[bytes]) -> bool:
        """Whether all that would be stored of a document is stored, undamaged."""
        row = self.connection.execute(
            f"SELECT {HEAD}, text, crc FROM documents WHERE path = ?", (origin.path,)
        ).fetchone()
        if row is None:
            return False
        number = row[0]
        stored = self.connection.execute(f"SELECT {CHUNK}, crc FROM chunks WHERE document = ? ORDER BY id", (number,))
        rows = stored.fetchall()
        if len(rows) != len(chunks):
            return False
        wanted = [pack_chunk(old[0], number, chunk, key) for old, chunk, key in zip(rows, chunks, keys, strict=True)]
        crc = checksum(document.text, [old[-1] for old in rows])
        read = (*pack_head(number, origin, document)[READ:], document.text, crc)
        return rows == wanted and tuple(row[READ:]) == read

    def touch(self, origin: Origin) -> bool:
        """Remember where and how a document was read whose content is the same, and when its members' file changed.

        False where there is no such document.
        """
        with self.writing():
            self.connection.execute(
                "UPDATE documents SET sha256 = ?, reader = ? WHERE path = ?",
                (origin.sha256, origin.reader, origin.path),
            )
            self.connection.execute(
                "UPDATE documents SET mtime_ns = ?1, size = ?2, file = ?3 WHERE path = ?4 OR parent = ?4",
                (origin.mtime_ns, origin.size, pack_path(origin.file), origin.path),
            )
            touched = self.connection.execute(
                f"SELECT {HEAD} FROM documents WHERE path = ?1 OR parent = ?1", (origin.path,)
            )
            heads = [(checksum(*row), row[0]) for row in touched]
            self.connection.executemany("UPDATE documents SET head = ? WHERE id = ?", heads)
            self.connection.execute("DELETE FROM unread WHERE path = ?", (origin.path,))
        return bool(heads)

    def read_again(self, paths: Iterable[str]) -> None:
        """Let the next run read the documents at these paths again, though their files have not changed."""
        known = self.origins()
        for path in set(paths) & known.keys():
            self.touch(replace(known[path], reader=""))

    def delete(self, paths: Iterable[str]) -> None:
        """Take documents and their members out, with the vectors that nothing else needs."""
        with self.writing():
            self._drop_orphans(self._delete(list(paths)))

    def _delete(self, paths: list[str]) -> list[tuple[bytes]]:
        """Delete documents, their members and their chunks; the embedding keys they used."""
        keys: list[tuple[bytes]] = []
        for part in portions(paths):
            marks = ",".join("?" * len(part))
            where = f"path IN ({marks}) OR parent IN ({marks})"
            keys += self.connection.execute(
                f"SELECT DISTINCT input FROM chunks WHERE document IN (SELECT id FROM documents WHERE {where})",
                part * 2,
            ).fetchall()
            self.connection.execute(f"DELETE FROM documents WHERE {where}", part * 2)
            for table in _OF_FILES:
                self.connection.execute(f"DELETE FROM {table} WHERE path IN ({marks})", part)
        return keys

    def _drop_orphans(self, keys: list[tuple[bytes]]) -> None:
        """Delete the vectors of those keys that no chunk has any more."""
        self.connection.executemany(
            "DELETE FROM vectors WHERE input = ?1 AND NOT EXISTS (SELECT 1 FROM chunks WHERE input = ?1)", keys
        )

    def origins(self) -> dict[str, Origin]:
        """What is known of each stored document, by path."""
        rows = self.connection.execute(
            "SELECT path, file, source, sha256, size, mtime_ns, reader, parent FROM documents"
        )
        return {path: Origin(path, unpack_path(file), *rest) for path, file, *rest in rows}

    def unread(self) -> dict[str, Unread]:
        rows = self.connection.execute("SELECT path, outcome, reason, size, mtime_ns, reader FROM unread")
        return {row[0]: Unread(*row) for row in rows}

    def record_unread(self, file: Unread) -> None:
        with self.writing():
            row = (file.path, file.outcome, file.reason, file.size, file.mtime_ns, file.reader)
            self.connection.execute("INSERT OR REPLACE INTO unread VALUES (?,?,?,?,?,?)", row)

    def forget_unread(self, paths: Iterable[str]) -> None:
        rows = [(path,) for path in paths]
        with self.writing():
            for table in _OF_FILES:
                self.connection.executemany(f"DELETE FROM {table} WHERE path = ?", rows)

    def looks(self) -> dict[str, int]:
        """The ``ctime_ns`` that each file had when it was last read or tried, by path."""
        return dict(self.connection.execute("SELECT path, ctime_ns FROM looks"))

    def record_look(self, path: str, ctime_ns: int) -> None:
        """Remember it, which is no change where it is known."""
        with self.writing():
            self.connection.execute(
                "INSERT INTO looks VALUES (?, ?) ON CONFLICT DO UPDATE SET ctime_ns = excluded.ctime_ns"
                " WHERE ctime_ns != excluded.ctime_ns",
                (path, ctime_ns),
            )

    def removed(self) -> set[str]:
        """Paths the user took out; later runs leave them out."""
        return {path for (path,) in self.connection.execute("SELECT path FROM removed")}

    def set_removed(self, paths: Iterable[str], removed: bool) -> None:
        statement = "INSERT OR IGNORE INTO removed VALUES (?)" if removed else "DELETE FROM removed WHERE path = ?"
        with self.writing():
            self.connection.executemany(statement, [(path,) for path in paths])

    def take_over(self, source: str, place: str) -> None:
        """Take a source out whose files are now read as what lies at `place` in another one.

        What the user said of its paths (taken out, labelled) and which of its files could not be read holds on there.
        """
        with self.writing():
            self.delete([path for path, origin in self.origins().items() if origin.source == source])
            for table, column in (("unread", "path"), ("looks", "path"), ("removed", "path"), ("labels", "pattern")):
                for (path,) in self.connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall():
                    if path == source or path.startswith(f"{source}/"):
                        self.connection.execute(
                            f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {column} = ?",
                            (place + path[len(source) :], path),
                        )
            self.connection.execute("DELETE FROM unread WHERE path IN (SELECT path FROM documents)")
            self.remove_source(source)

    def listings(self) -> list[Listing]:
        rows = self.connection.execute(
            "SELECT path, file, title, pages, (SELECT count(*) FROM chunks WHERE document = documents.id),"
            " mtime_ns, warnings FROM documents ORDER BY path"
        )
        return [
            Listing(path, unpack_path(file), title, pages, chunks, format_time(mtime_ns), tuple(json.loads(warnings)))
            for path, file, title, pages, chunks, mtime_ns, warnings in rows
        ]

    def beginnings(self, documents: int, characters: int) -> list[str]:
        """How the texts of so many documents begin; of more, the same ones each time, in no order of theirs."""
        rows = self.connection.execute(
            "SELECT substr(text, 1, ?) FROM documents ORDER BY sha256, path LIMIT ?", (characters, documents)
        )
        return [text for (text,) in rows]

    def text(self, path: str) -> str:
        """A document's whole text; raises StoreError when there is none at `path`, DamagedError when it was altered."""
        row = self.connection.execute("SELECT id FROM documents WHERE path = ?", (path,)).fetchone()
        if row is None:
            raise StoreError(f"{path} is not in this knowledge base.", "See: rag list")
        return self.text_of(row[0])

    def text_of(self, number: int) -> str:
        """The same of the document in row `number`; raises DamagedError also when there is none."""
        head, text = self._document(number)
        (crc,) = self.connection.execute("SELECT crc FROM documents WHERE id = ?", (number,)).fetchone()
        chunks = self.connection.execute("SELECT crc FROM chunks WHERE document = ? ORDER BY id", (number,)).fetchall()
        if checksum(text, [of_chunk for (of_chunk,) in chunks]) != crc:
            raise DamagedError(f"The stored text of {head['path']} is damaged.", "Run: rag repair")
        return text

    def document_ids(self) -> dict[str, int]:
        """Row number of each document, by path."""
        return dict(self.connection.execute("SELECT path, id FROM documents"))

    # ---------------------------------------------------------------- chunks

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The chunks of these numbers that still exist, with their documents."""
        found: dict[int, Passage] = {}
        for part in portions(list(ids)):
            marks = ",".join("?" * len(part))
            rows = self.connection.execute(
                f"SELECT {CHUNK}, crc FROM chunks WHERE id IN ({marks}) ORDER BY document", part
            )
            for number, together in groupby(rows.fetchall(), key=lambda row: row[1]):
                head, text = self._document(number)
                found |= {row[0]: unpack_passage(row, head, text) for row in together}
        return found

    def _document(self, number: object) -> tuple[dict[str, Any], str]:
        """The columns and the text of a document; raises DamagedError."""
        row = self.connection.execute(f"SELECT {HEAD}, head, text FROM documents WHERE id = ?", (number,)).fetchone()
        if row is None or checksum(*row[:-2]) != row[-2]:
            name = row[1] if row else f"document {number}"
            raise DamagedError(f"What is stored of {name} is damaged.", "Run: rag repair")
        return dict(zip(HEAD.split(", "), row, strict=False)), row[-1]

    def each_passage(self, after: int = 0) -> Iterator[Passage]:
        """Every chunk numbered above `after`, in order of number."""
        while True:
            ids = self.connection.execute(
                "SELECT id FROM chunks WHERE id > ? ORDER BY id LIMIT ?", (after, MANY)
            ).fetchall()
            if not ids:
                return
            found = self.passages([number for (number,) in ids])
            yield from (found[number] for (number,) in ids if number in found)
            after = ids[-1][0]

    def all_chunk_ids(self) -> set[int]:
        return {number for (number,) in self.connection.execute("SELECT id FROM chunks")}

    def existing_chunks(self, ids: Sequence[int]) -> set[int]:
        """Those of these chunks that are still there."""
        found: set[int] = set()
        for part in portions(list(ids)):
            marks = ",".join("?" * len(part))
            found |= {n for (n,) in self.connection.execute(f"SELECT id FROM chunks WHERE id IN ({marks})", part)}
        return found

    def documents_of(self, chunks: Sequence[int]) -> dict[int, int]:
        """The document of each of these chunks that is still there."""
        found: dict[int, int] = {}
        for part in portions(list(chunks)):
            marks = ",".join("?" * len(part))
            found |= dict(self.connection.execute(f"SELECT id, document FROM chunks WHERE id IN ({marks})", part))
        return found

    def count_chunks(self, after: int = 0) -> int:
        """Chunks, or those numbered above `after`; all are counted in an index, without reading their rows."""
        newer = f" WHERE id > {after:d}" if after else ""
        return int(self.connection.execute(f"SELECT count(*) FROM chunks{newer}").fetchone()[0])

    def last_chunk(self) -> int:
        """The highest chunk number ever given out."""
        return self.last_row("chunks")

    def chunk_ids(self, documents: Iterable[int]) -> list[int]:
        """The chunks of these documents."""
        ids: list[int] = []
        for part in portions(list(documents)):
            marks = ",".join("?" * len(part))
            ids += [n for (n,) in self.connection.execute(f"SELECT id FROM chunks WHERE document IN ({marks})", part)]
        return ids
