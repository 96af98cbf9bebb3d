"""OpenDocument text and slides, made here by hand."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from document_views import blocks, texts
from parser_samples import package

from index.errors import EncryptedError
from index.types import Document, Kind
from ingest.parsers import ParseOptions, odp, odt, spreadsheet

OPTIONS = ParseOptions()
URN = "urn:oasis:names:tc:opendocument:xmlns"
ODF = (
    " ".join(
        f'xmlns:{short}="{URN}:{long}:1.0"'
        for short, long in {
            "office": "office",
            "text": "text",
            "table": "table",
            "draw": "drawing",
            "style": "style",
            "presentation": "presentation",
        }.items()
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def odf(body: str, kind: str = "text", styles: str = "", manifest: str = "") -> bytes:
    return package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {ODF}><office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
            "META-INF/manifest.xml": f'<manifest xmlns="{URN}:manifest:1.0">{manifest}</manifest>',
        }
    )


def read_odt(body: str, styles: str = "") -> Document:
    return odt.parse("a.odt", odf(body, styles=styles), OPTIONS)


def test_odt_tracked_changes_are_read_as_accepted_and_counted() -> None:
    deleted = "<text:changed-region><text:deletion><text:p>30 days</text:p></text:deletion></text:changed-region>"
    added = "<text:changed-region><text:insertion/></text:changed-region>"
    body = (
        f"<text:tracked-changes>{deleted}{added}</text:tracked-changes><text:p>The period is <text:change/>"
        "<text:change-start/>60 days<text:change-end/> for all.</text:p>"
    )
    document = read_odt(body)
    assert document.text == "The period is 60 days for all."
    assert document.warnings == ("1 tracked insertion shown, 1 deletion left out",)


def test_odt_headings_lists_notes_comments_and_ruby() -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-prefix="第" style:num-suffix="条"/><text:list-level-style-bullet text:level="2"/></text:list-style>'
    )
    cited = "<text:note-citation>1</text:note-citation>"
    note = f"<text:note>{cited}<text:note-body><text:p>Per year.</text:p></text:note-body></text:note>"
    who = "<dc:creator>Ito</dc:creator><dc:date>2024-05-01T10:00:00</dc:date>"
    said = f"<office:annotation>{who}<text:p>Why?</text:p></office:annotation>"
    ruby = "<text:ruby><text:ruby-base>給与</text:ruby-base><text:ruby-text>きゅうよ</text:ruby-text></text:ruby>"
    inner = "<text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list>"
    body = (
        f'<text:h text:outline-level="2">Leave</text:h><text:p>20<text:s text:c="1"/>days{note}{said}.</text:p>'
        f'<text:list text:style-name="L"><text:list-item><text:p>目的</text:p>{inner}</text:list-item>'
        f"<text:list-item><text:p>{ruby}</text:p></text:list-item></text:list>"
    )
    assert blocks(read_odt(body, styles)) == [
        (Kind.HEADING, 2, "Leave"),
        (Kind.TEXT, 0, "20 days."),
        (Kind.NOTE, 0, "Per year."),
        (Kind.NOTE, 0, "Comment (Ito, 2024-05-01): Why?"),
        (Kind.ITEM, 1, "第1条 目的"),
        (Kind.ITEM, 2, "inner"),
        (Kind.ITEM, 1, "第2条 給与"),
    ]


def test_odt_the_header_of_a_list_is_read_and_has_no_number() -> None:
    level = '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    header = "<text:list-header><text:p>Bring</text:p></text:list-header>"
    item = "<text:list-item><text:p>a pen</text:p></text:list-item>"
    document = read_odt(
        f'<text:list text:style-name="L">{header}{item}</text:list>',
        f'<text:list-style style:name="L">{level}</text:list-style>',
    )
    assert texts(document) == ["Bring", "1. a pen"]


def test_odt_tables_keep_merged_cells_and_bound_repeated_ones() -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    rows = (
        cell("部署") + cell("氏名"),
        cell("営業部", 'table:number-rows-spanned="2"') + cell("田中"),
        covered + cell("鈴木"),
    )
    wide = '<table:table-cell table:number-columns-repeated="16000"/>'
    empty = f'<table:table-row table:number-rows-repeated="1048000">{wide}</table:table-row>'
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows) + empty
    document = read_odt(f"<table:table>{body}</table:table>")
    assert blocks(document) == [
        (Kind.HEADER, 0, "部署 | 氏名"),
        (Kind.ROW, 0, "営業部 | 田中"),
        (Kind.ROW, 0, "営業部 | 鈴木"),
    ]


def test_odt_hidden_text_is_left_out_and_text_boxes_follow() -> None:
    hide = '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
    box = "<draw:frame><draw:text-box><text:p>In the box</text:p></draw:text-box></draw:frame>"
    document = read_odt(
        f'<text:p>Seen<text:span text:style-name="H"> unseen</text:span>{box}</text:p><text:p>After</text:p>', hide
    )
    assert texts(document) == ["Seen", "In the box", "After"]
    assert document.warnings == ("hidden text in 1 place left out",)


LINE = "<text:p>Secret</text:p>"
CELL = f'<table:table-cell office:value-type="string">{LINE}</table:table-cell>'
PLAIN = {
    "text": LINE,
    "presentation": f"<draw:page><draw:frame><draw:text-box>{LINE}</draw:text-box></draw:frame></draw:page>",
    "spreadsheet": f'<table:table table:name="S"><table:table-row>{CELL}</table:table-row></table:table>',
}


def locked(data: bytes, password: str) -> bytes:
    """The file as LibreOffice encrypts it: its content deflated, then AES-256-CBC under a key of PBKDF2."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content, kind = archive.read("content.xml"), archive.read("mimetype").decode()
    squeezer = zlib.compressobj(wbits=-15)
    deflated = squeezer.compress(content) + squeezer.flush()
    fill = 16 - len(deflated) % 16
    salt, vector = b"s" * 16, b"v" * 16
    key = hashlib.pbkdf2_hmac("sha1", hashlib.sha256(password.encode()).digest(), salt, 1000, 32)
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    checksum = hashlib.sha256(deflated[:1024]).digest()
    text = {name: base64.b64encode(value).decode() for name, value in (("s", salt), ("v", vector), ("c", checksum))}
    entry = (
        f'<m:file-entry m:full-path="content.xml"><m:encryption-data m:checksum="{text["c"]}">'
        f'<m:algorithm m:initialisation-vector="{text["v"]}" '
        'm:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/>'
        f'<m:key-derivation m:salt="{text["s"]}" m:iteration-count="1000"/>'
        '<m:start-key-generation m:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256"/>'
        "</m:encryption-data></m:file-entry>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", cipher.update(deflated + b"x" * (fill - 1) + bytes([fill])) + cipher.finalize())
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{URN}:manifest:1.0">{entry}</m:manifest>')
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "reader"), [("text", odt), ("presentation", odp), ("spreadsheet", spreadsheet)], ids=["odt", "odp", "ods"]
)
def test_opendocument_asks_for_its_password_and_opens_with_it(kind: str, reader: ModuleType) -> None:
    data = locked(odf(PLAIN[kind], kind), "himitsu")
    name = f"a.od{kind[0]}"
    with pytest.raises(EncryptedError, match="needs a password"):
        reader.parse(name, data, OPTIONS)
    with pytest.raises(EncryptedError, match="none of the given passwords"):
        reader.parse(name, data, ParseOptions(passwords=("wrong",)))
    assert "Secret" in reader.parse(name, data, ParseOptions(passwords=("wrong", "himitsu"))).text


def test_an_encryption_not_known_here_is_told() -> None:
    other = odf("", manifest='<file-entry full-path="content.xml"><encryption-data/></file-entry>')
    with pytest.raises(EncryptedError, match="in a way that cannot be read here"):
        odt.parse("a.odt", other, OPTIONS)


def test_slides_of_opendocument_have_pages_titles_and_notes() -> None:
    def frame(kind: str, text: str) -> str:
        box = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
        return f'<draw:frame presentation:class="{kind}">{box}</draw:frame>'

    notes = f"<presentation:notes>{frame('notes', 'Say it.')}</presentation:notes>"
    first = f"<draw:page>{frame('outline', 'body')}{frame('title', 'Sales')}{frame('footer', 'f')}{notes}</draw:page>"
    document = odp.parse(
        "a.odp", odf(first + f"<draw:page>{frame('title', 'End')}</draw:page>", "presentation"), OPTIONS
    )
    assert [(b.kind, b.page, document.text[b.start : b.end]) for b in document.blocks] == [
        (Kind.HEADING, 1, "Sales"),
        (Kind.TEXT, 1, "body"),
        (Kind.NOTE, 1, "Say it."),
        (Kind.HEADING, 2, "End"),
    ]
    assert document.pages == 2
