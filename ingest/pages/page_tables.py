"""Tables of a page: which lines form one, which lines one row, and which rows name the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from index.types import Kind
from ingest.office.table_rows import SEPARATOR
from ingest.pages.page_lines import CELL_CHARACTERS, SENTENCE_END, Line, PageBlock, Piece, join_text, tidy

# A figure with its sign and unit, or what stands for none.
_NUMERIC = re.compile(r"[\s$€£¥￥(（+−–—▲△-]*[\d０-９][\d０-９.,/:%％()（）\s-]*[^\d０-９]{0,4}|[—–-]+|N/?A|n/?m")
_YEAR = re.compile(r"(?:FY ?)?(?:19|20)\d\d(?:年度?)?|(?:令和|平成|昭和|[RHS])\d{1,2}年度?")
_TAIL_LEADING = 1.2  # sizes: the same below the last row, where no other row tells
_LEADING = 1.5  # sizes: lines of one cell are no farther apart


def find_tables(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Ranges of lines that form tables: two lines of aligned cells or more, at most two plain lines between them."""
    ranges: list[tuple[int, int]] = []
    first = previous = -1
    count = 0

    def close() -> None:
        if count >= 2:
            ends = ranges[-1][1] if ranges else 0
            ranges.append((_find_head(lines, ends, first, previous + 1), _find_tail(lines, previous)))

    for number, line in enumerate(lines):
        if len(line.pieces) < 2:
            continue
        near = previous >= 0 and number - previous <= 3 and _below(lines[previous], line, 6.0)
        fits = _same_columns if number - previous > 1 else _aligned
        if near and (fits(lines[previous], line) or (count >= 2 and fits(lines[first], line))):
            count += 1
        else:
            close()
            first, count = number, 1
        previous = number
    close()
    return ranges


def _find_head(lines: Sequence[Line], least: int, first: int, last: int) -> int:
    """Where a table really begins: single cells above its columns belong to it ("Three months ended")."""
    left = min(line.x0 for line in lines[first:last])
    starts = [piece.x0 for line in lines[first:last] for piece in line.pieces if piece.x0 > left + 4 * line.size]
    columns = min(starts, default=left) - lines[first].size
    while first > least:
        above = lines[first - 1]
        if above.x0 < columns or len(above.text) > CELL_CHARACTERS or not _below(above, lines[first], 2.0):
            break
        first -= 1
    return first


def _find_tail(lines: Sequence[Line], last: int) -> int:
    """Where a table really ends: what goes on in the cells of its last row belongs to it."""
    end = last + 1
    while end < len(lines) and _cell_wraps([lines[last]], lines[end], _TAIL_LEADING * lines[end].size * (end - last)):
        end += 1
    return end


def _below(upper: Line, lower: Line, sizes: float) -> bool:
    return upper.turn == lower.turn and -0.5 * upper.size < upper.y0 - lower.y1 < sizes * max(upper.size, lower.size)


def _aligned(upper: Line, lower: Line) -> bool:
    """Whether a cell after the first stands in the same column as one of the other line."""
    return any(_in_column(a, lower.pieces[1:]) for a in upper.pieces[1:])


def _same_columns(upper: Line, lower: Line) -> bool:
    """Whether all cells after the first do, those of the line that has fewer: a table goes on below a line of text."""
    few, many = sorted((upper, lower), key=lambda line: len(line.pieces))
    return all(_in_column(piece, many.pieces[1:]) for piece in few.pieces[1:])


def _in_column(piece: Piece, others: Sequence[Piece]) -> bool:
    """Whether a left edge, right edge or middle is the same."""
    slack = 0.6 * piece.size
    return any(
        abs(piece.x0 - other.x0) < slack
        or abs(piece.x1 - other.x1) < slack
        or abs(piece.x0 + piece.x1 - other.x0 - other.x1) < 2 * slack
        for other in others
    )


def build_table(lines: list[Line]) -> list[PageBlock]:
    """The rows of a table, one block each, headers first."""
    rows: list[list[Line]] = []
    tight = _tight_step(lines)
    for line in lines:
        if rows and (_label_wraps(rows[-1], line) or _cell_wraps(rows[-1], line, tight)):
            rows[-1].append(line)
        else:
            rows.append([line])
    header = _count_header_rows(rows)
    return [
        PageBlock(_row_text(row), Kind.HEADER if number < header else Kind.ROW, row) for number, row in enumerate(rows)
    ]


def _label_wraps(row: list[Line], line: Line) -> bool:
    """Whether `row` is the first part of a long label whose figures stand on the next line."""
    return (
        len(row) == 1
        and len(row[0].pieces) == 1
        and len(line.pieces) > 1
        and not row[0].text.endswith(SENTENCE_END)
        and line.text[:1].islower()
    )


def _tight_step(lines: list[Line]) -> float:
    """How far two lines within a cell are apart at most.

    The smallest step of the table where others are larger; hardly more than a size where all are the same.
    """
    steps = sorted(
        min(piece.y0 for piece in upper.pieces if piece.y0 > lower.y0) - lower.y0
        for upper, lower in pairwise(lines)
        if any(piece.y0 > lower.y0 for piece in upper.pieces)
    )
    size = max(line.size for line in lines)
    tight = 1.15 * steps[0] if steps and steps[-1] > 1.35 * steps[0] else 0.0
    return tight if size < tight <= _LEADING * size else 1.05 * size


def _cell_wraps(row: list[Line], line: Line, tight: float) -> bool:
    """Whether `line` goes on in cells of `row`: each piece close under one, none in the first column."""
    cells = row[0].pieces if len(row) == 1 else [piece for part in row for piece in part.pieces]
    first = row[0].pieces[0]
    figures = _is_numeric(row) or _is_numeric([line])
    if len(row[0].pieces) < 2 or (line.x0 < first.x1 and (figures or line.x0 < first.x0 + line.size)):
        return False
    return all(
        any(piece.x0 < cell.x1 and cell.x0 < piece.x1 and 0 < cell.y0 - piece.y0 <= tight for cell in cells)
        for piece in line.pieces
    )


def _row_text(row: list[Line]) -> str:
    """The cells of a row, each whole: lines below the first are added to the cell they stand under."""
    if len(row[0].pieces) == 1 and len(row) > 1:  # a wrapped label
        return join_text(tidy(row[0].text), _row_text(row[1:]))
    cells = [tidy(piece.text) for piece in row[0].pieces]
    for line in row[1:]:
        for piece in line.pieces:
            shared = [min(piece.x1, cell.x1) - max(piece.x0, cell.x0) for cell in row[0].pieces]
            number = max(range(len(cells)), key=shared.__getitem__)
            cells[number] = join_text(cells[number], tidy(piece.text))
    return SEPARATOR.join(cells)


def _count_header_rows(rows: list[list[Line]]) -> int:
    """How many rows at the top name the columns: those without figures above those with, or bold ones above plain."""
    numeric = [_is_numeric(row) for row in rows]
    if sum(numeric) >= max(1, len(rows) // 3):
        top = numeric.index(True)
    else:
        bold = [all(line.bold for line in row) for row in rows]
        top = bold.index(False) if False in bold else 0
    if any(row[0].pieces[0].text.endswith((":", "：")) for row in rows[:top] if len(row[0].pieces) > 1):
        return 0  # names and their values
    left = min(line.x0 for row in rows for line in row)
    while top and len(rows[top - 1][0].pieces) == 1 and rows[top - 1][0].x0 < left + rows[top - 1][0].size:
        top -= 1  # the title of the first group of rows
    widest = max(sum(len(line.pieces) for line in row) for row in rows)
    return top if top <= 4 and any(len(row[0].pieces) >= min(2, widest) for row in rows[:top]) else 0


def _is_numeric(row: list[Line]) -> bool:
    """Whether the cells after the first hold figures other than years."""
    cells = [piece.text for line in row for piece in line.pieces][1:]
    figures = [cell for cell in cells if _NUMERIC.fullmatch(cell) and not _YEAR.fullmatch(cell)]
    return len(figures) > 0 and 2 * len(figures) >= len(cells)
