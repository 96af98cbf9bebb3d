"""Rows of documents and chunks: how they are packed, and the checksums that tell when one was altered."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from index.errors import DamagedError
from index.types import Block, Chunk, Document, Kind, Passage, Span

HEAD = "id, path, file, source, parent, sha256, size, mtime_ns, reader, title, date, pages, page_labels, warnings"
READ = 9  # columns of HEAD that tell where a document is from; what was read of it follows
_ESCAPED = "file:"  # no absolute path begins so
CHUNK = "id, document, start, end, heading, blocks, context, input"


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


def pack_path(path: str | Path) -> str:
    """A path on the disk as text: itself, or, where its bytes are no UTF-8 (Python holds them as lone surrogates, which
    SQLite does not take), ``file:`` and the bytes escaped as RFC 3986 escapes them."""
    try:
        str(path).encode("utf-8")
        return str(path)
    except UnicodeEncodeError:
        return _ESCAPED + quote_from_bytes(os.fsencode(path))


def unpack_path(packed: str) -> str:
    """The path of which `pack_path` made this."""
    return os.fsdecode(unquote_to_bytes(packed.removeprefix(_ESCAPED))) if packed.startswith(_ESCAPED) else packed


def embedding_key(text: str) -> bytes:
    """The key under which the vector of `text` is kept: 16 bytes of BLAKE2b, far from any chance collision."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def format_time(mtime_ns: int) -> str:
    """A file's time as ISO 8601 in local time, to the second."""
    from datetime import datetime

    return datetime.fromtimestamp(mtime_ns / 1e9).isoformat(timespec="seconds")


def checksum(*parts: object) -> int:
    """CRC-32 of values of the database, each with its kind."""
    return zlib.crc32(repr(parts).encode("utf-8", "surrogatepass"))


def pack_head(number: int, origin: Origin, document: Document) -> tuple[object, ...]:
    """The columns HEAD of a document."""
    labels = json.dumps(document.page_labels, ensure_ascii=False)
    warnings = json.dumps(document.warnings, ensure_ascii=False)
    return (
        *(number, origin.path, pack_path(origin.file), origin.source, origin.parent, origin.sha256, origin.size),
        *(origin.mtime_ns, origin.reader, document.title, document.date, document.pages, labels, warnings),
    )


def pack_chunk(number: int, document: int, chunk: Chunk, key: bytes) -> tuple[Any, ...]:
    """The columns CHUNK, and the checksum over them and the texts that their ranges name."""
    heading = json.dumps(chunk.heading, ensure_ascii=False)
    blocks = json.dumps([[b.start, b.end, b.kind, b.level, b.page, b.line, b.sheet] for b in chunk.blocks])
    context = json.dumps([[span.start, span.end] for span in chunk.context])
    row = (number, document, chunk.start, chunk.end, heading, blocks, context, key)
    return (*row, checksum(row, chunk.text, [span.text for span in chunk.context]))


def unpack_passage(row: Sequence[Any], head: dict[str, Any], text: str) -> Passage:
    """The passage in a row CHUNK with its checksum; raises DamagedError."""
    number, _, start, end, heading, blocks, ranges, _, crc = row
    try:
        context = tuple(Span(first, last, text[first:last]) for first, last in json.loads(ranges))
        right = checksum(tuple(row[:-1]), text[start:end], [span.text for span in context]) == crc
    except (ValueError, TypeError):  # one bit makes a value one of another kind
        right = False
    if not right:
        raise DamagedError(f"A stored passage of {head['path']} is damaged.", "Run: rag repair")
    chunk = Chunk(
        start=start,
        end=end,
        text=text[start:end],
        heading=tuple(json.loads(heading)),
        blocks=tuple(Block(b[0], b[1], Kind(b[2]), *b[3:]) for b in json.loads(blocks)),
        context=context,
    )
    labels, modified = tuple(json.loads(head["page_labels"])), format_time(head["mtime_ns"])
    file = unpack_path(head["file"])
    return Passage(number, head["path"], file, head["title"], modified, head["date"], labels, chunk)
