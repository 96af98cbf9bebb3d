"""Lines → the blocks a reader sees: paragraphs, list items, table rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from index.types import Kind
from ingest.pages.page_lines import (
    CJK,
    HYPHEN,
    SENTENCE_END,
    Box,
    Line,
    PageBlock,
    Piece,
    is_item,
    join_lines,
    join_text,
    tidy,
)
from ingest.pages.page_tables import build_table, find_tables
from ingest.texts.headings import heading_level, opens_article

_DIVIDED = re.compile(rf"([^\W_]+){HYPHEN}\s?([^\W_]+)")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_COLUMN_LINES = 5  # pairs of lines, fewer are rows of a table with long cells
_COLUMN_CHARACTERS = 20  # in each line of a column of prose
_SAME_COLUMN = 0.3  # of the narrower of two blocks lies under the other
_MAX_UNITS = 400  # of a page: the order of more is not worth the square of their number
_OTHER_SIZE = 0.08  # of a size: another font at the same nominal size differs by less
_EXTRA_LEADING = 0.35  # sizes above the usual distance of lines: a new paragraph


def build_blocks(pieces: Iterable[Piece]) -> list[PageBlock]:
    """Blocks of one page, in the order of its pieces except where that is against the page: see `_order_units`."""
    lines = _part_columns(join_lines(pieces))
    leading = _usual_leading(lines)
    units: list[list[PageBlock]] = []
    start = 0
    for first, last in find_tables(lines):
        units += [[block] for block in _build_prose(lines[start:first], leading)]
        units.append(build_table(lines[first:last]))
        start = last
    units += [[block] for block in _build_prose(lines[start:], leading)]
    return [block for unit in _order_units(units) for block in unit]


def _order_units(units: list[list[PageBlock]]) -> list[list[PageBlock]]:
    """Paragraphs and whole tables so that what stands above in the same column comes first.

    Otherwise they stay in drawing order: a topological sort, as in Breuel, "High Performance Document Layout Analysis"
    (2003), with drawing order in place of his rule for columns. Letterheads are often drawn last.
    """
    if len(units) > _MAX_UNITS:
        return units
    boxes = [_bound(unit) for unit in units]
    waits = [
        {other for other in range(len(units)) if _is_above(boxes[other], boxes[this])} for this in range(len(units))
    ]
    ordered: list[int] = []
    left = list(range(len(units)))
    while left:
        chosen = next(number for number in left if not waits[number])
        ordered.append(chosen)
        left.remove(chosen)
        for waiting in waits:
            waiting.discard(chosen)
    return [units[number] for number in ordered]


def _bound(unit: list[PageBlock]) -> tuple[int, Box]:
    lines = [line for block in unit for line in block.lines]
    box = (
        min(line.x0 for line in lines),
        min(line.y0 for line in lines),
        max(line.x1 for line in lines),
        max(line.y1 for line in lines),
    )
    return lines[0].turn, box


def _is_above(upper: tuple[int, Box], lower: tuple[int, Box]) -> bool:
    (turn, a), (other_turn, b) = upper, lower
    shared = min(a[2], b[2]) - max(a[0], b[0])
    return (
        turn == other_turn
        and a[1] >= (b[1] + b[3]) / 2
        and a[1] > b[1]
        and a[3] > b[3]
        and (shared > _SAME_COLUMN * min(a[2] - a[0], b[2] - b[0]))
    )


def _part_columns(lines: list[Line]) -> list[Line]:
    """Read two columns of prose one after the other where their lines come in pairs.

    Prose is told from a table by its cells: long, and mostly without numbers.
    """
    out: list[Line] = []
    run: list[Line] = []
    for line in [*lines, None]:
        if (
            line is not None
            and len(line.pieces) == 2
            and min(len(piece.text) for piece in line.pieces) > _COLUMN_CHARACTERS
        ):
            gutter = (line.pieces[0].x1, line.pieces[1].x0)
            if not run or (gutter[0] < run[-1].pieces[1].x0 and run[-1].pieces[0].x1 < gutter[1]):
                run.append(line)
                continue
        if len(run) >= _COLUMN_LINES:
            out += [Line([row.pieces[0]]) for row in run] + [Line([row.pieces[1]]) for row in run]
        else:
            out += run
        run = []
        if line is not None:
            out.append(line)
    return out


def _build_prose(lines: list[Line], leading: float) -> list[PageBlock]:
    groups: list[list[Line]] = []
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
            text = join_text(text, tidy(line.text))
        kind, level = Kind.TEXT, 0
        if is_item(group[0].text):
            x0, slack = group[0].x0, 0.8 * group[0].size
            margins = [margin for margin in margins if margin < x0 - slack] + [x0]
            kind, level = Kind.ITEM, len(margins)
        elif margins and group[0].x0 < margins[0] + 0.1:
            margins = []
        blocks.append(PageBlock(text, kind, group, level))
    return blocks


def _usual_leading(lines: Sequence[Line]) -> float:
    """The usual distance of two baselines, in font sizes."""
    steps = Counter(
        round((upper.y0 - lower.y0) / upper.size, 1)
        for upper, lower in pairwise(lines)
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
    if abs(last.size - line.size) > _OTHER_SIZE * max(last.size, line.size) and min(len(last.text), len(line.text)) > 2:
        return True
    if is_item(line.text) or opens_article(line.text):
        return True
    if heading_level(line.text, alone=False):
        return True
    if len(group) == 1 and heading_level(last.text, alone=False) and not opens_article(last.text):
        return True  # 第2章　賃金; 第4条（控除）; but 第5条　この規程は、… may go on
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
        return last.text.endswith(SENTENCE_END) or not _goes_on(last.text, line.text) or last.bold != line.bold
    if step > (leading + _EXTRA_LEADING) * size:
        return True
    if last.bold != line.bold and (last.bold or not _goes_on(last.text, line.text)):
        return True
    return _breaks_early(group, line, size)


def _breaks_early(group: list[Line], line: Line, size: float) -> bool:
    """Whether the last line ends where the next word would have fitted, or the new one is indented."""
    last = group[-1]
    right = max(row.x1 for row in (*group, line))
    width = right - min(row.x0 for row in (*group, line))
    text = line.text
    word = len(text) and len(text.split(maxsplit=1)[0]) if not CJK.match(text[:1]) else 1
    room = right - last.x1 - word * (line.x1 - line.x0) / max(1, len(text))
    centred = abs(last.x0 + last.x1 - line.x0 - line.x1) < size
    if centred and last.x0 - line.x0 > size / 2 and len(group) < 3:
        return False
    if room > max(size, 0.08 * width) and not (centred and len(group) < 3):
        return last.text.endswith(SENTENCE_END) or room > 0.25 * width
    left = last.x0 if len(group) > 1 else min(last.x0, line.x0)
    indented = line.x0 > left + 0.8 * size
    if indented and len(group) == 1 and not last.text.endswith(SENTENCE_END):
        return False  # a hanging indent
    hanging = is_item(group[0].text) and len(group) == 1
    return indented and not hanging


def _goes_on(left: str, right: str) -> bool:
    return right[:1].islower() or bool(
        CJK.match(right[:1]) and CJK.match(left[-1:]) and not left.endswith(SENTENCE_END)
    )


def mend_hyphens(texts: Iterable[str], compounds: set[str]) -> list[str]:
    """Join words divided at line ends; those the document writes with a hyphen elsewhere (`compounds`) keep it."""

    def mend(match: re.Match[str]) -> str:
        left, right = match.groups()
        keep = f"{left}-{right}".lower() in compounds or right[0].isupper() or right[0].isdigit() or left[-1].isdigit()
        return f"{left}-{right}" if keep else left + right

    return [_DIVIDED.sub(mend, text).replace(HYPHEN, "-") if HYPHEN in text else text for text in texts]


def find_compounds(texts: Iterable[str]) -> set[str]:
    """Words written with a hyphen, in lower case."""
    return {word.lower() for text in texts for word in _COMPOUND.findall(text)}
