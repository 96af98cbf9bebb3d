"""What a PDF says of itself and hides: labels, comments, hidden text, scans, damage and passwords."""

from __future__ import annotations

from typing import Any

import pytest
from pdf_samples import PROSE, assemble, find, page, paragraph, read, rewrite, saved, scan, shown, write_pdf
from pypdf.annotations import FreeText
from pypdf.constants import PageLabelStyle
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from index.errors import DocumentError, EncryptedError
from index.types import Kind
from ingest.pages import ocr
from ingest.pages.page_layout import build_blocks
from ingest.pages.page_lines import Piece
from ingest.parsers import ParseOptions, pdf

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


def test_a_file_that_lies_outside_costs_no_comment() -> None:
    writer = rewrite(write_pdf(page(paragraph(72, 770, PROSE))))
    outside: dict[Any, Any] = {
        NameObject("/Type"): NameObject("/Annot"),
        NameObject("/Subtype"): NameObject("/FileAttachment"),
        NameObject("/FS"): DictionaryObject({NameObject("/F"): TextStringObject("plan.txt")}),
        NameObject("/Rect"): ArrayObject([NumberObject(number) for number in (50, 400, 200, 420)]),
    }
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(DictionaryObject(outside))])
    writer.add_annotation(0, FreeText(text="Ask Ms Ito about this", rect=(50, 550, 200, 650)))
    assert find(read(saved(writer)), "Ask Ms Ito about this").kind is Kind.NOTE


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


def test_chapters_and_articles_of_rules_in_one_size_are_lines_of_their_own() -> None:
    texts = (
        "賃金規程",
        "第1章　総則",
        "（目的）",
        "第1条　この規程は、従業員に対する賃金の支払に",
        "ついて定める。",
        "第2条（締切日）",
        "毎月20日とする。",
    )
    lines = [Piece(text, 100, 900 - 34 * n, 100 + 24 * len(text), 930 - 34 * n, 24) for n, text in enumerate(texts)]
    assert [block.text for block in build_blocks(lines)] == [
        "賃金規程",
        "第1章　総則",
        "（目的）",
        "第1条　この規程は、従業員に対する賃金の支払について定める。",
        "第2条（締切日）",
        "毎月20日とする。",
    ]
