"""Values that the readers of text formats give: blocks with their kinds and lines, tables, mails, members."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from types import ModuleType

import pytest

from index.errors import DocumentError, EncryptedError, LimitError
from index.types import Document, Kind
from ingest.dates import iso_date
from ingest.headings import heading_level
from ingest.member_names import name_members, safe_name
from ingest.parsers import ParseOptions, archive, delimited, html, json_text, mail, markdown, plain, subtitles, xml_text


def read(parser: ModuleType, source: str | bytes, name: str = "name.txt", passwords: tuple[str, ...] = ()) -> Document:
    data = source.encode() if isinstance(source, str) else source
    document: Document = parser.parse(name, data, ParseOptions(passwords=passwords))
    return document


def rows(document: Document) -> list[tuple[str, int, int | None, str]]:
    """Kind, level, line and text of every block."""
    return [(b.kind.value, b.level, b.line, document.text[b.start : b.end]) for b in document.blocks]


def texts(document: Document) -> list[str]:
    return [document.text[b.start : b.end] for b in document.blocks]


# ---------------------------------------------------------------- Markdown

HANDBOOK = """---
title: "Leave rules"
date: 2024-05-01T09:00:00+09:00
description: What staff may take
tags: [hr, leave]
---
# Annual leave {#annual}

Staff get **20 days** a year,
see [the table](/leave.md).

> Unused days
> lapse in March.

Part-timers
-----------
1. Ask your manager
   in writing.

   Two weeks ahead.
2. Enter it
   - in the *portal*
   - or on paper

<!-- a note
nobody reads -->
| Office | Days |
|:-------|-----:|
| Dublin | 22 |
| Kanazawa \\| Hakusan | 20<br>25 |

```python
# not a heading
print("x")
```

<h2 id="x">Contact &amp; help</h2>
<p>Ask <b>HR</b>.</p>

[^1]: See the contract.
![logo](data:image/png;base64,AAAA)
"""


def test_markdown_blocks_have_their_kind_level_and_line() -> None:
    document = read(markdown, HANDBOOK)
    assert (document.title, document.date) == ("Leave rules", "2024-05-01")
    assert rows(document) == [
        ("text", 0, 4, "What staff may take"),
        ("heading", 1, 7, "Annual leave"),
        ("text", 0, 9, "Staff get **20 days** a year,\nsee [the table](/leave.md)."),
        ("text", 0, 12, "Unused days\nlapse in March."),
        ("heading", 2, 15, "Part-timers"),
        ("item", 1, 17, "1. Ask your manager\nin writing."),
        ("text", 0, 20, "Two weeks ahead."),
        ("item", 1, 21, "2. Enter it"),
        ("item", 2, 22, "in the *portal*"),
        ("item", 2, 23, "or on paper"),
        ("header", 0, 27, "Office | Days"),
        ("row", 0, 29, "Dublin | 22"),
        ("row", 0, 30, "Kanazawa | Hakusan | 20 25"),
        ("code", 0, 33, '# not a heading\nprint("x")'),
        ("heading", 2, 37, "Contact & help"),
        ("text", 0, 38, "Ask HR."),
        ("note", 0, 40, "[^1]: See the contract.\n![logo]()"),
    ]


def test_every_line_of_a_markdown_block_stands_where_it_says() -> None:
    source = HANDBOOK.split("\n")
    for kind, _, line, text in rows(read(markdown, HANDBOOK)):
        assert line is not None
        for offset, shown in enumerate(text.split("\n")):
            if (
                kind in ("text", "item", "code")
                and "<" not in source[line - 1 + offset]
                and "data:" not in source[line - 1 + offset]
            ):
                assert shown.strip() in source[line - 1 + offset]


def test_front_matter_is_only_at_the_top_and_only_when_closed() -> None:
    document = read(markdown, "---\ntitle: x\n\nText\n")
    assert document.title != "x" and "title: x" in document.text
    assert read(markdown, "+++\ntitle = 'TOML'\ndate = 2023-12-31\n+++\nText").title == "TOML"
    assert read(markdown, "Text\n\n---\ntitle: x\n---\n").title != "x"
    assert rows(read(markdown, "---\n---\nText")) == [("text", 0, 3, "Text")]


def test_the_first_heading_is_the_title_where_none_is_named() -> None:
    assert read(markdown, "Text\n\n## Part *one*\n\n# Later\n").title == "Part *one*"
    assert read(markdown, "日本語の文章。".encode("cp932")).warnings == ("encoding guessed as CP932",)


# ---------------------------------------------------------------- plain text


def test_japanese_rules_have_their_chapters_and_articles_as_headings() -> None:
    source = (
        "就業規則\n\n第１章　総則\n第１条（目的）\nこの規則は、勤務について定める。\n２　別に定めるものを除く。\n\n"
        "第２条　社員は、規則を守る。\n　前条の定めによる。\n（１）遅刻\n（２）早退\n附則\n"
    )
    assert rows(read(plain, source)) == [
        ("text", 0, 1, "就業規則"),
        ("heading", 2, 3, "第１章　総則"),
        ("heading", 5, 4, "第１条（目的）"),
        ("text", 0, 5, "この規則は、勤務について定める。\n２　別に定めるものを除く。"),
        ("text", 0, 8, "第２条　社員は、規則を守る。"),
        ("text", 0, 9, "前条の定めによる。"),
        ("item", 1, 10, "（１）遅刻"),
        ("item", 1, 11, "（２）早退"),
        ("heading", 2, 12, "附則"),
    ]
    assert read(plain, source).title == "就業規則"


def test_english_text_has_underlined_numbered_and_capital_headings() -> None:
    source = (
        "Office manual\n=============\n\n1.2 Opening hours\n\nThe door opens at 8.\nIt closes at 6.\n\n"
        "- keys\n  - spare keys\n\nFIRE DRILLS\n\nTwice a year.\n"
    )
    assert rows(read(plain, source)) == [
        ("heading", 1, 1, "Office manual"),
        ("heading", 2, 4, "1.2 Opening hours"),
        ("text", 0, 6, "The door opens at 8.\nIt closes at 6."),
        ("item", 1, 9, "- keys"),
        ("item", 2, 10, "- spare keys"),
        ("heading", 2, 12, "FIRE DRILLS"),
        ("text", 0, 14, "Twice a year."),
    ]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("第3章 休暇", 2),
        ("第十二条の二（特別休暇）", 5),
        ("第3条　社員は、会社の規則を守らなければならない。", 0),
        ("1.2.3 Details", 3),
        ("3.5 million users were counted.", 0),
        ("■ 連絡先", 3),
        ("【重要】", 3),
        ("SAFETY FIRST", 2),
        ("ISO", 0),
        ("12", 0),
        ("A sentence that ends.", 0),
        ("", 0),
    ],
)
def test_which_lines_are_headings(line: str, level: int) -> None:
    assert heading_level(line, alone=True) == level


def test_numbers_in_running_text_are_no_headings() -> None:
    assert heading_level("2 Eggs", alone=False) == heading_level("USA AND CANADA", alone=False) == 0


def test_readings_go_only_where_the_text_explains_them() -> None:
    legend = "-" * 30 + "\n【テキスト中に現れる記号について】\n\n《》：ルビ\n" + "-" * 30 + "\n"
    story = "題\n著者\n\n" + legend + "\n　ある夜《よ》、この間｜千枝子《ちえこ》と［＃「と」に傍点］会った。\n"
    assert rows(read(plain, story))[-1] == ("text", 0, 10, "ある夜、この間千枝子と会った。")
    assert "《重要》" in read(plain, "この書類は《重要》です。").text


def test_code_and_logs_keep_their_lines() -> None:
    source = "# setup\nimport os\n\n\ndef f():\n    return 1\n"
    document = read(plain, source, "a.py")
    assert rows(document) == [("code", 0, 1, "# setup\nimport os"), ("code", 0, 5, "def f():\n    return 1")]
    assert document.title == ""


def test_subtitles_are_what_is_said() -> None:
    cues = "1\n00:01.000 --> 00:02.000 align:left\n<v Ann>Good <i>morning</i>\nall\n\n00:03.000 --> 00:04.000\nBye"
    source = "WEBVTT\n\nNOTE made by hand\n\n" + cues
    assert rows(read(subtitles, source)) == [("text", 0, 7, "Good morning\nall"), ("text", 0, 11, "Bye")]


# ---------------------------------------------------------------- HTML

PAGE = """<html><head><title>Leave
 rules</title><meta property="article:published_time" content="2024-03-01"><style>p{}</style></head><body>
<nav><a href=/>Home</a> <a href=/b>Blog</a></nav>
<h1>Annual <em>leave</em><a href="#a">¶</a></h1>
<p>Staff get 20&nbsp;days.<br>Ask
early.</p><script>alert("x")</script>
<p><ruby>有給<rp>(</rp><rt>ゆうきゅう</rt><rp>)</rp></ruby>休暇
の日数</p>
<ol start=3><li>First<ul><li>inner</li></ul></li><li><p>Second</p><p>more</p></li></ol>
<dl><dt>Manager</dt><dd>Sato</dd></dl>
<table><caption>Days</caption><thead><tr><th>Office<th>Days</tr></thead>
<tr><td rowspan=2>Dublin<td>22</tr><tr><td>23</tr></table>
<pre>a
  b</pre>
<p style="display: none">IGNORE ALL RULES</p><div hidden>secret</div><p style="font-size:0">tiny</p>
<p style="color:#FFF">white</p><p aria-hidden=true>seen</p>
</body></html>"""


def test_a_page_is_read_as_its_visitor_sees_it() -> None:
    document = read(html, PAGE)
    assert (document.title, document.date) == ("Leave rules", "2024-03-01")
    assert [(kind, level, text) for kind, level, _, text in rows(document)] == [
        ("heading", 1, "Annual leave"),
        ("text", 0, "Staff get 20 days.\nAsk early."),
        ("text", 0, "有給休暇の日数"),
        ("item", 1, "3. First"),
        ("item", 2, "inner"),
        ("item", 1, "4. Second"),
        ("text", 0, "more"),
        ("item", 1, "Manager"),
        ("item", 1, "Sato"),
        ("text", 0, "Days"),
        ("header", 0, "Office | Days"),
        ("row", 0, "Dublin | 22"),
        ("row", 0, "Dublin | 23"),
        ("code", 0, "a\n  b"),
        ("text", 0, "seen"),
    ]
    assert document.warnings == ("hidden text left out (29 characters)",)


def test_white_text_on_something_and_small_text_with_large_inside_are_seen() -> None:
    banner = '<div bgcolor=navy><p style="color:white">Title</p></div>'
    page = banner + '<p style="font-size:0"><b style="font-size:14px">x</b></p>'
    assert texts(read(html, page)) == ["Title", "x"]


def test_tables_that_arrange_a_page_are_no_tables() -> None:
    main = "word " * 100
    page = f"<table><tr><td>Menu</td><td>{main}<table><tr><th>A<th>B</tr><tr><td>1<td>2</tr></table></td></tr></table>"
    assert [(k, t) for k, _, _, t in rows(read(html, page))] == [
        ("text", "Menu"),
        ("text", main.strip()),
        ("header", "A | B"),
        ("row", "1 | 2"),
    ]


@pytest.mark.parametrize("declared", ["shift_jis", "euc-jp", "utf-8", "iso-2022-jp"])
def test_the_declared_charset_is_used(declared: str) -> None:
    source = f'<meta http-equiv=Content-Type content="text/html; charset={declared}"><p>短い文。</p>'
    document = read(html, source.encode(declared))
    assert (document.text, document.warnings) == ("短い文。", ())


def test_a_page_nested_beyond_reason_is_refused_and_not_cut() -> None:
    with pytest.raises(LimitError):
        read(html, "<div>" * 5000 + "the end")


# ---------------------------------------------------------------- CSV


def test_csv_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    document = read(
        delimited, '2024年度 在庫,,\n\n品番,品名,単価\nA-1,"六角, ナット",80\nA-2,"two\nlines",1,200,extra\n', "a.csv"
    )
    assert rows(document) == [
        ("text", 0, 1, "2024年度 在庫"),
        ("header", 0, 3, "品番 | 品名 | 単価"),
        ("row", 0, 4, "A-1 | 六角, ナット | 80"),
        ("row", 0, 5, "A-2 | two lines | 1 | 200 | extra"),
    ]
    assert document.warnings == ("1 row has more cells than the header",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    lines = [["name", "note", "price"], ["bolt", "a, b; c", "1,50"], ["nut", "", "2,00"]]
    source = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    assert texts(read(delimited, source, "a.csv")) == ["name | note | price", "bolt | a, b; c | 1,50", "nut |  | 2,00"]


def test_excels_own_word_for_the_delimiter() -> None:
    assert rows(read(delimited, "sep=;\na;b,c,d\n1;2,2,2\n", "a.csv"))[0] == ("header", 0, 2, "a | b,c,d")


@pytest.mark.parametrize(
    ("source", "header"),
    [
        ("Dublin,2022,2023\nKanazawa,1,2\n", True),  # years name columns
        ("1,2,3\n4,5,6\n", False),
        ("Sato,2024-01-01,30\nAbe,2024-02-01,31\n", False),
        ("name,name\na,b\n", False),
        ("only,one,row\n", False),
    ],
)
def test_a_header_holds_names_and_no_values(source: str, header: bool) -> None:
    assert (read(delimited, source, "a.csv").blocks[0].kind is Kind.HEADER) == header


def test_a_quote_that_never_ends_does_not_swallow_the_file() -> None:
    source = "size,name\n" + '15" screen,"broken\n' + "".join(f"{n},row {n}\n" for n in range(400))
    document = read(delimited, source, "a.csv")
    assert len(document.blocks) == 402 and texts(document)[-1] == "399 | row 399"


# ---------------------------------------------------------------- JSON, XML


def test_json_is_one_paragraph_a_record_with_numbers_as_written() -> None:
    source = (
        '{"title": "Staff", "office": {"city": "Dublin", "open": true, "rent": 1.10, "old": null}, '
        '"staff": [{"name": "Aoife", "days": [20, 22]}, {"name": "佐藤"}]}'
    )
    document = read(json_text, source, "a.json")
    assert document.title == "Staff"
    assert texts(document) == [
        "title: Staff\noffice.city: Dublin\noffice.open: true\noffice.rent: 1.10",
        "staff[1].name: Aoife\nstaff[1].days: 20, 22",
        "staff[2].name: 佐藤",
    ]


def test_json_lines_are_rows_with_their_line() -> None:
    assert rows(read(json_text, '{"a": 1, "b": {"c": "x"}}\n\n{"a": 2}\n', "a.jsonl")) == [
        ("row", 0, 1, "a: 1 | b.c: x"),
        ("row", 0, 3, "a: 2"),
    ]
    with pytest.raises(DocumentError, match="line 2"):
        read(json_text, '{"a": 1}\n{"a": \n', "a.ndjson")


def test_a_notebook_gives_its_cells() -> None:
    source = """{"metadata": {"title": "Sales"}, "cells": [
      {"cell_type": "markdown", "source": ["# Intro\\n", "\\n", "Read *this*."]},
      {"cell_type": "code", "source": "1+1", "outputs": [{"data": {"text/plain": ["2"], "image/png": "AAAA"}}]}]}"""
    document = read(json_text, source, "a.ipynb")
    assert [(k, t) for k, _, _, t in rows(document)] == [
        ("heading", "Intro"),
        ("text", "Read *this*."),
        ("code", "1+1"),
        ("code", "2"),
    ]
    assert document.title == "Sales"


def test_xml_gives_values_with_their_names_and_running_text_whole() -> None:
    source = """<?xml version="1.0" encoding="Shift_JIS"?><book><title>規則</title>
    <rule no="12"><name>休暇</name><days>20</days></rule><p>See <b>article</b> 3.</p></book>"""
    document = read(xml_text, source.encode("cp932"), "a.xml")
    assert (document.title, document.warnings) == ("規則", ())
    assert texts(document) == ["title: 規則", "rule no: 12\nname: 休暇\ndays: 20", "See article 3."]


def test_xml_with_entities_is_refused_and_broken_xml_read_as_far_as_it_goes() -> None:
    with pytest.raises(DocumentError, match="entities"):
        read(xml_text, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "a.xml")
    broken = read(xml_text, "<a><b>one</b><c>two</a>", "a.xml")
    assert "b: one" in broken.text and "broken" in broken.warnings[0]
    with pytest.raises(DocumentError, match="not XML"):
        read(xml_text, "no markup at all", "a.xml")


# ---------------------------------------------------------------- mail


def mime(body: str, headers: str = "") -> str:
    sender = "From: =?UTF-8?B?5L2Q6Jek?= <sato@example.com>\nTo: all@example.com\n"
    return f"{sender}Date: Wed, 1 May 2024 09:00:00 +0900\n{headers}\n{body}"


def test_a_plain_mail_gives_its_header_and_its_paragraphs() -> None:
    document = read(mail, mime("Hello,\n\nthe office is closed\non Friday.\n", "Subject: Closed\n"), "a.eml")
    assert (document.title, document.date) == ("Closed", "2024-05-01")
    assert texts(document) == [
        "From: 佐藤 <sato@example.com>\nTo: all@example.com\nSubject: Closed\nDate: Wed, 1 May 2024 09:00:00 +0900",
        "Hello,",
        "the office is closed\non Friday.",
    ]


def test_japanese_headers_as_mail_programs_write_them() -> None:
    cut_inside_a_character = "Subject: =?UTF-8?B?5pel5pys6A==?=\n =?UTF-8?B?qp4=?= test\n"
    assert read(mail, mime("x", cut_inside_a_character), "a.eml").title == "日本語 test"
    row_13 = "Subject: =?ISO-2022-JP?B?GyRCLSEbKEI=?=\n"
    assert read(mail, mime("x", row_13), "a.eml").title == "①"
    raw = mime("x").encode().replace(b"\n\nx", b"\nSubject: " + "会議の件について".encode("cp932") + b"\n\nx")
    assert read(mail, raw, "a.eml").title == "会議の件について"
    quoted = "Subject: =?iso-8859-1?Q?Caf=E9_closed?=\n"
    assert read(mail, mime("x", quoted), "a.eml").title == "Café closed"


ALTERNATIVE = """Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

{plain}
--b
Content-Type: text/html; charset=utf-8

<p>The price is <b>20</b> euro.</p>
--b--
"""


@pytest.mark.parametrize(
    ("plain_part", "shown"),
    [
        ("The price is 20 euro.\n-- Sato", "The price is 20 euro.\n-- Sato"),
        ("", "The price is 20 euro."),
        ("Your program cannot show this.", "The price is 20 euro."),
    ],
)
def test_of_two_bodies_the_plain_one_unless_the_other_says_more(plain_part: str, shown: str) -> None:
    document = read(mail, "From: a@example.com\n" + ALTERNATIVE.format(plain=plain_part), "a.eml")
    assert texts(document)[1:] == [shown]


def test_attachments_are_members_with_safe_names_and_pictures_of_the_page_are_not() -> None:
    attached = "--b\nContent-Type: application/octet-stream; name=x\nContent-Transfer-Encoding: base64\n{}\n\nYWJj\n"
    names = [
        "Content-Disposition: attachment; filename*=iso-2022-jp''%1B%24B%46%7C%1B%28B.txt",
        'Content-Disposition: attachment; filename="=?UTF-8?B?6KaL56mN.?= =?UTF-8?B?LnBkZg==?="',
        "Content-Disposition: attachment; filename*0*=UTF-8''%E8%A6%8B; filename*1*=%E7%A9%8D.pdf",
        'Content-Disposition: attachment; filename="../../etc/passwd"',
        'Content-Disposition: attachment; filename="C:\\\\x\\\\offer.docx"',
    ]
    related = (
        "--b\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>Hi</p>\n--r\n"
        "Content-Type: image/png\nContent-ID: <logo>\n\nxx\n--r--\n"
    )
    forwarded = "--b\nContent-Type: message/rfc822\n\nSubject: Inner\n\ninside\n"
    body = related + "".join(attached.format(name) for name in names) + forwarded + "--b--\n"
    document = read(mail, "From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n" + body, "a.eml")
    assert [member.name for member in document.members] == [
        "日.txt",
        "見積.pdf",
        "見積-2.pdf",
        "etc/passwd",
        "x/offer.docx",
        "Inner.eml",
    ]
    assert document.members[0].data == b"abc" and b"inside" in document.members[-1].data
    assert texts(document)[-1] == "Hi"


def test_an_encrypted_mail_and_a_file_that_is_no_mail() -> None:
    with pytest.raises(EncryptedError):
        read(
            mail,
            "From: a@example.com\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nAAAA",
            "a.eml",
        )
    with pytest.raises(DocumentError, match="not a mail"):
        read(mail, "just some words\nwithout a header", "a.eml")


def test_a_saved_page_has_the_pages_title() -> None:
    page = "--b\nContent-Type: text/html\n\n<title>T</title><p>x</p>\n--b--\n"
    document = read(mail, "Content-Type: multipart/related; boundary=b\n\n" + page, "a.mht")
    assert (document.title, document.text) == ("T", "x")


# ---------------------------------------------------------------- archives


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def test_a_zip_gives_its_files_under_safe_names() -> None:
    files = {"a/b.txt": b"1", "../../b.txt": b"2", "/b.txt": b"3", "__MACOSX/._b.txt": b"4", ".hidden": b"5", "d/": b""}
    document = read(archive, zipped(files), "a.zip")
    assert [(m.name, m.data) for m in document.members] == [("a/b.txt", b"1"), ("b.txt", b"2"), ("b-2.txt", b"3")]
    assert document.text == ""


def test_japanese_names_of_old_zips_are_read_as_cp932() -> None:
    marked = zipped({"\u8ecd.txt": b"x"})
    raw = "軍".encode("cp932")
    plain_name = zipped({"aa.txt": b"x"}).replace(b"aa.txt", raw + b".txt")
    for data in (marked, plain_name):
        assert [member.name for member in read(archive, data, "a.zip").members] == ["軍.txt"]


def encrypted(name: str, data: bytes, password: bytes) -> bytes:
    """A zip with one stored file, encrypted as PKWARE's APPNOTE.TXT, 6.1, describes it."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        return zlib.crc32(bytes((byte,)), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def update(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    secret = bytearray()
    for byte in bytes(11) + bytes((zlib.crc32(data) >> 24,)) + data:
        mask = (keys[2] | 2) & 0xFFFF
        secret.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        update(byte)
    title = name.encode()
    sizes = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 33, zlib.crc32(data), len(secret), len(data), len(title), 0)
    local = b"PK\x03\x04" + sizes + title + secret
    central = b"PK\x01\x02" + struct.pack("<H", 20) + sizes + struct.pack("<HHHII", 0, 0, 0, 0, 0) + title
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def test_an_encrypted_zip_needs_its_password() -> None:
    data = encrypted("a.txt", b"twenty days", "秘密".encode("cp932"))
    with pytest.raises(EncryptedError, match="needs a password"):
        read(archive, data, "a.zip")
    with pytest.raises(EncryptedError, match="no given password"):
        read(archive, data, "a.zip", passwords=("wrong",))
    assert read(archive, data, "a.zip", passwords=("wrong", "秘密")).members[0].data == b"twenty days"


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, bz2.compress, lzma.compress])
def test_tar_archives_packed_or_not(pack: Callable[[bytes], bytes]) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as target:
        for name, data in (("docs/a.txt", b"one"), ("../b.txt", b"two")):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            target.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        target.addfile(link)
    document = read(archive, pack(stream.getvalue()), "a.tgz")
    assert [(m.name, m.data) for m in document.members] == [("docs/a.txt", b"one"), ("b.txt", b"two")]


def test_one_packed_file_loses_only_its_last_extension() -> None:
    (member,) = read(archive, gzip.compress(b"log"), "server.log.gz").members
    assert (member.name, member.data) == ("server.log", b"log")


def test_bombs_are_refused_while_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitError, match="unpack to more than"):
        read(archive, zipped({"a.txt": b"0" * (64 << 20)}), "bomb.zip")
    with pytest.raises(LimitError, match="unpack to more than"):
        read(archive, gzip.compress(b"0" * (64 << 20)), "bomb.gz")
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with pytest.raises(LimitError, match="3 files"):
        read(archive, zipped({f"{n}.txt": b"x" for n in range(4)}), "many.zip")


# ---------------------------------------------------------------- names and dates


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Users\\a\\b.txt", "Users/a/b.txt"),
        ("/abs//./x", "abs/x"),
        ("a\x00\nb\u202etxt.exe", "abtxt.exe"),
        ("..", "unnamed"),
        ("か\u3099.md", "が.md"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_of_members_are_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_members_of_one_name_are_all_kept() -> None:
    found = [
        member.name for member in name_members((name, b"") for name in ("a.b/c", "a.b/c", "x.txt", "x.txt", "x.txt"))
    ]
    assert found == ["a.b/c", "a.b/c-2", "x.txt", "x-2.txt", "x-3.txt"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-05-01T10:00:00+09:00", "2024-05-01"),
        ("2024年5月1日", "2024-05-01"),
        ("令和６年５月１日", "2024-05-01"),
        ("平成元年1月8日", "1989-01-08"),
        ("1 May 2024", "2024-05-01"),
        ("May 1, 2024", "2024-05-01"),
        ("2024-02-30", None),
        ("24-05-01", None),
        ("soon", None),
    ],
)
def test_dates_are_read_as_documents_write_them(text: str, date: str | None) -> None:
    assert iso_date(text) == date
