"""Org mode files as they stand, with their line numbers: headings, items, listings, tables.

After the Org Syntax document (orgmode.org). Comments, drawers and settings are left out; inline marks stay as written.
"""

from __future__ import annotations

import re

from index.types import Document, Kind
from ingest.office.table_rows import join_cells
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.dates import iso_date
from ingest.texts.decoding import decode

EXTENSIONS = (".org",)
REQUIRES = ()
EXTRA = ""

_HEADING = re.compile(r"(\*+)\s+(.*?)(?:\s+:[\w@#%:]+:)?\s*$")
_SETTING = re.compile(r"#\+(\w+):\s*(.*)$")
_BEGIN = re.compile(r"\s*#\+begin_(\w+)", re.IGNORECASE)
_ITEM = re.compile(r"(\s*)(?:[-+]|\d+[.)])\s+\S|(\s+)\*\s+\S")
_DRAWER = re.compile(r"\s*:[\w-]+:\s*$")
_LISTINGS = {"src", "example", "export", "verse"}


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read an Org file. Raises DocumentError when the bytes are not text."""
    decoded = decode(data)
    out = TextBuilder(warnings=list(decoded.warnings))
    lines = decoded.text.split("\n")
    settings: dict[str, str] = {}
    at = 0
    while at < len(lines):
        at = _read_block(lines, at, settings, out)
    return out.build(settings.get("title", ""), date=iso_date(settings.get("date", "").strip("<[]>")))


def _read_block(lines: list[str], at: int, settings: dict[str, str], out: TextBuilder) -> int:
    """Append the block that begins at line `at` (from 0); the line after it."""
    line = lines[at]
    if heading := _HEADING.match(line):
        out.add(heading[2], Kind.HEADING, level=len(heading[1]), line=at + 1)
        return at + 1
    if setting := _SETTING.match(line):
        settings.setdefault(setting[1].lower(), setting[2])
        return at + 1
    if begin := _BEGIN.match(line):
        end = _find(lines, at + 1, f"#+end_{begin[1].lower()}")
        kind = Kind.CODE if begin[1].lower() in _LISTINGS else Kind.TEXT
        out.add("\n".join(lines[at + 1 : end]), kind, line=at + 2)
        return end + 1
    if _DRAWER.match(line):
        end = _find(lines, at + 1, ":end:")
        return end + 1 if end < len(lines) else at + 1
    if not line.strip() or line.startswith(("# ", "#+")) or line.strip() == "#":
        return at + 1
    if line.lstrip().startswith("|"):
        return _read_table(lines, at, out)
    end = at + 1
    while end < len(lines) and lines[end].strip() and not _begins(lines[end]):
        end += 1
    item = _ITEM.match(line)
    level = 1 + len((item[1] or item[2] or "").expandtabs(4)) // 2 if item else 0
    out.add("\n".join(lines[at:end]), Kind.ITEM if item else Kind.TEXT, level=level, line=at + 1)
    return end


def _begins(line: str) -> bool:
    """Whether a line begins a block of its own without an empty line before it."""
    return line.lstrip().startswith(("|", "# ", "#+")) or any(p.match(line) for p in (_HEADING, _ITEM, _DRAWER))


def _find(lines: list[str], at: int, closing: str) -> int:
    """The line that closes what was opened, or the end."""
    return next((n for n in range(at, len(lines)) if lines[n].strip().lower() == closing), len(lines))


def _read_table(lines: list[str], at: int, out: TextBuilder) -> int:
    """A table: the first rule ends its header."""
    end = at
    while end < len(lines) and lines[end].lstrip().startswith("|"):
        end += 1
    rule = next((n for n in range(at, end) if lines[n].lstrip().startswith("|-")), at)
    for place in range(at, end):
        row = lines[place].strip()
        if not row.startswith("|-"):
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            out.add(join_cells(cells), Kind.HEADER if place < rule else Kind.ROW, line=place + 1)
    return end
