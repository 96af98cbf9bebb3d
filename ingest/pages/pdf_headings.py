"""Which blocks of a PDF are headings, and which are running heads, feet and page numbers.

Both need the whole document: a heading is a line that the outline names, or one set larger or bolder than the text; a
running head is what stands at the same edge of many pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

from index.types import Kind
from ingest.pages.page_lines import PageBlock, letters, starts_with_bullet
from ingest.pages.pdf_facts import OutlineEntry

_SMALLER = 0.85  # of the text's size: bold lines among small type still are headings
_LARGER = 1.12  # of the text's size: below, it may be another font at the same nominal size
_ONE_SIZE = 0.95  # of a size: nearer ones are the same to the eye
_PROSE = (Kind.TEXT, Kind.ITEM)
_MIN_MARKED = 5  # headings found where the outline says
_MAX_CHARACTERS = 150  # of a heading: what is longer is a paragraph
_MAX_LEVEL = 6  # as in HTML
_EDGE_BLOCKS = 3  # looked at from the top and from the bottom of each page
_MIN_REPEATS = 3  # pages
# Of the pages between the first and the last: heads alternate left and right, and miss pages with pictures.
_DENSITY = 0.3
_DIGITS = re.compile(r"\d+|(?<![a-z])[ivxlc]+(?![a-z])", re.I)


def drop_running_lines(pages: list[list[PageBlock]]) -> None:
    """Take repeated heads and feet out of `pages`, in place; the first of each kind stays, so that no words are lost.

    Two lines repeat when they differ in figures only. Lines that hold nothing but a page number go everywhere.
    """
    seen: dict[str, list[tuple[int, PageBlock]]] = defaultdict(list)
    for number, blocks in enumerate(pages):
        for block in _edges(blocks):
            seen[_shape(block.text)].append((number, block))
    dropped: set[int] = set()
    for shape, found in seen.items():
        on = sorted({number for number, _ in found})
        if len(on) < _MIN_REPEATS or len(on) < _DENSITY * (on[-1] - on[0] + 1):
            continue
        keep_first = bool(re.sub(r"[\W#]", "", shape))
        dropped.update(id(block) for _, block in (found[1:] if keep_first else found))
    for blocks in pages:
        blocks[:] = [block for block in blocks if id(block) not in dropped]


def _edges(blocks: list[PageBlock]) -> list[PageBlock]:
    """The short blocks among the first and last of a page; rows of a table that goes on over pages are none."""
    ordered = sorted((block for block in blocks if not block.lines[0].turn), key=lambda block: -block.lines[0].y1)
    return [
        block
        for number, block in enumerate(ordered)
        if not _EDGE_BLOCKS <= number < len(ordered) - _EDGE_BLOCKS
        and block.kind not in (Kind.ROW, Kind.HEADER)
        and len(block.text) <= _MAX_CHARACTERS
        and len(block.lines) <= 2
    ]


def _shape(text: str) -> str:
    return " ".join(_DIGITS.sub("#", unicodedata.normalize("NFKC", text).casefold()).split())


def mark_headings(pages: list[list[PageBlock]], outline: Sequence[OutlineEntry]) -> None:
    """Turn blocks into headings with a level, in place: what the outline names, then larger or bolder lines.

    An outline of several levels is the author's own list of headings, and nothing is added to it.
    """
    size_levels, depth = _mark_from_outline(pages, outline)
    body = _body_size(pages)
    if not body or depth > 1:
        return
    found: list[tuple[PageBlock, float]] = []
    for blocks in pages:
        for number, block in enumerate(blocks):
            if block.kind not in _PROSE or not _looks_like_heading(block):
                continue
            size = round(block.size, 1)
            if size >= _LARGER * body:
                found.append((block, size))
            elif block.bold and size >= _SMALLER * body and not depth and _stands_alone(block, blocks, number):
                found.append((block, body))
    levels = _rank_sizes(Counter(size for _, size in found), size_levels, body)
    for block, size in found:
        block.kind, block.level = Kind.HEADING, levels[size]


def find_title(blocks: list[PageBlock]) -> str:
    """The line set largest on a page, where it is larger than the rest; else its first heading, or ""."""
    lines = [block for block in blocks if block.kind in (*_PROSE, Kind.HEADING) and _looks_like_heading(block)]
    largest = max(lines, key=lambda block: block.size, default=None)
    if largest and largest.size >= _LARGER * _body_size([blocks]):
        return largest.text
    return next((block.text for block in blocks if block.kind is Kind.HEADING), "")


def _mark_from_outline(pages: list[list[PageBlock]], outline: Sequence[OutlineEntry]) -> tuple[dict[float, int], int]:
    """Mark the blocks that the outline names.

    Returns the usual level of each size of type among them, and how many levels there are: 0 when too few were found.
    """
    votes: dict[float, Counter[int]] = defaultdict(Counter)
    for entry in outline:
        wanted = letters(entry.title)
        if not wanted or entry.page > len(pages):
            continue
        blocks = pages[entry.page - 1]
        for number, block in enumerate(blocks):
            if block.kind not in _PROSE or len(block.text) > 3 * _MAX_CHARACTERS:
                continue
            text = letters(block.text)
            if text and (text == wanted or _sub_number(text) == _sub_number(wanted) or _spans(blocks, number, wanted)):
                block.kind, block.level = Kind.HEADING, min(entry.level, _MAX_LEVEL)
                votes[round(block.size, 1)][block.level] += 1
                break
    marked = sum(counts.total() for counts in votes.values())
    trusted = marked >= _MIN_MARKED and 2 * marked >= len(outline)
    depth = len({level for counts in votes.values() for level in counts}) if trusted else 0
    return {size: counts.most_common(1)[0][0] for size, counts in votes.items()}, depth


def _spans(blocks: list[PageBlock], number: int, wanted: str) -> bool:
    """Whether this block and the next are the parts of a heading ("Chapter 1" above "Leave"); they are merged then."""
    if number + 1 >= len(blocks):
        return False
    block, other = blocks[number], blocks[number + 1]
    if other.kind not in _PROSE or letters(block.text + other.text) != wanted:
        return False
    block.text += " " + other.text
    block.lines += other.lines
    del blocks[number + 1]
    return True


def _sub_number(text: str) -> str:
    return re.sub(r"^(?:chapter|section|part)?[\divxlc]+(?=\D{4})", "", text)


def _body_size(pages: list[list[PageBlock]]) -> float:
    sizes: Counter[float] = Counter()
    for blocks in pages:
        for block in blocks:
            for line in block.lines:
                sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _looks_like_heading(block: PageBlock) -> bool:
    text = block.text
    if block.kind is Kind.ITEM and starts_with_bullet(text):
        return False
    if len(text) > _MAX_CHARACTERS or len(block.lines) > 3 or block.lines[0].turn:
        return False
    alphabetic = sum(char.isalpha() for char in text)
    if alphabetic < 2 or alphabetic < 0.5 * sum(not char.isspace() for char in text):
        return False
    return not text.endswith((".", ",", ";", "。", "、", "，")) or (
        bool(re.match(r"[\d.]+\s", text)) and len(text) < 60
    )


def _stands_alone(block: PageBlock, blocks: list[PageBlock], number: int) -> bool:
    """Whether a bold line is set apart by space above, or begins the page."""
    if len(block.lines) > 1 or len(block.text) > 100 or block.text.endswith(":"):
        return False
    if number == 0:
        return True
    above = blocks[number - 1].lines[-1]
    gap = above.y0 - block.lines[0].y1
    return gap > 0.3 * block.size or gap < -block.size


def _rank_sizes(sizes: Counter[float], known: dict[float, int], body: float) -> dict[float, int]:
    """A level for each size of type: the outline's where it tells, else one deeper than the next larger size.

    Sizes that hardly differ, or larger ones that only one line has (covers are full of them), open no level.
    """
    levels: dict[float, int] = {}
    level, opened = 0, 0.0
    for size in sorted({*sizes, *known}, reverse=True):
        if size in known:
            level, opened = known[size], size
        elif not level or ((sizes[size] > 1 or size <= body) and size < _ONE_SIZE * opened):
            level, opened = min(level + 1, _MAX_LEVEL), size
        levels[size] = level
    return levels
