"""Writes a table into a document: one line a row, the cells parted by " | ", the header row marked as such."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Kind
from ingest.text_builder import TextBuilder

SEPARATOR = " | "


def join_cells(cells: Sequence[str]) -> str:
    """One row as one line; empty cells keep their place so that columns can be counted, except at the end."""
    flat = [" ".join(cell.split()) for cell in cells]
    while flat and not flat[-1]:
        flat.pop()
    return SEPARATOR.join(flat)


def add_table(
    builder: TextBuilder,
    rows: Sequence[Sequence[str]],
    *,
    headers: int = 1,
    page: int | None = None,
    sheet: str | None = None,
    lines: Sequence[int] | None = None,
    captions: bool = True,
) -> None:
    """Append `rows`, of which the first `headers` name the columns; `lines[i]` is the number its reader sees at row i.

    With `captions`, a row above them that fills one of several columns is the table's caption and becomes a
    paragraph. A table of one row has no header.
    """
    filled = [(i, cells) for i, cells in enumerate(rows) if any(cell.strip() for cell in cells)]
    width = max((sum(1 for cell in cells if cell.strip()) for _, cells in filled), default=0)
    named, begun = 0, False
    for place, (i, cells) in enumerate(filled):
        alone = sum(1 for cell in cells if cell.strip()) == 1
        if captions and not begun and width > 1 and alone:
            kind, cells = Kind.TEXT, [cell for cell in cells if cell.strip()]
        else:
            begun = True
            kind = Kind.HEADER if named < headers and place < len(filled) - 1 else Kind.ROW
            named += kind == Kind.HEADER
        builder.add(join_cells(cells), kind, page=page, sheet=sheet, line=lines[i] if lines else None)
