"""The order in which a person reads pieces that stand anywhere on a page: recursive XY-cut.

Nagy, Seth, Viswanathan, "A Prototype Document Image Analysis System for Technical Journals", IEEE Computer 25(7), 1992:
cut the page along its widest empty stripe, again and again. A stripe between columns is taken before one between
paragraphs, unless that is much wider.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from ingest.pages.page_lines import VERTICAL, Piece, turn_box

_LINE_CHARACTERS = 12  # in the usual line of a column of text; cells of tables have fewer
_GUTTER = 0.5  # font sizes: narrower stripes run through the word spaces of a few lines by chance
_MAX_DEPTH = 40  # cuts inside cuts: no page that a person laid out has so many
_STRIPES = 8  # tried as gutters
_HEADLINE = 2.5  # gutters: a gap so much wider parts sections of a page, each with columns of its own
_STACK = 3  # characters below each other: fewer may be the cells of a table
_CJK = re.compile(r"[\u3000-\u30FF\u3400-\u9FFF\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFFEF]")


def order_pieces(pieces: list[Piece]) -> list[Piece]:
    """The pieces of a text page: those that run to the right as they were drawn, then vertical writing.

    Programs draw in reading order far more often than geometry can guess it; vertical writing is an exception.
    """
    vertical = _find_vertical(pieces)
    if not vertical:
        return pieces
    turned = [piece if piece.turn else _turned(piece) for piece in pieces if id(piece) in vertical]
    return [piece for piece in pieces if id(piece) not in vertical] + sort_pieces(turned)


def _find_vertical(pieces: list[Piece]) -> set[int]:
    """The ids of the pieces in vertical writing: lines that run down, and single characters below each other.

    Once most of a page runs down, so do its other single characters, its figures, and the Western words turned with it.
    """
    down = {id(piece) for piece in pieces if piece.turn == VERTICAL and _CJK.search(piece.text)}
    single = {id(piece) for piece in pieces if len(piece.text) <= 2 and not piece.turn and _CJK.match(piece.text)}
    stack: list[Piece] = []
    for piece in [*pieces, None]:
        if piece and stack and id(piece) in single and _is_below(stack[-1], piece):
            stack.append(piece)
            continue
        if len(stack) >= _STACK:
            down.update(map(id, stack))
        stack = [piece] if piece and id(piece) in single else []
    letters = sum(len(piece.text) for piece in pieces if id(piece) in down)
    if 2 * letters > sum(len(piece.text) for piece in pieces):
        down.update(
            id(piece) for piece in pieces if piece.turn == VERTICAL or (len(piece.text) <= 2 and not piece.turn)
        )
    return down


def _turned(piece: Piece) -> Piece:
    x0, y0, x1, y1 = turn_box((piece.x0, piece.y0, piece.x1, piece.y1), VERTICAL)
    return replace(piece, x0=x0, y0=y0, x1=x1, y1=y1, turn=VERTICAL)


def _is_below(upper: Piece, lower: Piece) -> bool:
    size = upper.size
    return (
        abs(upper.x0 + upper.x1 - lower.x0 - lower.x1) < 0.7 * size
        and abs(upper.y0 - lower.y1) < 0.4 * size
        and lower.y0 < upper.y0
    )


def sort_pieces(pieces: list[Piece]) -> list[Piece]:
    """The pieces, top to bottom within columns and columns left to right, in the coordinates the pieces have."""
    return _cut(pieces, 0)


def _cut(pieces: list[Piece], depth: int) -> list[Piece]:
    if len(pieces) < 2:
        return pieces
    size = median(piece.size for piece in pieces)
    if depth < _MAX_DEPTH:
        gap, y = next(iter(_find_stripes(pieces, lambda piece: (piece.y0, piece.y1), 0.5 * size)), (0.0, 0.0))
        gutter, x = next(
            (
                (width, middle)
                for width, middle in _find_stripes(pieces, lambda piece: (piece.x0, piece.x1), _GUTTER * size)
                if _is_gutter(pieces, middle, size)
            ),
            (0.0, 0.0),
        )
        if gap and gap >= _HEADLINE * gutter:
            upper = [piece for piece in pieces if piece.y0 + piece.y1 > 2 * y]
            lower = [piece for piece in pieces if piece.y0 + piece.y1 <= 2 * y]
            return _cut(upper, depth + 1) + _cut(lower, depth + 1)
        if gutter:
            left = [piece for piece in pieces if piece.x0 + piece.x1 < 2 * x]
            right = [piece for piece in pieces if piece.x0 + piece.x1 >= 2 * x]
            return _cut(left, depth + 1) + _cut(right, depth + 1)
    return [piece for row in _group_rows(pieces, size) for piece in row]


def _is_gutter(pieces: list[Piece], x: float, size: float) -> bool:
    """Whether both sides are columns of text, three lines at least, not the two cells of a few rows."""
    for side in (
        [piece for piece in pieces if piece.x0 + piece.x1 < 2 * x],
        [piece for piece in pieces if piece.x0 + piece.x1 >= 2 * x],
    ):
        lengths = [sum(len(piece.text) for piece in row) for row in _group_rows(side, size)]
        if len(lengths) < 3 or median(lengths) < _LINE_CHARACTERS:
            return False
    return True


def _find_stripes(
    pieces: list[Piece], extent: Callable[[Piece], tuple[float, float]], least: float
) -> list[tuple[float, float]]:
    """Width and middle of the widest stripes that no piece touches, widest first."""
    stripes: list[tuple[float, float]] = []
    edge: float | None = None
    for low, high in sorted(extent(piece) for piece in pieces):
        if edge is not None and low - edge >= least:
            stripes.append((low - edge, (low + edge) / 2))
        edge = high if edge is None else max(edge, high)
    return sorted(stripes, reverse=True)[:_STRIPES]


def _group_rows(pieces: list[Piece], size: float) -> list[list[Piece]]:
    """Top to bottom; pieces whose middles lie within half a size are one line, read left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -(piece.y0 + piece.y1)):
        near = 0.9 * max(size, min(piece.height, rows[-1][0].height)) if rows else 0.0
        if rows and abs(rows[-1][0].y0 + rows[-1][0].y1 - piece.y0 - piece.y1) < near:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.x0) for row in rows]
