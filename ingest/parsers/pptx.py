"""PowerPoint slides: titles as headings, bullets with their levels, tables, charts' values, speaker's notes, comments.

After ECMA-376 part 1, 19 (PresentationML) and 21 (DrawingML). Slide numbers, dates and footers repeat on every slide
and are left out. Shapes are read from top to bottom and left to right, the title first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from index.errors import DocumentError
from index.types import Document, Kind
from ingest.office.drawing_text import DGM, A, C, M, chart_table, diagram_items, equation_text
from ingest.office.office_encryption import decrypt
from ingest.office.review import comment_text
from ingest.office.table_rows import add_table
from ingest.office.word_numbering import small_number, spell
from ingest.office.zip_package import Package, within_depth
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder

EXTENSIONS = (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx")
REQUIRES = ()
EXTRA = ""

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TITLES = {"title", "ctrTitle"}
_REPEATED = {"sldNum", "dt", "ftr", "hdr"}
_BULLETED = {"body", "obj", ""}  # placeholders whose paragraphs the usual masters draw with bullets
# What a new file is called before anyone gives it a title.
_NO_TITLES = {"powerpoint presentation", "powerpoint プレゼンテーション", "presentation", "slide 1"}
# Shapes whose tops lie this close (of a slide of usual height, 6,858,000 units) stand in one line.
_SAME_LINE = 6_858_000 // 20
# Without a title placeholder, one short line in the upper third of the slide stands in for it.
_TITLE_CHARACTERS = 60
_TITLE_ZONE = 6_858_000 // 3
# Numbered bullets: the number format that Word has the same name for, by the start of PowerPoint's.
_NUMBERS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
    "ea1Jpn": "japaneseCounting",
    "ea1Chs": "japaneseCounting",
    "ea1Cht": "japaneseCounting",
}


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a presentation; a block's page is the slide's number, hidden slides are read and named in a warning."""
    package = Package(name, decrypt(name, data, options.passwords))
    main = package.main_part("ppt/presentation.xml")
    presentation = package.xml(main)
    links = package.relations(main)
    slides = [
        links[slide.get(f"{_R}id", "")].target
        for slide in presentation.iterfind(f"{_P}sldIdLst/{_P}sldId")
        if slide.get(f"{_R}id", "") in links
    ]
    if presentation.tag != f"{_P}presentation":
        raise DocumentError(f"{name} is not a presentation.", "Open it in PowerPoint and save it again as pptx.")
    out = TextBuilder()
    authors = _authors(package, main)
    hidden: list[str] = []
    for page, part in enumerate(slides, start=1):
        if part not in package:
            out.warnings.append(f"slide {page} is missing from the file")
            continue
        root = package.xml(part)
        if root.get("show") in ("0", "false"):
            hidden.append(str(page))
        slide = _Slide(package, part, page, out)
        within_depth(name, partial(slide.read, root))
        slide.read_notes()
        slide.read_comments(authors)
    if hidden:
        out.warnings.append(f"hidden {'slide' if len(hidden) == 1 else 'slides'} read: {', '.join(hidden)}")
    title, date = package.properties()
    return out.build("" if title.lower() in _NO_TITLES else title, pages=len(slides), date=date)


@dataclass(slots=True)
class _Slide:
    package: Package
    part: str
    page: int
    out: TextBuilder
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def read(self, root: etree._Element) -> None:
        tree = root.find(f"{_P}cSld/{_P}spTree")
        if tree is None:
            return
        for layout in self.package.related(self.part, "slideLayout"):
            inherited = self.package.xml_if_there(layout)
            for shape in inherited.iter(f"{_P}sp") if inherited is not None else ():
                type, number = _placeholder(shape)
                if (place := _place(shape)) is not None and type is not None:
                    self.places.setdefault(f"{type}/{number}", place)
                    self.places.setdefault(f"/{number}" if number else f"{type}/", place)
        shapes = self._in_order(tree)
        titles = [shape for shape in shapes if _placeholder(shape)[0] in _TITLES and _text(shape)]
        if not titles:
            shown = [shape for shape in shapes if _placeholder(shape)[0] not in _REPEATED]
            spoken = [shape for shape in shown if shape.tag != f"{_P}sp" or _text(shape)]
            titles = [shape for shape in spoken[:1] if self._looks_like_title(shape)]
        for shape in titles:
            self.out.add(" ".join(_text(shape).split()), Kind.HEADING, level=1, page=self.page)
        for shape in shapes:
            if shape not in titles:
                self._shape(shape)

    def _in_order(self, container: etree._Element) -> list[etree._Element]:
        """The shapes of a slide or group in reading order; those without a place come first, as in the file."""
        shapes = sorted(_shapes(container), key=lambda shape: self._where(shape)[0])
        ordered: list[etree._Element] = []
        line: list[etree._Element] = []
        for shape in shapes:
            if line and self._where(shape)[0] - self._where(line[0])[0] > _SAME_LINE:
                ordered += sorted(line, key=lambda shape: self._where(shape)[1])
                line = []
            line.append(shape)
        return ordered + sorted(line, key=lambda shape: self._where(shape)[1])

    def _where(self, shape: etree._Element) -> tuple[int, int]:
        """Top and left of a shape, its own or its layout's."""
        own = _place(shape)
        if own is not None:
            return own
        type, number = _placeholder(shape)
        for key in (f"{type}/{number}", f"/{number}", f"{type}/"):
            if type is not None and key in self.places:
                return self.places[key]
        return 0, 0

    def _looks_like_title(self, shape: etree._Element) -> bool:
        text = _text(shape).strip()
        is_line = bool(text) and "\n" not in text and len(text) <= _TITLE_CHARACTERS
        return shape.tag == f"{_P}sp" and is_line and self._where(shape)[0] < _TITLE_ZONE

    def _shape(self, shape: etree._Element) -> None:
        if shape.tag == f"{_P}grpSp":
            for inner in self._in_order(shape):
                self._shape(inner)
        elif shape.tag == f"{_P}graphicFrame":
            self._frame(shape)
        elif (body := shape.find(f"{_P}txBody")) is not None:
            type, _ = _placeholder(shape)
            if type not in _REPEATED:
                self._paragraphs(body, bulleted=type in _BULLETED)

    def _paragraphs(self, body: etree._Element, *, bulleted: bool) -> None:
        paragraphs = [node for node in body.iterfind(f"{A}p") if _line(node).strip()]
        own = body.find(f"{A}lstStyle/{A}lvl1pPr/{A}buNone")
        counts: dict[int, int] = {}
        for node in paragraphs:
            properties = node.find(f"{A}pPr")
            level = 0 if properties is None else small_number(properties.get("lvl", "0"))
            text = _line(node)
            numbers = None if properties is None else properties.find(f"{A}buAutoNum")
            marked = numbers is not None or (properties is not None and properties.find(f"{A}buChar") is not None)
            plain = (own is not None and level == 0) or (
                properties is not None and properties.find(f"{A}buNone") is not None
            )
            counts = {at: count for at, count in counts.items() if at <= level}
            if numbers is not None:
                counts[level] = counts.get(level, small_number(numbers.get("startAt", "1")) - 1) + 1
                text = f"{_bullet_number(counts[level], numbers.get('type', ''))} {text.lstrip()}"
            else:
                counts.pop(level, None)
            if marked or (bulleted and not plain and len(paragraphs) > 1):
                self.out.add(text, Kind.ITEM, level=level + 1, page=self.page)
            else:
                self.out.add(text, page=self.page)

    def _frame(self, frame: etree._Element) -> None:
        links = self.package.relations(self.part)
        for node in frame.iter(f"{A}tbl", f"{C}chart", f"{DGM}relIds"):
            if node.tag == f"{A}tbl":
                add_table(self.out, _table_rows(node), page=self.page)
                continue
            link = links.get(node.get(f"{_R}id" if node.tag == f"{C}chart" else f"{_R}dm", ""))
            root = None if link is None else self.package.xml_if_there(link.target)
            if root is None:
                continue
            if node.tag == f"{C}chart":
                title, rows = chart_table(root)
                self.out.add(title, page=self.page)
                add_table(self.out, rows, page=self.page, captions=False)
            else:
                for item in diagram_items(root):
                    self.out.add(item, Kind.ITEM, level=1, page=self.page)

    def read_notes(self) -> None:
        for part in self.package.related(self.part, "notesSlide"):
            root = self.package.xml_if_there(part)
            for shape in root.iter(f"{_P}sp") if root is not None else ():
                if _placeholder(shape)[0] == "body":
                    self.out.add(_text(shape), Kind.NOTE, page=self.page)

    def read_comments(self, authors: dict[str, str]) -> None:
        for part in self.package.related(self.part, "comments"):
            root = self.package.xml_if_there(part)
            for node in root.iter("{*}cm", "{*}reply") if root is not None else ():
                text = node.findtext(f"{_P}text") or ""
                if (body := node.find("{*}txBody")) is not None:
                    text = "\n".join(_line(paragraph) for paragraph in body.iterfind(f"{A}p"))
                if text.strip():
                    date = node.get("dt") or node.get("created") or ""
                    comment = comment_text(authors.get(node.get("authorId", ""), ""), date, text)
                    self.out.add(comment, Kind.NOTE, page=self.page)


def _shapes(container: etree._Element) -> Iterator[etree._Element]:
    """The shapes of a slide or group; of content written twice for older and newer programs, the first that is one."""
    for child in container:
        if child.tag in (f"{_P}sp", f"{_P}grpSp", f"{_P}graphicFrame"):
            yield child
        elif child.tag == f"{_MC}AlternateContent":
            for choice in child:
                found = list(_shapes(choice))
                if found:
                    yield from found
                    break


def _placeholder(shape: etree._Element) -> tuple[str | None, str]:
    """Type and number of the placeholder a shape fills; the type is None for a shape that fills none."""
    found = shape.find(f"*/{_P}nvPr/{_P}ph")
    return (None, "") if found is None else (found.get("type", ""), found.get("idx", ""))


def _place(shape: etree._Element) -> tuple[int, int] | None:
    """Top and left of a shape in EMU, None when its layout says where it stands."""
    tags = (f"{_P}spPr/{A}xfrm/{A}off", f"{_P}grpSpPr/{A}xfrm/{A}off", f"{_P}xfrm/{A}off")
    off = next((found for tag in tags if (found := shape.find(tag)) is not None), None)
    try:
        return None if off is None else (int(off.get("y", "")), int(off.get("x", "")))
    except ValueError:
        return None


def _text(shape: etree._Element) -> str:
    body = shape.find(f"{_P}txBody")
    return "" if body is None else "\n".join(_line(node) for node in body.iterfind(f"{A}p")).strip()


def _line(paragraph: etree._Element) -> str:
    """The text of a paragraph; its line breaks stay, the number of the slide does not."""
    parts: list[str] = []

    def walk(node: etree._Element) -> None:
        for child in node:
            if child.tag == f"{A}t":
                parts.append((child.text or "").replace("\u00ad", "").replace("\v", "\n"))
            elif child.tag == f"{A}br":
                parts.append("\n")
            elif child.tag == f"{M}oMath":
                parts.append(equation_text(child))
            elif child.tag == f"{_MC}AlternateContent":
                if len(child):
                    walk(child[0])
            elif child.tag != f"{A}fld" or child.get("type") != "slidenum":
                walk(child)

    walk(paragraph)
    return "".join(parts)


def _table_rows(table: etree._Element) -> list[list[str]]:
    """The rows of a table; a cell merged downwards is repeated in each row it covers."""
    rows: list[list[str]] = []
    for row in table.iterfind(f"{A}tr"):
        texts: list[str] = []
        for cell in row.iterfind(f"{A}tc"):
            text = " ".join(_line(node) for node in cell.iter(f"{A}p"))
            if cell.get("vMerge") in ("1", "true") and rows and len(texts) < len(rows[-1]):
                text = rows[-1][len(texts)]
            texts.append(text)
        rows.append(texts)
    return rows


def _bullet_number(number: int, type: str) -> str:
    """The number of a numbered paragraph, with the marks that its type's name ends in."""
    style = next((word for start, word in _NUMBERS.items() if type.startswith(start)), "decimal")
    shown = spell(number, style)
    if type.endswith("ParenBoth"):
        return f"({shown})"
    return shown + (")" if type.endswith("ParenR") else "." if type.endswith("Period") else "")


def _authors(package: Package, main: str) -> dict[str, str]:
    """The names of those who commented, by their id."""
    parts = package.related(main, "commentAuthors") + package.related(main, "authors")
    roots = [package.xml_if_there(part) for part in parts]
    people = (node for root in roots if root is not None for node in root.iter("{*}cmAuthor", "{*}author"))
    return {node.get("id", ""): node.get("name", "") for node in people}
