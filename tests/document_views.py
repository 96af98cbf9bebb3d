"""Documents as short lists, for tests that say what a parser should find."""

from __future__ import annotations

from index.types import Document, Kind


def blocks(document: Document) -> list[tuple[Kind, int, str]]:
    """Kind, level and text of each block."""
    return [(block.kind, block.level, document.text[block.start : block.end]) for block in document.blocks]


def texts(document: Document) -> list[str]:
    """The text of each block."""
    return [text for _, _, text in blocks(document)]
