"""OpenDocument text and slides, made here by hand."""

from __future__ import annotations

import pytest
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


@pytest.mark.parametrize(("kind", "extension"), [("text", ".odt"), ("presentation", ".odp"), ("spreadsheet", ".ods")])
def test_opendocument_with_a_password_is_told(kind: str, extension: str) -> None:
    locked = odf("", kind, manifest="<file-entry><encryption-data/></file-entry>")
    reader = {".odt": odt, ".odp": odp, ".ods": spreadsheet}[extension]
    with pytest.raises(EncryptedError, match="needs a password"):
        reader.parse(f"a{extension}", locked, OPTIONS)


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
