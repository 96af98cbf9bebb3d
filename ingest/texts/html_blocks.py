"""HTML to blocks, for web pages, mails, e-books and saved pages. Nothing is fetched, no script is run.

What a visitor sees is kept; what only programs see is not: scripts, styles, readings of ruby, menus made of links, and
hidden text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from index.errors import DocumentError, LimitError
from index.types import Kind
from ingest.office.table_rows import add_table
from ingest.office.word_numbering import small_number, spell
from ingest.text_builder import TextBuilder
from ingest.texts.dates import iso_date
from ingest.texts.html_hidden import take_out_hidden
from ingest.texts.html_text import BLOCKS, BREAK, fold, is_left_out, text_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LISTS = {"ol", "ul", "menu", "dir", "dl"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NUMBERS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}

_MAX_SPAN = 100  # columns or rows that one cell may cover: browsers allow 1,000, no reader can follow that
# A table arranges a page, and does not tabulate, when a cell of so many characters holds half of its text or a table.
_LAYOUT_CELL = 300


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page's head says of it."""

    title: str
    date: str | None


def add_html(builder: TextBuilder, source: str) -> PageFacts:
    """Append the blocks of a page; text that was hidden is told in the builder's warnings.

    Raises LimitError when its elements are nested too deep for a document.
    """
    from lxml import etree

    root = _parse(source)
    if root is None:
        return PageFacts("", None)
    facts = PageFacts(_find_title(root), _find_date(root))
    hidden, kept = take_out_hidden(root)
    reader = _Reader(builder)
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if not reader.open(element):
                walker.skip_subtree()
        else:
            reader.close(element)
    reader.flush()
    if hidden:
        builder.warnings.append(f"hidden text left out ({hidden} characters)")
    if kept:
        builder.warnings.append(f"text that styles may hide was read ({kept} characters)")
    return facts


def _parse(source: str) -> HtmlElement | None:
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        root: HtmlElement = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing in it: empty, or only comments
        return None
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise DocumentError("The HTML cannot be read.", "Open it in a browser and save it anew.") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise LimitError("The HTML nests its elements too deep.", "Save it from a browser as plain text.")
    return root


class _Reader:
    """Takes the elements as they open and close; text collects until one begins or ends a block."""

    def __init__(self, builder: TextBuilder) -> None:
        self.builder = builder
        self.pieces: list[str] = []
        self.kind, self.prefix = Kind.TEXT, ""
        self.lists: list[tuple[int, str] | None] = []  # next number and its style, None in lists without numbers

    def open(self, element: HtmlElement) -> bool:
        """Begin `element`; False when all of it is dealt with already."""
        tag = str(element.tag)
        if is_left_out(element, tag):
            return False
        if tag == "br":
            self.pieces.append(BREAK)
        elif tag in _HEADINGS:
            self.flush()
            self.builder.add(fold(text_of(element)).rstrip(" ¶#"), Kind.HEADING, level=_HEADINGS[tag])
            return False
        elif tag == "pre":
            self.flush()
            self.builder.add(text_of(element).replace(BREAK, "\n").strip("\n"), Kind.CODE)
            return False
        elif tag == "table" and _is_data(element):
            self.flush()
            self._add_table(element)
            return False
        elif tag in _LISTS:
            self.flush()
            style = _NUMBERS.get(element.get("type", ""), "decimal")
            self.lists.append((small_number(element.get("start", ""), 1), style) if tag == "ol" else None)
        elif tag in BLOCKS:
            self.flush()
            if tag in ("li", "dt", "dd"):
                self._open_item(element)
        self.pieces.append(element.text or "")
        return True

    def close(self, element: HtmlElement) -> None:
        """End `element` and take the text behind it."""
        tag = str(element.tag)
        if tag in BLOCKS or tag in _LISTS:
            self.flush()
            if tag in ("li", "dt", "dd"):
                self.kind, self.prefix = Kind.TEXT, ""
            if tag in _LISTS and self.lists:
                self.lists.pop()
        self.pieces.append(element.tail or "")

    def flush(self) -> None:
        """End the block that text collects for; two breaks in a row part paragraphs."""
        text = fold("".join(self.pieces))
        self.pieces.clear()
        for part in re.split(r"\n{2,}", text) if text else ():
            self.builder.add(self.prefix + part, self.kind, level=len(self.lists) if self.kind is Kind.ITEM else 0)
            self.kind, self.prefix = Kind.TEXT, ""  # further paragraphs of an item are text

    def _open_item(self, element: HtmlElement) -> None:
        self.kind, self.prefix = Kind.ITEM, ""
        if self.lists and self.lists[-1]:
            number, style = self.lists[-1]
            number = small_number(element.get("value", ""), number)
            self.prefix = f"{spell(number, style)}. "
            self.lists[-1] = (number + 1, style)

    def _add_table(self, table: HtmlElement) -> None:
        caption = table.find("caption")
        if caption is not None:
            self.builder.add(fold(text_of(caption)))
        rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
        marked = list(takewhile(_names_columns, rows))
        headers = sum(1 for row in marked if len([cell for cell in row if fold(text_of(cell))]) > 1)
        if not marked and len(rows) > 1 and len(rows[0]) > 2:
            headers = 0 if re.search(r"\d", text_of(rows[0])) else 1  # none is marked: a first row of words names them
        add_table(self.builder, _grid(rows), headers=headers)


def _grid(rows: list[HtmlElement]) -> list[list[str]]:
    """The cells' texts by row and column; a cell that covers several rows or columns is repeated in each."""
    grid: list[list[str]] = []
    covered: dict[int, tuple[int, str]] = {}  # column → rows that a cell from above still covers, and its text
    for row in rows:
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        alone = len(cells) == 1 and not covered
        line: list[str] = []
        below = {column: (left - 1, text) for column, (left, text) in covered.items() if left > 1}
        for cell in cells:
            while len(line) in covered:
                line.append(covered[len(line)][1])
            text, across, down = fold(text_of(cell)), 1 if alone else _span(cell, "colspan"), _span(cell, "rowspan")
            for _ in range(across):
                if down > 1:
                    below[len(line)] = (down - 1, text)
                line.append(text)
        while len(line) in covered:
            line.append(covered[len(line)][1])
        covered = below
        grid.append(line)
    return grid


def _span(cell: HtmlElement, name: str) -> int:
    return min(_MAX_SPAN, max(1, small_number(cell.get(name, "").strip(), 1)))


def _is_data(table: HtmlElement) -> bool:
    """Whether a table tabulates; many only arrange a page or a mail in columns."""
    if table.get("role") in ("presentation", "none"):
        return False
    cells = [cell for cell in table.iter("td", "th") if next(cell.iterancestors("table")) is table]
    lengths = [len(fold(text_of(cell))) for cell in cells]
    for cell, length in zip(cells, lengths, strict=True):
        if length > _LAYOUT_CELL and next(cell.iterdescendants("table"), None) is not None:
            return False
    if sum(1 for length in lengths if length) < 2 or max(lengths) > max(_LAYOUT_CELL, sum(lengths) / 2):
        return False
    return all(next(cell.iterdescendants(*_HEADINGS), None) is None for cell in cells)


def _names_columns(row: HtmlElement) -> bool:
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    marked = row.getparent().tag == "thead" or all(cell.tag == "th" for cell in cells)
    return bool(cells) and marked and any(fold(text_of(cell)) for cell in cells)


def _find_title(root: HtmlElement) -> str:
    title = root.find(".//title")
    return "" if title is None else fold(title.text or "")


def _find_date(root: HtmlElement) -> str | None:
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or "").lower()
        if name in ("article:published_time", "date", "dc.date", "dcterms.date", "dcterms.created", "pubdate"):
            found = iso_date(meta.get("content", ""))
            if found:
                return found
    return None
