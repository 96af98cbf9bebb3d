"""Plain text, logs, configuration and source code: the text as it stands, with its line numbers."""

from __future__ import annotations

import re
from itertools import groupby

from index.types import Document, Kind
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode
from ingest.texts.prose import add_prose

_PROSE = (".txt", ".text", ".tex")
_CODE = (
    "log yaml yml toml ini cfg conf properties sql sh bash bat cmd ps1 py js mjs jsx ts tsx css scss java kt scala c h"
    " cc cpp hpp cs go rs rb php pl lua swift m r jl vb vbs bas proto graphql tf gradle cmake diff patch"
)
EXTENSIONS = (*_PROSE, *(f".{name}" for name in _CODE.split()))
REQUIRES = ()
EXTRA = ""

# Aozora Bunko and others who mark readings in plain text explain the marks at the top; only then are they taken out.
_RUBY_LEGEND = re.compile(r"^-{20,}\n【テキスト中に現れる記号について】\n.*?^-{20,}$", re.S | re.M)
_RUBY_MARKS = re.compile(r"《[^《》\n]*》|［＃[^］\n]*］|｜(?=[^｜\n]*《)")
_TITLE_LENGTH = 60  # characters: a longer first line is a sentence of the text


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Paragraphs, items and headings of prose; the parts between empty lines of everything else, as code.

    Raises DocumentError when the bytes are not text.
    """
    decoded = decode(data)
    builder = TextBuilder(warnings=list(decoded.warnings))
    if not name.lower().endswith(_PROSE):
        _add_parts(builder, decoded.text)
        return builder.build("")
    text = _drop_ruby(decoded.text)
    add_prose(builder, text)
    first = builder.blocks[0] if builder.blocks else None
    title = text.strip().split("\n", 1)[0] if first and first.kind is Kind.TEXT else ""
    is_sentence = len(title) > _TITLE_LENGTH or title.endswith(("。", ".", "、", ","))
    return builder.build("" if is_sentence else title)


def _add_parts(builder: TextBuilder, text: str) -> None:
    numbered = enumerate(text.split("\n"), 1)
    for empty, group in groupby(numbered, key=lambda entry: not entry[1].strip()):
        part = list(group)
        if not empty:
            builder.add("\n".join(line.rstrip() for _, line in part), Kind.CODE, line=part[0][0])


def _drop_ruby(text: str) -> str:
    """Without readings and typesetting notes, line for line: a word must read as one word."""
    legend = _RUBY_LEGEND.search(text)
    if not legend:
        return text
    text = text[: legend.start()] + "\n" * legend.group().count("\n") + text[legend.end() :]
    return _RUBY_MARKS.sub("", text)
