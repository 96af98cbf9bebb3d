"""What a workbook (.xlsx) tells beyond the values of its cells: number formats, missing results, comments, drawings.

After ECMA-376 part 1, 18 (SpreadsheetML). The values are read by calamine, which keeps a whole sheet in memory: the
extent of each sheet is checked here first, so that one cell far out cannot fill it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from index.errors import DocumentError, LimitError
from ingest.office.drawing_text import A, chart_table
from ingest.office.number_format import BUILT_IN
from ingest.office.review import comment_text
from ingest.office.zip_package import Package

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
# Of the rectangle around all filled cells: calamine keeps a value of 24 bytes or more for each, also the empty ones.
MAX_CELLS = 20_000_000  # half a gigabyte, an eighth of what a reading process may take
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(slots=True)
class SheetDetails:
    """Rows and columns count from 0; `formats` holds only formats that say how a number looks."""

    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    unanswered: int = 0  # formulas whose result the file does not hold
    comments: list[tuple[int, str]] = field(default_factory=list)  # row, text
    boxes: list[str] = field(default_factory=list)  # text boxes and shapes
    charts: list[tuple[str, list[list[str]]]] = field(default_factory=list)  # title, values with a header row
    damaged: bool = False


def read_details(name: str, package: Package) -> dict[str, SheetDetails]:
    """The details of each sheet by its name. Raises LimitError when a sheet spans too many cells."""
    main = package.main_part("xl/workbook.xml")
    links = package.relations(main)
    for strings in package.related(main, "sharedStrings"):
        if b"<!DOCTYPE" in package.read(strings)[:4096]:
            package.xml(strings)  # refuses entities
    formats = _number_formats(package, main)
    authors = _people(package, main)
    found: dict[str, SheetDetails] = {}
    for sheet in package.xml(main).iter(f"{_S}sheet"):
        link = links.get(sheet.get(f"{_R}id", ""))
        if link is None or link.target not in package:
            continue
        details = found[sheet.get("name", "")] = SheetDetails()
        if link.type == "worksheet":
            try:
                _read_cells(name, sheet.get("name", ""), package.read(link.target), formats, details)
            except LimitError:
                raise
            except DocumentError:  # calamine reads what comes before the damage
                details.damaged = True
        _read_comments(package, link.target, authors, details)
        _read_drawings(package, link.target, details)
    return found


def cell_place(reference: str) -> tuple[int, int] | None:
    """Row and column, from 0, of a reference such as "B3"."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]) - 1, column - 1


def _number_formats(package: Package, main: str) -> dict[str, str]:
    """Format codes by the number that cells name them with (their s attribute)."""
    root = next((package.xml_if_there(part) for part in package.related(main, "styles")), None)
    if root is None:
        return {}
    codes = {str(number): code for number, code in BUILT_IN.items()}
    codes |= {node.get("numFmtId", ""): node.get("formatCode", "") for node in root.iterfind(f"{_S}numFmts/{_S}numFmt")}
    styles = root.iterfind(f"{_S}cellXfs/{_S}xf")
    return {
        str(place): codes[style.get("numFmtId", "")]
        for place, style in enumerate(styles)
        if style.get("numFmtId", "") in codes
    }


def _read_cells(name: str, sheet: str, content: bytes, formats: dict[str, str], details: SheetDetails) -> None:
    top, left, bottom, right = 1 << 30, 1 << 30, 0, 0
    row, column = -1, -1
    reading = etree.iterparse(
        io.BytesIO(content),
        events=("end",),
        tag="{*}row",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, node in reading:
            number = node.get("r", "")
            row, column = (int(number) - 1 if number.isdecimal() else row + 1), -1
            for cell in node:
                place = cell_place(cell.get("r", ""))
                row, column = place or (row, column + 1)
                top, left = min(top, row), min(left, column)
                bottom, right = max(bottom, row), max(right, column)
                if (style := cell.get("s", "")) in formats:
                    details.formats[row, column] = formats[style]
                if cell.find("{*}f") is not None and not cell.findtext("{*}v") and cell.get("t") != "str":
                    details.unanswered += 1
            node.clear()
            while node.getprevious() is not None:
                del node.getparent()[0]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(
            f"{name} is damaged: its sheet {sheet} is not well-formed.", "Open it in Excel and save it again."
        ) from error
    if top <= bottom and (bottom - top + 1) * (right - left + 1) > MAX_CELLS:
        raise LimitError(
            f"The sheet {sheet} of {name} spans more than {MAX_CELLS:,} cells.",
            "Delete the stray cells far from its tables, or save the sheet as CSV.",
        )


def _read_comments(package: Package, part: str, authors: dict[str, str], details: SheetDetails) -> None:
    """Comments of both kinds; the older kind repeats a newer one for programs that do not know it."""
    threaded: set[str] = set()
    for target in package.related(part, "threadedComment"):
        root = package.xml_if_there(target)
        for node in root.iter("{*}threadedComment") if root is not None else ():
            threaded.add(node.get("ref", ""))
            author = authors.get(node.get("personId", ""), "")
            text = node.findtext("{*}text") or ""
            _add_comment(details, node.get("ref", ""), comment_text(author, node.get("dT", ""), text))
    for target in package.related(part, "comments"):
        root = package.xml_if_there(target)
        if root is None:
            continue
        names = [node.text or "" for node in root.iter(f"{_S}author")]
        for node in root.iter(f"{_S}comment"):
            at = node.get("authorId", "")
            author = names[int(at)] if at.isdecimal() and int(at) < len(names) else ""
            text = "".join(_phrases(node)).strip()
            if text and node.get("ref", "") not in threaded:
                _add_comment(details, node.get("ref", ""), comment_text(author, "", text.removeprefix(f"{author}:")))


def _add_comment(details: SheetDetails, reference: str, text: str) -> None:
    place = cell_place(reference)
    details.comments.append((0 if place is None else place[0], text))


def _phrases(node: etree._Element) -> Iterator[str]:
    """The text of a rich string without its phonetic readings."""
    for child in node:
        if child.tag == f"{_S}t":
            yield child.text or ""
        elif child.tag != f"{_S}rPh":
            yield from _phrases(child)


def _read_drawings(package: Package, part: str, details: SheetDetails) -> None:
    for target in package.related(part, "drawing"):
        root = package.xml_if_there(target)
        for body in root.iter(f"{_XDR}txBody") if root is not None else ():
            lines = ("".join(text.text or "" for text in line.iter(f"{A}t")) for line in body.iterfind(f"{A}p"))
            details.boxes.append("\n".join(lines))
        for chart in package.related(target, "chart"):
            drawn = package.xml_if_there(chart)
            if drawn is not None:
                details.charts.append(chart_table(drawn))


def _people(package: Package, main: str) -> dict[str, str]:
    roots = [package.xml_if_there(part) for part in package.related(main, "person")]
    people = (node for root in roots if root is not None for node in root.iter("{*}person"))
    return {node.get("id", ""): node.get("displayName", "") for node in people}
