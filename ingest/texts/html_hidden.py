"""Hidden text in HTML: it can be an attack on whoever reads by program, so it is found, and told.

What an element hides by its own word is taken out. What a style sheet or a fading hides stays: it may be what the page
shows when something on it is clicked, or when it has loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.texts.html_text import fold, is_left_out, text_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Styles without spaces and in lower case: not shown, transparent, far off the page, of no size, tiny, white, faded.
_HIDDEN_STYLE = re.compile(
    r"(?:^|;)(?:display:none|visibility:hidden|color:transparent"
    r"|(?:left|right|top|bottom|text-indent|margin-left|margin-top):-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%|vw|vh)?)(?:;|!|$)"
)
_NO_SIZE = re.compile(r"(?:^|;)(?:max-)?(?:width|height):[01](?:px|pt|em|rem|%)?(?:;|!|$)")
_TINY = re.compile(r"(?:^|;)font-size:(?:0(?:\.\d+)?|1)(?:px|pt|em|rem|%)?(?:;|!|$)")
_WHITE = re.compile(r"(?:^|;)color:(?:white|#fff(?:fff)?|rgb\(255,255,255\))(?:;|!|$)")
_FADED = re.compile(r"(?:^|;)opacity:0(?:\.0+)?(?:;|!|$)")
_COLOURED = re.compile(
    r"background(?:-color|-image)?:(?!none|transparent|inherit|initial|white|#fff(?:fff)?(?:[;!]|$))"
)
_NOTE = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class _Sheets:
    """What the page's style sheets say: the plain selectors (".note", "#x", "p.y") they hide; whether they colour."""

    hiding: frozenset[str]
    coloured: bool


def take_out_hidden(root: HtmlElement) -> tuple[int, int]:
    """Remove what no visitor sees; characters removed, and characters left that styles may hide."""
    from lxml import etree

    sheets = _read_sheets(root)
    taken: list[HtmlElement] = []
    hidden = kept = 0
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if is_left_out(element, str(element.tag)):
            walker.skip_subtree()
        elif _is_hidden(element, sheets):
            taken.append(element)
            walker.skip_subtree()
    for element in taken:
        hidden += _count(element)
        element.drop_tree()
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if is_left_out(element, str(element.tag)):
            walker.skip_subtree()
        elif _may_be_hidden(element, sheets):
            kept += _count(element)
            walker.skip_subtree()
    return hidden, kept


def _is_hidden(element: HtmlElement, sheets: _Sheets) -> bool:
    if element.getparent() is None or element.tag == "body":
        return False  # pages that show themselves by a script when they are loaded
    if element.get("hidden", "until-found") != "until-found":
        return True
    style = _style(element)
    if not style:
        return False
    if _HIDDEN_STYLE.search(style) or ("overflow:hidden" in style and _NO_SIZE.search(style)):
        return True
    if _TINY.search(style):  # newsletters set it on cells and undo it inside, against gaps between pictures
        return not any("font-size" in inner.get("style", "") for inner in element.iterdescendants("*"))
    if not _WHITE.search(style) or sheets.coloured:
        return False
    around = (element, *element.iterancestors())
    return not any(_COLOURED.search(_style(at)) or at.get("bgcolor") or at.get("background") for at in around)


def _may_be_hidden(element: HtmlElement, sheets: _Sheets) -> bool:
    return bool(sheets.hiding & _selectors(element) or _FADED.search(_style(element)))


def _style(element: HtmlElement) -> str:
    return "".join(element.get("style", "").lower().split())


def _read_sheets(root: HtmlElement) -> _Sheets:
    hiding: set[str] = set()
    coloured = any("stylesheet" in link.get("rel", "").lower() for link in root.iter("link"))
    for sheet in root.iter("style"):
        for selectors, style in _read_rules(_NOTE.sub("", sheet.text or "")):
            style = "".join(style.lower().split())
            coloured = coloured or _COLOURED.search(style) is not None
            if any(form.search(style) for form in (_HIDDEN_STYLE, _TINY, _FADED)):
                hiding.update(selector.strip() for selector in selectors.split(","))
    return _Sheets(frozenset(hiding), coloured)


def _read_rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations, without rules inside others: those are for printers and other screens."""
    depth = start = opened = 0
    for brace in _BRACE.finditer(sheet):
        if brace.group() == "{":
            opened = brace.end() if depth == 0 else opened
            depth += 1
            continue
        depth = max(0, depth - 1)
        if depth == 0:
            selectors = sheet[start : opened - 1].strip()
            if opened > start and not selectors.startswith("@"):
                yield selectors.rpartition(";")[2], sheet[opened : brace.start()]
            start = brace.end()


def _selectors(element: HtmlElement) -> set[str]:
    tag = str(element.tag)
    names = [f".{name}" for name in element.get("class", "").split()]
    names += [f"#{name}" for name in (element.get("id", ""),) if name]
    return {tag, *names, *(f"{tag}{name}" for name in names)}


def _count(element: HtmlElement) -> int:
    return len("".join(fold(text_of(element)).split()))
