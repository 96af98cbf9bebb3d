"""OpenDocument presentations (LibreOffice Impress): titles as headings, text, tables, speaker's notes."""

from __future__ import annotations

from functools import partial

from lxml import etree

from index.errors import DocumentError
from index.types import Document, Kind
from ingest.office.odf_text import DRAW, OFFICE, PRESENTATION, TEXT, OdfReader, open_parts
from ingest.office.zip_package import within_depth
from ingest.parsers import ParseOptions

EXTENSIONS = (".odp", ".otp")
REQUIRES = ()
EXTRA = ""

_REPEATED = {"date-time", "footer", "header", "page-number"}


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a presentation; a block's page is the slide's number."""
    content, reader, (title, date) = open_parts(name, data, options.passwords)
    show = content.find(f"{OFFICE}body/{OFFICE}presentation")
    if show is None:
        raise DocumentError(f"{name} is not a presentation.", "Open it in LibreOffice and save it again as odp.")
    slides = show.findall(f"{DRAW}page")
    for reader.page, slide in enumerate(slides, start=1):
        within_depth(name, partial(_read_slide, reader, slide))
    return reader.out.build(title, pages=len(slides), date=date)


def _read_slide(reader: OdfReader, slide: etree._Element) -> None:
    notes = slide.find(f"{PRESENTATION}notes")
    titles = [shape for shape in slide if shape.get(f"{PRESENTATION}class") == "title"]
    for shape in titles:
        text = " ".join(" ".join(reader.inline(line) for line in shape.iter(f"{TEXT}p")).split())
        reader.out.add(text, Kind.HEADING, level=1, page=reader.page)
    for shape in slide:
        if shape is not notes and shape not in titles and shape.get(f"{PRESENTATION}class") not in _REPEATED:
            reader.story(shape)
    for shape in notes if notes is not None else ():
        if shape.get(f"{PRESENTATION}class") == "notes":
            reader.out.add(reader.apart(shape), Kind.NOTE, page=reader.page)
