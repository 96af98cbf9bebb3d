"""Values that the readers of mails and archives give: headers, bodies, and the files inside under safe names."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable

import pytest
from hostile_archives import tarred, zipped
from parsing import read, texts

from index.errors import DocumentError, EncryptedError, LimitError
from ingest.parsers import archive, mail
from ingest.texts.dates import iso_date
from ingest.texts.member_names import name_members, safe_name

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
    with pytest.raises(EncryptedError, match="none of the given passwords"):
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


def test_a_tar_that_ends_with_a_zip_is_a_tar() -> None:
    files = {"a.txt": b"words", "b.docx": zipped({"word/document.xml": b"<x/>"})}
    data = tarred(*((tarfile.TarInfo(name), content) for name, content in files.items()))
    assert {member.name: member.data for member in read(archive, data, "a.tar").members} == files


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
