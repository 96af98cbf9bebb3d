"""PDF pages: paragraphs, columns, tables, headings, and heads and feet left out."""

from __future__ import annotations

from pdf_samples import PROSE, Text, literal, page, paragraph, read, rewrite, saved, shown, write_pdf

from index.types import Kind
from ingest.pages.page_layout import find_compounds, mend_hyphens
from ingest.pages.page_lines import HYPHEN

# ---------------------------------------------------------------- pages and paragraphs


def test_lines_become_paragraphs_that_know_their_page() -> None:
    document = read(write_pdf(page(paragraph(72, 770, PROSE)), page(paragraph(72, 770, ["Second page here."]))))
    assert shown(document) == [("text", " ".join(PROSE)), ("text", "Second page here.")]
    assert [block.page for block in document.blocks] == [1, 2]
    assert document.pages == 2
    assert document.page_labels == ()


def test_a_wider_gap_begins_a_paragraph() -> None:
    two = paragraph(72, 770, PROSE) + paragraph(72, 700, PROSE)
    assert shown(read(write_pdf(page(two)))) == [("text", " ".join(PROSE))] * 2


def test_an_indented_line_begins_a_paragraph() -> None:
    lines = [*paragraph(72, 770, PROSE[:2]), (92, 742, PROSE[0]), *paragraph(72, 728, PROSE[1:])]
    assert [text for _, text in shown(read(write_pdf(page(lines))))] == [" ".join(PROSE[:2]), " ".join(PROSE)]


def test_words_divided_at_line_ends_are_joined_and_compounds_keep_their_hyphen() -> None:
    lines = [
        "The well-being of employees is in the responsi-",
        "bility of the whole board, and their well-",
        "being counts.",
    ]
    (text,) = [text for _, text in shown(read(write_pdf(page(paragraph(72, 770, lines)))))]
    assert (
        text == "The well-being of employees is in the responsibility of the whole board, and their well-being counts."
    )


def test_hyphens_stay_before_figures_and_capitals() -> None:
    texts = [f"COVID{HYPHEN}19", f"Anglo{HYPHEN} Saxon", f"long{HYPHEN}term", f"respon{HYPHEN}sible", "long-term"]
    assert mend_hyphens(texts, find_compounds(texts)) == [
        "COVID-19",
        "Anglo-Saxon",
        "long-term",
        "responsible",
        "long-term",
    ]


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [f"The left column says in line {number} something" for number in range(8)]
    right = [f"while the right column in line {number} says more" for number in range(8)]
    drawn_by_column = paragraph(60, 770, left) + paragraph(320, 770, right)
    drawn_by_line = [
        text for pair in zip(paragraph(60, 770, left), paragraph(320, 770, right), strict=True) for text in pair
    ]
    for texts in (drawn_by_column, drawn_by_line):
        document = read(write_pdf(page(texts)))
        assert " ".join(document.text.split()) == " ".join(left + right)


def test_a_letterhead_drawn_last_is_read_first() -> None:
    texts = [*paragraph(72, 700, PROSE), (72, 790, "Sample Trading Ltd."), (72, 40, "Page 1 of 1")]
    assert [text for _, text in shown(read(write_pdf(page(texts))))] == [
        "Sample Trading Ltd.",
        " ".join(PROSE),
        "Page 1 of 1",
    ]


def test_pages_turned_by_rotate_read_like_others() -> None:
    upright = [
        f"BT /F1 11 Tf 0 1 -1 0 {100 + 14 * number} 72 Tm {literal(line)} Tj ET" for number, line in enumerate(PROSE)
    ]
    document = read(write_pdf("\n".join(upright), page_entries="/Rotate 90"))
    assert shown(document) == [("text", " ".join(PROSE))]


def test_text_drawn_twice_for_boldness_is_read_once() -> None:
    twice = page([(72, 770, "Notice to all"), (72.3, 770, "Notice to all")])
    assert read(write_pdf(twice)).text == "Notice to all"


def test_lists_become_items_with_their_depth() -> None:
    texts: list[Text] = [
        (72, 770, "Bring with you:"),
        (72, 756, "• a passport that is valid for at least six more months after the end of your"),
        (82, 742, "journey to the country"),
        (72, 728, "• two photos"),
        (100, 714, "• in colour"),
        (72, 700, "1. one form"),
    ]
    document = read(write_pdf(page(texts)))
    items = [
        (block.level, document.text[block.start : block.end]) for block in document.blocks if block.kind is Kind.ITEM
    ]
    assert items == [
        (1, "• a passport that is valid for at least six more months after the end of your journey to the country"),
        (1, "• two photos"),
        (2, "• in colour"),
        (1, "1. one form"),
    ]


# ---------------------------------------------------------------- tables


def row(y: float, *cells: str) -> list[Text]:
    return [(72 + 150 * number, y, cell) for number, cell in enumerate(cells) if cell]


def test_rows_stay_whole_and_the_header_is_told() -> None:
    texts = [
        *row(770, "Office", "Leave", "Notice"),
        *row(752, "Tokyo", "20 days", "30 days"),
        *row(734, "Osaka", "18 days", "60 days"),
    ]
    document = read(write_pdf(page(texts)))
    assert shown(document) == [
        ("header", "Office | Leave | Notice"),
        ("row", "Tokyo | 20 days | 30 days"),
        ("row", "Osaka | 18 days | 60 days"),
    ]


def test_signs_of_currency_belong_to_their_figure() -> None:
    texts = [
        (72, 770, "Sales"),
        (250, 770, "$"),
        (270, 770, "1,200"),
        (72, 752, "Costs"),
        (250, 752, "$"),
        (276, 752, "900"),
    ]
    assert shown(read(write_pdf(page(texts)))) == [("row", "Sales | $ 1,200"), ("row", "Costs | $ 900")]


def test_ticks_drawn_in_one_go_stand_in_their_columns() -> None:
    ticks = "BT /F1 11 Tf 1 0 0 1 222 {y} Tm [(X) -13000 (X)] TJ ET\n"
    content = page([*row(770, "Task", "Staff", "Board"), *row(752, "Hire"), *row(734, "Pay")])
    document = read(write_pdf(content + ticks.format(y=752) + ticks.format(y=734)))
    assert "XX" not in document.text and document.text.count("X") == 4


def test_cells_of_several_lines_are_read_cell_by_cell() -> None:
    texts: list[Text] = []
    for top, name in ((770, "Plan A"), (700, "Plan B")):
        texts += [
            (72, top, name),
            (222, top, "covers dental"),
            (222, top - 12, "and eye care"),
            (372, top, "from the first"),
            (372, top - 12, "of April"),
        ]
    assert shown(read(write_pdf(page(texts)))) == [
        ("row", "Plan A | covers dental and eye care | from the first of April"),
        ("row", "Plan B | covers dental and eye care | from the first of April"),
    ]


# ---------------------------------------------------------------- headings, heads and feet


def test_headings_come_from_the_outline() -> None:
    contents = [
        page([(72, 770, f"{number}. Part {name}"), *paragraph(72, 740, PROSE)])
        for number, name in enumerate("abcdef", 1)
    ]
    writer = rewrite(write_pdf(*contents))
    for number, name in enumerate("abcdef"):
        writer.add_outline_item(title=f"{number + 1}. Part {name}", page_number=number)
    document = read(saved(writer))
    headings = [
        (block.page, block.level, document.text[block.start : block.end])
        for block in document.blocks
        if block.kind is Kind.HEADING
    ]
    assert headings == [(number, 1, f"{number}. Part {name}") for number, name in enumerate("abcdef", 1)]


def test_headings_come_from_size_and_boldness() -> None:
    content = (
        page([(72, 770, "Staff handbook")], size=24)
        + page([(72, 720, "Annual leave")], size=16)
        + page(paragraph(72, 690, PROSE))
        + page([(72, 620, "Carried over")], font="F2")
        + page(paragraph(72, 600, PROSE))
        + page([(72, 530, "Sick leave")], size=16)
        + page(paragraph(72, 500, PROSE))
    )
    document = read(write_pdf(content))
    assert [
        (block.level, document.text[block.start : block.end]) for block in document.blocks if block.kind is Kind.HEADING
    ] == [
        (1, "Staff handbook"),
        (2, "Annual leave"),
        (3, "Carried over"),
        (2, "Sick leave"),
    ]
    assert document.title == "Staff handbook"


def test_running_heads_and_page_numbers_are_left_out() -> None:
    words = ["pears", "plums", "quinces", "figs", "dates"]
    contents = [
        page(
            [
                (72, 810, "Orchard report 2024"),
                *paragraph(72, 770, [f"This page is about {word} and how they grow."]),
                (290, 30, str(number)),
            ]
        )
        for number, word in enumerate(words, 1)
    ]
    document = read(write_pdf(*contents))
    assert document.text.count("Orchard report 2024") == 1
    assert [text for _, text in shown(document) if text.isdigit()] == []
    assert all(f"about {word}" in document.text for word in words)
