"""XML as lines a person can read: "name: text". Entities and document types are never expanded, nothing is fetched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.errors import DocumentError
from index.types import Document
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode
from ingest.texts.html_blocks import add_html

if TYPE_CHECKING:
    from lxml.etree import _Element

EXTENSIONS = (".xml", ".rss", ".atom")
REQUIRES = ()
EXTRA = ""

_DECLARATION = re.compile(r"\s*<\?xml[^>]*?(?:encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*?)?\?>")
_ENTITY = re.compile(r"<!ENTITY", re.I)
_REFERENCE = re.compile(r"&#(?:x([0-9a-f]{1,8})|([0-9]{1,10}));", re.I)
_MARKUP = re.compile(r"<(?:p|br|div|a|b|i|ul|ol|li|h[1-6]|table|span)\b[^>]*>", re.I)


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """One paragraph for the plain values of each element, and one for each element of running text.

    A file that declares entities is refused: expanded they are an attack, left as they are its text has holes. What
    is broken is read as far as it goes, with a warning. Raises DocumentError.
    """
    declared = _DECLARATION.match(data[:200].decode("latin-1"))
    decoded = decode(data, declared.group(1) if declared else None)
    builder = TextBuilder(warnings=list(decoded.warnings))
    if not decoded.text.strip():
        return builder.build("")
    if _ENTITY.search(decoded.text):
        raise DocumentError(
            "The XML declares entities, which are never expanded.", "Save it again from its program without a DTD."
        )
    text = _REFERENCE.sub(_check_reference, _DECLARATION.sub("", decoded.text, count=1))
    root = _parse(text, builder)
    if _local(root) == "html":
        facts = add_html(builder, decoded.text)
        return builder.build(facts.title, date=facts.date)
    _add_elements(builder, root)
    head = root[0] if len(root) == 1 else root  # a feed's channel is all that its root holds
    titles = [_text(child) for child in head if _local(child) == "title" and _is_plain(child)]
    return builder.build(titles[0] if len(titles) == 1 else "")


def _check_reference(match: re.Match[str]) -> str:
    """A reference to half a character goes: libxml2 lets it through and lxml then fails on it."""
    code = int(match.group(1), 16) if match.group(1) else int(match.group(2))
    return "" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else match.group()


def _parse(text: str, builder: TextBuilder) -> _Element:
    from lxml import etree

    def read(recover: bool) -> _Element | None:
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
            recover=recover,
        )
        root: _Element | None = etree.fromstring(text.encode("utf-8", "replace"), parser)
        return root

    try:
        try:
            root = read(recover=False)
        except etree.XMLSyntaxError as error:
            root = read(recover=True)
            builder.warnings.append(f"XML is broken ({error.msg}); what follows may be missing")
    except (etree.LxmlError, ValueError) as error:
        raise DocumentError("This is not XML.", "Give the file its right extension.") from error
    if root is None:
        raise DocumentError("This is not XML.", "Give the file its right extension.")
    return root


def _add_elements(builder: TextBuilder, root: _Element) -> None:
    """In the order of the file and without recursion; plain children of one element stay together."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        children = [child for child in element if isinstance(child.tag, str)]
        if _is_running_text(element) or not children:
            _add_text(builder, element, named=not children)
            continue
        plain = [
            line
            for child in children
            if _is_plain(child) and not _MARKUP.search(child.text or "")
            for line in _lines(child)
        ]
        builder.add("\n".join(_attributes(element) + plain))
        waiting.extend(reversed([c for c in children if not _is_plain(c) or _MARKUP.search(c.text or "")]))


def _add_text(builder: TextBuilder, element: _Element, *, named: bool) -> None:
    if _MARKUP.search(element.text or ""):  # HTML in character data, as feeds have it
        add_html(builder, element.text or "")
    else:
        builder.add("\n".join(_lines(element)) if named else _text(element))


def _lines(element: _Element) -> list[str]:
    text = _text(element)
    return _attributes(element) + ([f"{_local(element)}: {text}"] if text else [])


def _attributes(element: _Element) -> list[str]:
    """Attributes that hold words or figures; namespaces and links to schemas are for programs."""
    shown = []
    for key, value in element.attrib.items():
        name = str(key)
        if not name.startswith("{") and value.strip() and name not in ("id", "class", "style", "href", "src", "rel"):
            shown.append(f"{_local(element)} {name}: {' '.join(str(value).split())}")
    return shown


def _is_plain(element: _Element) -> bool:
    return len(element) == 0


def _is_running_text(element: _Element) -> bool:
    """Words stand beside the children, as in a paragraph with marked words."""
    return bool((element.text or "").strip() and len(element)) or any((child.tail or "").strip() for child in element)


def _text(element: _Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
