"""Presentations: text by its place on the slide, tables, notes, and what is hidden."""

from __future__ import annotations

from document_views import blocks
from parser_samples import OFFICE_LINKS as R
from parser_samples import links, office

from index.types import Document, Kind
from ingest.parsers import ParseOptions, pptx

A = "http://schemas.openxmlformats.org/drawingml/2006/main"

P = "http://schemas.openxmlformats.org/presentationml/2006/main"

NAMES = f'xmlns:a="{A}" xmlns:p="{P}" xmlns:r="{R}"'


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
