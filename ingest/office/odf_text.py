"""The running text of OpenDocument files (.odt, .odp): paragraphs, lists with their numbers, tables, notes, text boxes.

After OpenDocument 1.3 part 3 (schema). Tracked changes are shown as accepted: what was deleted stands apart in the
file, what was inserted in its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from index.types import Kind
from ingest.office.odf_encryption import decrypt_odf
from ingest.office.review import comment_text
from ingest.office.table_rows import add_table
from ingest.office.word_numbering import spell
from ingest.office.zip_package import Package
from ingest.text_builder import TextBuilder

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, DRAW = (f"{_NAMES}{part}:1.0}}" for part in ("office", "text", "table", "drawing"))
STYLE, META, PRESENTATION = (f"{_NAMES}{part}:1.0}}" for part in ("style", "meta", "presentation"))
DC = "{http://purl.org/dc/elements/1.1/}"
_CHART = f"{_NAMES}chart:1.0}}"
_HREF = "{http://www.w3.org/1999/xlink}href"

# The number formats of OpenDocument by what Word calls them.
_FORMATS = {
    "1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "１, ２, ３, ...": "decimalFullWidth", "一, 二, 三, ...": "japaneseCounting", "ア, イ, ウ, ...": "aiueo",
    "イ, ロ, ハ, ...": "iroha", "①, ②, ③, ...": "decimalEnclosedCircle", "甲, 乙, 丙, ...": "ideographTraditional",
    "壱, 弐, 参, ...": "japaneseLegal",
}  # fmt: skip
# Indexes repeat the text they point to; the declarations and the record of changes are not text.
_SKIPPED = {
    f"{TEXT}{tag}" for tag in ("table-of-content", "alphabetical-index", "illustration-index", "table-index")
} | {
    f"{TEXT}tracked-changes",
    f"{TEXT}sequence-decls",
    f"{TEXT}ruby-text",
    f"{TEXT}hidden-text",
    f"{OFFICE}forms",
    f"{OFFICE}event-listeners",
    f"{DRAW}image",
    f"{DRAW}object-ole",
    f"{_NAMES}svg-compatible:1.0}}title",
    f"{_NAMES}svg-compatible:1.0}}desc",
}
_MOST_REPEATED = 1000  # cells or rows that a table may repeat; empty ones come by the thousand and are dropped


@dataclass(frozen=True, slots=True)
class _Level:
    style: str
    prefix: str
    suffix: str
    start: int
    shown: int  # how many levels of numbers it shows


@dataclass(slots=True)
class OdfReader:
    """Writes the content of a document to `out`; what stands beside the text follows the block it belongs to."""

    package: Package
    out: TextBuilder = field(default_factory=TextBuilder)
    page: int | None = None
    lists: dict[str, dict[int, _Level]] = field(default_factory=dict)
    outline: dict[int, _Level] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    hidden_styles: set[str] = field(default_factory=set)
    title: str = ""
    hidden: int = 0
    aside: deque[etree._Element] = field(default_factory=deque)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def learn(self, root: etree._Element) -> None:
        """Take in the styles that a part (styles.xml, content.xml) defines."""
        for style in root.iter(f"{STYLE}style"):
            name = style.get(f"{STYLE}name", "")
            self.parents[name] = style.get(f"{STYLE}parent-style-name", "")
            properties = style.find(f"{STYLE}text-properties")
            if properties is not None and properties.get(f"{TEXT}display") == "none":
                self.hidden_styles.add(name)
        for style in root.iter(f"{TEXT}list-style"):
            self.lists[style.get(f"{STYLE}name", "")] = _levels(style)
        for style in root.iter(f"{TEXT}outline-style"):
            self.outline = _levels(style)

    def story(self, container: etree._Element) -> None:
        """Write the blocks of a body, section, text box or frame."""
        for child in container:
            if child.tag in (f"{TEXT}p", f"{TEXT}h"):
                self._paragraph(child)
            elif child.tag == f"{TEXT}list":
                self._list(child, 0, child.get(f"{TEXT}style-name", ""))
            elif child.tag == f"{TABLE}table":
                self._table(child)
            elif child.tag == f"{OFFICE}annotation":
                self.aside.append(child)
            elif child.tag == f"{DRAW}object":
                self._chart(child.get(_HREF, ""))
            elif child.tag not in _SKIPPED:
                self.story(child)
            self._write_asides()

    def _paragraph(self, node: etree._Element, kind: Kind = Kind.TEXT, level: int = 0, mark: str = "") -> None:
        text = self.inline(node).strip()
        depth = node.get(f"{TEXT}outline-level", "1") if node.tag == f"{TEXT}h" else ""
        if depth.isdecimal() and text:
            kind, level = Kind.HEADING, min(int(depth), 10)
            mark = mark or self._number("outline", self.outline, level)
        elif self._is_title(node.get(f"{TEXT}style-name", "")) and text:
            kind, level = Kind.HEADING, 1
            self.title = self.title or text
        self.out.add(f"{mark} {text}" if mark and text else text, kind, level=level, page=self.page)

    def _is_title(self, style: str) -> bool:
        for _ in range(5):
            if style == "Title":
                return True
            style = self.parents.get(style, "")
        return False

    def _list(self, node: etree._Element, depth: int, style: str) -> None:
        style = node.get(f"{TEXT}style-name", style)
        levels = self.lists.get(style, {})
        goes_on = node.get(f"{TEXT}continue-numbering") == "true" or node.get(f"{TEXT}continue-list")
        if depth == 0 and not goes_on:
            self.counts.pop(style, None)
        for item in node.iterchildren(f"{TEXT}list-header", f"{TEXT}list-item"):
            start = item.get(f"{TEXT}start-value", "")
            if start.isdecimal():
                self.counts.setdefault(style, {})[depth + 1] = int(start[:6]) - 1
            first = item.tag == f"{TEXT}list-item"  # the paragraphs of a header have no number
            for child in item:
                if child.tag == f"{TEXT}list":
                    self._list(child, depth + 1, style)
                elif child.tag in (f"{TEXT}p", f"{TEXT}h"):
                    mark = self._number(style, levels, depth + 1) if first else ""
                    self._paragraph(child, Kind.ITEM, depth + 1, mark)
                    first = False
                self._write_asides()

    def _number(self, name: str, levels: dict[int, _Level], level: int) -> str:
        """Count one paragraph of a list and give its number as shown; "" for bullets."""
        rule = levels.get(level)
        counts = self.counts.setdefault(name, {})
        counts[level] = counts.get(level, (rule.start if rule else 1) - 1) + 1
        for below in [at for at in counts if at > level]:
            del counts[below]
        if rule is None:
            return ""
        shown = range(max(1, level - rule.shown + 1), level + 1)
        numbers = [spell(counts.get(at, 1), levels[at].style) for at in shown if at in levels]
        return f"{rule.prefix}{'.'.join(filter(None, numbers))}{rule.suffix}".strip()

    def _table(self, node: etree._Element, *, captions: bool = True) -> None:
        rows: list[list[str]] = []
        headers = 0
        covered: dict[int, tuple[int, str]] = {}  # by column: how many rows a cell still reaches down, its text
        for row, in_header in _rows(node):
            texts: list[str] = []
            for cell in row:
                if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                    continue
                times = _count(cell, "number-columns-repeated")
                text = self.apart(cell) if cell.tag == f"{TABLE}table-cell" else ""
                down = _count(cell, "number-rows-spanned")
                for _ in range(times):
                    left, above = covered.get(len(texts), (0, ""))
                    if left and cell.tag == f"{TABLE}covered-table-cell":
                        covered[len(texts)] = left - 1, above
                        texts.append(above)
                        continue
                    if down > 1:
                        covered[len(texts)] = down - 1, text
                    texts.append(text)
            headers += in_header and headers == len(rows)
            rows += [texts] * (_count(row, "number-rows-repeated") if any(texts) else 1)
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around text rather than a table
            self.out.add(rows[0][0], page=self.page)
        else:
            add_table(self.out, rows, headers=headers or 1, page=self.page, captions=captions)

    def _chart(self, target: str) -> None:
        """Title and values of a chart, which is a document inside the document; other objects are left out."""
        root = self.package.xml_if_there(f"{target.removeprefix('./').rstrip('/')}/content.xml")
        chart = None if root is None else root.find(f"{OFFICE}body/{OFFICE}chart/{_CHART}chart")
        if chart is None:
            return
        title, values = chart.find(f"{_CHART}title"), chart.find(f"{TABLE}table")
        if title is not None:
            self.out.add(" ".join(self.inline(line) for line in title.iter(f"{TEXT}p")), page=self.page)
        if values is not None:
            self._table(values, captions=False)

    def apart(self, container: etree._Element) -> str:
        """The text of a cell or note, not written to the document."""
        out, self.out = self.out, TextBuilder()
        waiting, self.aside = self.aside, deque()
        self.story(container)
        text = self.out.build("").text
        self.out, self.aside = out, waiting
        return text

    def inline(self, node: etree._Element) -> str:
        """The text of a paragraph; notes, comments and text boxes in it are put aside."""
        parts: list[str] = [node.text or ""]
        for child in node:
            if child.tag == f"{TEXT}s":
                parts.append(" " * min(_count(child, "c", TEXT), 100))
            elif child.tag in (f"{TEXT}tab", f"{TEXT}line-break"):
                parts.append(" " if child.tag == f"{TEXT}tab" else "\n")
            elif child.tag in (f"{TEXT}note", f"{OFFICE}annotation", f"{DRAW}frame", f"{DRAW}custom-shape", f"{DRAW}g"):
                self.aside.append(child)
            elif child.get(f"{TEXT}style-name", "") in self.hidden_styles:
                self.hidden += bool(self.inline(child).strip())
            elif child.tag not in _SKIPPED:
                parts.append(self.inline(child))
            parts.append(child.tail or "")
        return "".join(parts).replace("\u00ad", "")

    def _write_asides(self) -> None:
        while self.aside:
            node = self.aside.popleft()
            if node.tag == f"{TEXT}note":
                body = node.find(f"{TEXT}note-body")
                self.out.add("" if body is None else self.apart(body), Kind.NOTE, page=self.page)
            elif node.tag == f"{OFFICE}annotation":
                text = "\n".join(self.inline(line) for line in node.iter(f"{TEXT}p"))
                comment = comment_text(node.findtext(f"{DC}creator") or "", node.findtext(f"{DC}date") or "", text)
                self.out.add(comment, Kind.NOTE, page=self.page)
            else:
                self.story(node)


def open_parts(
    name: str, data: bytes, passwords: tuple[str, ...]
) -> tuple[etree._Element, OdfReader, tuple[str, str | None]]:
    """The content of an OpenDocument file, a reader that knows its styles, and the title and date it states.

    Raises EncryptedError for a file that none of the passwords opens.
    """
    package = Package(name, decrypt_odf(name, data, passwords))
    content = package.xml("content.xml")
    reader = OdfReader(package)
    for root in (package.xml_if_there("styles.xml"), content):
        if root is not None:
            reader.learn(root)
    meta = package.xml_if_there("meta.xml")
    facts = None if meta is None else meta.find(f"{OFFICE}meta")
    if facts is None:
        return content, reader, ("", None)
    date = facts.findtext(f"{DC}date") or facts.findtext(f"{META}creation-date") or ""
    return content, reader, ((facts.findtext(f"{DC}title") or "").strip(), date[:10] or None)


def _levels(style: etree._Element) -> dict[int, _Level]:
    """The numbered levels of a list style; bullets have none."""
    found: dict[int, _Level] = {}
    for node in style:
        form = _FORMATS.get(node.get(f"{STYLE}num-format", ""))
        level = node.get(f"{TEXT}level", "")
        if form and level.isdecimal():
            prefix, suffix = node.get(f"{STYLE}num-prefix", ""), node.get(f"{STYLE}num-suffix", "")
            shown = _count(node, "display-levels", TEXT)
            found[int(level)] = _Level(form, prefix, suffix, _count(node, "start-value", TEXT), shown)
    return found


def _rows(table: etree._Element) -> Iterator[tuple[etree._Element, bool]]:
    """The rows of a table and whether they repeat on every page as its header."""
    for child in table:
        if child.tag == f"{TABLE}table-row":
            yield child, False
        elif child.tag == f"{TABLE}table-header-rows":
            yield from ((row, True) for row, _ in _rows(child))
        elif child.tag in (f"{TABLE}table-rows", f"{TABLE}table-row-group"):
            yield from _rows(child)


def _count(node: etree._Element, attribute: str, namespace: str = TABLE) -> int:
    text = node.get(f"{namespace}{attribute}", "1")
    return min(int(text), _MOST_REPEATED) if text.isdecimal() and len(text) < 10 else 1
