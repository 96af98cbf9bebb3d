"""Word documents, made here by hand, read as their reader sees them."""

from __future__ import annotations

import pytest
from document_views import blocks, texts
from parser_samples import office
from word_samples import (
    NAMES,
    cell,
    deletion,
    insertion,
    paragraph,
    read,
    run,
    style,
    styles,
    table,
    word,
)

from index.errors import DocumentError
from index.types import Kind
from ingest.office.symbol_fonts import symbol
from ingest.parsers import ParseOptions, docx

# ---------------------------------------------------------------- tracked changes


def test_tracked_changes_are_read_as_accepted_and_counted() -> None:
    document = read(paragraph("The notice period is ", deletion("30 days"), insertion("60 days"), " for managers."))
    assert document.text == "The notice period is 60 days for managers."
    assert document.warnings == ("1 tracked insertion shown, 1 deletion left out",)


def test_a_move_is_read_at_its_new_place_only() -> None:
    moved = '<w:moveFrom w:id="3">' + run("Moved. ") + "</w:moveFrom>"
    here = '<w:moveTo w:id="4">' + run("Moved. ") + "</w:moveTo>"
    assert read(paragraph(moved, "A. ", here, "B.")).text == "A. Moved. B."


def test_a_deleted_paragraph_end_joins_two_paragraphs() -> None:
    mark = '<w:rPr><w:del w:id="5"/></w:rPr>'
    assert read(paragraph("One ", properties=mark) + paragraph("sentence.")).text == "One sentence."


def test_deleted_rows_are_left_out() -> None:
    gone = '<w:tr><w:trPr><w:del w:id="6"/></w:trPr>' + cell("old") + cell("1") + "</w:tr>"
    rows = table(["Item", "Price"], ["new", "2"]).replace("</w:tbl>", gone + "</w:tbl>")
    document = read(rows)
    assert texts(document) == ["Item | Price", "new | 2"]
    assert document.warnings == ("0 tracked insertions shown, 1 deletion left out",)


# ---------------------------------------------------------------- tables


def test_a_table_has_a_header_and_merged_cells_fill_the_rows_they_cover() -> None:
    start, goes_on, wide = '<w:vMerge w:val="restart"/>', "<w:vMerge/>", '<w:gridSpan w:val="2"/>'
    document = read(
        table(
            ["部署", "氏名", "内線"],
            [cell("営業部", start), "田中", "101"],
            [cell("", goes_on), "鈴木", "102"],
            ["総務部", cell("佐藤", wide)],
        )
    )
    assert blocks(document) == [
        (Kind.HEADER, 0, "部署 | 氏名 | 内線"),
        (Kind.ROW, 0, "営業部 | 田中 | 101"),
        (Kind.ROW, 0, "営業部 | 鈴木 | 102"),
        (Kind.ROW, 0, "総務部 | 佐藤"),
    ]


def test_a_caption_row_stands_above_the_header() -> None:
    rows = table([cell("Prices 2024", '<w:gridSpan w:val="2"/>')], ["Item", "Price"], ["Pen", "1"])
    assert blocks(read(rows)) == [
        (Kind.TEXT, 0, "Prices 2024"),
        (Kind.HEADER, 0, "Item | Price"),
        (Kind.ROW, 0, "Pen | 1"),
    ]


def test_a_nested_table_follows_the_one_it_stands_in_and_a_frame_is_no_table() -> None:
    inner = table(["x", "y"], ["1", "2"])
    document = read(
        table(["A", "B"], ["a", cell("<w:p/>" + inner)]) + table([cell(paragraph("Framed.") + paragraph("Text."))])
    )
    assert texts(document) == ["A | B", "a", "x | y", "1 | 2", "Framed.", "Text."]


# ---------------------------------------------------------------- inside a paragraph


def test_fields_show_their_result_and_not_their_code() -> None:
    def turn(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText> HYPERLINK "http://x.test" </w:instrText></w:r>'
    inner = turn("begin") + run("inner result in a code") + turn("end")
    field = turn("begin") + code + inner + turn("separate") + run("the rules") + turn("end")
    link = f'<w:hyperlink r:id="rId9">{run("here")}</w:hyperlink>'
    assert read(paragraph("See ", field, " ", link, ".")).text == "See the rules here."


def test_ruby_keeps_the_base_and_soft_hyphens_and_symbols_are_read() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('きゅうよ')}</w:rt><w:rubyBase>{run('給与')}</w:rubyBase></w:ruby></w:r>"
    tick = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
    hyphen = "<w:r><w:t>ERR</w:t><w:noBreakHyphen/><w:t>4012</w:t></w:r>"
    assert read(paragraph(ruby, "は月末", tick, " manage\u00adment ", hyphen)).text == "給与は月末☑ management ERR-4012"


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Wingdings 2", "F052", "☑"),
        ("Wingdings 3", "F052", ""),
        ("Wingdings-Regular", "F052", ""),
        ("Wingdings-Regular", "F0FE", "☑"),
        ("Webdings", "F061", ""),
        ("Symbol", "F061", "α"),
    ],
)
def test_fonts_of_pictures_show_only_the_signs_that_are_known(font: str, code: str, shown: str) -> None:
    assert symbol(font, code) == shown


def test_hidden_text_is_left_out_and_told() -> None:
    made = styles(
        '<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>'
    )
    body = paragraph("Seen", run(" unseen", "<w:vanish/>"), run(" shown", '<w:vanish w:val="0"/>')) + paragraph(
        "Also ", run("not", '<w:rStyle w:val="Secret"/>'), "seen"
    )
    document = read(body, styles=made)
    assert texts(document) == ["Seen shown", "Also seen"]
    assert document.warnings == ("hidden text in 2 places left out",)


@pytest.mark.parametrize("look", ['<w:color w:val="FFFFFF"/>', '<w:sz w:val="1"/>', '<w:color w:val="ffffff"/><w:b/>'])
def test_white_and_tiny_text_is_hidden_text(look: str) -> None:
    document = read(paragraph("Seen", run(" unseen", look)))
    assert texts(document) == ["Seen"]
    assert document.warnings == ("hidden text in 1 place left out",)


def test_white_text_on_a_colour_is_seen() -> None:
    white = '<w:color w:val="FFFFFF"/>'
    dark = '<w:shd w:val="clear" w:fill="003366"/>'
    cell = f"<w:tc>{paragraph(run('Office', white))}</w:tc><w:tc>{paragraph(run('Days', white))}</w:tc>"
    row = f"<w:tc>{paragraph('Cork')}</w:tc><w:tc>{paragraph('9')}</w:tc>"
    table = f"<w:tbl><w:tr>{cell}</w:tr><w:tr>{row}</w:tr></w:tbl>"
    band = f"<w:p><w:pPr>{dark}</w:pPr>{run('Band', white)}</w:p>"
    document = read(paragraph(run("Shaded", white + dark)) + band + table)
    assert "Shaded" in document.text and "Band" in document.text and "Office" in document.text
    assert document.warnings == ()


def test_a_text_box_written_for_two_generations_of_word_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('In the box')}</w:txbxContent>"
    new = f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
    old = f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
    document = read(
        paragraph("Before", f"<w:r><mc:AlternateContent>{new}{old}</mc:AlternateContent></w:r>") + paragraph("After")
    )
    assert texts(document) == ["Before", "In the box", "After"]


def test_equations_are_written_on_one_line() -> None:
    fraction = "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    power = "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    assert read(paragraph("y = ", f"<m:oMath>{fraction}{power}</m:oMath>")).text == "y = (a+b)/2x^2"


def test_a_chart_gives_its_title_and_values() -> None:
    def points(*values: str) -> str:
        return "".join(f'<c:pt idx="{i}"><c:v>{value}</c:v></c:pt>' for i, value in enumerate(values))

    chart = (
        f"<c:chartSpace {NAMES}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>売上</a:t></a:r></a:p></c:rich></c:tx>"
        f"</c:title><c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache>{points('2024')}</c:strCache></c:strRef></c:tx>"
        f"<c:cat><c:strRef><c:strCache>{points('4月', '5月')}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:numCache>{points('100', '0.30000000000000004')}</c:numCache></c:numRef></c:val></c:ser>"
        f"</c:barChart></c:plotArea></c:chart></c:chartSpace>"
    )
    document = read(paragraph('<w:r><w:drawing><c:chart r:id="chart1"/></w:drawing></w:r>'), chart1=chart)
    assert texts(document) == ["売上", "| 2024", "4月 | 100", "5月 | 0.3"]


# ---------------------------------------------------------------- notes and margins


def test_notes_and_comments_follow_what_they_note() -> None:
    def reference(kind: str) -> str:
        return f'<w:r><w:{kind}Reference w:id="2"/></w:r>'

    body = paragraph("Leave is 20 days", reference("footnote"), reference("comment"), ".") + paragraph("End.")
    notes = f'<w:footnotes {NAMES}><w:footnote w:id="2">{paragraph("Per year.")}</w:footnote></w:footnotes>'
    said = f'<w:comment w:id="2" w:author="Sato" w:date="2024-05-01T09:00:00Z">{paragraph("Check!")}</w:comment>'
    document = read(body, footnotes=notes, comments=f"<w:comments {NAMES}>{said}</w:comments>")
    assert blocks(document) == [
        (Kind.TEXT, 0, "Leave is 20 days."),
        (Kind.NOTE, 0, "Per year."),
        (Kind.NOTE, 0, "Comment (Sato, 2024-05-01): Check!"),
        (Kind.TEXT, 0, "End."),
    ]


def test_headers_and_footers_stand_once_at_the_end() -> None:
    head = f"<w:hdr {NAMES}>{paragraph('社外秘')}</w:hdr>"
    foot = f"<w:ftr {NAMES}>{paragraph('3 / 12')}</w:ftr>"
    document = read(paragraph("Text."), header1=head, header2=head, footer1=foot)
    assert blocks(document) == [(Kind.TEXT, 0, "Text."), (Kind.NOTE, 0, "社外秘")]


def test_a_table_of_contents_is_left_out() -> None:
    made = styles(style("TOC1", shown="toc 1"), style("H1", shown="heading 1"))
    document = read(paragraph("Purpose 3", style="TOC1") + paragraph("Purpose", style="H1"), styles=made)
    assert texts(document) == ["Purpose"]


def test_the_stricter_kind_of_docx_is_read_the_same() -> None:
    usual = word(paragraph("Annual leave"))
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    document = (
        f'<w:document xmlns:w="{strict}"><w:body><w:p><w:r><w:t>Annual leave</w:t></w:r></w:p></w:body></w:document>'
    )
    other = office("word/document.xml", "wordprocessingml.document", document)
    assert docx.parse("a.docx", usual, ParseOptions()).text == docx.parse("a.docx", other, ParseOptions()).text


def test_what_is_no_word_document_is_named() -> None:
    with pytest.raises(DocumentError, match=r"a\.docx is not a Word document"):
        docx.parse("a.docx", office("word/document.xml", "x", f"<w:document {NAMES}/>"), ParseOptions())
