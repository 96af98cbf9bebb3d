"""What a PDF says of itself: title, date, outline, page labels, form values, comments, embedded files."""

from __future__ import annotations

import ctypes
import io
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_MAX_ENTRIES = 20_000  # of an outline: more are a loop or a bomb
_MAX_MEMBERS = 1_000  # embedded files: a portfolio of mails has hundreds
_MAX_MEMBER_BYTES = 64 << 20  # of one of them; a larger file is better given by itself
_TOOL_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel)|powerpoint presentation|untitled|無題|\(anonymous\)|slide 1|document\d*"
    r"|adobe \w+ pdf)(?!\w)[\s-]*",
    re.I,
)
_FILE_NAME = re.compile(r"\.(docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|html?|txt|rtf|ai|pages|odt|jpe?g|png|tiff?)$", re.I)


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    title: str
    level: int  # 1 is the outermost
    page: int  # 1-based


@dataclass(slots=True)
class PdfFacts:
    """What stands beside the pages' text. Lists are in page order; `notes` and `fields` are (page, text)."""

    title: str = ""
    date: str | None = None
    page_labels: tuple[str, ...] = ()
    outline: list[OutlineEntry] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    fields: list[tuple[int, str]] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)


def read_facts(data: bytes, password: str, pages: int, annotated: Sequence[int]) -> PdfFacts:
    """Everything pypdf can tell of a file of `pages` pages; forms and comments are looked for on `annotated` pages.

    What pypdf cannot read is left out: the text of the pages does not depend on it.
    """
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    facts = PdfFacts()
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False, password=password or None)
        if reader.is_encrypted and not reader.decrypt(password):
            return facts
    except Exception:  # pypdf raises anything from RecursionError to KeyError on files that PDFium reads
        return facts
    readers: tuple[Callable[[], None], ...] = (
        lambda: _read_metadata(reader, facts),
        lambda: _read_labels(reader, facts, pages),
        lambda: _read_outline(reader, facts),
        lambda: _read_annotations(reader, facts, annotated),
    )
    for read in readers:
        with suppress(Exception):  # the same: one broken part costs that part
            read()
    return facts


def _read_metadata(reader: Any, facts: PdfFacts) -> None:
    metadata = reader.metadata
    if metadata is None:
        return
    title = _clean(metadata.title or "")
    title = _TOOL_TITLE.sub("", title)
    if title and not _FILE_NAME.search(title) and not re.fullmatch(r"[\W\d_]*", title) and "\ufffd" not in title:
        facts.title = title
    for name in ("creation_date", "modification_date"):
        try:
            value = getattr(metadata, name)
        except ValueError:
            continue
        if isinstance(value, datetime) and 1980 <= value.year <= 2200:
            facts.date = value.date().isoformat()
            return


def _read_labels(reader: Any, facts: PdfFacts, pages: int) -> None:
    if "/PageLabels" not in reader.trailer["/Root"]:
        return
    labels = tuple(_clean(label) for label in reader.page_labels)
    if len(labels) == pages and labels != tuple(str(number) for number in range(1, pages + 1)):
        facts.page_labels = labels


def _read_outline(reader: Any, facts: PdfFacts) -> None:
    numbers = {
        page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1) if page.indirect_reference
    }

    def walk(entries: list[Any], level: int) -> Iterator[OutlineEntry]:
        for entry in entries:
            if isinstance(entry, list):
                if level < 9:
                    yield from walk(entry, level + 1)
                continue
            page = getattr(entry, "page", None)
            number = numbers.get(getattr(page, "idnum", -1))
            title = _clean(str(getattr(entry, "title", "") or ""))
            if number and title:
                yield OutlineEntry(title, level, number)

    for entry in walk(reader.outline, 1):
        facts.outline.append(entry)
        if len(facts.outline) >= _MAX_ENTRIES:
            return


def _read_annotations(reader: Any, facts: PdfFacts, annotated: Sequence[int]) -> None:
    for number in annotated:
        for reference in reader.pages[number - 1].get("/Annots") or ():
            with suppress(Exception):  # the same: a file outside of the PDF, or one annotation that is broken
                _read_annotation(reference.get_object(), number, facts)


def _read_annotation(annotation: Any, number: int, facts: PdfFacts) -> None:
    kind = annotation.get("/Subtype")
    if kind == "/Widget":
        text = _field_text(annotation)
        if text:
            facts.fields.append((number, text))
    elif kind == "/FileAttachment":
        file = annotation["/FS"].get_object()
        stream = file["/EF"]["/F"].get_object()
        facts.files.append((str(file.get("/UF") or file.get("/F") or ""), bytes(stream.get_data())))
    elif kind not in ("/Link", "/Popup"):
        comment = _clean(str(annotation.get("/Contents") or ""))
        if comment:
            facts.notes.append((number, comment))


def _field_text(widget: Any) -> str:
    """ "Name: value" of a filled-in form field; names and values may stand in the field above the widget."""
    value, label, kind, above = None, "", None, widget
    for _ in range(8):
        value = above.get("/V") if value is None else value
        kind = kind or above.get("/FT")
        label = label or _clean(str(above.get("/TU") or above.get("/T") or ""))
        parent = above.get("/Parent")
        if parent is None:
            break
        above = parent.get_object()
    if value is None or kind == "/Sig":
        return ""
    value = value.get_object() if hasattr(value, "get_object") else value
    if kind == "/Btn":
        chosen = str(value).lstrip("/")
        if chosen in ("Off", "") or str(widget.get("/AS", value)).lstrip("/") != chosen:
            return ""
        return f"{label}: {chosen}" if label else chosen
    text = ", ".join(_clean(str(item)) for item in value) if isinstance(value, list) else _clean(str(value))
    return (f"{label}: {text}" if label else text) if text else ""


def read_members(document: Any) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Names and contents of the files embedded in a PDF that PDFium opened, each once, and names of those too large."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    found: dict[tuple[str, bytes], None] = {}
    large: list[str] = []
    for index in range(min(document.count_attachments(), _MAX_MEMBERS)):
        try:
            attachment = document.get_attachment(index)
            name = attachment.get_name()
            size = ctypes.c_ulong(0)
            if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, size):
                continue
            if size.value > _MAX_MEMBER_BYTES:
                large.append(_clean(name))
                continue
            found[name, bytes(attachment.get_data())] = None
        except pypdfium2.PdfiumError:
            continue
    return list(found), large


def _clean(text: str) -> str:
    text = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return " ".join(text.split())
