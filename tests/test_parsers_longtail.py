"""EPUB, RTF, reStructuredText, Org, Outlook messages, and what goes through LibreOffice."""

from __future__ import annotations

import os
import stat
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from document_views import blocks, texts
from parser_samples import docx, package

from index.errors import DocumentError, EncryptedError, LimitError, MissingError, UnsupportedError
from index.types import Document, Kind
from ingest.parsers import ParseOptions, epub, libreoffice, org, rst, rtf, unstructured_tail

OPTIONS = ParseOptions()

# ---------------------------------------------------------------- EPUB


def book(*chapters: tuple[str, str], more: dict[str, str] | None = None) -> bytes:
    """An e-book whose spine names the chapters in this order; the archive holds them in the other."""
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name, _ in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name, _ in chapters)
    nav = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    parts = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>草枕</dc:title><dc:date>2019-08-23</dc:date></metadata>"
        f'<manifest>{nav}{items}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>',
        "OPS/nav.xhtml": "<html><body><p>Contents</p></body></html>",
        **{f"OPS/{name}.xhtml": f"<html><body>{content}</body></html>" for name, content in reversed(chapters)},
    }
    return package(parts | (more or {}))


def test_chapters_come_in_the_order_of_the_spine_without_readings_and_contents() -> None:
    data = book(
        ("z", "<h1>一</h1><p><ruby>情<rt>じょう</rt></ruby>に棹させば</p>"), ("a", "<h1>二</h1><p>流される。</p>")
    )
    document = epub.parse("a.epub", data, OPTIONS)
    assert texts(document) == ["一", "情に棹させば", "二", "流される。"]
    assert (document.title, document.date) == ("草枕", "2019-08-23")


def test_a_book_locked_by_a_shop_is_told_and_scrambled_fonts_are_no_lock() -> None:
    def lock(method: str) -> dict[str, str]:
        return {
            "META-INF/encryption.xml": '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
            f'<e:EncryptionMethod Algorithm="{method}"/></e:EncryptedData></encryption>'
        }

    fonts = book(("a", "<p>Text.</p>"), more=lock("http://www.idpf.org/2008/embedding"))
    assert epub.parse("a.epub", fonts, OPTIONS).text == "Text."
    with pytest.raises(EncryptedError):
        epub.parse("a.epub", book(("a", ""), more=lock("http://www.w3.org/2001/04/xmlenc#aes128-cbc")), OPTIONS)


# ---------------------------------------------------------------- RTF

HEAD = rb"{\rtf1\ansi\ansicpg932\deff0{\fonttbl{\f0\fnil\fcharset128 MS Mincho;}{\f1\fswiss\fcharset0 Arial;}}"


def rtf_bytes(text: str) -> bytes:
    """Text as Japanese Word writes it: the second byte of a character as a letter where it is one."""
    made = b""
    for byte in text.encode("cp932"):
        plain = 0x20 <= byte < 0x7F and byte not in b"\\{}"
        made += bytes([byte]) if plain else b"\\'%02x" % byte
    return made


def read_rtf(body: bytes) -> Document:
    return rtf.parse("a.rtf", HEAD + body + b"}", OPTIONS)


@pytest.mark.parametrize("text", ["テスト。ソフト表示", "第１条　有給休暇は２０日", "申込書能力ー―", "ﾊﾝｶｸ mixed 漢字"])
def test_japanese_rtf_is_read_by_its_code_page(text: str) -> None:
    assert read_rtf(rb"\pard\f0 " + rtf_bytes(text) + rb"\par").text == text


def test_rtf_unicode_and_its_fallback_for_older_readers() -> None:
    assert read_rtf(rb"\pard\f1\uc1 \u-10179?\u-8704? caf\'e9").text == "😀 café"
    assert read_rtf(rb"\pard\uc2\u12354\'82\'a0c").text == "あc"


def test_rtf_headings_lists_tables_notes_changes_and_fields() -> None:
    style = rb"{\stylesheet{\s1\outlinelevel0 heading 1;}}{\info{\title Rules}{\author X}}"
    body = (
        rb"\pard\s1 Leave\par\pard Staff get {\deleted 18}{\revised 20} days{\v secret}{\footnote\pard per year}.\par"
        rb"{\listtext\pard 1.\tab}\ls1 apply\par\pard"
        rb"\trowd\pard\intbl Item\cell Price\cell\row\pard\intbl Pen\cell 1\cell\row\pard"
        rb" See {\field{\*\fldinst HYPERLINK x}{\fldrslt the rules}}.{\*\unknown gone}{\pict 00ff}\par"
    )
    document = read_rtf(style + body)
    assert blocks(document) == [
        (Kind.HEADING, 1, "Leave"),
        (Kind.TEXT, 0, "Staff get 20 days."),
        (Kind.NOTE, 0, "per year"),
        (Kind.ITEM, 1, "1. apply"),
        (Kind.HEADER, 0, "Item | Price"),
        (Kind.ROW, 0, "Pen | 1"),
        (Kind.TEXT, 0, "See the rules."),
    ]
    assert document.title == "Rules"
    assert document.warnings == ("1 tracked insertion shown, 1 deletion left out", "hidden text in 1 place left out")


def test_rtf_binary_data_and_endless_groups() -> None:
    assert read_rtf(rb"\pard a{\pict\bin5 }}{\x}b\par").text == "ab"
    with pytest.raises(LimitError, match="nests its groups too deeply"):
        read_rtf(b"{" * 5000)
    with pytest.raises(DocumentError, match=r"a\.rtf is not an RTF file"):
        rtf.parse("a.rtf", b"plain", OPTIONS)


# ---------------------------------------------------------------- reStructuredText and Org

RST = """\
=====
Rules
=====

Leave is
20 days::

    code here

Offices
-------

- Tokyo
- Osaka

.. note:: Ask first.

.. a comment

+------+------+
| Item | Days |
+======+======+
| A    | 20   |
+------+------+
"""
ORG = """\
#+TITLE: Rules
#+DATE: <2024-05-01 Wed>
* TODO Leave :hr:
:PROPERTIES:
:ID: 7
:END:
Leave is
20 days.
- Tokyo
  - Osaka
# a comment
| Item | Days |
|------+------|
| A    | 20   |
#+begin_src sh
ls
#+end_src
"""


def lined(document: Document) -> list[tuple[Kind, int, int | None, str]]:
    return [(b.kind, b.level, b.line, document.text[b.start : b.end]) for b in document.blocks]


def test_rst_keeps_lines_headings_listings_and_grids() -> None:
    assert lined(rst.parse("a.rst", RST.encode(), OPTIONS)) == [
        (Kind.HEADING, 1, 2, "Rules"),
        (Kind.TEXT, 0, 5, "Leave is\n20 days::"),
        (Kind.CODE, 0, 8, "code here"),
        (Kind.HEADING, 2, 10, "Offices"),
        (Kind.ITEM, 1, 13, "- Tokyo"),
        (Kind.ITEM, 1, 14, "- Osaka"),
        (Kind.TEXT, 0, 16, "Ask first."),
        (Kind.HEADER, 0, 21, "Item | Days"),
        (Kind.ROW, 0, 23, "A | 20"),
    ]


def test_org_keeps_lines_headings_listings_and_tables() -> None:
    document = org.parse("a.org", ORG.encode(), OPTIONS)
    assert lined(document) == [
        (Kind.HEADING, 1, 3, "TODO Leave"),
        (Kind.TEXT, 0, 7, "Leave is\n20 days."),
        (Kind.ITEM, 1, 9, "- Tokyo"),
        (Kind.ITEM, 2, 10, "- Osaka"),
        (Kind.HEADER, 0, 12, "Item | Days"),
        (Kind.ROW, 0, 14, "A | 20"),
        (Kind.CODE, 0, 16, "ls"),
    ]
    assert (document.title, document.date) == ("Rules", "2024-05-01")


# ---------------------------------------------------------------- LibreOffice

OLD = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600  # the signature of an Office file from before 2007


def test_without_libreoffice_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice, "_program", lambda: None)
    with pytest.raises(UnsupportedError, match=r"a\.ppt .* only LibreOffice reads") as refused:
        libreoffice.parse("a.ppt", OLD, OPTIONS)
    assert "Install LibreOffice" in refused.value.next and "pptx" in refused.value.next


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (docx(), "Annual leave is 20 days."),
        (rb"{\rtf1 Plain words\par}", "Plain words"),
        (b"<html><p>Web words</html>", "Web words"),
    ],
    ids=["docx", "rtf", "html"],
)
def test_a_newer_file_under_an_old_name_needs_no_libreoffice(
    data: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libreoffice, "_program", lambda: None)
    assert words in libreoffice.parse("a.doc", data, OPTIONS).text


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for soffice that writes what it was asked for, or sleeps when the file is called so."""
    if sys.platform == "win32":
        pytest.skip("the stand-in is a script")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "good.docx").write_bytes(docx())
    script = tmp_path / "soffice"
    script.write_text(
        f"""#!{sys.executable}
import pathlib, shutil, subprocess, sys, time
arguments = sys.argv[1:]
source, out = pathlib.Path(arguments[-1]), pathlib.Path(arguments[arguments.index("--outdir") + 1])
profile = next(a for a in arguments if a.startswith("-env:UserInstallation=file://")).split("file://")[1]
settings = (pathlib.Path(profile) / "user" / "registrymodifications.xcu").read_text()
pathlib.Path({str(tmp_path / "seen")!r}).write_text("\\n".join([*arguments, settings]))
if b"sleep" in source.read_bytes():
    subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"])
if b"nothing" not in source.read_bytes():
    out.mkdir()
    shutil.copy({str(tmp_path / "good.docx")!r}, out / "in.docx")
"""
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(libreoffice, "_program", lambda: str(script))
    return script


def test_a_conversion_runs_in_a_private_folder_that_goes_away(program: Path) -> None:
    assert "Annual leave is 20 days." in libreoffice.parse("a.doc", OLD, OPTIONS).text
    seen = (program.parent / "seen").read_text()
    assert "--headless" in seen and "--convert-to\ndocx" in seen
    for setting in ("DisableMacrosExecution", "BlockUntrustedRefererLinks"):
        assert f'oor:name="{setting}" oor:op="fuse"><value>true' in seen
    assert not list(program.parent.glob("rag-office-*"))


@pytest.mark.slow
def test_a_conversion_that_fails_or_hangs_leaves_nothing_behind(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError, match="LibreOffice cannot read"):
        libreoffice.parse("a.doc", OLD + b"nothing", OPTIONS)
    monkeypatch.setattr(libreoffice, "_SECONDS", 1)
    with pytest.raises(LimitError, match="took longer than 1 s"):
        libreoffice.parse("a.doc", OLD + b"sleep", OPTIONS)
    assert not list(program.parent.glob("rag-office-*"))


def test_a_folder_that_a_killed_run_left_is_removed(program: Path) -> None:
    forgotten, recent = program.parent / "rag-office-old", program.parent / "rag-office-new"
    for folder in (forgotten, recent):
        folder.mkdir()
        (folder / "in.doc").write_bytes(b"private")
    past = time.time() - 2 * libreoffice._FORGOTTEN
    os.utime(forgotten, (past, past))
    libreoffice.parse("a.doc", OLD, OPTIONS)
    assert not forgotten.exists() and recent.exists()


# ---------------------------------------------------------------- Outlook messages


def test_without_the_extra_the_command_that_gets_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unstructured.partition.msg", None)
    with pytest.raises(MissingError) as refused:
        unstructured_tail.parse("a.msg", OLD, OPTIONS)
    assert "tebiki-rag[unstructured]" in refused.value.next


@dataclass
class _Element:
    category: str
    text: str
    metadata: SimpleNamespace

    def __str__(self) -> str:
        return self.text


def message(monkeypatch: pytest.MonkeyPatch, kind: str = "text/plain") -> None:
    """Stand-ins for the two libraries, with a mail of one table, one item and one attachment."""
    loaded = SimpleNamespace(
        message_headers={"To": "=?UTF-8?B?5bGx55Sw?= <y@x.test>", "Date": "Wed, 1 May 2024", "Content-Type": kind},
        attachments=[SimpleNamespace(file_name="../price list.xlsx", file_bytes=b"PK")],
        subject="見積",
        sent_date=datetime(2024, 5, 1, 9),
        sender="a@x.test",
    )
    table = "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>1</td></tr></table>"
    body = [("Title", "Hello,", None), ("ListItem", "pens", None), ("Table", "Item Price Pen 1", table)]
    elements = [_Element(category, text, SimpleNamespace(text_as_html=table)) for category, text, table in body]
    monkeypatch.setitem(sys.modules, "oxmsg", SimpleNamespace(Message=SimpleNamespace(load=lambda _: loaded)))
    monkeypatch.setattr(unstructured_tail, "_load_partition", lambda: lambda **_: elements)


def test_an_outlook_message_has_its_header_its_body_and_its_attachments(monkeypatch: pytest.MonkeyPatch) -> None:
    message(monkeypatch)
    document = unstructured_tail.parse("a.msg", OLD, OPTIONS)
    assert blocks(document) == [
        (Kind.TEXT, 0, "From: a@x.test\nTo: 山田 <y@x.test>\nSubject: 見積\nDate: Wed, 1 May 2024"),
        (Kind.TEXT, 0, "Hello,"),
        (Kind.ITEM, 1, "pens"),
        (Kind.HEADER, 0, "Item | Price"),
        (Kind.ROW, 0, "Pen | 1"),
    ]
    assert (document.title, document.date) == ("見積", "2024-05-01")
    assert [(member.name, member.data) for member in document.members] == [("price list.xlsx", b"PK")]


def test_an_encrypted_outlook_message_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    message(monkeypatch, "multipart/encrypted; boundary=x")
    with pytest.raises(EncryptedError, match=r"a\.msg is encrypted"):
        unstructured_tail.parse("a.msg", OLD, OPTIONS)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("unstructured") is None, reason="the extra unstructured is not installed")
def test_unstructured_is_silent_and_fetches_nothing() -> None:
    """In a process of its own, because the switches are read at import: no name looked up, no program started."""
    import subprocess

    code = """
import socket, subprocess, sys
def refuse(*_, **__): raise SystemExit("it tried to reach out")
socket.socket.connect = socket.getaddrinfo = subprocess.Popen.__init__ = refuse
from ingest.parsers import unstructured_tail
unstructured_tail._load_partition()
from unstructured.partition.text import partition_text
found = [str(e) for e in partition_text(text="Annual leave is 20 days. Ask HR first.\\n\\n年次有給休暇は二十日です。")]
assert found == ["Annual leave is 20 days. Ask HR first.", "年次有給休暇は二十日です。"], found
"""
    environment = {k: v for k, v in os.environ.items() if k not in ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS")}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
