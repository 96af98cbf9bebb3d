"""Slides, workbooks, and what every Office package is guarded against; the files are made here by hand."""

from __future__ import annotations

import io
import random
import zipfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import ModuleType

import pytest
from document_views import blocks
from hypothesis import given
from hypothesis import strategies as st
from parser_samples import PACKAGE_LINKS, docx, office, package, xlsx

import ingest.office.zip_package
from index.errors import DocumentError, EncryptedError, LimitError
from index.types import Document, Kind
from ingest.office.number_format import show_number
from ingest.parsers import ParseOptions, pptx, spreadsheet
from ingest.parsers import docx as word

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = f'xmlns:a="{A}" xmlns:p="{P}" xmlns:r="{R}"'


def links(*found: tuple[str, str, str]) -> str:
    made = "".join(f'<Relationship Id="{id}" Type="{R}/{type}" Target="{target}"/>' for id, type, target in found)
    return f'<Relationships xmlns="{PACKAGE_LINKS}">{made}</Relationships>'


# ---------------------------------------------------------------- slides


def line(text: str, properties: str = "", level: int = 0) -> str:
    return f'<a:p><a:pPr lvl="{level}">{properties}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>'


def shape(*lines: str, place: str = "", at: tuple[int, int] | None = None) -> str:
    """A shape with text; `place` is the placeholder it fills, `at` its left and top."""
    filled = f'<p:ph type="{place}"/>' if place else ""
    where = "" if at is None else f'<a:xfrm><a:off x="{at[0]}" y="{at[1]}"/></a:xfrm>'
    body = "".join(part if part.startswith("<") else line(part) for part in lines)
    shown = f"<p:nvSpPr><p:nvPr>{filled}</p:nvPr></p:nvSpPr><p:spPr>{where}</p:spPr><p:txBody>{body}</p:txBody>"
    return f"<p:sp>{shown}</p:sp>"


def slides(*made: str, more: dict[str, str] | None = None, hidden: int = 0) -> Document:
    """A presentation of slides with these shapes; `more` holds further parts under ppt/."""
    parts = {f"ppt/{name}": content for name, content in (more or {}).items()}
    for n, shapes in enumerate(made, 1):
        tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
        parts[f"ppt/slides/slide{n}.xml"] = f'<p:sld {NAMES} show="{int(n != hidden)}">{tree}</p:sld>'
    numbers = range(1, len(made) + 1)
    own = [(f"s{n}", "slide", f"slides/slide{n}.xml") for n in numbers]
    parts["ppt/_rels/presentation.xml.rels"] = links(*own, ("au", "commentAuthors", "authors.xml"))
    listed = "".join(f'<p:sldId r:id="s{n}"/>' for n in numbers)
    show = f"<p:presentation {NAMES}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
    data = office("ppt/presentation.xml", "presentationml.presentation", show, parts)
    return pptx.parse("test.pptx", data, ParseOptions())


def test_titles_are_headings_and_bullets_have_levels_on_their_page() -> None:
    number = '<a:buAutoNum type="arabicParenR"/>'
    document = slides(
        shape("休暇", place="title") + shape("種類", line("年次", level=1), line("特別", level=1), place="body"),
        shape(line("open", number), line("sign", number), line("Note:")) + shape("Steps", place="title"),
    )
    assert blocks(document) == [
        (Kind.HEADING, 1, "休暇"),
        (Kind.ITEM, 1, "種類"),
        (Kind.ITEM, 2, "年次"),
        (Kind.ITEM, 2, "特別"),
        (Kind.HEADING, 1, "Steps"),
        (Kind.ITEM, 1, "1) open"),
        (Kind.ITEM, 1, "2) sign"),
        (Kind.TEXT, 0, "Note:"),
    ]
    assert [block.page for block in document.blocks] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert document.pages == 2


def test_shapes_are_read_by_place_and_repeated_ones_left_out() -> None:
    low, high, right = (0, 5_000_000), (0, 3_000_000), (4_000_000, 3_100_000)
    shapes = shape("below", at=low) + shape("right", at=right) + shape("left", at=high) + shape("7", place="sldNum")
    where = '<p:grpSpPr><a:xfrm><a:off x="0" y="6000000"/></a:xfrm></p:grpSpPr>'
    document = slides(shapes + f"<p:grpSp>{where}{shape('in a group')}</p:grpSp>")
    assert [text for _, _, text in blocks(document)] == ["left", "right", "below", "in a group"]


def test_a_table_on_a_slide_repeats_merged_cells_downwards() -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<a:tc {more}><a:txBody>{line(text)}</a:txBody></a:tc>"

    rows = (
        cell("Office") + cell("Days"),
        cell("Tokyo", 'rowSpan="2"') + cell("20"),
        cell("", 'vMerge="1"') + cell("18"),
    )
    table = "".join(f"<a:tr>{row}</a:tr>" for row in rows)
    graphic = f"<a:graphic><a:graphicData><a:tbl>{table}</a:tbl></a:graphicData></a:graphic>"
    frame = f"<p:graphicFrame>{graphic}</p:graphicFrame>"
    assert blocks(slides(frame)) == [
        (Kind.HEADER, 0, "Office | Days"),
        (Kind.ROW, 0, "Tokyo | 20"),
        (Kind.ROW, 0, "Tokyo | 18"),
    ]


def test_notes_and_comments_follow_their_slide_and_hidden_slides_are_told() -> None:
    said = f'<p:cmLst {NAMES}><p:cm authorId="1" dt="2024-05-01T09:00:00"><p:text>Old figure?</p:text></p:cm></p:cmLst>'
    spoken = shape("Speak slowly.", place="body")
    more = {
        "slides/_rels/slide1.xml.rels": links(
            ("n", "notesSlide", "../notes.xml"), ("c", "comments", "../comments.xml")
        ),
        "notes.xml": f"<p:notes {NAMES}><p:cSld><p:spTree>{spoken}</p:spTree></p:cSld></p:notes>",
        "comments.xml": said,
        "authors.xml": f'<p:cmAuthorLst {NAMES}><p:cmAuthor id="1" name="Mori"/></p:cmAuthorLst>',
    }
    document = slides(shape("Sales", place="title"), shape("Spare", place="title"), more=more, hidden=2)
    assert blocks(document) == [
        (Kind.HEADING, 1, "Sales"),
        (Kind.NOTE, 0, "Speak slowly."),
        (Kind.NOTE, 0, "Comment (Mori, 2024-05-01): Old figure?"),
        (Kind.HEADING, 1, "Spare"),
    ]
    assert document.warnings == ("hidden slide read: 2",)


# ---------------------------------------------------------------- workbooks

# Cell styles by number: plain, 0%, a date, yen, a code of five digits.
STYLES = (
    f'<styleSheet xmlns="{S}"><numFmts><numFmt numFmtId="164" formatCode="&quot;¥&quot;#,##0"/>'
    '<numFmt numFmtId="165" formatCode="00000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/>'
    '<xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
)


def cells(rows: dict[int, list[object]]) -> str:
    """Sheet rows by number; a cell is None, a text, a number, (number, style) or "=": a formula without result."""
    made = []
    for row, values in rows.items():
        inner = ""
        for column, value in zip("ABCDEFGH", values, strict=False):
            name, style = f"{column}{row}", 0
            if isinstance(value, tuple):
                value, style = value
            if value == "=":
                inner += f'<c r="{name}"><f>SUM(A1:A9)</f></c>'
            elif isinstance(value, str):
                inner += f'<c r="{name}" t="inlineStr"><is><t>{value}</t></is></c>'
            elif value is not None:
                inner += f'<c r="{name}" s="{style}"><v>{value}</v></c>'
        made.append(f'<row r="{row}">{inner}</row>')
    return "".join(made)


def workbook(
    *sheets: tuple[str, dict[int, list[object]]], merged: str = "", hidden: str = "", more: dict[str, str] | None = None
) -> bytes:
    parts = {"xl/styles.xml": STYLES, **(more or {})}
    ranges = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged.split())
    ranges = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    for n, (_, rows) in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{S}"><sheetData>{cells(rows)}</sheetData>{ranges}</worksheet>'
        )
    own = [(f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    parts["xl/_rels/workbook.xml.rels"] = links(*own, ("st", "styles", "styles.xml"))
    state = {name: ' state="hidden"' if name == hidden else "" for name, _ in sheets}
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"{state[name]}/>' for n, (name, _) in enumerate(sheets, 1)
    )
    book = f'<workbook xmlns="{S}" xmlns:r="{R}"><sheets>{listed}</sheets></workbook>'
    return office("xl/workbook.xml", "spreadsheetml.sheet", book, parts)


def read(data: bytes, name: str = "test.xlsx") -> Document:
    return spreadsheet.parse(name, data, ParseOptions())


def test_rows_carry_their_sheet_and_number_and_look_as_on_the_screen() -> None:
    document = read(
        workbook(
            (
                "単価表",
                {
                    2: ["品目", "単価", "税率", "改定日", "コード"],
                    3: ["ペン", (1200, 3), (0.1, 1), (45383, 2), (42, 4)],
                },
            ),
            ("2024", {17: ["Total", 12.5]}),
        )
    )
    assert [(b.kind, b.sheet, b.line) for b in document.blocks] == [
        (Kind.HEADING, "単価表", None),
        (Kind.HEADER, "単価表", 2),
        (Kind.ROW, "単価表", 3),
        (Kind.HEADING, "2024", None),
        (Kind.ROW, "2024", 17),
    ]
    assert [text for _, _, text in blocks(document)][1:3] == [
        "品目 | 単価 | 税率 | 改定日 | コード",
        "ペン | ¥1,200 | 10% | 2024-04-01 | 00042",
    ]
    assert blocks(document)[-1][2] == "Total | 12.5"
    assert document.title == "test"


def test_tables_parted_by_empty_rows_have_each_their_header() -> None:
    rows: dict[int, list[object]] = {
        1: ["Prices 2024"],
        2: ["Item", "Price"],
        3: ["Pen", 1],
        4: ["Ink", 5],
        7: ["Name", 2023, 2024],
        8: ["Mori", 3, 4],
        10: ["Sum", 8, 9],
        11: ["Mean", 4, 4.5],
    }
    assert [(kind, text) for kind, _, text in blocks(read(workbook(("S", rows))))][1:] == [
        (Kind.TEXT, "Prices 2024"),
        (Kind.HEADER, "Item | Price"),
        (Kind.ROW, "Pen | 1"),
        (Kind.ROW, "Ink | 5"),
        (Kind.HEADER, "Name | 2023 | 2024"),
        (Kind.ROW, "Mori | 3 | 4"),
        (Kind.ROW, "Sum | 8 | 9"),
        (Kind.ROW, "Mean | 4 | 4.5"),
    ]


def test_merged_cells_fill_the_rows_they_cover() -> None:
    rows: dict[int, list[object]] = {1: ["部署", "氏名"], 2: ["営業部", "田中"], 3: [None, "鈴木"]}
    document = read(workbook(("S", rows), merged="A2:A3"))
    assert [text for _, _, text in blocks(document)][1:] == ["部署 | 氏名", "営業部 | 田中", "営業部 | 鈴木"]


def test_hidden_sheets_empty_sheets_and_missing_results_are_told() -> None:
    document = read(
        workbook(("Open", {1: ["a", "="], 2: ["b", "="]}), ("Secret", {1: ["x"]}), ("Empty", {}), hidden="Secret")
    )
    assert document.warnings == (
        "hidden sheet read: Secret",
        "2 formulas have no stored value; open the file in Excel and save it",
    )
    assert [text for _, _, text in blocks(document)] == ["Open", "a", "b", "Secret", "x", "Empty"]
    assert "no sheet holds any values" in read(workbook(("Empty", {}))).warnings


def test_comments_stand_on_their_row_and_readings_are_not_text() -> None:
    text = "<text><r><t>要確認</t></r><rPh><t>ようかくにん</t></rPh></text>"
    said = (
        f'<comments xmlns="{S}"><authors><author>Abe</author></authors><commentList>'
        f'<comment ref="B2" authorId="0">{text}</comment></commentList></comments>'
    )
    more = {
        "xl/worksheets/_rels/sheet1.xml.rels": links(("c", "comments", "../comments1.xml")),
        "xl/comments1.xml": said,
    }
    document = read(workbook(("S", {1: ["a", "b"], 2: ["c", "d"]}), more=more))
    assert (document.blocks[-1].line, blocks(document)[-1]) == (2, (Kind.NOTE, 0, "Comment (Abe): 要確認"))


def test_one_cell_far_out_does_not_fill_the_memory() -> None:
    first, last = '<row r="1"><c r="A1"><v>1</v></c></row>', '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    far = f'<worksheet xmlns="{S}"><sheetData>{first}{last}</sheetData></worksheet>'
    data = workbook(("S", {}))
    with pytest.raises(LimitError, match="spans more than"):
        read(replaced(data, "xl/worksheets/sheet1.xml", far))


def test_a_table_exported_under_the_name_of_a_workbook_is_read_for_what_it_is() -> None:
    page = b"<html><table><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>1</td></tr></table></html>"
    assert "Pen | 1" in read(page, "a.xls").text
    assert "Pen | 1" in read(b"Item\tPrice\nPen\t1\n", "a.xls").text


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.15, "0%", "15%"),
        (0.1234, "0.0%", "12.3%"),
        (1234567, "#,##0", "1,234,567"),
        (-1500, '#,##0"円";[Red]"▲"#,##0"円"', "-1,500円"),
        (1234.5, "[$¥-411]#,##0", "¥1,235"),
        (1500041, "000\\-0000", "150-0041"),
        (9012345678, "000-0000-0000", "090-1234-5678"),
        (1234567, '#,##0.0,,"M"', "1.2M"),
        (-1234, '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "-1,234"),
        (0, "#,##0", "0"),
        (-0.001, "0", "0"),
        (45383, "yyyy/m/d", "45383"),
        (0.1 + 0.2, "General", "0.3"),
        (1e20, "0.00E+00", "1e+20"),
    ],
)
def test_number_formats(value: float, code: str, shown: str) -> None:
    assert show_number(value, code) == shown


@given(st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_decimals_and_thousands_agree_with_python(number: int, places: int) -> None:
    value = number / 1000
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    expected = f"{rounded:,}" if rounded else f"{abs(rounded):,}"
    assert show_number(value, "#,##0" + ("." + "0" * places if places else "")) == expected


# ---------------------------------------------------------------- guards


def part_of(data: bytes, part: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(part).decode()


def replaced(data: bytes, part: str, content: str) -> bytes:
    """The package with one part written anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    return package(parts | {part: content})


BOMB = '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("reader", "data", "part"),
    [(word, docx(), "word/document.xml"), (spreadsheet, xlsx(), "xl/workbook.xml")],
    ids=["docx", "xlsx"],
)
def test_entities_are_refused_and_not_expanded(reader: ModuleType, data: bytes, part: str) -> None:
    content = BOMB + part_of(data, part)
    with pytest.raises(DocumentError, match="declares XML entities"):
        reader.parse("a.docx", replaced(data, part, content), ParseOptions())


def test_a_file_named_by_an_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the launch code")
    outside = f'<!DOCTYPE x [<!ENTITY f SYSTEM "{secret.as_uri()}">]>'
    content = part_of(docx(), "word/document.xml").replace("</w:t>", "&f;</w:t>")
    with pytest.raises(DocumentError) as refused:
        word.parse("a.docx", replaced(docx(), "word/document.xml", outside + content), ParseOptions())
    assert "launch" not in refused.value.message


def test_a_part_that_unpacks_to_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.office.zip_package, "MAX_PART_BYTES", 1 << 20)
    bomb = replaced(docx(), "word/document.xml", "<a>" + " " * (2 << 20) + "</a>")
    with pytest.raises(LimitError, match=r"a\.docx would unpack to more than 1 MiB"):
        word.parse("a.docx", bomb, ParseOptions())


def test_links_that_leave_the_package_are_not_followed() -> None:
    outside = (
        f'<Relationships xmlns="{PACKAGE_LINKS}">'
        f'<Relationship Id="s" Type="{R}/styles" Target="http://x.test/s.xml" TargetMode="External"/>'
        f'<Relationship Id="n" Type="{R}/numbering" Target="../../../../etc/passwd"/></Relationships>'
    )
    data = replaced(docx(), "word/_rels/document.xml.rels", outside)
    assert word.parse("a.docx", data, ParseOptions()) == word.parse("a.docx", docx(), ParseOptions())


def test_too_deep_nesting_is_an_error_of_the_document() -> None:
    content = part_of(docx(), "word/document.xml")
    for depth in (50, 80, 5000):
        opening, closing = "<w:tbl><w:tr><w:tc>" * depth, "</w:tc></w:tr></w:tbl>" * depth
        deep = content.replace("<w:body>", f"<w:body>{opening}<w:p><w:r><w:t>deep</w:t></w:r></w:p>{closing}")
        try:
            assert "deep" in word.parse("a.docx", replaced(docx(), "word/document.xml", deep), ParseOptions()).text
        except DocumentError as error:
            assert depth > 50 and ("nests" in error.message or "not well-formed" in error.message)


@pytest.mark.parametrize("cut", [0, 1, 100, 500])
def test_a_cut_file_is_named(cut: int) -> None:
    with pytest.raises(DocumentError, match=r"^a\.docx is "):
        word.parse("a.docx", docx()[:cut], ParseOptions())


def padded(data: bytes) -> bytes:
    """The package with a part that nobody reads: the library that encrypts it here gets small files wrong."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("padding.bin", random.Random(1).randbytes(5000))
    return stream.getvalue()


def encrypted(data: bytes, password: str) -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(padded(data))).encrypt(password, locked)
    return locked.getvalue()


@pytest.mark.parametrize(("reader", "data"), [(word, docx()), (spreadsheet, xlsx())], ids=["docx", "xlsx"])
def test_an_encrypted_file_asks_for_its_password_and_opens_with_it(reader: ModuleType, data: bytes) -> None:
    locked = encrypted(data, "himitsu")
    parse = reader.parse
    with pytest.raises(EncryptedError, match="needs a password") as asked:
        parse("a.docx", locked, ParseOptions())
    assert "--password-file" in asked.value.next
    with pytest.raises(EncryptedError, match="none of the given passwords"):
        parse("a.docx", locked, ParseOptions(passwords=("wrong",)))
    opened = parse("a.docx", locked, ParseOptions(passwords=("wrong", "himitsu")))
    assert opened.text == parse("a.docx", data, ParseOptions()).text
