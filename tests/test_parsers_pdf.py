"""The PDF parser on small files written here: pages, labels, headings, columns, tables, hidden text, passwords."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pypdf
import pytest
from pypdf.annotations import FreeText
from pypdf.constants import PageLabelStyle
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from index.errors import DocumentError, EncryptedError
from index.types import Block, Document, Kind
from ingest.pages import ocr
from ingest.pages.page_layout import find_compounds, mend_hyphens
from ingest.pages.page_lines import HYPHEN, VERTICAL, Piece, turn_box
from ingest.pages.reading_order import order_pieces, sort_pieces
from ingest.parsers import ParseOptions, pdf

Text = tuple[float, float, str]  # x, y (from below), words


def page(texts: Sequence[Text], *, size: float = 11, font: str = "F1", extra: str = "") -> str:
    """Content that draws `texts`."""
    shown = "".join(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm {literal(words)} Tj ET\n" for x, y, words in texts)
    return shown + extra


def literal(words: str) -> str:
    return "(" + words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"


def write_pdf(*contents: str, page_entries: str = "", catalog: str = "", objects: Sequence[bytes] = ()) -> bytes:
    """A PDF with one page for each of `contents`; `objects` are numbered from 6 + 2 × the number of pages."""
    count = len(contents)
    fonts = "/F1 4 0 R /F2 5 0 R"
    bodies: list[bytes] = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{6 + 2 * n} 0 R' for n in range(count))}] >>".encode(),
        b"<< /Producer (tests) >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        data = content.encode("cp1252")
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {7 + 2 * number} 0 R "
            f"/Resources << /Font << {fonts} >> /XObject << /Im 999 0 R >> >> {page_entries} >>".encode()
        )
        bodies.append(f"<< /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")
    return assemble([*bodies, *objects])


def assemble(bodies: Sequence[bytes], root: int = 1) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return bytes(out + f"trailer << /Size {len(bodies) + 1} /Root {root} 0 R >>\nstartxref\n{start}\n%%EOF".encode())


def scan(count: int = 1, extra: str = "") -> bytes:
    """Pages that show nothing but a grey picture."""
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 4 >>"
    )
    data = write_pdf(
        *["q 595 0 0 842 0 0 cm /Im Do Q\n" + extra] * count,
        objects=[picture + b"\nstream\n\x00\x80\xff\x10\nendstream"],
    )
    return data.replace(b"/Im 999 0 R", f"/Im {6 + 2 * count} 0 R".encode())


def read(data: bytes, *passwords: str) -> Document:
    return pdf.parse("file.pdf", data, ParseOptions(passwords=passwords, ocr=False))


def shown(document: Document) -> list[tuple[str, str]]:
    return [(str(block.kind), document.text[block.start : block.end]) for block in document.blocks]


def find(document: Document, words: str) -> Block:
    return next(block for block in document.blocks if words in document.text[block.start : block.end])


def rewrite(data: bytes) -> pypdf.PdfWriter:
    return pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(data)))


def saved(writer: pypdf.PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


PROSE = (
    "Full-time employees receive twenty days of paid leave in every year of work,",
    "and those who work part of the week receive a share of it that follows from",
    "their contract. Leave that was not taken lapses at the end of June.",
)


def paragraph(x: float, top: float, lines: Sequence[str], leading: float = 14) -> list[Text]:
    return [(x, top - leading * number, line) for number, line in enumerate(lines)]


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


# ---------------------------------------------------------------- what the file says of itself


def test_page_labels_title_and_date() -> None:
    writer = rewrite(write_pdf(*[page([(72, 770, "Words.")])] * 3))
    writer.set_page_label(0, 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(2, 2, style=PageLabelStyle.DECIMAL, start=1)
    writer.add_metadata({"/Title": "Work rules", "/CreationDate": "D:20240401120000+09'00'"})
    document = read(saved(writer))
    assert document.page_labels == ("i", "ii", "1")
    assert (document.title, document.date) == ("Work rules", "2024-04-01")


@pytest.mark.parametrize("title", ["untitled", "Microsoft Word - ", "scan0001.pdf", "(anonymous)"])
def test_titles_made_by_programs_are_no_titles(title: str) -> None:
    writer = rewrite(write_pdf(page([(72, 770, "Leave policy")], size=20) + page(paragraph(72, 700, PROSE))))
    writer.add_metadata({"/Title": title})
    assert read(saved(writer)).title == "Leave policy"


def test_comments_and_form_values_are_read() -> None:
    writer = rewrite(write_pdf(page(paragraph(72, 770, PROSE))))
    writer.add_annotation(0, FreeText(text="Ask Ms Ito about this", rect=(50, 550, 200, 650)))
    field: dict[Any, Any] = {
        NameObject("/Type"): NameObject("/Annot"),
        NameObject("/Subtype"): NameObject("/Widget"),
        NameObject("/FT"): NameObject("/Tx"),
        NameObject("/T"): TextStringObject("Surname"),
        NameObject("/V"): TextStringObject("田中"),
        NameObject("/Rect"): ArrayObject([NumberObject(number) for number in (50, 400, 200, 420)]),
    }
    annotations: Any = writer.pages[0]["/Annots"]
    annotations.append(writer._add_object(DictionaryObject(field)))
    document = read(saved(writer))
    assert find(document, "Ask Ms Ito about this").kind is Kind.NOTE
    assert find(document, "Surname: 田中").page == 1


def test_embedded_files_are_members() -> None:
    writer = rewrite(write_pdf(page([(72, 770, "See the attachment.")])))
    writer.add_attachment("../../rates.csv", b"office,days\nTokyo,20\n")
    (member,) = read(saved(writer)).members
    assert (member.name, member.data) == ("rates.csv", b"office,days\nTokyo,20\n")


# ---------------------------------------------------------------- hidden text


WHITE = "1 1 1 rg\n" + page([(72, 500, "white words")]) + "0 g\n"


@pytest.mark.parametrize(
    "extra",
    [
        WHITE,
        page([(72, 500, "white words")], size=0.5),
        page([(700, 500, "white words")]),
        "BT 3 Tr /F1 11 Tf 1 0 0 1 72 500 Tm (white words) Tj 0 Tr ET\n",
    ],
    ids=["white on white", "tiny", "outside the page", "invisible"],
)
def test_hidden_text_is_left_out_and_reported(extra: str) -> None:
    document = read(write_pdf(page([(72, 770, "Nothing here.")]), page([(72, 770, "Seen words.")]) + extra))
    assert "white words" not in document.text and "Seen words." in document.text
    assert document.warnings == ("hidden text on p. 2 left out",)


def test_white_text_on_a_dark_ground_is_seen() -> None:
    document = read(write_pdf("0 0 0.5 rg 60 490 200 30 re f\n" + WHITE))
    assert document.text == "white words"
    assert document.warnings == ()


def test_the_invisible_layer_of_a_scan_is_its_text() -> None:
    layer = "BT 3 Tr /F1 11 Tf 1 0 0 1 72 500 Tm (recognised before, word by word, by the scanner that made this file, "
    layer += "from a page of paper) Tj "
    layer += "0 -14 Td (with more than a hundred characters on its page) Tj ET\n"
    document = read(scan(extra=layer))
    assert document.text.startswith("recognised before, word by word")
    assert document.warnings == ()


# ---------------------------------------------------------------- scans, damage, passwords


def test_scans_without_ocr_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    document = pdf.parse("scan.pdf", scan(3), ParseOptions())
    assert document.text == "" and document.pages == 3
    assert document.warnings == (
        "3 of 3 pages are scans without text; install the ocr extra: pip install 'tebiki-rag[ocr]'",
    )


def test_recognised_lines_stand_where_the_page_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [Piece("A line that was read", 100, 900, 600, 930, 24), Piece("and the next one.", 100, 866, 560, 896, 24)]
    monkeypatch.setattr(ocr, "is_installed", lambda: True)
    monkeypatch.setattr(ocr, "read_image", lambda pixels: lines)
    document = pdf.parse("scan.pdf", scan(), ParseOptions())
    assert shown(document) == [("text", "A line that was read and the next one.")]
    assert document.warnings == ("text of p. 1 read by OCR",)


def test_empty_pages_are_counted() -> None:
    document = read(write_pdf(page([(72, 770, "Words.")]), "", ""))
    assert document.warnings == ("2 of 3 pages had no text",)


def test_characters_without_meaning_are_reported() -> None:
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 1 begincmap 1 beginbfrange <41> <5A> <E041> endbfrange endcmap end"
    )
    stream = f"<< /Length {len(to_unicode)} >>\nstream\n".encode() + to_unicode + b"\nendstream"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 8 0 R >>"
    data = write_pdf(page([(72, 770, "ABCDEF GHIJK LMNOP QRSTU")]), objects=[stream])
    plain = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    bodies = [part.split(b"\nendobj")[0] for part in data.split(b" 0 obj\n")[1:]]
    assert bodies[3] == plain
    bodies[3] = font
    assert read(assemble(bodies)).warnings == ("100% of characters unreadable on p. 1",)


def test_passwords() -> None:
    writer = rewrite(write_pdf(page([(72, 770, "Confidential words.")])))
    writer.encrypt("open sesame", "owner", algorithm="AES-256")
    data = saved(writer)
    with pytest.raises(EncryptedError) as caught:
        read(data, "wrong")
    assert "--password-file" in caught.value.next
    assert read(data, "wrong", "open sesame").text == "Confidential words."


def test_a_file_that_only_forbids_copying_is_read() -> None:
    writer = rewrite(write_pdf(page([(72, 770, "Public words.")])))
    writer.encrypt("", "owner", algorithm="AES-256")
    assert read(saved(writer)).text == "Public words."


def test_a_broken_cross_reference_table_is_no_obstacle() -> None:
    data = write_pdf(page([(72, 770, "Still here.")]))
    start = data.index(b"xref")
    assert read(data[:start] + data[start:].replace(b"0000", b"9999")).text == "Still here."


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 not a PDF", b"%PDF-1.7\n" + b"junk" * 50], ids=["empty", "zip", "junk"]
)
def test_what_cannot_be_read_is_said_in_a_sentence(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"\.$"):
        read(data)


# ---------------------------------------------------------------- reading order


def vertical_line(text: str, x: float, top: float, size: float = 10) -> list[Piece]:
    """Characters below each other, as programs draw them one by one."""
    return [Piece(char, x, top - size * (n + 1), x + size, top - size * n, size) for n, char in enumerate(text)]


def test_vertical_writing_is_read_in_columns_from_the_right() -> None:
    first, second = (
        vertical_line("従業員は年次有給休暇を取る", 500, 700),
        vertical_line("休暇は六月末に失効する。", 480, 700),
    )
    ordered = order_pieces(second + first)
    assert "".join(piece.text for piece in ordered) == "従業員は年次有給休暇を取る休暇は六月末に失効する。"
    assert all(piece.turn == VERTICAL for piece in ordered)


def test_vertical_writing_in_two_bands_is_read_band_by_band() -> None:
    upper = [vertical_line(f"上の段の第{number}行にはこう書いてある", 500 - 20 * number, 700) for number in range(4)]
    lower = [vertical_line(f"下の段の第{number}行にはこう書いてある", 500 - 20 * number, 500) for number in range(4)]
    mixed = [piece for pair in zip(lower, upper, strict=True) for line in pair for piece in line]
    text = "".join(piece.text for piece in order_pieces(mixed))
    assert text == "".join(f"{band}の段の第{number}行にはこう書いてある" for band in "上下" for number in range(4))


def test_ticks_in_a_column_of_a_table_stay_where_they_are() -> None:
    pieces = [Piece("有", 100, 700 - 20 * n, 110, 710 - 20 * n, 10) for n in range(5)]
    assert order_pieces(pieces) == pieces


def test_a_headline_over_two_columns_comes_first() -> None:
    def line(text: str, x: float, y: float) -> Piece:
        return Piece(text, x, y, x + 200, y + 10, 10)

    left = [line(f"left column, line {number}", 50, 700 - 14 * number) for number in range(5)]
    right = [line(f"right column, line {number}", 300, 700 - 14 * number) for number in range(5)]
    head = Piece("A headline over both", 50, 760, 500, 780, 20)
    assert sort_pieces([*right, head, *reversed(left)]) == [head, *left, *right]


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_turning_a_box_keeps_its_size(angle: int) -> None:
    x0, y0, x1, y1 = turn_box((10, 20, 110, 32), angle)
    assert x0 < x1 and y0 < y1
    assert sorted((x1 - x0, y1 - y0)) == [12, 100]
    assert ((x1 - x0) > (y1 - y0)) is (angle in (0, 180))
