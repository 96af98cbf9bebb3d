"""PDF: text with boxes and page images through PDFium, outline, labels and metadata through pypdf, scanned pages through OCR."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from index.errors import DocumentError, EncryptedError
from index.types import Document, Kind
from ingest.page_layout import PageBlock, build_blocks, find_compounds, mend_hyphens
from ingest.parsers import ParseOptions
from ingest.pdf_facts import PdfFacts, read_facts
from ingest.pdf_headings import drop_running_lines, mark_headings
from ingest.pdf_text import PageText, read_page
from ingest.text_builder import TextBuilder

EXTENSIONS = (".pdf",)
REQUIRES = ("pypdfium2", "pypdf")
EXTRA = ""

_SCAN_CHARACTERS = 100  # a scan may carry a stamp or a page number as text
_SCAN_AREA = 0.4  # of the page, covered by pictures
_UNREADABLE = 0.2  # share of a page's words without a meaning, from which on the page is better read as a picture
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


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a PDF page by page: one block a paragraph, heading, list item or table row, none across pages.

    Raises EncryptedError when no password opens it and DocumentError when PDFium cannot read it at all.
    """
    document, password = _open(data, options.passwords)
    try:
        count = len(document)
        if not count:
            raise DocumentError("The PDF has no pages.", "Open it in a PDF viewer and save it anew.")
        pages = _Pages()
        for number in range(1, count + 1):
            _read_one(document, number, options, pages)
    finally:
        document.close()
    facts = read_facts(data, password, count)
    drop_running_lines(pages.blocks)
    mark_headings(pages.blocks, facts.outline)
    return _build(pages, facts)


def _open(data: bytes, passwords: tuple[str, ...]) -> tuple[Any, str]:
    """The file as PDFium sees it, and the password that opened it."""
    import pypdfium2

    try:
        for password in ("", *passwords):
            try:
                return pypdfium2.PdfDocument(data, password=password or None), password
            except pypdfium2.PdfiumError as error:
                if "password" not in str(error).lower():
                    raise
        raise EncryptedError("The PDF needs a password.", "Give it with --password-file FILE.")
    except pypdfium2.PdfiumError as error:
        try:
            return pypdfium2.PdfDocument(_rewrite(data)), ""
        except Exception:  # pypdf raises anything on files damaged beyond repair; PDFium's own words come first
            raise DocumentError(
                "The PDF is damaged and cannot be opened.", "Open it in a PDF viewer and save it anew."
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
        if text.hidden:
            pages.hidden.append(number)
        picture = _is_picture(text)
        if picture or text.unreadable > _UNREADABLE:
            recognised = _recognise(page, options)
            if recognised:
                pages.recognised.append(number)
                text.pieces = recognised if not picture else [*text.pieces, *recognised]
            elif picture:
                pages.scanned.append(number)
            else:
                pages.unreadable.append((number, text.unreadable))
        blocks += build_blocks(text.pieces)
        if not blocks and number not in pages.scanned:
            pages.empty.append(number)
    finally:
        page.close()


def _is_picture(text: PageText) -> bool:
    if text.characters < _SCAN_CHARACTERS and text.picture_area >= _SCAN_AREA:
        return True
    return text.characters == 0 and (text.picture_area > 0 or text.drawings >= _DRAWN_TEXT)


def _recognise(page: Any, options: ParseOptions) -> list[Any]:
    return []


def _build(pages: _Pages, facts: PdfFacts) -> Document:
    builder = TextBuilder()
    compounds = find_compounds(block.text for blocks in pages.blocks for block in blocks)
    for number, blocks in enumerate(pages.blocks, 1):
        for block, text in zip(blocks, mend_hyphens((block.text for block in blocks), compounds), strict=True):
            builder.add(text, block.kind, level=block.level, page=number)
        for text in (text for at, text in facts.fields if at == number):
            builder.add(text, Kind.ITEM, level=1, page=number)
        for text in (text for at, text in facts.notes if at == number):
            builder.add(text, Kind.NOTE, page=number)
    builder.members += facts.members
    builder.warnings += [*_warnings(pages), *facts.warnings]
    return builder.build(facts.title, page_labels=facts.page_labels, pages=len(pages.blocks), date=facts.date)


def _warnings(pages: _Pages) -> list[str]:
    count = len(pages.blocks)
    found = []
    if pages.scanned:
        found.append(
            f"{_share(pages.scanned, count)} without text; install the ocr extra: pip install 'tebiki-rag[ocr]'"
        )
    if pages.empty:
        found.append(f"{len(pages.empty)} of {count} pages had no text")
    if pages.broken:
        found.append(f"{len(pages.broken)} of {count} pages could not be read")
    if pages.unreadable:
        share = max(share for _, share in pages.unreadable)
        found.append(f"{share:.0%} of characters unreadable on {_list([number for number, _ in pages.unreadable])}")
    if pages.hidden:
        found.append(f"hidden text on {_list(pages.hidden)} left out")
    return found


def _share(numbers: list[int], count: int) -> str:
    if count == 1:
        return "the page is a scan"
    return f"{len(numbers)} of {count} pages are scans" if len(numbers) > 1 else f"1 of {count} pages is a scan"


def _list(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:5])
    return ("p. " if len(numbers) == 1 else "pp. ") + shown + (" …" if len(numbers) > 5 else "")
