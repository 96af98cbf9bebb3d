"""The truth about documents: their text, their chunks, and what is known of the files they came from."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.database import MANY, Database, portions
from index.errors import DamagedError, StoreError
from index.types import Block, Chunk, Document, Kind, Passage, Span


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came from and by what it is recognised as unchanged."""

    path: str
    file: str
    source: str
    sha256: str
    size: int
    mtime_ns: int
    reader: str
    parent: str | None = None


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
        return {name: Path(root) for name, root in self.connection.execute("SELECT name, root FROM sources")}

    def add_source(self, name: str, root: Path) -> None:
        with self.writing():
            self.connection.execute("INSERT OR IGNORE INTO sources VALUES (?, ?)", (name, str(root)))

    # ---------------------------------------------------------------- documents

    def replace(self, origin: Origin, document: Document, chunks: Sequence[Chunk], inputs: Sequence[str]) -> None:
        """Store a document with its chunks in place of what was at its path; `inputs` are what is embedded."""
        with self.writing():
            former = self._delete([origin.path])
            labels = json.dumps(document.page_labels, ensure_ascii=False)
            warnings = json.dumps(document.warnings, ensure_ascii=False)
            crc = _crc(origin.path, document.title, document.text, document.date, labels)
            row = (
                *(origin.path, origin.file, origin.source, origin.parent, origin.sha256, origin.size, origin.mtime_ns),
                *(origin.reader, document.title, document.text, document.date, document.pages, labels, warnings, crc),
            )
            number = self.connection.execute(
                "INSERT INTO documents (path, file, source, parent, sha256, size, mtime_ns, reader, title, text, date,"
                " pages, page_labels, warnings, crc) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                row,
            ).lastrowid
            self.connection.executemany(
                "INSERT INTO chunks (document, start, end, heading, blocks, context, input, crc)"
                " VALUES (?,?,?,?,?,?,?,?)",
                [_pack_chunk(number, chunk, embedding_key(text)) for chunk, text in zip(chunks, inputs, strict=True)],
            )
            self._drop_orphans(former)

    def touch(self, origin: Origin) -> None:
        """Remember a new time and size for a document whose content is the same."""
        with self.writing():
            self.connection.execute(
                "UPDATE documents SET mtime_ns = ?, size = ?, file = ? WHERE path = ?",
                (origin.mtime_ns, origin.size, origin.file, origin.path),
            )

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
            self.connection.execute(f"DELETE FROM unread WHERE path IN ({marks})", part)
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
        return {row[0]: Origin(*row) for row in rows}

    def unread(self) -> dict[str, Unread]:
        rows = self.connection.execute("SELECT path, outcome, reason, size, mtime_ns, reader FROM unread")
        return {row[0]: Unread(*row) for row in rows}

    def record_unread(self, file: Unread) -> None:
        with self.writing():
            row = (file.path, file.outcome, file.reason, file.size, file.mtime_ns, file.reader)
            self.connection.execute("INSERT OR REPLACE INTO unread VALUES (?,?,?,?,?,?)", row)

    def forget_unread(self, paths: Iterable[str]) -> None:
        with self.writing():
            self.connection.executemany("DELETE FROM unread WHERE path = ?", [(path,) for path in paths])

    def removed(self) -> set[str]:
        """Paths the user took out; later runs leave them out."""
        return {path for (path,) in self.connection.execute("SELECT path FROM removed")}

    def set_removed(self, paths: Iterable[str], removed: bool) -> None:
        statement = "INSERT OR IGNORE INTO removed VALUES (?)" if removed else "DELETE FROM removed WHERE path = ?"
        with self.writing():
            self.connection.executemany(statement, [(path,) for path in paths])

    def listings(self) -> list[Listing]:
        rows = self.connection.execute(
            "SELECT path, file, title, pages, (SELECT count(*) FROM chunks WHERE document = documents.id),"
            " mtime_ns, warnings FROM documents ORDER BY path"
        )
        return [
            Listing(path, file, title, pages, chunks, format_time(mtime_ns), tuple(json.loads(warnings)))
            for path, file, title, pages, chunks, mtime_ns, warnings in rows
        ]

    def text(self, path: str) -> str:
        """A document's whole text; raises StoreError when there is none at `path`, DamagedError when it was altered."""
        row = self.connection.execute(
            "SELECT path, title, text, date, page_labels, crc FROM documents WHERE path = ?", (path,)
        ).fetchone()
        if row is None:
            raise StoreError(f"{path} is not in this knowledge base.", "See: rag list")
        if _crc(*row[:5]) != row[5]:
            raise DamagedError(f"The stored text of {path} is damaged.", "Run: rag repair")
        return str(row[2])

    def document_ids(self) -> dict[str, int]:
        """Row number of each document, by path."""
        return dict(self.connection.execute("SELECT path, id FROM documents"))

    # ---------------------------------------------------------------- chunks

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The chunks of these numbers that still exist, with their documents."""
        found: dict[int, Passage] = {}
        for part in portions(list(ids)):
            rows = self.connection.execute(
                "SELECT c.id, d.path, d.file, d.title, d.mtime_ns, d.date, d.page_labels, c.start, c.end, c.heading,"
                " c.blocks, c.context, substr(d.text, c.start + 1, c.end - c.start), c.crc, d.id"
                f" FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id IN ({','.join('?' * len(part))})",
                part,
            )
            for row in rows.fetchall():
                context = tuple(self._span(row[14], start, end) for start, end in json.loads(row[11]))
                found[row[0]] = _unpack_passage(row, context)
        return found

    def _span(self, document: int, start: int, end: int) -> Span:
        row = self.connection.execute(
            "SELECT substr(text, ?, ?) FROM documents WHERE id = ?", (start + 1, end - start, document)
        ).fetchone()
        return Span(start, end, row[0])

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

    def count_chunks(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def last_chunk(self) -> int:
        """The highest chunk number ever given out."""
        row = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
        return int(row[0]) if row else 0

    def chunk_ids(self, documents: Iterable[int]) -> list[int]:
        """The chunks of these documents."""
        ids: list[int] = []
        for part in portions(list(documents)):
            marks = ",".join("?" * len(part))
            ids += [n for (n,) in self.connection.execute(f"SELECT id FROM chunks WHERE document IN ({marks})", part)]
        return ids


def embedding_key(text: str) -> bytes:
    """The key under which the vector of `text` is kept: 16 bytes of BLAKE2b, far from any chance collision."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def format_time(mtime_ns: int) -> str:
    """A file's time as ISO 8601 in local time, to the second."""
    from datetime import datetime

    return datetime.fromtimestamp(mtime_ns / 1e9).isoformat(timespec="seconds")


def _crc(*parts: object) -> int:
    return zlib.crc32("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"))


def _pack_chunk(document: int | None, chunk: Chunk, key: bytes) -> tuple[object, ...]:
    heading = json.dumps(chunk.heading, ensure_ascii=False)
    blocks = json.dumps([[b.start, b.end, b.kind, b.level, b.page, b.line, b.sheet] for b in chunk.blocks])
    context = json.dumps([[span.start, span.end] for span in chunk.context])
    crc = _crc(chunk.start, chunk.end, heading, blocks, context, chunk.text)
    return (document, chunk.start, chunk.end, heading, blocks, context, key, crc)


def _unpack_passage(row: Sequence[Any], context: tuple[Span, ...]) -> Passage:
    number, path, file, title, mtime_ns, date, labels, start, end, heading, blocks, ranges, text, crc = row[:14]
    if _crc(start, end, heading, blocks, ranges, text) != crc:
        raise DamagedError(f"A stored passage of {path} is damaged.", "Run: rag repair")
    chunk = Chunk(
        start=start,
        end=end,
        text=text,
        heading=tuple(json.loads(heading)),
        blocks=tuple(Block(b[0], b[1], Kind(b[2]), *b[3:]) for b in json.loads(blocks)),
        context=context,
    )
    return Passage(number, path, file, title, format_time(mtime_ns), date, tuple(json.loads(labels)), chunk)
