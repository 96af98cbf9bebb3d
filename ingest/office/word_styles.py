"""What Word's styles say about a paragraph: heading level, list, unseen text, inherited along basedOn."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from ingest.office.word_numbering import W, is_on, number, value

# Built-in headings as other word processors and localised templates name them; Word itself always writes "heading 1".
_HEADING_NAME = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|nagłówek|заголовок|見出し|标题|標題|제목)\s*([1-9])",
    re.IGNORECASE,
)
_CONTENTS_NAME = re.compile(r"(?:toc|目次|目录)\s*[1-9]$", re.IGNORECASE)
_MAX_CHAIN = 20  # styles based on styles; Word itself stops at 11
_TINY = 2  # half points: a letter of one point is a speck on paper


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph or character style with what it inherits; `heading` is 0 for ordinary text."""

    heading: int = 0
    title: bool = False
    contents: bool = False  # a line of the table of contents
    list_id: str = ""
    list_level: int | None = None
    hidden: bool = False
    white: bool = False
    shaded: bool = False  # its paragraphs stand on a colour


@dataclass(slots=True)
class Styles:
    """The styles of a document by their id."""

    _nodes: dict[str, etree._Element] = field(default_factory=dict)
    _known: dict[str, Style] = field(default_factory=dict)

    @classmethod
    def read(cls, root: etree._Element | None) -> Styles:
        """The styles that `root` (w:styles) defines."""
        nodes = root.iterfind(f"{W}style") if root is not None else ()
        return cls({node.get(f"{W}styleId", ""): node for node in nodes})

    def __getitem__(self, style_id: str) -> Style:
        if style_id not in self._known:
            self._known[style_id] = self._resolve(style_id)
        return self._known[style_id]

    def _resolve(self, style_id: str) -> Style:
        heading, list_id, list_level, hidden, white = 0, "", None, None, None
        outline: int | None = None
        title = contents = shaded = False
        node = self._nodes.get(style_id)
        for step in range(_MAX_CHAIN):
            if node is None:
                break
            name = value(node, "name")
            heading = heading or heading_named(name)
            if step == 0:
                title = name.lower() in ("title", "表題")
                contents = _CONTENTS_NAME.match(name) is not None
            properties = node.find(f"{W}pPr")
            if properties is not None:
                if outline is None and (level := properties.find(f"{W}outlineLvl")) is not None:
                    outline = number(level, "val")
                shaded = shaded or is_shaded(properties)
                if (numbers := properties.find(f"{W}numPr")) is not None:
                    list_id = list_id or value(numbers, "numId")
                    if list_level is None and (at := numbers.find(f"{W}ilvl")) is not None:
                        list_level = number(at, "val")
            letters = node.find(f"{W}rPr")
            hidden = is_unseen(letters) if hidden is None else hidden
            white = is_white(letters) if white is None else white
            node = self._nodes.get(value(node, "basedOn"))
        if outline is not None:  # 9 is "body text": it takes a heading style out of the outline
            heading = outline + 1 if outline < 9 else 0
        return Style(heading, title, contents, list_id, list_level, bool(hidden), bool(white), shaded)


def heading_named(style: str) -> int:
    """The level of a built-in heading style by its name in any language, 0 for other styles."""
    named = _HEADING_NAME.match(style)
    return int(named[1]) if named else 0


def is_unseen(properties: etree._Element | None) -> bool | None:
    """Whether letters are hidden or too small to see; None when nothing is said."""
    hidden = is_on(properties, "vanish")
    size = "" if properties is None or hidden is not None else value(properties, "sz")
    return True if size.isdecimal() and len(size) < 4 and int(size) <= _TINY else hidden


def is_white(properties: etree._Element | None) -> bool | None:
    """Whether letters are white, and on nothing of their own; None when nothing is said."""
    colour = "" if properties is None else value(properties, "color").upper()
    if properties is None or not colour:
        return None
    return colour == "FFFFFF" and not is_shaded(properties) and properties.find(f"{W}highlight") is None


def is_shaded(properties: etree._Element | None) -> bool:
    """Whether a paragraph or its letters stand on a colour other than white."""
    shade = None if properties is None else properties.find(f"{W}shd")
    return shade is not None and shade.get(f"{W}fill", "auto").upper() not in ("AUTO", "FFFFFF")
