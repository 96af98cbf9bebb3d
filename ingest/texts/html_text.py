"""The text of HTML elements as a browser lays it out, without what is there for programs only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

UNSEEN = {
    *("script", "style", "template", "noscript", "head", "svg", "iframe", "object", "audio", "video", "canvas", "map"),
    *("rt", "rp", "rtc", "annotation", "select", "datalist", "button", "textarea"),
}
BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "legend", "li", "main", "nav"),
    *("p", "section", "summary", "table", "caption", "td", "th", "tr"),
}
_MENU_LINKS = 0.6  # share of its text inside links from which a nav, footer or aside is a menu and not content
_CJK = r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uff9f]"
_CJK_LINE_END = re.compile(rf"(?<={_CJK})[ \t]*\n\s*(?={_CJK})")  # between CJK characters a line end is no space
BREAK = "\v"  # stands for <br> until white space is folded


def fold(text: str) -> str:
    """Text as a browser lays it out: runs of white space are one space, breaks are line ends."""
    text = text.replace("\xa0", " ").replace("\u200b", "").replace("\xad", "")
    text = re.sub(r"[ \t\n]+", " ", _CJK_LINE_END.sub("", text))
    return re.sub(rf" ?{BREAK} ?", "\n", text).strip()


def text_of(element: HtmlElement) -> str:
    """All text in `element` that is seen, blocks parted by spaces."""
    from lxml import etree

    pieces: list[str] = []
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walker:
        if event == "start":
            if inner.tag in UNSEEN:
                walker.skip_subtree()
                continue
            pieces.append(BREAK if inner.tag == "br" else " " if inner.tag in BLOCKS else "")
            pieces.append(inner.text or "")
        elif inner is not element:
            pieces.append(" " if inner.tag in BLOCKS else "")
            pieces.append(inner.tail or "")
    return "".join(pieces)


def is_left_out(element: HtmlElement, tag: str) -> bool:
    """Whether it is for programs, or a menu, or the drawing of a formula whose text stands beside it."""
    if tag in UNSEEN:
        return True
    if tag in ("nav", "footer", "aside") or element.get("role") == "navigation":
        return _is_menu(element)
    return "katex-html" in element.get("class", "")


def _is_menu(element: HtmlElement) -> bool:
    """Mostly links, and not itself the page's main matter."""
    if next(element.iterdescendants("main"), None) is not None:
        return False
    everything = len(fold(text_of(element)))
    links = sum(len(fold(text_of(link))) for link in element.iterdescendants("a"))
    return links > _MENU_LINKS * everything
