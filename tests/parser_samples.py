"""Small good files of every format, written by hand: one English and one Japanese sentence each."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

WORDS = "Annual leave is 20 days."
PACKAGE_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
JAPANESE = "年次有給休暇は二十日です。"


def package(parts: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def links(*found: tuple[str, str, str]) -> str:
    """The relations of a part: id, type and target of each."""
    made = "".join(
        f'<Relationship Id="{id}" Type="{OFFICE_LINKS}/{type}" Target="{target}"/>' for id, type, target in found
    )
    return f'<Relationships xmlns="{PACKAGE_LINKS}">{made}</Relationships>'


def part_of(data: bytes, part: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(part).decode()


def replaced(data: bytes, part: str, content: str) -> bytes:
    """The package with one part written anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    return package(parts | {part: content})


def office(main_part: str, kind: str, content: str, more: dict[str, str] | None = None) -> bytes:
    """An Office package with one main part."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    links = PACKAGE_LINKS
    office_links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    return package(
        {
            "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
            f'"application/xml"/><Override PartName="/{main_part}" ContentType="{main}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{links}"><Relationship Id="r1" Type="{office_links}/officeDocument" '
            f'Target="{main_part}"/></Relationships>',
            main_part: content,
            **(more or {}),
        }
    )


def docx() -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    paragraphs = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in (WORDS, JAPANESE))
    body = f'<w:document xmlns:w="{word}"><w:body>{paragraphs}</w:body></w:document>'
    return office("word/document.xml", "wordprocessingml.document", body)


def pptx() -> bytes:
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = (
        f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="{links}" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    )
    shapes = "".join(
        f'<p:sp><p:nvSpPr><p:cNvPr id="{n}" name="s"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
        f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        for n, text in enumerate((WORDS, JAPANESE), 2)
    )
    slide = f"<p:sld {names}><p:cSld><p:spTree><p:nvGrpSpPr/><p:grpSpPr/>{shapes}</p:spTree></p:cSld></p:sld>"
    show = f'<p:presentation {names}><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst></p:presentation>'
    rels = (
        f'<Relationships xmlns="{PACKAGE_LINKS}">'
        f'<Relationship Id="r1" Type="{links}/slide" Target="slides/slide1.xml"/></Relationships>'
    )
    more = {"ppt/_rels/presentation.xml.rels": rels, "ppt/slides/slide1.xml": slide}
    return office("ppt/presentation.xml", "presentationml.presentation", show, more)


def xlsx() -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for n, text in enumerate((WORDS, JAPANESE), 1)
    )
    more = {
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE_LINKS}">'
        f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    sheets = '<sheets><sheet name="2024" sheetId="1" r:id="r1"/></sheets>'
    book = f'<workbook xmlns="{main}" xmlns:r="{links}">{sheets}</workbook>'
    return office("xl/workbook.xml", "spreadsheetml.sheet", book, more)


def open_document(kind: str, body: str) -> bytes:
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (
            *(("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style")),
            *(("presentation", "presentation"), ("svg", "svg-compatible")),
        )
    )
    body = f"<office:body>{body}</office:body>"
    content = f'<office:document-content {names} office:version="1.2">{body}</office:document-content>'
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    return package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": content,
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}"><m:file-entry m:full-path="/" m:media-type='
            f'"application/vnd.oasis.opendocument.{kind}"/><m:file-entry m:full-path="content.xml" m:media-type='
            '"text/xml"/></m:manifest>',
        }
    )


def epub() -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile '
        'full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rules</dc:title></metadata><manifest><item id="c" '
        'href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>'
    )
    chapter = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{WORDS}</p><p>{JAPANESE}</p></body></html>'
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": container}
    return package({**parts, "book.opf": book, "c.xhtml": chapter})


def pdf() -> bytes:
    stream = f"BT /F1 12 Tf 72 700 Td ({WORDS}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def png() -> bytes:
    """A white picture of 64 × 64 without text."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    pixels = zlib.compress((b"\x00" + b"\xff" * 64) * 64)
    header = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def text(content: str) -> Callable[[], bytes]:
    return lambda: content.encode()


MAIL = f"From: a@example.com\nSubject: Leave\nContent-Type: text/plain; charset=utf-8\n\n{WORDS}\n\n{JAPANESE}\n"
PAGE = f"<!DOCTYPE html><html><head><title>Leave</title></head><body><p>{WORDS}</p><p>{JAPANESE}</p></body></html>"
RTF = "{\\rtf1\\ansi " + WORDS + "\\par " + "".join(f"\\u{ord(char)}?" for char in JAPANESE) + "}"
ODT = open_document("text", f"<office:text><text:p>{WORDS}</text:p><text:p>{JAPANESE}</text:p></office:text>")
ODS_CELLS = "".join(
    f'<table:table-row><table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
    "</table:table-row>"
    for value in (WORDS, JAPANESE)
)
ODS = open_document(
    "spreadsheet", f'<office:spreadsheet><table:table table:name="2024">{ODS_CELLS}</table:table></office:spreadsheet>'
)
ODP = open_document(
    "presentation",
    f"<office:presentation><draw:page><draw:frame><draw:text-box><text:p>{WORDS}</text:p><text:p>{JAPANESE}</text:p>"
    "</draw:text-box></draw:frame></draw:page></office:presentation>",
)
SAMPLES: dict[str, Callable[[], bytes]] = {
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), docx),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".potx", ".ppsm", ".potm"), pptx),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), xlsx),
    **dict.fromkeys((".odt", ".ott"), lambda: ODT),
    **dict.fromkeys((".ods", ".ots"), lambda: ODS),
    **dict.fromkeys((".odp", ".otp"), lambda: ODP),
    **dict.fromkeys((".html", ".htm", ".xhtml"), text(PAGE)),
    **dict.fromkeys((".eml", ".emlx"), text(MAIL)),
    **dict.fromkeys((".mht", ".mhtml"), text("MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" + PAGE)),
    **dict.fromkeys((".csv", ".psv"), text(f"rule,regel\n{WORDS},{JAPANESE}\n")),
    **dict.fromkeys((".tsv", ".tab"), text(f"rule\tregel\n{WORDS}\t{JAPANESE}\n")),
    **dict.fromkeys((".json", ".geojson"), text(f'{{"rule": "{WORDS}", "regel": "{JAPANESE}"}}')),
    **dict.fromkeys((".jsonl", ".ndjson"), text(f'{{"rule": "{WORDS}"}}\n{{"rule": "{JAPANESE}"}}\n')),
    **dict.fromkeys((".xml", ".rss", ".atom"), text(f"<rules><rule>{WORDS}</rule><rule>{JAPANESE}</rule></rules>")),
    **dict.fromkeys((".vtt", ".srt"), text(f"1\n00:00:01.000 --> 00:00:02.000\n{WORDS}\n{JAPANESE}\n")),
    ".epub": epub,
    ".pdf": pdf,
    ".rtf": text(RTF),
    ".ipynb": text(f'{{"cells": [{{"cell_type": "markdown", "source": ["{WORDS}\\n", "{JAPANESE}"]}}]}}'),
}
ONLY_ENGLISH = {".pdf"}
NO_TEXT = {".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"}
PICTURES = {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
# Binary formats nobody writes by hand: they get hostile input only.
OLD = {
    *(".xls", ".xlsb", ".msg", ".doc", ".dot", ".ppt", ".pps", ".pot"),
    *(".wps", ".wpd", ".sxw", ".sxi", ".sxc", ".key", ".pages", ".numbers"),
}


def sample(extension: str) -> bytes | None:
    """A small good file of the format, None where there is none."""
    if extension in NO_TEXT:
        return package({"a.txt": WORDS, "b.txt": JAPANESE})
    if extension in PICTURES:
        return png()
    if extension in SAMPLES:
        return SAMPLES[extension]()
    return None if extension in OLD else f"{WORDS}\n\n{JAPANESE}\n".encode()
