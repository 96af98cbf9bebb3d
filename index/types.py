"""The words every part of the product shares, one frozen type a stage.

    write   path ─scan→ Source ─parse→ Document ─chunk→ Chunk ─embed→ vectors ─index.replace→ committed
    read    question → Hit → Quote → Answer (the last two live in `rag`)

All positions are code points of a document's text, half open: ``text[start:end]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a block of a document is to its reader."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"  # one entry of a list
    HEADER = "header"  # the row that names a table's columns
    ROW = "row"  # one row of a table
    CODE = "code"
    NOTE = "note"  # footnote, comment, speaker's note


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item, table row or code listing: one range of a document's text and where it stood.

    `level` is the depth of a heading or list item (1 is the outermost), 0 elsewhere. `page` is the 1-based physical
    page or slide. `line` is the 1-based line of the source file, or the row of the sheet, at which the block starts;
    the text of a block that has a line keeps the source's line ends, so lines inside it can be counted.
    """

    start: int
    end: int
    kind: Kind = Kind.TEXT
    level: int = 0
    page: int | None = None
    line: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file (mail attachment, member of an archive), to be read as a document of its own."""

    name: str  # relative, "/" between folders, already safe: no "..", no drive, no control characters
    data: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """All that was read of one file: its whole text once, the blocks that cover it, and what went wrong.

    Blocks are in reading order and do not overlap; text between blocks is white space. `page_labels[n - 1]` is the
    label printed on physical page n, or the tuple is empty. `date` is the date the document itself states (ISO 8601),
    if any.
    """

    title: str
    text: str
    blocks: tuple[Block, ...]
    page_labels: tuple[str, ...] = ()
    pages: int | None = None
    date: str | None = None
    warnings: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """An exact range of a document's text with the text that stands there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be found: a range of its document, the blocks in it, and the ranges it needs to be understood.

    `heading` is the path of headings above it, outermost first. `context` holds ranges outside the chunk: a table's
    header row, a list's lead-in. `text` is ``document.text[start:end]``.
    """

    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    blocks: tuple[Block, ...]
    context: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored chunk as search sees it: the chunk, the document it is from, and its number in the index."""

    id: int
    path: str
    file: str
    title: str
    modified: str
    date: str | None
    page_labels: tuple[str, ...]
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage (what ``rag.search`` gives).

    `score` is comparable within one question, higher is better. `ranks` gives the 1-based rank in each leg that found
    it.
    """

    path: str
    file: str
    page: int | None
    page_label: str | None
    lines: tuple[int, int] | None
    where: str
    heading: tuple[str, ...]
    modified: str
    start: int
    end: int
    text: str
    context: tuple[Span, ...]
    also: tuple[str, ...]
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence, table row, list item or code line that bears on the question; `n` is its number on the screen."""

    n: int
    path: str
    file: str
    page: int | None
    page_label: str | None
    lines: tuple[int, int] | None
    where: str
    heading: tuple[str, ...]
    modified: str
    start: int
    end: int
    text: str
    context: tuple[Span, ...]
    also: tuple[str, ...]
    score: float
