"""PDF files made for tests: pages of placed text, written out by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdf

from index.types import Block, Document
from ingest.parsers import ParseOptions, pdf

Text = tuple[float, float, str]  # x, y (from below), words


def page(texts: Sequence[Text], *, size: float = 11, font: str = "F1", extra: str = "") -> str:
    """Content that draws `texts`."""
    shown = "".join(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm {literal(words)} Tj ET\n" for x, y, words in texts)
    return shown + extra


def literal(words: str) -> str:
    return "(" + words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"


def write_pdf(*contents: str, page_entries: str = "", catalog: str = "", objects: Sequence[bytes] = ()) -> bytes:
    """A PDF with one page for each of `contents`; `objects` are numbered from 6 + 2 × the number of pages."""
    count = len(contents)
    fonts = "/F1 4 0 R /F2 5 0 R"
    bodies: list[bytes] = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{6 + 2 * n} 0 R' for n in range(count))}] >>".encode(),
        b"<< /Producer (tests) >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        data = content.encode("cp1252")
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {7 + 2 * number} 0 R "
            f"/Resources << /Font << {fonts} >> /XObject << /Im 999 0 R >> >> {page_entries} >>".encode()
        )
        bodies.append(f"<< /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")
    return assemble([*bodies, *objects])


def assemble(bodies: Sequence[bytes], root: int = 1) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return bytes(out + f"trailer << /Size {len(bodies) + 1} /Root {root} 0 R >>\nstartxref\n{start}\n%%EOF".encode())


def scan(count: int = 1, extra: str = "") -> bytes:
    """Pages that show nothing but a grey picture."""
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 4 >>"
    )
    data = write_pdf(
        *["q 595 0 0 842 0 0 cm /Im Do Q\n" + extra] * count,
        objects=[picture + b"\nstream\n\x00\x80\xff\x10\nendstream"],
    )
    return data.replace(b"/Im 999 0 R", f"/Im {6 + 2 * count} 0 R".encode())


def read(data: bytes, *passwords: str) -> Document:
    return pdf.parse("file.pdf", data, ParseOptions(passwords=passwords, ocr=False))


def shown(document: Document) -> list[tuple[str, str]]:
    return [(str(block.kind), document.text[block.start : block.end]) for block in document.blocks]


def find(document: Document, words: str) -> Block:
    return next(block for block in document.blocks if words in document.text[block.start : block.end])


def rewrite(data: bytes) -> pypdf.PdfWriter:
    return pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(data)))


def saved(writer: pypdf.PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


PROSE = (
    "Full-time employees receive twenty days of paid leave in every year of work,",
    "and those who work part of the week receive a share of it that follows from",
    "their contract. Leave that was not taken lapses at the end of June.",
)


def paragraph(x: float, top: float, lines: Sequence[str], leading: float = 14) -> list[Text]:
    return [(x, top - leading * number, line) for number, line in enumerate(lines)]
