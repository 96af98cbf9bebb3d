"""A table's rows as they are stored: cells in one line, under the row that names their columns."""

from __future__ import annotations

from itertools import zip_longest

from ingest.office.table_rows import SEPARATOR

BAR = SEPARATOR.strip()  # an empty cell at an end has no space beside its bar


def split_cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split(BAR)]


def name_cells(row: str, header: str) -> str:
    """Return a row with the name of its column before each cell ("Model: KC-12, Price: 8,150"), without empty ones.

    Of a header of several rows the last names the columns.
    """
    names, cells = split_cells(header.rpartition("\n")[-1]), split_cells(row)
    named = zip_longest(names[: len(cells)], cells, fillvalue="")
    return ", ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)
