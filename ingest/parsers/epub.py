"""E-books: the chapters of an EPUB in the order of its spine, read as the web pages they are.

After EPUB 3.3 (W3C). The table of contents is left out (it repeats the headings), readings of ruby too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree

from index.errors import DocumentError, EncryptedError
from index.types import Document
from ingest.office.zip_package import Package
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode
from ingest.texts.html_blocks import add_html

EXTENSIONS = (".epub",)
REQUIRES = ()
EXTRA = ""

_PAGES = {"application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml"}
# Fonts are scrambled by these so that they cannot be lifted out of the book; the text stays readable.
_FONT_SCRAMBLING = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
_DC = "{http://purl.org/dc/elements/1.1/}"


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read an e-book. Raises EncryptedError when its text is locked by a shop."""
    package = Package(name, data)
    _refuse_locked(name, package)
    book = _book_part(name, package)
    root = package.xml(book)
    out = TextBuilder()
    missing = 0
    for chapter in _chapters(root, book):
        if chapter not in package:
            missing += 1
            continue
        decoded = decode(package.read(chapter), "utf-8")
        known = set(out.warnings)
        out.warnings += [warning for warning in decoded.warnings if warning not in known]
        add_html(out, decoded.text)
    if missing:
        out.warnings.append(f"{missing} {'chapter is' if missing == 1 else 'chapters are'} missing from the file")
    if not out.blocks:
        out.warnings.append("no text, only pictures")
    title = next((node.text or "" for node in root.iter(f"{_DC}title")), "")
    date = next((node.text or "" for node in root.iter(f"{_DC}date")), "").strip()[:10]
    return out.build(title, date=date if len(date) == 10 else None)


def _refuse_locked(name: str, package: Package) -> None:
    locks = package.xml_if_there("META-INF/encryption.xml")
    methods = locks.iter("{*}EncryptedData") if locks is not None else ()
    for entry in methods:
        method = entry.find("{*}EncryptionMethod")
        if method is None or method.get("Algorithm") not in _FONT_SCRAMBLING:
            raise EncryptedError(f"{name} is locked by the shop that sold it.", "Read it in the shop's own program.")


def _book_part(name: str, package: Package) -> str:
    """The part that lists the chapters."""
    container = package.xml_if_there("META-INF/container.xml")
    for file in container.iter("{*}rootfile") if container is not None else ():
        if (path := file.get("full-path", "")) in package:
            return path
    found = next((part for part in package.parts() if part.endswith(".opf")), None)
    if found is None:
        raise DocumentError(f"{name} is not an e-book: it has no list of chapters.", "Get a complete copy of the file.")
    return found


def _chapters(root: etree._Element, book: str) -> Iterator[str]:
    """The parts of the chapters in reading order, without the table of contents."""
    items = {item.get("id", ""): item for item in root.iterfind("{*}manifest/{*}item")}
    for reference in root.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or item.get("media-type") not in _PAGES or "nav" in item.get("properties", "").split():
            continue
        yield posixpath.normpath(posixpath.join(posixpath.dirname(book), unquote(item.get("href", "").split("#")[0])))
