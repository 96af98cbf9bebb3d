"""Word documents, made here by hand, read as their reader sees them."""

from __future__ import annotations

import pytest
from document_views import blocks, texts
from hypothesis import given
from hypothesis import strategies as st
from parser_samples import PACKAGE_LINKS, office

from index.errors import DocumentError
from index.types import Document, Kind
from ingest.office.word_numbering import spell
from ingest.parsers import ParseOptions, docx

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


def word(body: str, **parts: str) -> bytes:
    """A document with `body` and further parts by name ("styles", "numbering", "comments", "header1" …)."""
    links = "".join(
        f'<Relationship Id="{name}" Type="{R}/{name.rstrip("0123456789")}" Target="{name}.xml"/>' for name in parts
    )
    more = {f"word/{name}.xml": content for name, content in parts.items()}
    more["word/_rels/document.xml.rels"] = f'<Relationships xmlns="{PACKAGE_LINKS}">{links}</Relationships>'
    document = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"
    return office("word/document.xml", "wordprocessingml.document", document, more)


def read(body: str, **parts: str) -> Document:
    return docx.parse("test.docx", word(body, **parts), ParseOptions())


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*content: str, style: str = "", properties: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    inner = "".join(part if part.startswith("<") else run(part) for part in content)
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{inner}</w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{text if text.startswith('<') else paragraph(text)}</w:tc>"


def table(*rows: list[str]) -> str:
    made = ["".join(part if part.startswith("<w:tc>") else cell(part) for part in row) for row in rows]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in made) + "</w:tbl>"


def insertion(text: str) -> str:
    return f'<w:ins w:id="1" w:author="A">{run(text)}</w:ins>'


def deletion(text: str) -> str:
    return f'<w:del w:id="2" w:author="A"><w:r><w:delText>{text}</w:delText></w:r></w:del>'


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


# ---------------------------------------------------------------- headings and numbers


def style(name: str, inner: str = "", *, shown: str = "", based_on: str = "") -> str:
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{shown or name}"/>{base}{inner}</w:style>'


def styles(*made: str) -> str:
    return f"<w:styles {NAMES}>{''.join(made)}</w:styles>"


def test_headings_are_found_by_name_by_inheritance_and_by_outline_level() -> None:
    made = styles(
        style("H1", shown="heading 1"),
        style("Own", based_on="H1"),
        style("Ja", shown="見出し 2"),
        style("Deep", "<w:pPr><w:outlineLvl w:val='3'/></w:pPr>"),
        style("NotOne", "<w:pPr><w:outlineLvl w:val='9'/></w:pPr>", based_on="H1"),
        style("T", shown="Title"),
    )
    names = ("T", "H1", "Own", "Ja", "Deep", "NotOne")
    document = read("".join(paragraph(name, style=name) for name in names), styles=made)
    assert blocks(document) == [
        (Kind.HEADING, 1, "T"),
        (Kind.HEADING, 1, "H1"),
        (Kind.HEADING, 1, "Own"),
        (Kind.HEADING, 2, "Ja"),
        (Kind.HEADING, 4, "Deep"),
        (Kind.TEXT, 0, "NotOne"),
    ]
    assert document.title == "T"


def test_a_document_without_heading_styles_has_the_headings_that_read_as_such() -> None:
    lines = ("就業規則", "第１章　総則", "第１条　この規則は、従業員の労働条件を定めるものである。")
    document = read("".join(paragraph(line) for line in lines))
    assert [kind for kind, _, _ in blocks(document)] == [Kind.TEXT, Kind.HEADING, Kind.TEXT]
    assert document.title == "就業規則"


def numbering(*levels: tuple[str, str], override: str = "") -> str:
    """One list with a level for each (format, text), and a second one on it with `override`."""
    made = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (form, text) in enumerate(levels)
    )
    return (
        f'<w:numbering {NAMES}><w:abstractNum w:abstractNumId="7">{made}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="7"/>{override}</w:num></w:numbering>'
    )


def numbered(text: str, level: int = 0, list_id: int = 1) -> str:
    mark = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
    return paragraph(text, properties=mark)


def test_automatic_numbers_are_counted_by_level_and_start_over() -> None:
    lists = numbering(("decimal", "第%1条"), ("decimal", "%1.%2"), ("lowerRoman", "(%3)"), ("bullet", "·"))
    body = "".join(
        numbered(*item)
        for item in (
            ("目的", 0),
            ("適用", 0),
            ("a", 1),
            ("b", 1),
            ("i", 2),
            ("ii", 2),
            ("c", 1),
            ("定義", 0),
            ("d", 1),
            ("e", 3),
        )
    )
    document = read(body, numbering=lists)
    expected = ["第1条 目的", "第2条 適用", "2.1 a", "2.2 b", "(i) i", "(ii) ii", "2.3 c", "第3条 定義", "3.1 d", "e"]
    assert texts(document) == expected
    assert {(kind, level) for kind, level, _ in blocks(document)} == {(Kind.ITEM, level) for level in (1, 2, 3, 4)}


def test_a_list_with_a_start_of_its_own_begins_there() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    body = numbered("a") + numbered("b") + numbered("c", 0, 2) + numbered("d", 0, 2)
    assert texts(read(body, numbering=numbering(("decimal", "%1."), override=override))) == [
        "1. a",
        "2. b",
        "5. c",
        "6. d",
    ]


def test_an_empty_numbered_paragraph_counts_but_shows_nothing() -> None:
    body = numbered("a") + numbered("") + numbered("c")
    assert texts(read(body, numbering=numbering(("decimal", "%1.")))) == ["1. a", "3. c"]


@pytest.mark.parametrize(
    ("number", "form", "shown"),
    [
        (3, "decimal", "3"),
        (4, "upperRoman", "IV"),
        (1999, "lowerRoman", "mcmxcix"),
        (27, "lowerLetter", "aa"),
        (28, "upperLetter", "BB"),
        (12, "decimalFullWidth", "１２"),
        (3, "decimalEnclosedCircle", "③"),
        (21, "japaneseCounting", "二十一"),
        (110, "japaneseCounting", "百十"),
        (12_034, "japaneseCounting", "一万二千三十四"),
        (2, "japaneseLegal", "弐"),
        (3, "ideographTraditional", "丙"),
        (2, "aiueo", "イ"),
        (3, "iroha", "ハ"),
        (105, "ideographDigital", "一〇五"),
        (7, "decimalZero", "07"),
        (11, "ordinal", "11th"),
        (22, "ordinal", "22nd"),
        (5, "bullet", ""),
        (5, "aFormatOfTheFuture", "5"),
    ],
)
def test_number_formats(number: int, form: str, shown: str) -> None:
    assert spell(number, form) == shown


@given(st.integers(1, 3999))
def test_roman_numbers_add_up(number: int) -> None:
    values = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
    signs = [values[sign] for sign in spell(number, "lowerRoman")]
    pairs = zip(signs, [*signs[1:], 0], strict=True)
    assert sum(-value if value < following else value for value, following in pairs) == number


@given(st.integers(1, 99_999_999))
def test_japanese_numbers_add_up(number: int) -> None:
    digits = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
    units = {"十": 10, "百": 100, "千": 1000}
    total = section = digit = 0
    for sign in spell(number, "japaneseCounting"):
        if sign in digits:
            digit = digits[sign]
        elif sign in units:
            section, digit = section + (digit or 1) * units[sign], 0
        else:
            total, section, digit = (section + digit) * 10_000, 0, 0
    assert total + section + digit == number


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
