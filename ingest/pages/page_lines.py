"""Pieces of text with boxes, and the lines they form.

Everything from here to `page_layout` works on geometry alone, so text drawn in a PDF and text recognised in an image go
the same way. Lengths are points of an upright page: x to the right, y up. The order of the pieces is taken as given,
see `reading_order`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from index.types import Kind

HYPHEN = "\N{SOFT HYPHEN}"  # ends a piece whose last word goes on in the next line
SENTENCE_END = (".", "!", "?", ":", "。", "！", "？", "」", "”", ";", "：", "．")
CJK = re.compile(r"[\u2E80-\u30FF\u3400-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]")
LEFTWARDS = re.compile(r"[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF]")  # Hebrew, Arabic
# Japanese in columns runs down the page like text turned clockwise, and its columns follow from right to left.
VERTICAL = 270

_BULLET = re.compile(r"[•‣⁃●○◦∙·▪■□◆◇◯★☆※►▶➢➤✓✔・–—*-]|(?:[oO](?=\s))")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{2,5}|[一二三四五六七八九十]{1,3}|[ア-ン])[.)．）、]"  # 1. (a) iv) 一、 ア）
    r"|（[\d０-９一二三四五六七八九十ア-ン]{1,3}）|[①-⑳]|[一二三四五六七八九十]{1,3}(?=\u3000))(?=\D)"
)
_LEADERS = re.compile(r"(?:[.․‥…・·_] ?){5,}")
_CURRENCY = {"$", "€", "£", "¥", "￥", "US$", "(", "$(", "（", "-", "△", "▲"}
_CLOSING = {")", "%", "）", "％", ")%", "**", "*"}
_NEAR = 0.6  # sizes: a wider gap parts cells
_NEAR_VERTICAL = 1.3  # in vertical writing an empty character is how text is spaced
_MARK = 5  # characters of the longest list mark, (iii)
_CELL_LINES = 5  # of one cell; more lines are a column of text
CELL_CHARACTERS = 60  # of one line in a cell, the same

Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(slots=True)
class Piece:
    """Text without a wide gap on one line; `size` is the font's. A text that ends in HYPHEN ends in a divided word."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool = False
    turn: int = 0  # degrees: how far its line is turned on the page; the coordinates are those after turning it back

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(slots=True)
class Line:
    """The pieces of one line, left to right; more than one where gaps part them (table cells, tabs)."""

    pieces: list[Piece]
    x0: float = field(init=False)
    y0: float = field(init=False)
    x1: float = field(init=False)
    y1: float = field(init=False)
    size: float = field(init=False)
    bold: bool = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = min(piece.x0 for piece in self.pieces)
        self.y0 = min(piece.y0 for piece in self.pieces)
        self.x1 = max(piece.x1 for piece in self.pieces)
        self.y1 = max(piece.y1 for piece in self.pieces)
        self.size = max(self.pieces, key=lambda piece: len(piece.text)).size
        self.bold = all(piece.bold for piece in self.pieces)

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)

    @property
    def turn(self) -> int:
        return self.pieces[0].turn


@dataclass(slots=True)
class PageBlock:
    """One block of a page: its text, what it is, and the looks that tell a heading from a paragraph."""

    text: str
    kind: Kind
    lines: list[Line]
    level: int = 0

    @property
    def size(self) -> float:
        return max(self.lines, key=lambda line: len(line.text)).size

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)


def turn_box(box: Box, angle: int) -> Box:
    """The box as seen when the text that runs at `angle` is turned to run to the right."""
    x0, y0, x1, y1 = box
    if angle == 90:
        return y0, -x1, y1, -x0
    if angle == 180:
        return -x1, -y1, -x0, -y0
    if angle == 270:
        return -y1, x0, -y0, x1
    return box


def join_lines(pieces: Iterable[Piece]) -> list[Line]:
    """Put pieces that follow each other on one baseline into one line; those that nearly touch become one piece."""
    grouped: list[list[Piece]] = []
    for piece in pieces:
        if grouped and _same_line(grouped[-1][-1], piece):
            if _one_cell(grouped[-1], piece):
                grouped[-1][-1] = _merge(grouped[-1][-1], piece)
            else:
                grouped[-1].append(piece)
        elif not _next_cell(grouped, piece):
            grouped.append([piece])
    return [Line(group) for group in grouped]


def _one_cell(group: list[Piece], piece: Piece) -> bool:
    """Whether `piece` belongs to the last of `group`: near it, or one is a list mark or sign of currency."""
    last = group[-1]
    near = _NEAR_VERTICAL if piece.turn == VERTICAL else _NEAR
    if max(piece.x0 - last.x1, last.x0 - piece.x1) < near * max(last.size, piece.size):
        return True
    mark = (
        len(group) == 1 and len(last.text) <= _MARK and (_BULLET.fullmatch(last.text) or _NUMBER.match(last.text + " "))
    )
    return bool(mark) or last.text in _CURRENCY or piece.text in _CLOSING


def _next_cell(grouped: list[list[Piece]], piece: Piece) -> bool:
    """Add `piece` as a cell to a line above, where a table is drawn cell by cell and the cell before has several lines.

    The lines since then are the rest of that cell. False where this is no such place.
    """
    if not grouped or piece.y0 <= grouped[-1][-1].y0:
        return False
    for number in range(len(grouped) - 2, max(-1, len(grouped) - 2 - _CELL_LINES), -1):
        row = grouped[number]
        cell, rest = row[-1], [line[0] for line in grouped[number + 1 :]]
        if len(cell.text) > CELL_CHARACTERS or any(len(line) > 1 for line in grouped[number + 1 :]):
            return False
        if _same_line(cell, piece):
            if any(line.x1 < cell.x0 or line.x0 > cell.x1 or line.x1 > piece.x0 + 0.5 * piece.size for line in rest):
                return False
            row[-1] = Piece(
                reduce(join_text, (line.text for line in rest), cell.text),
                min(cell.x0, *(line.x0 for line in rest)),
                min(line.y0 for line in rest),
                max(cell.x1, *(line.x1 for line in rest)),
                cell.y1,
                cell.size,
                cell.bold,
                cell.turn,
            )
            row.append(piece)
            del grouped[number + 1 :]
            return True
    return False


def _same_line(left: Piece, right: Piece) -> bool:
    if left.turn != right.turn or left.text.endswith(HYPHEN):
        return False
    overlap = min(left.y1, right.y1) - max(left.y0, right.y0)
    ahead = right.x0 > left.x1 - 0.5 * left.size or (
        right.x1 < left.x0 + 0.5 * left.size and LEFTWARDS.search(left.text)
    )
    return overlap > 0.5 * min(left.height, right.height) and bool(ahead)


def _merge(left: Piece, right: Piece) -> Piece:
    longer = max(left, right, key=lambda piece: len(piece.text))
    gap = max(right.x0 - left.x1, left.x0 - right.x1) / max(longer.size, 0.1)  # to the right, or in Hebrew to the left
    space = "\u3000" if gap > 0.6 and CJK.match(right.text) else _glue(left.text, right.text, gap < 0.12)
    return Piece(
        left.text + space + right.text,
        min(left.x0, right.x0),
        min(left.y0, right.y0),
        max(left.x1, right.x1),
        max(left.y1, right.y1),
        longer.size,
        longer.bold,
        longer.turn,
    )


def starts_with_bullet(text: str) -> bool:
    """Whether `text` begins with the sign of a list that is not numbered."""
    return _BULLET.match(text) is not None


def is_item(text: str) -> bool:
    """Whether `text` begins like an entry of a list, with something after the mark."""
    bullet = _BULLET.match(text)
    if bullet:
        mark, rest = bullet.group(), text[bullet.end() :]
        return bool(rest.strip()) and (mark not in "–—*-・○※oO" or rest[:1].isspace() or mark in "・○※")
    number = _NUMBER.match(text)
    return number is not None and bool(text[number.end() :].strip())


def letters(text: str) -> str:
    """Letters and digits alone, in one form: what two renderings of the same words share."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def tidy(text: str) -> str:
    """The text with the dots between a title and its page number drawn together."""
    return _LEADERS.sub(" … ", text)


def join_text(left: str, right: str) -> str:
    """Two lines of running text as one; divided words keep HYPHEN, they are mended for the whole document at once."""
    if left.endswith(HYPHEN):
        return left + right
    return left + _glue(left, right) + right


def _glue(left: str, right: str, touching: bool = False) -> str:
    """What stands between two pieces: nothing inside a word and between CJK characters, else a space."""
    if touching or not left or not right:
        return ""
    return "" if CJK.match(left[-1]) and CJK.match(right[0]) else " "
