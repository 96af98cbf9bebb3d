"""Pieces of lines with boxes → the blocks a reader sees: paragraphs, list items, table rows.

Everything here works on geometry alone, so text drawn in a PDF and text recognised in an image go the same way. Lengths are in points (or
pixels) of an upright page: x to the right, y up. The order of the pieces is taken as given (see `reading_order`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from index.types import Kind

CELL_GAP = "\t"  # stands between two cells of one row: white space, so the words stay as printed
HYPHEN = "\N{SOFT HYPHEN}"  # ends a piece whose last word goes on in the next line

_BULLET = re.compile(r"[•‣⁃●○◦∙·▪■□◆◇◯★☆※►▶➢➤✓✔・–—*-]|(?:[oO](?=\s))")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{2,5}|[一二三四五六七八九十]{1,3}|[ア-ン])[.)．）、]|（[\d０-９一二三四五六七八九十ア-ン]{1,3}）|[①-⑳])(?=\D)"
)
_NUMERIC = re.compile(r"[\s$€£¥￥(（+−–—▲△-]*[\d０-９][\d０-９.,/:%％()（）\s-]*[)%）x倍円年月日]*|[—–-]+|N/?A|n/?m")
_SENTENCE_END = (".", "!", "?", ":", "。", "！", "？", "」", "”", ";", "：", "．")
_CJK = re.compile(r"[\u2E80-\u30FF\u3400-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]")
_LEADERS = re.compile(r"(?:[.․‥…・·_] ?){5,}")
_CURRENCY = {"$", "€", "£", "¥", "￥", "US$", "(", "$(", "（", "-", "△", "▲"}
_CLOSING = {")", "%", "）", "％", ")%", "**", "*"}


@dataclass(slots=True)
class Piece:
    """Text without a wide gap on one line. `size` is the font's size; a text ending in a soft hyphen is a divided word."""

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


def build_blocks(pieces: Iterable[Piece]) -> list[PageBlock]:
    """Blocks of one page, in the order of its pieces."""
    lines = _part_columns(join_lines(pieces))
    blocks: list[PageBlock] = []
    start = 0
    for first, last in _find_tables(lines):
        blocks += _build_prose(lines[start:first])
        blocks += _build_table(lines[first:last])
        start = last
    blocks += _build_prose(lines[start:])
    return blocks


def join_lines(pieces: Iterable[Piece]) -> list[Line]:
    """Put pieces that follow each other on one baseline into one line."""
    grouped: list[list[Piece]] = []
    for piece in pieces:
        if grouped and _same_line(grouped[-1][-1], piece):
            previous = grouped[-1][-1]
            mark = len(grouped[-1]) == 1 and (_BULLET.fullmatch(previous.text) or _NUMBER.match(previous.text + " "))
            mark = mark and len(previous.text) <= 5
            near = piece.x0 - previous.x1 < 0.6 * max(previous.size, piece.size)
            if near or mark or previous.text in _CURRENCY or piece.text in _CLOSING:
                grouped[-1][-1] = _merge(previous, piece)
            else:
                grouped[-1].append(piece)
        else:
            grouped.append([piece])
    return [Line(group) for group in grouped]


def _same_line(left: Piece, right: Piece) -> bool:
    if left.turn != right.turn or left.text.endswith(HYPHEN):
        return False
    overlap = min(left.y1, right.y1) - max(left.y0, right.y0)
    return overlap > 0.5 * min(left.height, right.height) and right.x0 > left.x1 - 0.5 * left.size


def _merge(left: Piece, right: Piece) -> Piece:
    longer = max(left, right, key=lambda piece: len(piece.text))
    return Piece(
        left.text + _glue(left.text, right.text, right.x0 - left.x1 < 0.12 * longer.size) + right.text,
        left.x0,
        min(left.y0, right.y0),
        max(left.x1, right.x1),
        max(left.y1, right.y1),
        longer.size,
        longer.bold,
        longer.turn,
    )


def _glue(left: str, right: str, touching: bool = False) -> str:
    """What stands between two pieces of running text: nothing inside a word and between CJK characters, else a space."""
    if touching or not left or not right:
        return ""
    return "" if _CJK.match(left[-1]) and _CJK.match(right[0]) else " "


# --- columns that a program drew line by line across the page


def _part_columns(lines: list[Line]) -> list[Line]:
    """Read two columns of prose one after the other where their lines come in pairs.

    Prose is told from a table by its cells: long, and mostly without numbers.
    """
    out: list[Line] = []
    run: list[Line] = []
    for line in [*lines, None]:
        if line is not None and len(line.pieces) == 2 and min(len(piece.text) for piece in line.pieces) > 20:
            gutter = (line.pieces[0].x1, line.pieces[1].x0)
            if not run or (gutter[0] < run[-1].pieces[1].x0 and run[-1].pieces[0].x1 < gutter[1]):
                run.append(line)
                continue
        if len(run) >= 5:
            out += [Line([row.pieces[0]]) for row in run] + [Line([row.pieces[1]]) for row in run]
        else:
            out += run
        run = []
        if line is not None:
            out.append(line)
    return out


# --- tables


def _find_tables(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Ranges of lines that form tables: at least two lines of aligned cells, with at most two plain lines between any two."""
    ranges: list[tuple[int, int]] = []
    first = previous = -1
    count = 0

    def close() -> None:
        if count >= 2:
            ranges.append((first, previous + 1))

    for number, line in enumerate(lines):
        if len(line.pieces) < 2:
            continue
        near = previous >= 0 and number - previous <= 3 and _below(lines[previous], line, 6.0)
        if near and (_aligned(lines[previous], line) or (count >= 2 and _aligned(lines[first], line))):
            count += 1
        else:
            close()
            first, count = number, 1
        previous = number
    close()
    return ranges


def _below(upper: Line, lower: Line, sizes: float) -> bool:
    return upper.turn == lower.turn and -0.5 * upper.size < upper.y0 - lower.y1 + 0.0 < sizes * max(
        upper.size, lower.size
    )


def _aligned(upper: Line, lower: Line) -> bool:
    """Whether a cell after the first shares its left edge, right edge or middle with one of the other line."""
    slack = 0.6 * min(upper.size, lower.size)
    for a in upper.pieces[1:]:
        for b in lower.pieces[1:]:
            if abs(a.x0 - b.x0) < slack or abs(a.x1 - b.x1) < slack or abs(a.x0 + a.x1 - b.x0 - b.x1) < 2 * slack:
                return True
    return False


def _build_table(lines: list[Line]) -> list[PageBlock]:
    rows: list[list[Line]] = []
    for line in lines:
        wraps = (
            rows
            and len(rows[-1]) == 1
            and len(rows[-1][0].pieces) == 1
            and len(line.pieces) > 1
            and not rows[-1][0].text.endswith(_SENTENCE_END)
            and line.text[:1].islower()
        )
        if wraps:
            rows[-1].append(line)
        else:
            rows.append([line])
    header = _count_header_rows(rows)
    blocks = [PageBlock(_row_text(row), Kind.ROW, row) for row in rows]
    if header:
        merged = [line for row in rows[:header] for line in row]
        text = "\n".join(block.text for block in blocks[:header])
        blocks[:header] = [PageBlock(text, Kind.HEADER, merged)]
    return blocks


def _row_text(row: list[Line]) -> str:
    text = ""
    for line in row:
        cells = CELL_GAP.join(_tidy(piece.text) for piece in line.pieces)
        text = _join(text, cells) if text else cells
    return text


def _count_header_rows(rows: list[list[Line]]) -> int:
    """How many rows at the top name the columns: rows without figures above rows with them, or bold rows above plain ones."""
    numeric = [_is_numeric(row) for row in rows]
    if sum(numeric) >= max(1, len(rows) // 3):
        top = numeric.index(True)
    else:
        bold = [all(line.bold for line in row) for row in rows]
        top = bold.index(False) if False in bold else 0
    widest = max(sum(len(line.pieces) for line in row) for row in rows)
    return top if top <= 4 and any(len(row[0].pieces) >= min(2, widest) for row in rows[:top]) else 0


def _is_numeric(row: list[Line]) -> bool:
    """Whether the cells after the first hold figures other than years."""
    cells = [piece.text for line in row for piece in line.pieces][1:]
    figures = [cell for cell in cells if _NUMERIC.fullmatch(cell) and not re.fullmatch(r"(19|20)\d\d年?度?", cell)]
    return len(figures) > 0 and 2 * len(figures) >= len(cells)


# --- prose


def _build_prose(lines: list[Line]) -> list[PageBlock]:
    groups: list[list[Line]] = []
    leading = _usual_leading(lines)
    for line in lines:
        if groups and not _starts_block(groups[-1], line, leading):
            groups[-1].append(line)
        else:
            groups.append([line])
    blocks = []
    margins: list[float] = []
    for group in groups:
        text = ""
        for line in group:
            text = _join(text, _tidy(line.text))
        kind, level = Kind.TEXT, 0
        if _is_item(group[0].text):
            x0, slack = group[0].x0, 0.8 * group[0].size
            margins = [margin for margin in margins if margin < x0 - slack] + [x0]
            kind, level = Kind.ITEM, len(margins)
        elif not margins or group[0].x0 < margins[0] + 0.1:
            margins = []
        blocks.append(PageBlock(text, kind, group, level))
    return blocks


def _usual_leading(lines: Sequence[Line]) -> float:
    """The usual distance of two baselines, in font sizes."""
    steps = Counter(
        round((upper.y0 - lower.y0) / upper.size, 1)
        for upper, lower in zip(lines, lines[1:], strict=False)
        if upper.size > 0
        and abs(upper.size - lower.size) < 0.5
        and 0.8 * upper.size < upper.y0 - lower.y0 < 2.5 * upper.size
    )
    return steps.most_common(1)[0][0] if steps else 1.2


def _starts_block(group: list[Line], line: Line, leading: float) -> bool:
    last = group[-1]
    if last.turn != line.turn:
        return True
    if last.pieces[-1].text.endswith(HYPHEN):
        return False
    if abs(last.size - line.size) > 0.08 * max(last.size, line.size) and min(len(last.text), len(line.text)) > 3:
        return True
    if _is_item(line.text):
        return True
    size = max(last.size, line.size)
    step = last.y0 - line.y0
    moved = (
        step < 0.3 * size
        or step > 3 * size
        or line.x0 > max(row.x1 for row in group)
        or line.x1 < min(row.x0 for row in group)
    )
    if moved:
        # The next column, or the other side of a figure: the paragraph goes on when its sentence does.
        return last.text.endswith(_SENTENCE_END) or not _goes_on(last.text, line.text) or last.bold != line.bold
    if step > (leading + 0.35) * size:
        return True
    if last.bold != line.bold and (last.bold or not _goes_on(last.text, line.text)):
        return True
    return _breaks_early(group, line, size)


def _breaks_early(group: list[Line], line: Line, size: float) -> bool:
    """Whether the last line ends although the next word would have fitted, or the new line is indented like a first line."""
    last = group[-1]
    right = max(row.x1 for row in (*group, line))
    width = right - min(row.x0 for row in (*group, line))
    text = line.text
    word = len(text) and len(text.split(maxsplit=1)[0]) if not _CJK.match(text[:1]) else 1
    room = right - last.x1 - word * (line.x1 - line.x0) / max(1, len(text))
    centred = abs(last.x0 + last.x1 - line.x0 - line.x1) < size
    if centred and last.x0 - line.x0 > size / 2 and len(group) < 3:
        return False
    if room > max(size, 0.08 * width) and not (centred and len(group) < 3):
        return last.text.endswith(_SENTENCE_END) or room > 0.25 * width
    left = last.x0 if len(group) > 1 else min(last.x0, line.x0)
    indented = line.x0 > left + 0.8 * size
    if indented and len(group) == 1 and not last.text.endswith(_SENTENCE_END):
        return False  # a hanging indent
    hanging = _is_item(group[0].text) and len(group) == 1
    return indented and not hanging


def _goes_on(left: str, right: str) -> bool:
    return right[:1].islower() or bool(
        _CJK.match(right[:1]) and _CJK.match(left[-1:]) and not left.endswith(_SENTENCE_END)
    )


def _is_item(text: str) -> bool:
    bullet = _BULLET.match(text)
    if bullet:
        mark, rest = bullet.group(), text[bullet.end() :]
        return bool(rest.strip()) and (mark not in "–—*-・○※oO" or rest[:1].isspace() or mark in "・○※")
    number = _NUMBER.match(text)
    return number is not None and bool(text[number.end() :].strip())


# --- text of joined lines


def _tidy(text: str) -> str:
    return _LEADERS.sub(" … ", text)


def _join(left: str, right: str) -> str:
    if left.endswith(HYPHEN):
        return left + right  # mended for the whole document at once, see mend_hyphens
    return left + _glue(left, right) + right


_DIVIDED = re.compile(rf"([^\W_]+){HYPHEN}\s?([^\W_]+)")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")


def mend_hyphens(texts: Iterable[str], compounds: set[str]) -> list[str]:
    """Join words divided at line ends; the hyphen stays in those that the document writes with one elsewhere (`compounds`)."""

    def mend(match: re.Match[str]) -> str:
        left, right = match.groups()
        keep = f"{left}-{right}".lower() in compounds or right[0].isupper() or right[0].isdigit() or left[-1].isdigit()
        return f"{left}-{right}" if keep else left + right

    return [_DIVIDED.sub(mend, text).replace(HYPHEN, "-") if HYPHEN in text else text for text in texts]


def find_compounds(texts: Iterable[str]) -> set[str]:
    """Words written with a hyphen, in lower case."""
    return {word.lower() for text in texts for word in _COMPOUND.findall(text)}


def usual_size(pieces: Sequence[Piece]) -> float:
    """The size most characters have."""
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[round(piece.size, 1)] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else median([piece.size for piece in pieces] or [0.0])
