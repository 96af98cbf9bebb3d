"""Where a range of a document stands, in the terms of its format: page, lines, sheet and row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.types import Block


@dataclass(frozen=True, slots=True)
class Place:
    """`where` is what a person reads: "p. 12", "Sheet 2024, row 17", "lines 40–44"; may be empty."""

    page: int | None
    page_label: str | None
    lines: tuple[int, int] | None
    where: str


def locate(blocks: Sequence[Block], page_labels: Sequence[str], text: str, first: int, start: int, end: int) -> Place:
    """The place of ``document[start:end]``, given the text around it that begins at position `first`."""
    touched = [block for block in blocks if block.start < end and block.end > start]
    if not touched:
        return Place(None, None, None, "")
    head, tail = touched[0], touched[-1]
    page = head.page
    label = page_labels[page - 1] if page is not None and page <= len(page_labels) else None
    lines = None
    if head.line is not None and tail.line is not None:
        lines = (
            _line_at(head, text, first, max(start, head.start)),
            _line_at(tail, text, first, min(end, tail.end) - 1),
        )
    return Place(page, label, lines, _describe(page, label, lines, head.sheet))


def clip(block: Block, start: int, end: int, text: str, first: int = 0) -> Block:
    """The part of `block` inside ``[start, end)``, with its line; `text` begins at position `first`."""
    start, end = max(start, block.start), min(end, block.end)
    line = None if block.line is None else _line_at(block, text, first, start)
    return replace(block, start=start, end=end, line=line)


def _line_at(block: Block, text: str, first: int, position: int) -> int:
    assert block.line is not None
    return block.line + text.count("\n", max(0, block.start - first), max(0, position - first))


def _describe(page: int | None, label: str | None, lines: tuple[int, int] | None, sheet: str | None) -> str:
    if sheet is not None and lines:
        rows = f"row {lines[0]}" if lines[0] == lines[1] else f"rows {lines[0]}–{lines[1]}"
        return f"Sheet {sheet}, {rows}"
    if page is not None:
        return f"p. {page}" if label in (None, str(page)) else f"p. {label} ({page})"
    if lines:
        return f"line {lines[0]}" if lines[0] == lines[1] else f"lines {lines[0]}–{lines[1]}"
    return ""
