"""Which blocks of a PDF are headings, and which are running heads, feet and page numbers.

Both need the whole document: a heading is a line that the outline names, or one set larger or bolder than the text; a running head is what
stands at the same edge of many pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

from index.types import Kind
from ingest.page_layout import PageBlock
from ingest.pdf_facts import OutlineEntry

_LARGER = 1.12  # of the text's size: below, it may be another font at the same nominal size
_MAX_CHARACTERS = 150
_MAX_LEVEL = 6
_EDGE_BLOCKS = 3  # looked at from the top and from the bottom of each page
_MIN_REPEATS = 3  # pages
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
        if len(on) < _MIN_REPEATS or len(on) < min(len(pages) // 10, 10):
            continue
        keep_first = bool(re.sub(r"[\W#]", "", shape))
        dropped.update(id(block) for _, block in (found[1:] if keep_first else found))
    for blocks in pages:
        blocks[:] = [block for block in blocks if id(block) not in dropped]


def _edges(blocks: list[PageBlock]) -> list[PageBlock]:
    upright = [
        block
        for block in blocks
        if block.lines[0].turn == 0 and len(block.text) <= _MAX_CHARACTERS and len(block.lines) <= 2
    ]
    top = sorted(upright, key=lambda block: -block.lines[0].y1)
    body = sorted(blocks, key=lambda block: -block.lines[0].y1)
    extremes = {id(block) for block in (*body[:_EDGE_BLOCKS], *body[-_EDGE_BLOCKS:])}
    return [block for block in top if id(block) in extremes]


def _shape(text: str) -> str:
    return " ".join(_DIGITS.sub("#", unicodedata.normalize("NFKC", text).casefold()).split())


def mark_headings(pages: list[list[PageBlock]], outline: Sequence[OutlineEntry]) -> None:
    """Turn blocks into headings with a level, in place: what the outline names first, then lines larger or bolder than the text."""
    size_levels = _mark_from_outline(pages, outline)
    body = _body_size(pages)
    if not body:
        return
    found: list[tuple[PageBlock, float]] = []
    for blocks in pages:
        for number, block in enumerate(blocks):
            following = blocks[number + 1].kind if number + 1 < len(blocks) else None
            if block.kind is Kind.HEADING or not _looks_like_heading(block):
                continue
            size = round(block.size, 1)
            if size >= _LARGER * body and block.kind in (Kind.TEXT, Kind.ITEM):
                found.append((block, size))
            elif (
                block.bold
                and size >= 0.95 * body
                and following in (Kind.TEXT, Kind.ITEM)
                and _stands_alone(block, blocks, number)
            ):
                found.append((block, body))
    levels = _rank_sizes({size for _, size in found}, size_levels)
    for block, size in found:
        block.kind, block.level = Kind.HEADING, levels[size]


def _mark_from_outline(pages: list[list[PageBlock]], outline: Sequence[OutlineEntry]) -> dict[float, int]:
    """Mark the blocks that the outline names; returns the usual level of each size of type seen among them."""
    votes: dict[float, Counter[int]] = defaultdict(Counter)
    for entry in outline:
        wanted = _letters(entry.title)
        if not wanted or entry.page > len(pages):
            continue
        blocks = pages[entry.page - 1]
        for number, block in enumerate(blocks):
            if block.kind not in (Kind.TEXT, Kind.ITEM) or len(block.text) > 3 * _MAX_CHARACTERS:
                continue
            text = _letters(block.text)
            if text and (text == wanted or _sub_number(text) == _sub_number(wanted) or _spans(blocks, number, wanted)):
                block.kind, block.level = Kind.HEADING, min(entry.level, _MAX_LEVEL)
                votes[round(block.size, 1)][block.level] += 1
                break
    return {size: counts.most_common(1)[0][0] for size, counts in votes.items()}


def _spans(blocks: list[PageBlock], number: int, wanted: str) -> bool:
    """Whether this block and the next are the two parts of the heading ("Chapter 1" above "Leave"); they are merged then."""
    if number + 1 >= len(blocks):
        return False
    block, other = blocks[number], blocks[number + 1]
    if other.kind not in (Kind.TEXT, Kind.ITEM) or _letters(block.text + other.text) != wanted:
        return False
    block.text += " " + other.text
    block.lines += other.lines
    del blocks[number + 1]
    return True


def _sub_number(text: str) -> str:
    return re.sub(r"^(?:chapter|section|part)?[\divxlc]+(?=\D{4})", "", text)


def _letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _body_size(pages: list[list[PageBlock]]) -> float:
    sizes: Counter[float] = Counter()
    for blocks in pages:
        for block in blocks:
            if block.kind is not Kind.HEADING:
                for line in block.lines:
                    sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _looks_like_heading(block: PageBlock) -> bool:
    text = block.text
    if len(text) > _MAX_CHARACTERS or len(block.lines) > 3 or block.lines[0].turn:
        return False
    letters = sum(char.isalpha() for char in text)
    if letters < 2 or letters < 0.5 * sum(not char.isspace() for char in text):
        return False
    return not text.endswith((".", ",", ";", "。", "、", "，")) or bool(re.match(r"[\d.]+\s", text)) and len(text) < 60


def _stands_alone(block: PageBlock, blocks: list[PageBlock], number: int) -> bool:
    """Whether a bold line is set apart by space above, or begins the page."""
    if len(block.lines) > 1 or len(block.text) > 100 or block.text.endswith(":"):
        return False
    if number == 0:
        return True
    above = blocks[number - 1].lines[-1]
    gap = above.y0 - block.lines[0].y1
    return gap > 0.3 * block.size or gap < -block.size


def _rank_sizes(sizes: set[float], known: dict[float, int]) -> dict[float, int]:
    """A level for each size of type: the outline's where it tells, else one deeper than the next larger size."""
    levels: dict[float, int] = {}
    level = 0
    for size in sorted(sizes | set(known), reverse=True):
        level = known.get(size, min(level + 1, _MAX_LEVEL))
        levels[size] = level
    return levels
