"""PDF: text and page images through PDFium, outline, labels and metadata through pypdf, scanned pages through OCR."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from index.errors import DocumentError
from index.types import Document, Kind
from ingest.pages import ocr
from ingest.pages.page_layout import build_blocks, find_compounds, mend_hyphens
from ingest.pages.page_lines import PageBlock, Piece, letters
from ingest.pages.pdf_facts import PdfFacts, read_facts, read_members
from ingest.pages.pdf_headings import drop_running_lines, find_title, mark_headings
from ingest.pages.pdf_surface import Surface, has_annotations, read_surface
from ingest.pages.pdf_text import PageText, read_page
from ingest.pages.reading_order import order_pieces
from ingest.parsers import ParseOptions
from ingest.passwords import locked_error
from ingest.text_builder import TextBuilder
from ingest.texts.member_names import name_members

EXTENSIONS = (".pdf",)
REQUIRES = ()
EXTRA = ""

_SCAN_CHARACTERS = 100  # a scan may carry a stamp or a page number as text
_SCAN_AREA = 0.4  # of the page, covered by pictures
_UNREADABLE = 0.2  # share of a page's words without a meaning, from which on the page is better read as a picture
_HEADER_BYTES = 2048  # readers look for "%PDF-" in the first kilobyte or so
_MAX_SCALE = 6.0  # pixels a point: a stamp-sized page gains nothing from more
_DRAWN_TEXT = 100  # outlines on a page without text: fewer are lines and boxes


@dataclass(slots=True)
class _Pages:
    """What came of the pages: their blocks, and the numbers of those with a defect."""

    blocks: list[list[PageBlock]] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)
    unreadable: list[tuple[int, float]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)
    annotated: list[int] = field(default_factory=list)


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a PDF page by page: one block a paragraph, heading, list item or table row, none across pages.

    Raises EncryptedError when no password opens it and DocumentError when PDFium cannot read it at all.
    """
    document, password = _open(name, data, options.passwords)
    try:
        count = len(document)
        if not count:
            raise DocumentError("The PDF has no pages.", "Open it in a PDF viewer and save it anew.")
        pages = _Pages()
        for number in range(1, count + 1):
            _read_one(document, number, options, pages)
            options.tell()
        files, large = read_members(document)
    finally:
        document.close()
    facts = read_facts(data, password, count, pages.annotated)
    drop_running_lines(pages.blocks)
    mark_headings(pages.blocks, facts.outline)
    builder = _build(pages, facts)
    builder.members += name_members([*files, *facts.files])
    builder.warnings += _warnings(pages, options)
    builder.warnings += [f"embedded file left out, too large: {name}" for name in large]
    return builder.build(
        facts.title or find_title(pages.blocks[0]), page_labels=facts.page_labels, pages=count, date=facts.date
    )


def _open(name: str, data: bytes, passwords: tuple[str, ...]) -> tuple[Any, str]:
    """The file as PDFium sees it, and the password that opened it."""
    import pypdfium2

    try:
        for password in ("", *passwords):
            try:
                return pypdfium2.PdfDocument(data, password=password or None), password
            except pypdfium2.PdfiumError as error:
                if "password" not in str(error).lower():
                    raise
        raise locked_error(name, passwords)
    except pypdfium2.PdfiumError as error:
        if b"%PDF-" not in data[:_HEADER_BYTES]:
            raise DocumentError(f"{name} is not a PDF.", "Give it the extension of its real format.") from error
        try:
            return pypdfium2.PdfDocument(_rewrite(data)), ""
        except Exception:  # pypdf raises anything on files damaged beyond repair; PDFium's own words come first
            raise DocumentError(
                f"{name} is damaged and cannot be opened.", "Open it in a PDF viewer and save it anew."
            ) from error


def _rewrite(data: bytes) -> bytes:
    """The same file written anew by pypdf, which forgives cross-reference tables that PDFium does not."""
    import pypdf

    out = io.BytesIO()
    pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(data), strict=False)).write(out)
    return out.getvalue()


def _read_one(document: Any, number: int, options: ParseOptions, pages: _Pages) -> None:
    import pypdfium2

    blocks: list[PageBlock] = []
    pages.blocks.append(blocks)
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        pages.broken.append(number)
        return
    try:
        text = read_page(page)
        if has_annotations(page):
            pages.annotated.append(number)
        if text.hidden:
            pages.hidden.append(number)
        picture = text.characters < _SCAN_CHARACTERS and _is_picture(text, read_surface(page))
        if picture or text.unreadable > _UNREADABLE:
            recognised = _recognise(page, options)
            if recognised:
                pages.recognised.append(number)
                text.pieces = [*text.pieces, *_not_among(text.pieces, recognised)] if picture else recognised
            elif picture:
                pages.scanned.append(number)
            else:
                pages.unreadable.append((number, text.unreadable))
        blocks += build_blocks(order_pieces(text.pieces))
        if not blocks and number not in pages.scanned:
            pages.empty.append(number)
    finally:
        page.close()


def _not_among(pieces: list[Piece], recognised: list[Piece]) -> list[Piece]:
    """What was recognised beside the text that the page has of its own: that is exact, and stays."""
    own = letters("".join(piece.text for piece in pieces))
    return [piece for piece in recognised if letters(piece.text) not in own]


def _is_picture(text: PageText, surface: Surface) -> bool:
    """Whether a page with little or no text shows a picture of some: a scan, a photo, letters drawn as outlines."""
    if text.characters:
        return surface.picture_area >= _SCAN_AREA
    return bool(surface.pictures) or surface.drawings >= _DRAWN_TEXT


def _recognise(page: Any, options: ParseOptions) -> list[Piece]:
    """The page's text as OCR reads its picture, in points; nothing when OCR is off, not installed or of no avail."""
    if not options.ocr or not ocr.is_installed():
        return []
    width, height = page.get_size()
    scale = min(ocr.LONGEST_SIDE / max(width, height, 1.0), _MAX_SCALE)
    bitmap = page.render(scale=scale, may_draw_forms=False)
    pixels = bitmap.to_numpy().copy()
    bitmap.close()
    try:
        pieces = ocr.read_image(pixels)
    except DocumentError:
        return []
    for piece in pieces:
        piece.x0, piece.y0, piece.x1, piece.y1 = (value / scale for value in (piece.x0, piece.y0, piece.x1, piece.y1))
        piece.size /= scale
    return pieces


def _build(pages: _Pages, facts: PdfFacts) -> TextBuilder:
    builder = TextBuilder()
    compounds = find_compounds(block.text for blocks in pages.blocks for block in blocks)
    for number, blocks in enumerate(pages.blocks, 1):
        for block, text in zip(blocks, mend_hyphens((block.text for block in blocks), compounds), strict=True):
            builder.add(text, block.kind, level=block.level, page=number)
        for text in (text for at, text in facts.fields if at == number):
            builder.add(text, Kind.ITEM, level=1, page=number)
        for text in (text for at, text in facts.notes if at == number):
            builder.add(text, Kind.NOTE, page=number)
    return builder


def _warnings(pages: _Pages, options: ParseOptions) -> list[str]:
    count = len(pages.blocks)
    found = []
    if pages.scanned:
        scans = "is a scan" if len(pages.scanned) == 1 else "are scans"
        if not options.ocr:
            why = "; OCR is switched off"
        elif not ocr.is_installed():
            why = f"; {ocr.INSTALL}"
        else:
            why = ", and OCR could read none"
        found.append(f"{len(pages.scanned)} of {count} pages {scans} without text{why}")
    if pages.empty:
        found.append(f"{len(pages.empty)} of {count} pages had no text")
    if pages.broken:
        found.append(f"{len(pages.broken)} of {count} pages could not be read")
    if pages.unreadable:
        share = max(share for _, share in pages.unreadable)
        found.append(f"{share:.0%} of characters unreadable on {_list([number for number, _ in pages.unreadable])}")
    if pages.recognised:
        found.append(f"text of {_list(pages.recognised)} read by OCR")
    if pages.hidden:
        found.append(f"hidden text on {_list(pages.hidden)} left out")
    return found


def _list(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:5])
    return ("p. " if len(numbers) == 1 else "pp. ") + shown + (" …" if len(numbers) > 5 else "")
