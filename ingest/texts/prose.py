"""Plain running text to blocks: paragraphs, list items and headings, each with the line it begins at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.types import Kind
from ingest.text_builder import TextBuilder
from ingest.texts.articles import mark_articles
from ingest.texts.headings import ARTICLE, heading_level, is_underline

_NUMBER = r"[0-9０-９a-zア-ン一二三四五六七八九十]{1,2}"
_ITEM = re.compile(
    r"(\s*)(?:[-*+•‣◦●○▪–]\s+|・|\d{1,3}[.)）]\s+|\d{1,3}．(?!\d)|[一二三四五六七八九十]{1,3}　"
    rf"|[(（]{_NUMBER}[)）]|[①-⑳])\s*\S"
)
_LIST_BELOW = "記"  # stands alone between a letter and its list: neither a paragraph nor what the list is about
_CLAUSE = re.compile(rf"{ARTICLE}\s|[０-９]{{1,2}}　")  # articles and paragraphs of rules
_CAPTION = re.compile(r"[（(][^（）()]{1,40}[）)]\s*$")  # of an article, on the line above it
# How a Japanese paragraph begins: one full-width space, speech, or the number of an article.
_PARAGRAPH = re.compile(rf"　(?=\S)|[「『]|{ARTICLE}\s")


def add_prose(builder: TextBuilder, text: str, *, lines: bool = True) -> None:
    """Append the blocks of `text`; with `lines` they carry their line in it, counted from 1.

    A paragraph ends at an empty line, and where the next line begins as Japanese paragraphs do.
    """
    source = text.split("\n")
    for start, end, kind, level in _split(source):
        builder.add("\n".join(source[start:end]), kind, level=level, line=start + 1 if lines else None)
    mark_articles(builder)


def _split(lines: list[str]) -> Iterator[tuple[int, int, Kind, int]]:
    """Ranges of lines with what they are; lines in no range are empty or rules."""
    start, kind, level = 0, Kind.TEXT, 0
    for n, line in enumerate(lines):
        begins = _beginning(lines, n, within=kind if start < n else Kind.HEADING)
        if begins is None:
            continue
        if start < n:
            yield start, n, kind, level
        start, (kind, level) = n, begins
        if not line.strip() or is_underline(line):
            start = n + 1
    if start < len(lines):
        yield start, len(lines), kind, level


def _beginning(lines: list[str], n: int, *, within: Kind) -> tuple[Kind, int] | None:
    """The kind and level of the block that begins at line `n`, None where it goes on with the block before.

    `within` is the kind of that block, HEADING where there is none to go on with.
    """
    line = lines[n]
    if not line.strip() or is_underline(line):
        return Kind.TEXT, 0
    before, after = (lines[n - 1] if n else ""), (lines[n + 1] if n + 1 < len(lines) else "")
    if is_underline(after) and not before.strip() and len(line) <= 80:
        return Kind.HEADING, 1 if after.strip()[0] in "=＝━" else 2
    level = heading_level(line, alone=not before.strip() and not after.strip())
    if level:
        return Kind.HEADING, level
    item = _ITEM.match(line)
    if item:
        return Kind.ITEM, 1 + len(item.group(1).expandtabs(4)) // 2
    if line.strip() == _LIST_BELOW:
        return Kind.NOTE, 0
    above_article = _CAPTION.match(line) and _CLAUSE.match(after)
    if within is Kind.HEADING or above_article or (within is Kind.ITEM and _CLAUSE.match(line)):
        return Kind.TEXT, 0
    ended = before.rstrip().endswith(("。", "」", "』", "）", "！", "？")) and not _CAPTION.match(before)
    return (Kind.TEXT, 0) if _PARAGRAPH.match(line) and ended else None
