"""Word documents made for tests by hand: text, tables, tracked changes, styles and numbers."""

from __future__ import annotations

from parser_samples import PACKAGE_LINKS, office

from index.types import Document
from ingest.parsers import ParseOptions, docx

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


def word(body: str, **parts: str) -> bytes:
    """A document with `body` and further parts by name ("styles", "numbering", "comments", "header1" …)."""
    links = "".join(
        f'<Relationship Id="{name}" Type="{R}/{name.rstrip("0123456789")}" Target="{name}.xml"/>' for name in parts
    )
    more = {f"word/{name}.xml": content for name, content in parts.items()}
    more["word/_rels/document.xml.rels"] = f'<Relationships xmlns="{PACKAGE_LINKS}">{links}</Relationships>'
    document = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"
    return office("word/document.xml", "wordprocessingml.document", document, more)


def read(body: str, **parts: str) -> Document:
    return docx.parse("test.docx", word(body, **parts), ParseOptions())


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*content: str, style: str = "", properties: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    inner = "".join(part if part.startswith("<") else run(part) for part in content)
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{inner}</w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{text if text.startswith('<') else paragraph(text)}</w:tc>"


def table(*rows: list[str]) -> str:
    made = ["".join(part if part.startswith("<w:tc>") else cell(part) for part in row) for row in rows]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in made) + "</w:tbl>"


def insertion(text: str) -> str:
    return f'<w:ins w:id="1" w:author="A">{run(text)}</w:ins>'


def deletion(text: str) -> str:
    return f'<w:del w:id="2" w:author="A"><w:r><w:delText>{text}</w:delText></w:r></w:del>'


def style(name: str, inner: str = "", *, shown: str = "", based_on: str = "") -> str:
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{shown or name}"/>{base}{inner}</w:style>'


def styles(*made: str) -> str:
    return f"<w:styles {NAMES}>{''.join(made)}</w:styles>"


def numbering(*levels: tuple[str, str], override: str = "") -> str:
    """One list with a level for each (format, text), and a second one on it with `override`."""
    made = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (form, text) in enumerate(levels)
    )
    return (
        f'<w:numbering {NAMES}><w:abstractNum w:abstractNumId="7">{made}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="7"/>{override}</w:num></w:numbering>'
    )


def numbered(text: str, level: int = 0, list_id: int = 1) -> str:
    mark = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
    return paragraph(text, properties=mark)
