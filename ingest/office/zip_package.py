"""Office files and EPUBs are zip archives of XML parts: this reads both within limits.

Nothing here can unpack without bound or reach outside the file: sizes are counted while unpacking, whatever the zip
directory claims; XML is read without network, external files or entities; links that leave the package are dropped.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from index.errors import DocumentError, EncryptedError, LimitError
from ingest.office.office_encryption import OLE_SIGNATURE

# Text of a thousand pages takes some ten MiB with its markup. A tree of XML takes several times the size of its part,
# and has to fit into a reading process (MEMORY in ingest/reading.py).
MAX_PART_BYTES = 128 << 20
MAX_TOTAL_BYTES = 384 << 20  # three such parts: a workbook has its strings and a sheet, the rest is small
MAX_PARTS = 50_000  # a part each for the pictures and slides of any real file, none for a bomb of empty names

# "Strict" files (ISO/IEC 29500, part 1) use other namespaces for the same words; they are read as the usual ones.
_STRICT = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    b"http://purl.oclc.org/ooxml/presentationml/main": b"http://schemas.openxmlformats.org/presentationml/2006/main",
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
    b"http://purl.oclc.org/ooxml/officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
}
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"

_DAMAGED = "Open it in the program that made it and save it again, or get a complete copy."


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from one part to another inside the package; `type` is the last word of its type's address."""

    type: str
    target: str


class Package:
    """An open zip package; `name` is the file's name, for messages.

    Raises DocumentError when it is damaged, EncryptedError, and LimitError when it unpacks to too much.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._unpacked = 0
        if not data:
            raise DocumentError(f"{name} is empty (0 bytes).", "Get a complete copy of the file.")
        if data.startswith(OLE_SIGNATURE):
            raise DocumentError(
                f"{name} is an Office file of the kind before 2007 under a newer name.",
                "Rename it to .doc, .xls or .ppt, or save it again in the newer format.",
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise DocumentError(f"{name} is damaged or cut off: it is not a readable zip package.", _DAMAGED) from error
        entries = self._zip.infolist()
        if len(entries) > MAX_PARTS:
            raise LimitError(
                f"{name} has {len(entries)} parts, more than {MAX_PARTS}.", "It looks like a trap; it is not read."
            )
        self._entries = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in entries}

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._entries

    def parts(self) -> list[str]:
        """The names of all parts, lower case, in the order of the archive."""
        return list(self._entries)

    def read(self, part: str) -> bytes:
        """The bytes of one part; names are compared without regard to case, as the format asks."""
        entry = self._entries.get(part.lower())
        if entry is None:
            raise DocumentError(f"{self._name} is incomplete: its part {part} is missing.", _DAMAGED)
        if entry.flag_bits & 1:
            raise EncryptedError(
                f"{self._name} is an encrypted zip package.", "Save it without a password and try again."
            )
        room = min(MAX_PART_BYTES, MAX_TOTAL_BYTES - self._unpacked)
        try:
            with self._zip.open(entry) as stream:
                content = stream.read(room + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise DocumentError(f"{self._name} is damaged: its part {part} cannot be unpacked.", _DAMAGED) from error
        if len(content) > room:
            raise LimitError(
                f"{self._name} would unpack to more than {(self._unpacked + room) >> 20} MiB ({part}).",
                "Split the document, or leave it out with .ragignore.",
            )
        self._unpacked += len(content)
        return content

    def xml(self, part: str) -> etree._Element:
        """The root of an XML part."""
        return parse_xml(self._name, part, self.read(part))

    def xml_if_there(self, part: str) -> etree._Element | None:
        """The root of an XML part that a file may lack, or whose damage costs only an ornament; else None."""
        try:
            return self.xml(part) if part in self else None
        except LimitError:
            raise
        except DocumentError:
            return None

    def relations(self, part: str = "") -> dict[str, Relation]:
        """The links of `part` ("" for the package) by their id, without external ones: nothing is fetched."""
        folder, base = posixpath.split(part)
        root = self.xml_if_there(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, Relation] = {}
        for link in root.iter(_RELATIONS) if root is not None else ():
            if link.get("TargetMode") == "External":
                continue
            target = unquote(link.get("Target", "").replace("\\", "/"))
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[link.get("Id", "")] = Relation(link.get("Type", "").rsplit("/", 1)[-1], path)
        return found

    def related(self, part: str, type: str) -> list[str]:
        """The parts that `part` links to by links of one type, as far as the package holds them."""
        return [link.target for link in self.relations(part).values() if link.type == type and link.target in self]

    def main_part(self, default: str) -> str:
        """The part that holds the document itself."""
        return next(iter(self.related("", "officeDocument")), default)

    def properties(self) -> tuple[str, str | None]:
        """Title and date (ISO 8601, of the last change, else of making) that the file states of itself."""
        part = next(iter(self.related("", "core-properties")), "docProps/core.xml")
        root = self.xml_if_there(part)
        if root is None:
            return "", None
        date = root.findtext(f"{_TERMS}modified") or root.findtext(f"{_TERMS}created") or ""
        title = (root.findtext(f"{_DUBLIN_CORE}title") or "").strip()
        return title if any(sign.isalnum() for sign in title) else "", date.strip()[:10] or None


def parse_xml(name: str, part: str, content: bytes) -> etree._Element:
    """The root of an XML document; a document that declares entities is refused, none is ever expanded or fetched."""
    if b"purl.oclc.org/ooxml" in content:
        for strict, usual in _STRICT.items():
            content = content.replace(strict, usual)
    trap = DocumentError(
        f"{name} declares XML entities, as attacks do and no office program does; it was not read.",
        "Open it in the program that made it and save it again.",
    )
    if b"<!ENTITY" in content:
        raise trap
    reader = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(content, reader)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(f"{name} is damaged: its part {part} is not well-formed XML.", _DAMAGED) from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(declared.iterentities()):  # type: ignore[union-attr]  # the stubs lack it
        raise trap  # written in an encoding that hides it above
    return root


def within_depth(name: str, read: Callable[[], None]) -> None:
    """Run `read`, and say so in a sentence when the document nests deeper than Python's stack."""
    try:
        read()
    except RecursionError as error:
        raise LimitError(f"{name} nests its parts too deeply to be read.", "Save it in a simpler layout.") from error
