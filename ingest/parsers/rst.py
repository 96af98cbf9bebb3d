"""reStructuredText as it stands, with its line numbers: headings, items, listings, grid tables.

After the reStructuredText Markup Specification (docutils). Inline marks stay as written.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from index.types import Document, Kind
from ingest.office.table_rows import join_cells
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode

EXTENSIONS = (".rst", ".rest")
REQUIRES = ()
EXTRA = ""

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|]+\| +)?([\w:-]+?)::(.*)$")
_TARGET = re.compile(r"\.\. +(?:_[^:]*:|\|)")  # link targets and substitutions
_ITEM = re.compile(r"(\s*)(?:[-*+•]|#\.|\(?\w{1,3}[.)])\s+\S")
_RULE = re.compile(r"\+(?:[-=]+\+)+")  # of a grid table
_BARS = str.maketrans("+-=", "|  ")
_LISTINGS = {"code", "code-block", "sourcecode", "parsed-literal", "math", "doctest", "literalinclude"}
_SILENT = {"image", "toctree", "contents", "include", "raw", "index", "meta", "highlight"}


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a reStructuredText file. Raises DocumentError when the bytes are not text."""
    decoded = decode(data)
    out = TextBuilder(warnings=list(decoded.warnings))
    lines = decoded.text.split("\n")
    marks: list[str] = []  # the adornments of headings, outermost first
    at = 0
    while at < len(lines):
        at = _read_block(lines, at, marks, out)
    return out.build("")


def _read_block(lines: list[str], at: int, marks: list[str], out: TextBuilder) -> int:
    """Append the block that begins at line `at` (from 0); the line after it."""
    line = lines[at]
    following = lines[at + 1] if at + 1 < len(lines) else ""
    over = bool(_ADORNMENT.match(line)) and bool(following.strip())
    title, under = (following, lines[at + 2] if at + 2 < len(lines) else "") if over else (line, following)
    if (
        title.strip()
        and not _ADORNMENT.match(title)
        and _underlines(under, title)
        and (not over or under[0] == line[0])
    ):
        mark = under[0] + ("^" if over else "")
        if mark not in marks:
            marks.append(mark)
        out.add(title, Kind.HEADING, level=marks.index(mark) + 1, line=at + 1 + over)
        return at + 2 + over
    if not line.strip() or _ADORNMENT.match(line) or _TARGET.match(line):
        return at + 1
    if directive := _DIRECTIVE.match(line):
        return _read_directive(lines, at, directive, out)
    if line.startswith(".. "):  # a comment
        return _end_of_indented(lines, at + 1)
    if _RULE.fullmatch(line.strip()):
        return _read_grid(lines, at, out)
    end = at + 1
    while end < len(lines) and lines[end].strip() and not (_ITEM.match(line) and _ITEM.match(lines[end])):
        end += 1
    item = _ITEM.match(line)
    level = 1 + len(item[1].expandtabs(4)) // 2 if item else 0
    out.add("\n".join(lines[at:end]), Kind.ITEM if item else Kind.TEXT, level=level, line=at + 1)
    if lines[end - 1].rstrip().endswith("::"):
        stop = _end_of_indented(lines, end)
        out.add("\n".join(lines[end:stop]), Kind.CODE, line=end + 1)
        return stop
    return end


def _underlines(under: str, title: str) -> bool:
    """Whether a line underlines a title; Japanese characters are two columns wide, but people count them as one."""
    return bool(_ADORNMENT.match(under)) and len(under.rstrip()) >= min(len(title.strip()), 4)


def _read_directive(lines: list[str], at: int, directive: re.Match[str], out: TextBuilder) -> int:
    end = _end_of_indented(lines, at + 1)
    if directive[1] in _SILENT:
        return end
    start = at + 1
    while start < end and lines[start].lstrip().startswith(":"):  # options
        start += 1
    listing = directive[1] in _LISTINGS
    if directive[2].strip() and not listing:
        out.add(directive[2], line=at + 1)
    out.add("\n".join(lines[start:end]), Kind.CODE if listing else Kind.TEXT, line=start + 1)
    return end


def _end_of_indented(lines: list[str], at: int) -> int:
    while at < len(lines) and (not lines[at].strip() or lines[at][0].isspace()):
        at += 1
    return at


def _read_grid(lines: list[str], at: int, out: TextBuilder) -> int:
    """A grid table: a rule of = ends its header; lines of one row are joined, the last rule may be missing."""
    end = at
    while end < len(lines) and lines[end].lstrip().startswith(("+", "|")):
        end += 1
    has_header = any(line.lstrip().startswith("+=") for line in lines[at:end])
    start = at
    for place in range(at, end + 1):
        rule = lines[place].strip() if place < end else ""
        if rule and not _RULE.fullmatch(rule):
            continue
        # A rule beside a cell that reaches over several rows only parts cells.
        inner = (_RULE.sub(lambda part: part[0].translate(_BARS), line.strip()) for line in lines[start:place])
        cells = [[part.strip() for part in line.strip("|").split("|")] for line in inner]
        row = [" ".join(filter(None, parts)) for parts in zip_longest(*cells, fillvalue="")]
        kind = Kind.HEADER if has_header and rule.startswith("+=") else Kind.ROW
        out.add(join_cells(row), kind, line=start + 1)
        start = place + 1
    return end
