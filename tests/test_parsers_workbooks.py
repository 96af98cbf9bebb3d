"""Workbooks: rows as the screen shows them, headers, merged cells, and what the file does not hold."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from document_views import blocks
from hostile_documents import looping_ole
from hypothesis import given
from hypothesis import strategies as st
from parser_samples import OFFICE_LINKS as R
from parser_samples import links, office, replaced

from index.errors import DocumentError, LimitError
from index.types import Document, Kind
from ingest.office.number_format import show_number
from ingest.office.ole_sectors import check_sectors
from ingest.parsers import ParseOptions, spreadsheet

S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

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


def test_a_comment_of_xml_between_cells_is_no_cell() -> None:
    row = '<row r="1"><!-- made by hand --><?by hand?><c r="A1"><v>5</v></c></row>'
    sheet = f'<worksheet xmlns="{S}"><sheetData>{row}</sheetData></worksheet>'
    assert read(replaced(workbook(("S", {})), "xl/worksheets/sheet1.xml", sheet)).text == "S\n\n5"


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


@pytest.mark.parametrize("where", ["table", "chain", "small", ""])
def test_an_old_workbook_whose_sectors_lead_in_a_circle_is_damaged(where: str) -> None:
    """Calamine would follow them until its memory is used up."""
    if not where:
        check_sectors("name.xls", looping_ole(where))
        return
    with pytest.raises(DocumentError, match="damaged: its sectors lead in a circle"):
        spreadsheet.parse("name.xls", looping_ole(where), ParseOptions())


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
        (1e30, "0.00", "1" + "0" * 30 + ".00"),
        (float("inf"), "0.00", "inf"),
        (float("nan"), "General", "nan"),
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
