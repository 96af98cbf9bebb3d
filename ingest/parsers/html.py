"""Web pages saved to files."""

from __future__ import annotations

import re

from index.types import Document
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode
from ingest.texts.html_blocks import add_html

EXTENSIONS = (".html", ".htm", ".xhtml")
REQUIRES = ()
EXTRA = ""

# The first 1024 bytes are where the HTML standard looks; Word writes more than that before it comes to the point.
_HEAD = 4096
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.I)


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Headings, paragraphs, items, tables and listings as a visitor reads them; without lines, which nobody sees.

    Raises DocumentError when the bytes are not text, LimitError when elements nest too deep.
    """
    declared = _CHARSET.search(data[:_HEAD])
    decoded = decode(data, declared.group(1).decode("ascii") if declared else None)
    builder = TextBuilder(warnings=list(decoded.warnings))
    facts = add_html(builder, decoded.text)
    return builder.build(facts.title, date=facts.date)
