"""Word documents as their reader sees them: tracked changes accepted, numbers counted, notes beside what they note.

After ECMA-376 part 1, 17 (WordprocessingML). Left out: the table of contents (it repeats the headings), pictures, field
codes, hidden and deleted text. Headers and footers become notes at the end, each text once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from index.errors import DocumentError
from index.types import Document, Kind
from ingest.office.drawing_text import DGM, A, C, M, chart_table, diagram_items, equation_text
from ingest.office.office_encryption import decrypt
from ingest.office.review import changes_warning, comment_text, hidden_warning
from ingest.office.symbol_fonts import symbol
from ingest.office.table_rows import add_table
from ingest.office.unstyled_headings import mark_headings
from ingest.office.word_numbering import Numbering, W, is_on, number, value
from ingest.office.word_styles import Style, Styles, is_shaded, is_unseen, is_white
from ingest.office.zip_package import Package, within_depth
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder

EXTENSIONS = (".docx", ".docm", ".dotx", ".dotm")
REQUIRES = ()
EXTRA = ""

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_PARAGRAPH, _TABLE, _ROW, _CELL, _BOX = (f"{W}{tag}" for tag in ("p", "tbl", "tr", "tc", "txbxContent"))
_DELETED = {f"{W}del", f"{W}moveFrom"}
_INSERTED = {f"{W}ins", f"{W}moveTo"}
_AS_TEXT = {
    f"{W}tab": " ",
    f"{W}ptab": " ",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
# Soft hyphen and zero-width space: places where a line may break, which no one types when searching.
_INVISIBLE = {0x00AD: None, 0x200B: None}
# Read elsewhere or not at all: properties, field codes, deleted text, the reading above a ruby base.
_SKIPPED = {
    f"{W}{tag}" for tag in ("pPr", "rPr", "sdtPr", "sdtEndPr", "instrText", "delText", "delInstrText", "rt", "rubyPr")
}
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote", "commentReference": "comment"}


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a Word document; comments, footnotes and endnotes follow the paragraph or table that refers to them."""
    package = Package(name, decrypt(name, data, options.passwords))
    main = package.main_part("word/document.xml")
    body = package.xml(main).find(f"{W}body")
    if body is None:
        raise DocumentError(
            f"{name} is not a Word document: it has no body.", "Open it in Word and save it again as docx."
        )
    reader = _Reader.of(package, main)
    within_depth(name, lambda: reader.read(body))
    title, date = package.properties()
    first = mark_headings(reader.out)
    return reader.out.build(reader.title or title or first, date=date)


@dataclass(slots=True)
class _Reader:
    package: Package
    main: str
    styles: Styles
    numbering: Numbering
    notes: dict[tuple[str, str], etree._Element]
    out: TextBuilder = field(default_factory=TextBuilder)
    title: str = ""
    insertions: int = 0
    deletions: int = 0
    hidden: int = 0
    # What stands beside the running text and is written after it: text boxes, nested tables, charts, notes.
    aside: deque[etree._Element] = field(default_factory=deque)
    in_cell: bool = False
    paper: bool = True  # pages are white, and no picture lies behind the text
    # Text of a paragraph whose end mark was deleted: it runs on into the next paragraph.
    carried: str = ""

    @classmethod
    def of(cls, package: Package, main: str) -> _Reader:
        roots = {
            type: package.related(main, type) for type in ("styles", "numbering", "footnotes", "endnotes", "comments")
        }
        found = {type: package.xml_if_there(parts[0]) for type, parts in roots.items() if parts}
        notes = {
            (kind, node.get(f"{W}id", "")): node
            for kind in _NOTES.values()
            if (root := found.get(f"{kind}s")) is not None
            for node in root.iterfind(f"{W}{kind}")
        }
        return cls(package, main, Styles.read(found.get("styles")), Numbering.read(found.get("numbering")), notes)

    def read(self, body: etree._Element) -> None:
        behind = any(anchor.get("behindDoc") in ("1", "true") for anchor in body.iter(f"{_WP}anchor"))
        self.paper = not behind and next(body.itersiblings(f"{W}background", preceding=True), None) is None
        self._story(body, self.out)
        self._write_asides()
        self._write_margins()
        if self.insertions or self.deletions:
            self.out.warnings.append(changes_warning(self.insertions, self.deletions))
        if self.hidden:
            self.out.warnings.append(hidden_warning(self.hidden))
        if next(body.iter(f"{W}altChunk"), None) is not None:
            self.out.warnings.append("a document embedded in this one (altChunk) was not read")

    # ---- blocks

    def _story(self, container: etree._Element, out: TextBuilder) -> None:
        """The paragraphs and tables of the body, a text box, a cell or a note."""
        for child in _children(container):
            if child.tag == _PARAGRAPH:
                self._paragraph(child, out)
            elif child.tag == _TABLE:
                self._table(child, out)
            if out is self.out:
                self._write_asides()

    def _apart(self, container: etree._Element) -> str:
        """The text of a cell or note, not written to the document."""
        scratch = TextBuilder()
        self._story(container, scratch)
        return scratch.build("").text

    def _paragraph(self, node: etree._Element, out: TextBuilder) -> None:
        properties = node.find(f"{W}pPr")
        style = self.styles[value(properties, "pStyle") if properties is not None else ""]
        marked = None if properties is None else properties.find(f"{W}rPr")
        text = self.carried + self._inline(node, style, self._is_on_paper(properties, node, style))
        self.carried = ""
        if marked is not None and marked.find(f"{W}del") is not None:
            self.carried = text
            return
        list_id, list_level = self._list_of(properties, style)
        listed = self.numbering.is_list(list_id, list_level)
        if listed and (mark := self.numbering.advance(list_id, list_level)) and text.strip():
            text = f"{mark} {text.lstrip()}"
        if style.contents:
            return
        heading = style.heading
        if properties is not None and (outline := properties.find(f"{W}outlineLvl")) is not None:
            heading = number(outline, "val") + 1 if number(outline, "val") < 9 else 0
        if style.title and text.strip():
            self.title = self.title or " ".join(text.split())
            out.add(text, Kind.HEADING, level=1)
        elif heading:
            out.add(text, Kind.HEADING, level=heading)
        elif listed:
            out.add(text, Kind.ITEM, level=list_level + 1)
        else:
            out.add(text)

    def _list_of(self, properties: etree._Element | None, style: Style) -> tuple[str, int]:
        """The list a paragraph belongs to and its level in it; its own mark goes before its style's."""
        own = None if properties is None else properties.find(f"{W}numPr")
        list_id = (own is not None and value(own, "numId")) or style.list_id
        if own is not None and (level := own.find(f"{W}ilvl")) is not None:
            return list_id, number(level, "val")
        if style.list_level is not None:
            return list_id, style.list_level
        style_id = value(properties, "pStyle") if properties is not None else ""
        return list_id, self.numbering.level_of_style(list_id, style_id)

    def _table(self, node: etree._Element, out: TextBuilder) -> None:
        rows: list[list[str]] = []
        headers = 0
        above: list[str] = []
        table_rows = [row for row in _children(node) if row.tag == _ROW]
        cells = [cell for row in table_rows for cell in _children(row) if cell.tag == _CELL]
        if len(cells) == 1:  # a frame around text rather than a table
            self._story(cells[0], out)
            return
        if self.in_cell:
            self.aside.append(node)
            return
        for row in table_rows:
            properties = row.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                self.deletions += 1
                continue
            if properties is not None and properties.find(f"{W}ins") is not None:
                self.insertions += 1
            if is_on(properties, "tblHeader") and headers == len(rows):
                headers += 1
            above = self._cells(row, above)
            rows.append(above)
        add_table(out, rows, headers=headers or 1)

    def _cells(self, row: etree._Element, above: list[str]) -> list[str]:
        """The texts of a row, one a column of the grid; a cell merged downwards is repeated in each row it covers."""
        properties = row.find(f"{W}trPr")
        before = value(properties, "gridBefore") if properties is not None else ""
        texts = [""] * (int(before) if before.isdecimal() and len(before) < 4 else 0)
        for cell in _children(row):
            if cell.tag != _CELL:
                continue
            properties = cell.find(f"{W}tcPr")
            merge = None if properties is None else properties.find(f"{W}vMerge")
            span = value(properties, "gridSpan") if properties is not None else ""
            self.in_cell = True
            text = self._apart(cell)
            self.in_cell = False
            if merge is not None and merge.get(f"{W}val", "continue") == "continue" and len(texts) < len(above):
                text = text or above[len(texts)]
            texts.append(text)
            texts += [""] * ((int(span) if span.isdecimal() and len(span) < 4 else 1) - 1)
        return texts

    # ---- text inside a paragraph

    def _inline(self, paragraph: etree._Element, style: Style, on_paper: bool) -> str:
        parts: list[str] = []
        fields: list[bool] = []  # one for each open field: whether its result has begun
        counted = self.hidden

        def unseen(look: tuple[bool, bool]) -> bool:
            return look[0] or (look[1] and on_paper)

        def walk(node: etree._Element, look: tuple[bool, bool]) -> None:
            for child in node:
                tag = child.tag
                if tag == f"{W}t":
                    if not all(fields):
                        continue
                    if unseen(look) and (child.text or "").strip():
                        self.hidden = counted + 1
                    elif not unseen(look):
                        parts.append((child.text or "").translate(_INVISIBLE))
                elif tag == f"{W}r":
                    walk(child, self._look(child, look))
                elif tag in _SKIPPED:
                    continue
                elif tag in _DELETED:
                    self.deletions += any(node.text for node in child.iter(f"{W}delText", f"{W}t"))
                elif tag in _INSERTED:
                    before = len(parts)
                    walk(child, look)
                    self.insertions += any(part.strip() for part in parts[before:])
                elif tag in _AS_TEXT:
                    if child.get(f"{W}type") != "page" and not unseen(look):
                        parts.append(_AS_TEXT[tag])
                elif tag == f"{W}sym":
                    parts.append(symbol(child.get(f"{W}font", ""), child.get(f"{W}char", "")))
                elif tag == f"{W}fldChar":
                    _turn_field(fields, child.get(f"{W}fldCharType", ""))
                elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
                    self.aside.extend(_drawn(child))
                elif tag == f"{_MC}AlternateContent":
                    walk_alternatives(child, look)
                elif tag == f"{M}oMath":
                    parts.append(equation_text(child))
                elif (name := tag.removeprefix(W)) in _NOTES:
                    note = self.notes.pop((_NOTES[name], child.get(f"{W}id", "")), None)
                    self.aside.extend(() if note is None else (note,))
                else:  # links, content controls, smart tags, ruby and whatever else wraps runs
                    walk(child, look)

        def walk_alternatives(node: etree._Element, look: tuple[bool, bool]) -> None:
            """The same content written for newer and older programs: the first that holds something."""
            for choice in node:
                before = len(parts), len(self.aside)
                walk(choice, look)
                if before != (len(parts), len(self.aside)):
                    return

        walk(paragraph, (style.hidden, style.white))
        return "".join(parts)

    def _look(self, run: etree._Element, inherited: tuple[bool, bool]) -> tuple[bool, bool]:
        """Whether a run is hidden, and whether it is white: by its own word, its style's, or its paragraph's."""
        properties = run.find(f"{W}rPr")
        if properties is None:
            return inherited
        hidden, white = is_unseen(properties), is_white(properties)
        named = value(properties, "rStyle")
        style = self.styles[named] if named else Style()
        return (
            (inherited[0] or style.hidden) if hidden is None else hidden,
            (inherited[1] or style.white) if white is None else white,
        )

    def _is_on_paper(self, properties: etree._Element | None, paragraph: etree._Element, style: Style) -> bool:
        """Whether white letters of a paragraph stand on white; tables and text boxes may have any colour."""
        if not self.paper or style.shaded or is_shaded(properties):
            return False
        return next(paragraph.iterancestors(_CELL, _BOX), None) is None

    # ---- what stands beside the text

    def _write_asides(self) -> None:
        while self.aside:
            node = self.aside.popleft()
            if node.tag == _BOX:
                self._story(node, self.out)
            elif node.tag == _TABLE:
                self._table(node, self.out)
            elif node.tag == f"{A}p":
                self.out.add("".join(part.text or "" for part in node.iter(f"{A}t")))
            elif node.tag == f"{C}chart":
                self._write_chart(node.get(f"{_R}id", ""))
            elif node.tag == f"{DGM}relIds":
                link = self.package.relations(self.main).get(node.get(f"{_R}dm", ""))
                root = None if link is None else self.package.xml_if_there(link.target)
                for item in diagram_items(root) if root is not None else ():
                    self.out.add(item, Kind.ITEM, level=1)
            else:
                text = self._apart(node)
                if node.tag == f"{W}comment" and text:
                    text = comment_text(node.get(f"{W}author", ""), node.get(f"{W}date", ""), text)
                self.out.add(text, Kind.NOTE)

    def _write_chart(self, link_id: str) -> None:
        link = self.package.relations(self.main).get(link_id)
        root = None if link is None else self.package.xml_if_there(link.target)
        if root is not None:
            title, rows = chart_table(root)
            self.out.add(title)
            add_table(self.out, rows, captions=False)

    def _write_margins(self) -> None:
        """Headers and footers: each different text once, at the end, unless it is only a page number."""
        seen: set[str] = set()
        for type in ("header", "footer"):
            for part in self.package.related(self.main, type):
                root = self.package.xml_if_there(part)
                text = "" if root is None else self._apart(root)
                if text not in seen and any(sign.isalpha() for sign in text):
                    seen.add(text)
                    self.out.add(text, Kind.NOTE)
        self.aside.clear()


def _children(container: etree._Element) -> Iterator[etree._Element]:
    """The blocks, rows or cells of a container, looking through content controls and the like."""
    for child in container:
        if child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}smartTag", *_INSERTED):
            yield from _children(child)
        elif child.tag == f"{_MC}AlternateContent":
            yield from _children(child[0]) if len(child) else ()
        else:
            yield child


def _drawn(node: etree._Element) -> Iterator[etree._Element]:
    """Text boxes, charts, diagrams and drawn paragraphs in a drawing, without those inside of another."""
    for child in node:
        if child.tag in (_BOX, f"{C}chart", f"{DGM}relIds", f"{A}p"):
            yield child
        elif child.tag == f"{_MC}AlternateContent":
            for choice in child:
                found = list(_drawn(choice))
                if found:
                    yield from found
                    break
        else:
            yield from _drawn(child)


def _turn_field(fields: list[bool], turn: str) -> None:
    if turn == "begin":
        fields.append(False)
    elif turn == "separate" and fields:
        fields[-1] = True
    elif turn == "end" and fields:
        fields.pop()
