"""Subtitles: what is said, without the times and marks around it."""

from __future__ import annotations

import re

from index.types import Document
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode

EXTENSIONS = (".vtt", ".srt")
REQUIRES = ()
EXTRA = ""

_TIMES = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->")
_TAG = re.compile(r"</?(?:[a-zA-Z][^<>]*|\d[\d:.]*)>")


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """One paragraph a cue, with the line it begins at; comments, styles and cue numbers are left out."""
    decoded = decode(data)
    builder = TextBuilder(warnings=list(decoded.warnings))
    said: list[str] = []
    first = 0
    for number, line in enumerate((*decoded.text.split("\n"), ""), 1):
        if _TIMES.match(line):
            said, first = [], number + 1
        elif first and line.strip():
            said.append(_TAG.sub("", line).strip())
        elif first:
            builder.add("\n".join(said), line=first)
            first = 0
    return builder.build("")
