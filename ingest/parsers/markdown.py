"""Markdown: the source's words with their lines; markdown-it-py tells what each line is.

Marks of structure (#, >, list bullets, table rules, fences, comments) are not part of the text; marks inside a line
(emphasis, links, code) stay as written, so that a quote is what the author typed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from index.errors import LimitError
from index.types import Document, Kind
from ingest.office.table_rows import add_table, join_cells
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.dates import iso_date
from ingest.texts.decoding import decode

if TYPE_CHECKING:
    from markdown_it.token import Token

EXTENSIONS = (".md", ".markdown", ".mdx", ".mkd", ".mdown")
REQUIRES = ()
EXTRA = ""

_DEEPEST = 100  # nested lists, items and quotes; each takes several of Python's calls, of which there are 1,000
_FRONT_MATTER = re.compile(r"\s*(---|\+\+\+)[ \t]*\n(.*?\n)??\1[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"^([^\W\d][\w-]*)[ \t]*[:=][ \t]*([^\s|>\[{].*?)[ \t]*$", re.M)
# What a person writes of a document: a date, or words with a space, a capital or a letter beyond ASCII; the rest tells
# a program how to show it (weight: 30, layout: page, redirect: /docs/x).
_TOLD = re.compile(r"(?=.*(?:[^\W\d_].*[ A-Z]|[A-Z]|[^\x00-\x7f]))(?!\S*[/:])|\d{4}-\d\d-\d\d")
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.S | re.I)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>", re.S)
_NEXT_ELEMENT = re.compile(r"(?<=[^\s>])</[A-Za-z][^<>]*><[A-Za-z][^<>]*>(?=[^\s<])")
_HTML_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.S | re.I)
_HEADING_ID = re.compile(r"\s*\{[#.:][^{}]*\}\s*\Z")
_DATA_IMAGE = re.compile(r"\(data:[^()\s]*\)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:\s")
# Markdown knows no such lists, contracts are full of them: "(a) becomes insolvent; or".
_CLAUSE = re.compile(r"[(（](?:[0-9０-９]{1,2}|[a-z]|[ivx]{1,4}|[ア-ン一二三四五六七八九十])[)）]\s*\S")
_ROW = re.compile(r"\s*\|(.*)\|\s*")
_CELL_END = re.compile(r"(?<!\\)\|")


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Headings, paragraphs, items, rows and listings, each with the line it begins at.

    Title and date are taken from the front matter, if there is one; what else people write there (owner, effective) is
    text. Raises DocumentError when the bytes are not text.
    """
    decoded = decode(data)
    builder = TextBuilder(warnings=list(decoded.warnings))
    front = _FRONT_MATTER.match(decoded.text)
    if not front:
        add_markdown(builder, decoded.text)
        return builder.build("")
    fields = {match.group(1).lower(): match for match in reversed([*_FIELD.finditer(front.group(2) or "")])}
    told = {_unquote(fields[key].group(2)) for key in ("title", "date") if key in fields}
    for key, field in sorted(fields.items(), key=lambda item: item[1].start()):
        value = _unquote(field.group(2))
        if value not in told and _TOLD.match(value):
            told.add(value)
            line = decoded.text[: front.start(2) + field.start()].count("\n") + 1
            builder.add(value if key == "description" else f"{field.group(1)}: {value}", line=line)
    add_markdown(builder, decoded.text[front.end() :], first=decoded.text[: front.end()].count("\n"))
    title, date = (_unquote(fields[key].group(2)) if key in fields else "" for key in ("title", "date"))
    return builder.build(title, date=iso_date(date))


def add_markdown(builder: TextBuilder, text: str, *, first: int | None = 0) -> None:
    """Append the blocks of `text`, whose first line is line `first` + 1 of the file; None leaves lines out.

    Raises LimitError when lists or quotes nest too deep.
    """
    from markdown_it import MarkdownIt

    # Reference definitions stay in the text as written: taken out, their links would lose their targets.
    reader = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table").disable("reference")
    blocks = _Blocks(builder, first)
    for token in reader.parse(text):
        if token.level >= _DEEPEST - 1:  # what lies deeper, markdown-it drops without a word
            raise LimitError(f"The Markdown nests more than {_DEEPEST // 2} lists or quotes.", "Save it as .txt.")
        blocks.take(token)


class _Blocks:
    """Turns markdown-it's tokens into blocks, one token at a time."""

    def __init__(self, builder: TextBuilder, first: int | None) -> None:
        self.builder = builder
        self.first = first
        self.kind, self.level = Kind.TEXT, 0
        self.depth = 0  # of lists
        self.marker: str | None = None  # of the list item whose first paragraph is still to come
        self.cells: list[str] | None = None  # of the table row that is open
        self.row_line: int | None = None

    def take(self, token: Token) -> None:
        line = None if self.first is None or token.map is None else self.first + token.map[0] + 1
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self.depth += 1
            case "bullet_list_close" | "ordered_list_close":
                self.depth -= 1
            case "list_item_open":
                self.marker = f"{token.info}{token.markup} " if token.info else ""
            case "list_item_close":
                self.marker = None
            case "heading_open":
                self.kind, self.level = Kind.HEADING, int(token.tag[1])
            case "heading_close":
                self.kind, self.level = Kind.TEXT, 0
            case "thead_open":
                self.kind = Kind.HEADER
            case "tbody_open":
                self.kind = Kind.ROW
            case "table_close":
                self.kind = Kind.TEXT
            case "tr_open":
                self.cells = []
                self.row_line = line
            case "tr_close":
                self.builder.add(join_cells(self.cells or ()), self.kind, line=self.row_line)
                self.cells = None
            case "fence" | "code_block":
                fence = 1 if token.type == "fence" else 0
                self.builder.add(token.content, Kind.CODE, line=None if line is None else line + fence)
            case "html_block":
                self._add_html(token.content, line)
            case "inline" if self.cells is not None:
                self.cells.append(_clean(token))
            case "inline":
                self._add_inline(_clean(token), line)

    def _add_inline(self, text: str, line: int | None) -> None:
        if self.kind is Kind.HEADING:
            self.builder.add(_HEADING_ID.sub("", text), self.kind, level=self.level, line=line)
        elif self.marker is not None:
            self.builder.add(self.marker + text.lstrip(), Kind.ITEM, level=self.depth, line=line)
            self.marker = None
        elif rows := _rows_without_rule(text):
            lines = None if line is None else list(range(line, line + len(rows)))
            add_table(self.builder, rows, headers=_count_headers(rows), lines=lines)
        elif self.depth == 0 and _CLAUSE.match(text):
            self.builder.add(text, Kind.ITEM, level=1, line=line)
        else:
            self.builder.add(text, Kind.NOTE if _FOOTNOTE.match(text) else Kind.TEXT, line=line)

    def _add_html(self, source: str, line: int | None) -> None:
        """The words of a block of HTML, its headings as headings; tags go, line ends stay."""
        text = _UNSEEN.sub(_line_ends, source)
        done = 0
        for match in (*_HTML_HEADING.finditer(text), None):
            end = match.start() if match else len(text)
            for start, part in _paragraphs(text[done:end]):
                self.builder.add(part, line=_further(line, text[: done + start]))
            if match:
                title = _TAG.sub(_line_ends, match.group(2))
                self.builder.add(
                    html.unescape(title),
                    Kind.HEADING,
                    level=int(match.group(1)),
                    line=_further(line, text[: match.start(2)]),
                )
                done = match.end()


def _rows_without_rule(text: str) -> list[list[str]]:
    """The cells of a table that lacks the rule under its header, as converters and language models write them."""
    lines = text.split("\n")
    rows = [_ROW.fullmatch(line) for line in lines]
    cells = [_CELL_END.split(row[1]) for row in rows if row]
    return cells if 1 < len(lines) == len(cells) and len(cells[0]) > 1 else []


def _count_headers(rows: Sequence[Sequence[str]]) -> int:
    """How many rows name columns: those above the first that begins with a name of its own, but for captions."""
    unnamed = list(takewhile(lambda cells: not cells[0].strip(), rows))
    captions = list(takewhile(lambda cells: sum(map(bool, map(str.strip, cells))) < 2, unnamed))
    return max(1, len(unnamed) - len(captions))


def _paragraphs(text: str) -> list[tuple[int, str]]:
    """Pieces of HTML source between empty lines, with where each begins, as text."""
    text = _NEXT_ELEMENT.sub(lambda match: " " + _ends(match[0]), text)
    pieces = re.finditer(r"(?:^[^\S\n]*\S[^\n]*(?:\n|\Z))+", text, re.M)
    return [(m.start(), html.unescape(_TAG.sub(_line_ends, m.group()))) for m in pieces]


def _clean(token: Token) -> str:
    """An inline token's source without HTML tags, comments and embedded pictures."""
    text = _DATA_IMAGE.sub("()", token.content)
    for child in token.children or ():
        if child.type == "html_inline":
            text = text.replace(
                child.content, " " if child.content.lower().startswith("<br") else _ends(child.content), 1
            )
    return text


def _line_ends(match: re.Match[str]) -> str:
    return _ends(match.group())


def _ends(text: str) -> str:
    return "\n" * text.count("\n")


def _further(line: int | None, text: str) -> int | None:
    return None if line is None else line + text.count("\n")


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
