"""The order in which a person reads pieces that stand anywhere on a page: recursive XY-cut.

Nagy, Seth, Viswanathan, "A Prototype Document Image Analysis System for Technical Journals", IEEE Computer 25(7), 1992: cut the page along its
widest empty stripe, again and again. A stripe between columns is taken before one between paragraphs when it is wide enough to be a gutter.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from ingest.page_layout import Piece

_GUTTER = 1.0  # font sizes: narrower stripes run through the word spaces of a few lines by chance
_MAX_DEPTH = 40


def sort_pieces(pieces: list[Piece]) -> list[Piece]:
    """The pieces, top to bottom within columns and columns left to right, in the coordinates the pieces have."""
    return _cut(pieces, 0)


def _cut(pieces: list[Piece], depth: int) -> list[Piece]:
    if len(pieces) < 2:
        return pieces
    size = median(piece.size for piece in pieces)
    if depth < _MAX_DEPTH:
        across = _widest_stripe(pieces, lambda piece: (piece.y0, piece.y1))
        along = _widest_stripe(pieces, lambda piece: (piece.x0, piece.x1))
        columns = along[0] >= _GUTTER * size and _is_gutter(pieces, along[1])
        if across[0] > 0 and (not columns or across[0] >= 1.5 * along[0]):
            upper = [piece for piece in pieces if piece.y0 + piece.y1 > 2 * across[1]]
            lower = [piece for piece in pieces if piece.y0 + piece.y1 <= 2 * across[1]]
            if columns or across[0] > 0.5 * size:
                return _cut(upper, depth + 1) + _cut(lower, depth + 1)
        if columns:
            left = [piece for piece in pieces if piece.x0 + piece.x1 < 2 * along[1]]
            right = [piece for piece in pieces if piece.x0 + piece.x1 >= 2 * along[1]]
            return _cut(left, depth + 1) + _cut(right, depth + 1)
    return _sort_lines(pieces, size)


def _is_gutter(pieces: list[Piece], x: float) -> bool:
    """Whether both sides are columns of text, three lines at least, not the two cells of a few rows."""
    left = [piece for piece in pieces if piece.x0 + piece.x1 < 2 * x]
    right = [piece for piece in pieces if piece.x0 + piece.x1 >= 2 * x]
    if min(len(left), len(right)) < 3:
        return False
    return min(median(len(piece.text) for piece in side) for side in (left, right)) >= 12


def _widest_stripe(pieces: list[Piece], extent: Callable[[Piece], tuple[float, float]]) -> tuple[float, float]:
    """Width and middle of the widest stripe that no piece touches; (0, 0) when there is none."""
    best, middle = 0.0, 0.0
    edge: float | None = None
    for low, high in sorted(extent(piece) for piece in pieces):
        if edge is not None and low - edge > best:
            best, middle = low - edge, (low + edge) / 2
        edge = high if edge is None else max(edge, high)
    return best, middle


def _sort_lines(pieces: list[Piece], size: float) -> list[Piece]:
    """Top to bottom; pieces whose middles lie within half a size are one line, read left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -(piece.y0 + piece.y1)):
        if rows and abs(rows[-1][0].y0 + rows[-1][0].y1 - piece.y0 - piece.y1) < 0.9 * max(
            size, min(piece.height, rows[-1][0].height)
        ):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [piece for row in rows for piece in sorted(row, key=lambda piece: piece.x0)]
