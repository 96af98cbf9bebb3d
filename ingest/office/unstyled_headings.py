"""Finds the headings of a document whose author used no heading styles, as most Japanese company documents do not."""

from __future__ import annotations

from dataclasses import replace

from index.types import Kind
from ingest.text_builder import TextBuilder
from ingest.texts.articles import mark_articles
from ingest.texts.headings import heading_level

_TITLE = 60  # characters: a longer first line is a sentence


def mark_headings(out: TextBuilder) -> str:
    """Turn the paragraphs that read as headings ("第１章　総則", "３．業務内容") into such, where nothing else is one.

    A title at the very beginning does not count: a document has one with and without styles. Gives the first line if it
    can be such a title, else "".
    """
    if any(block.kind is Kind.HEADING for block in out.blocks[1:]):
        return ""
    text = out.build("").text
    first = text.split("\n", 1)[0]
    for place, block in enumerate(out.blocks):
        if block.kind is Kind.TEXT and "\n" not in (line := text[block.start : block.end]):
            level = heading_level(line, alone=True)
            if level:
                out.blocks[place] = replace(block, kind=Kind.HEADING, level=level)
    mark_articles(out)
    return first if len(first) <= _TITLE and not first.endswith(("。", ".", "、", ",")) else ""
