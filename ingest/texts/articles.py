"""Articles of rules whose caption stands on the line above, as in statutes: "（休日）", then "第13条　休日は、…"."""

from __future__ import annotations

import re
from dataclasses import replace

from index.types import Kind
from ingest.text_builder import TextBuilder
from ingest.texts.headings import ARTICLE

_LEVEL = 5  # of 条 in `headings`
_CAPTION = r"[（(][^（）()\n]{1,40}[）)][^\S\n]*\n\s*"
_ARTICLE = re.compile(rf"^({_CAPTION})?{ARTICLE}(?=\s+\S)", re.M)


def mark_articles(out: TextBuilder) -> None:
    """Make a heading of each caption and the article's number below it; the article's text begins behind them.

    Where some articles have captions, those without are headed by their number: they are not part of the one above.
    """
    text = out.build("").text
    articles = list(_ARTICLE.finditer(text))
    if not any(found[1] for found in articles):
        return
    ends = {found.start(): found.end() for found in articles}
    blocks = []
    end = 0
    for block in out.blocks:
        if block.kind is Kind.TEXT and block.start in ends:
            end = ends[block.start]
            blocks.append(replace(block, end=end, kind=Kind.HEADING, level=_LEVEL))
        if block.start < end:
            rest = text[end : block.end]
            start = end + len(rest) - len(rest.lstrip())
            if block.kind is not Kind.TEXT or start >= block.end:
                blocks[-1] = replace(blocks[-1], end=max(end, block.end))
                continue
            line = None if block.line is None else block.line + text.count("\n", block.start, start)
            block = replace(block, start=start, line=line)
        blocks.append(block)
    out.blocks[:] = blocks
