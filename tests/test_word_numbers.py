"""Headings of Word documents, and the numbers that Word writes before paragraphs without storing them."""

from __future__ import annotations

import pytest
from document_views import blocks, texts
from hypothesis import given
from hypothesis import strategies as st
from word_samples import numbered, numbering, paragraph, read, style, styles

from index.types import Kind
from ingest.office.word_numbering import spell


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


def test_a_start_beyond_all_lists_is_not_believed() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1000000000000"/></w:lvlOverride>'
    made = numbering(("lowerLetter", "%1."), override=override)
    assert texts(read(numbered("x", 0, 2), numbering=made)) == ["a. x"]


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
