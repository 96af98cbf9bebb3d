"""Office files made to harm: bombs, entities, links that leave the file, nesting, cuts, and passwords."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from hostile_archives import zipped
from parser_samples import OFFICE_LINKS as R
from parser_samples import PACKAGE_LINKS, docx, part_of, replaced, xlsx

import ingest.office.zip_package
from index.errors import DocumentError, EncryptedError, LimitError
from ingest.office.zip_package import Package
from ingest.parsers import ParseOptions, spreadsheet
from ingest.parsers import docx as word

BOMB = '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("reader", "data", "part"),
    [(word, docx(), "word/document.xml"), (spreadsheet, xlsx(), "xl/workbook.xml")],
    ids=["docx", "xlsx"],
)
def test_entities_are_refused_and_not_expanded(reader: ModuleType, data: bytes, part: str) -> None:
    content = BOMB + part_of(data, part)
    with pytest.raises(DocumentError, match="declares XML entities"):
        reader.parse("a.docx", replaced(data, part, content), ParseOptions())


def test_a_file_named_by_an_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the launch code")
    outside = f'<!DOCTYPE x [<!ENTITY f SYSTEM "{secret.as_uri()}">]>'
    content = part_of(docx(), "word/document.xml").replace("</w:t>", "&f;</w:t>")
    with pytest.raises(DocumentError) as refused:
        word.parse("a.docx", replaced(docx(), "word/document.xml", outside + content), ParseOptions())
    assert "launch" not in refused.value.message


def test_a_part_that_unpacks_to_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.office.zip_package, "MAX_PART_BYTES", 1 << 20)
    bomb = replaced(docx(), "word/document.xml", "<a>" + " " * (2 << 20) + "</a>")
    with pytest.raises(LimitError, match=r"a\.docx would unpack to more than 1 MiB"):
        word.parse("a.docx", bomb, ParseOptions())


def test_parts_that_are_too_much_together_are_told_by_their_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.office.zip_package, "MAX_TOTAL_BYTES", 3 << 20)
    package = Package("a.docx", zipped({"a": bytes(2 << 20), "b": bytes(2 << 20)}))
    package.read("a")
    with pytest.raises(LimitError, match=r"more than 3 MiB \(b\)"):
        package.read("b")


def test_links_that_leave_the_package_are_not_followed() -> None:
    outside = (
        f'<Relationships xmlns="{PACKAGE_LINKS}">'
        f'<Relationship Id="s" Type="{R}/styles" Target="http://x.test/s.xml" TargetMode="External"/>'
        f'<Relationship Id="n" Type="{R}/numbering" Target="../../../../etc/passwd"/></Relationships>'
    )
    data = replaced(docx(), "word/_rels/document.xml.rels", outside)
    assert word.parse("a.docx", data, ParseOptions()) == word.parse("a.docx", docx(), ParseOptions())


def test_too_deep_nesting_is_an_error_of_the_document() -> None:
    content = part_of(docx(), "word/document.xml")
    for depth in (50, 80, 5000):
        opening, closing = "<w:tbl><w:tr><w:tc>" * depth, "</w:tc></w:tr></w:tbl>" * depth
        deep = content.replace("<w:body>", f"<w:body>{opening}<w:p><w:r><w:t>deep</w:t></w:r></w:p>{closing}")
        try:
            assert "deep" in word.parse("a.docx", replaced(docx(), "word/document.xml", deep), ParseOptions()).text
        except DocumentError as error:
            assert depth > 50 and ("nests" in error.message or "not well-formed" in error.message)


@pytest.mark.parametrize("cut", [0, 1, 100, 500])
def test_a_cut_file_is_named(cut: int) -> None:
    with pytest.raises(DocumentError, match=r"^a\.docx is "):
        word.parse("a.docx", docx()[:cut], ParseOptions())


def padded(data: bytes) -> bytes:
    """The package with a part that nobody reads: the library that encrypts it here gets small files wrong."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("padding.bin", random.Random(1).randbytes(5000))
    return stream.getvalue()


def encrypted(data: bytes, password: str) -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(padded(data))).encrypt(password, locked)
    return locked.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(("reader", "data"), [(word, docx()), (spreadsheet, xlsx())], ids=["docx", "xlsx"])
def test_an_encrypted_file_asks_for_its_password_and_opens_with_it(reader: ModuleType, data: bytes) -> None:
    locked = encrypted(data, "himitsu")
    parse = reader.parse
    with pytest.raises(EncryptedError, match="needs a password") as asked:
        parse("a.docx", locked, ParseOptions())
    assert "--password-file" in asked.value.next
    with pytest.raises(EncryptedError, match="none of the given passwords"):
        parse("a.docx", locked, ParseOptions(passwords=("wrong",)))
    opened = parse("a.docx", locked, ParseOptions(passwords=("wrong", "himitsu")))
    assert opened.text == parse("a.docx", data, ParseOptions()).text
