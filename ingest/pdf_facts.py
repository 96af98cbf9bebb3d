"""What a PDF says of itself: outline, page labels, title and date, embedded files, form values and comments (read through pypdf)."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from index.types import Member

_MAX_ENTRIES = 20_000  # of an outline: more are a loop or a bomb
_MAX_MEMBER_BYTES = 64 * 2**20
_TOOL_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel)|powerpoint presentation|untitled|無題|slide 1|document\d*)\b[\s-]*", re.I
)
_FILE_NAME = re.compile(r"\.(docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|html?|txt|rtf|ai|pages|odt)$", re.I)


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
    members: list[Member] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_facts(data: bytes, password: str, pages: int) -> PdfFacts:
    """Everything pypdf can tell of a file of `pages` pages; what it cannot read is left out, the pages' text does not depend on it."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    facts = PdfFacts()
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False, password=password or None)
        if reader.is_encrypted and not reader.decrypt(password):
            return facts
    except Exception:  # pypdf raises anything from RecursionError to KeyError on files that PDFium reads
        return facts
    for read in (_read_metadata, _read_labels, _read_outline, _read_annotations, _read_members):
        try:
            read(reader, facts, pages)
        except Exception:  # the same: one broken part costs that part
            continue
    return facts


def _read_metadata(reader: Any, facts: PdfFacts, pages: int) -> None:
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


def _read_outline(reader: Any, facts: PdfFacts, pages: int) -> None:
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


def _read_annotations(reader: Any, facts: PdfFacts, pages: int) -> None:
    for number, page in enumerate(reader.pages, 1):
        if number > pages:
            return
        for reference in page.get("/Annots", None) or ():
            annotation = reference.get_object()
            if not hasattr(annotation, "get"):
                continue
            kind = annotation.get("/Subtype")
            if kind == "/Widget":
                text = _field_text(annotation)
                if text:
                    facts.fields.append((number, text))
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


def _read_members(reader: Any, facts: PdfFacts, pages: int) -> None:
    for name, contents in reader.attachments.items():
        for data in contents:
            if len(data) > _MAX_MEMBER_BYTES:
                facts.warnings.append(
                    f"embedded file left out, larger than {_MAX_MEMBER_BYTES // 2**20} MB: {_safe_name(name)}"
                )
            else:
                facts.members.append(Member(_safe_name(name), bytes(data)))


def _safe_name(name: str) -> str:
    name = _clean(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r'[<>:"|?*]', "_", name).lstrip(".") or "attachment"
    return name[:200]


def _clean(text: str) -> str:
    text = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return " ".join(text.split())
