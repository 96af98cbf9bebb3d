"""Values that the readers of tables and structured data give: rows with their numbers, paths with their values."""

from __future__ import annotations

import pytest
from parsing import read, rows, texts

from index.errors import DocumentError
from index.types import Kind
from ingest.parsers import delimited, json_text, rst, xml_text

# ---------------------------------------------------------------- CSV


def test_csv_rows_have_the_lines_at_which_they_stand_in_the_file() -> None:
    source = '2024年度 在庫,,\n\n品番,品名,単価\nA-1,"六角, ナット",80\nA-2,"two\nlines",1,200,extra\nA-3,ボルト,90\n'
    document = read(delimited, source, "a.csv")
    assert rows(document) == [
        ("text", 0, 1, "2024年度 在庫"),
        ("header", 0, 3, "品番 | 品名 | 単価"),
        ("row", 0, 4, "A-1 | 六角, ナット | 80"),
        ("row", 0, 5, "A-2 | two lines | 1 | 200 | extra"),
        ("row", 0, 7, "A-3 | ボルト | 90"),
    ]
    assert document.warnings == ("1 row has more cells than the header",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    lines = [["name", "note", "price"], ["bolt", "a, b; c", "1,50"], ["nut", "", "2,00"]]
    source = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    assert texts(read(delimited, source, "a.csv")) == ["name | note | price", "bolt | a, b; c | 1,50", "nut |  | 2,00"]


def test_excels_own_word_for_the_delimiter() -> None:
    assert rows(read(delimited, "sep=;\na;b,c,d\n1;2,2,2\n", "a.csv"))[0] == ("header", 0, 2, "a | b,c,d")


@pytest.mark.parametrize(
    ("source", "header"),
    [
        ("Dublin,2022,2023\nKanazawa,1,2\n", True),  # years name columns
        ("1,2,3\n4,5,6\n", False),
        ("Sato,2024-01-01,30\nAbe,2024-02-01,31\n", False),
        ("name,name\na,b\n", False),
        ("only,one,row\n", False),
    ],
)
def test_a_header_holds_names_and_no_values(source: str, header: bool) -> None:
    assert (read(delimited, source, "a.csv").blocks[0].kind is Kind.HEADER) == header


def test_a_quote_that_never_ends_does_not_swallow_the_file() -> None:
    source = "size,name\n" + '15" screen,"broken\n' + "".join(f"{n},row {n}\n" for n in range(400))
    document = read(delimited, source, "a.csv")
    assert len(document.blocks) == 402 and texts(document)[-1] == "399 | row 399"


# ---------------------------------------------------------------- JSON, XML


def test_json_is_one_paragraph_a_record_with_numbers_as_written() -> None:
    source = (
        '{"title": "Staff", "office": {"city": "Dublin", "open": true, "rent": 1.10, "old": null}, '
        '"staff": [{"name": "Aoife", "days": [20, 22]}, {"name": "佐藤"}]}'
    )
    document = read(json_text, source, "a.json")
    assert document.title == "Staff"
    assert texts(document) == [
        "title: Staff\noffice.city: Dublin\noffice.open: true\noffice.rent: 1.10",
        "staff[1].name: Aoife\nstaff[1].days: 20, 22",
        "staff[2].name: 佐藤",
    ]


def test_json_lines_are_rows_with_their_line() -> None:
    assert rows(read(json_text, '{"a": 1, "b": {"c": "x"}}\n\n{"a": 2}\n', "a.jsonl")) == [
        ("row", 0, 1, "a: 1 | b.c: x"),
        ("row", 0, 3, "a: 2"),
    ]
    with pytest.raises(DocumentError, match="line 2"):
        read(json_text, '{"a": 1}\n{"a": \n', "a.ndjson")


def test_a_notebook_gives_its_cells() -> None:
    source = """{"metadata": {"title": "Sales"}, "cells": [
      {"cell_type": "markdown", "source": ["# Intro\\n", "\\n", "Read *this*."]},
      {"cell_type": "code", "source": "1+1", "outputs": [{"data": {"text/plain": ["2"], "image/png": "AAAA"}}]}]}"""
    document = read(json_text, source, "a.ipynb")
    assert [(k, t) for k, _, _, t in rows(document)] == [
        ("heading", "Intro"),
        ("text", "Read *this*."),
        ("code", "1+1"),
        ("code", "2"),
    ]
    assert document.title == "Sales"


@pytest.mark.parametrize("outputs", ["true", "5", '[{"data": "x"}]', '{"data": {}}'])
def test_a_notebook_with_outputs_of_another_kind_gives_its_source(outputs: str) -> None:
    source = f'{{"cells": [{{"cell_type": "code", "source": "1+1", "outputs": {outputs}}}]}}'
    assert read(json_text, source, "a.ipynb").text == "1+1"


def test_xml_gives_values_with_their_names_and_running_text_whole() -> None:
    source = """<?xml version="1.0" encoding="Shift_JIS"?><book><title>規則</title>
    <rule no="12"><name>休暇</name><days>20</days></rule><p>See <b>article</b> 3.</p></book>"""
    document = read(xml_text, source.encode("cp932"), "a.xml")
    assert (document.title, document.warnings) == ("規則", ())
    assert texts(document) == ["title: 規則", "rule no: 12\nname: 休暇\ndays: 20", "See article 3."]


def test_xml_with_entities_is_refused_and_broken_xml_read_as_far_as_it_goes() -> None:
    with pytest.raises(DocumentError, match="entities"):
        read(xml_text, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "a.xml")
    broken = read(xml_text, "<a><b>one</b><c>two</a>", "a.xml")
    assert "b: one" in broken.text and "broken" in broken.warnings[0]
    with pytest.raises(DocumentError, match="not XML"):
        read(xml_text, "no markup at all", "a.xml")


def test_a_sign_before_a_figure_opens_no_grid_and_a_grid_may_lack_its_last_rule() -> None:
    assert texts(read(rst, "Size.\n\n+-2 mm is allowed.\n", "a.rst")) == ["Size.", "+-2 mm is allowed."]
    grid = "+---+---+\n| a | b |\n+---+---+\n| c | d |\n"
    assert texts(read(rst, grid + "+---+---+\n", "a.rst")) == texts(read(rst, grid, "a.rst")) == ["a | b", "c | d"]


@pytest.mark.parametrize(
    ("inner", "row"),
    [("+---+ c |\n| d |   |\n", "a d | b c"), ("|   +---+\n|   | c |\n", "a | b c"), ("|   | c\n", "a | b c")],
)
def test_a_cell_that_reaches_over_a_rule_of_a_grid_loses_no_words(inner: str, row: str) -> None:
    assert texts(read(rst, f"+---+---+\n| a | b |\n{inner}+---+---+\n", "a.rst")) == [row]
