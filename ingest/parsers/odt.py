"""OpenDocument text (LibreOffice Writer)."""

from __future__ import annotations

from functools import partial

from index.errors import DocumentError
from index.types import Document
from ingest.office.odf_text import OFFICE, TEXT, open_parts
from ingest.office.review import changes_warning, hidden_warning
from ingest.office.unstyled_headings import mark_headings
from ingest.office.zip_package import within_depth
from ingest.parsers import ParseOptions

EXTENSIONS = (".odt", ".ott")
REQUIRES = ()
EXTRA = ""


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a text document; footnotes and comments follow the paragraph or table that refers to them."""
    content, reader, (title, date) = open_parts(name, data, options.passwords)
    body = content.find(f"{OFFICE}body/{OFFICE}text")
    if body is None:
        raise DocumentError(f"{name} is not a text document.", "Open it in LibreOffice and save it again as odt.")
    within_depth(name, partial(reader.story, body))
    changes = body.find(f"{TEXT}tracked-changes")
    insertions = 0 if changes is None else len(changes.findall(f"{TEXT}changed-region/{TEXT}insertion"))
    deletions = 0 if changes is None else len(changes.findall(f"{TEXT}changed-region/{TEXT}deletion"))
    if insertions or deletions:
        reader.out.warnings.append(changes_warning(insertions, deletions))
    if reader.hidden:
        reader.out.warnings.append(hidden_warning(reader.hidden))
    first = mark_headings(reader.out)
    return reader.out.build(reader.title or title or first, date=date)
