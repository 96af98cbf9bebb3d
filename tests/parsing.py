"""What the tests of parsers share: reading a file given as text, and its blocks as plain tuples."""

from __future__ import annotations

from types import ModuleType

from index.types import Document
from ingest.parsers import ParseOptions


def read(parser: ModuleType, source: str | bytes, name: str = "name.txt", passwords: tuple[str, ...] = ()) -> Document:
    data = source.encode() if isinstance(source, str) else source
    document: Document = parser.parse(name, data, ParseOptions(passwords=passwords))
    return document


def rows(document: Document) -> list[tuple[str, int, int | None, str]]:
    """Kind, level, line and text of every block."""
    return [(b.kind.value, b.level, b.line, document.text[b.start : b.end]) for b in document.blocks]


def texts(document: Document) -> list[str]:
    return [document.text[b.start : b.end] for b in document.blocks]
