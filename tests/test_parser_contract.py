"""The contract of every parser in ingest/parsers/, found by discovery: what ingest/parsers/__init__.py promises.

A new parser is found by itself; a format whose good files are not plain text brings one in parser_samples.py.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import socket
from importlib.util import find_spec
from types import ModuleType

import pytest
from parser_samples import JAPANESE, NO_TEXT, ONLY_ENGLISH, PAGE, PICTURES, WORDS, docx, pdf, png, sample

import ingest.parsers
from index.errors import DocumentError
from index.types import Document, Kind
from ingest.parsers import ParseOptions

MODULES: list[ModuleType] = [
    importlib.import_module(f"ingest.parsers.{entry.name}") for entry in pkgutil.iter_modules(ingest.parsers.__path__)
]
READY = [module for module in MODULES if all(find_spec(name) for name in module.REQUIRES)]
FORMATS = [(module, extension) for module in READY for extension in module.EXTENSIONS]
every_format = pytest.mark.parametrize(
    ("module", "extension"), FORMATS, ids=[f"{module.__name__.rpartition('.')[2]}{ext}" for module, ext in FORMATS]
)
every_parser = pytest.mark.parametrize("module", READY, ids=[module.__name__.rpartition(".")[2] for module in READY])
# ---------------------------------------------------------------- what holds for every document


def check(document: Document) -> None:
    """The promises of index.types.Document."""
    text, end = document.text, 0
    for block in document.blocks:
        assert end <= block.start < block.end <= len(text), "blocks are sorted, not empty, disjoint and in range"
        assert not text[end : block.start].strip(), "between blocks is only white space"
        assert text[block.start] == text[block.start].strip() and text[block.end - 1] == text[block.end - 1].strip()
        assert isinstance(block.kind, Kind) and block.level >= 0
        assert (block.level > 0) if block.kind in (Kind.HEADING, Kind.ITEM) else block.level == 0
        assert block.page is None or 1 <= block.page <= (document.pages or block.page)
        assert block.line is None or block.line >= 1
        end = block.end
    assert not text[end:].strip()
    assert document.title == " ".join(document.title.split())
    assert all(char in "\n\t" or (char >= " " and not "\x7f" <= char <= "\x9f") for char in text), (
        "no control characters"
    )
    (text + document.title).encode("utf-8")
    assert len(document.page_labels) in (0, document.pages or 0)
    assert all("\n" not in warning and warning for warning in document.warnings)
    for member in document.members:
        parts = member.name.split("/")
        assert (
            all(part not in ("", ".", "..") for part in parts) and "\\" not in member.name and member.name.isprintable()
        )


def read(module: ModuleType, extension: str, data: bytes) -> Document | None:
    """The checked document, None when the parser refused it in the way it should."""
    options = ParseOptions(passwords=("secret",), ocr=False)
    try:
        document: Document = module.parse(f"name{extension}", data, options)
    except DocumentError as error:
        assert error.message and error.message[-1] in ".!?", "an error is a sentence"
        return None
    check(document)
    return document


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a parser opened a connection")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


# ---------------------------------------------------------------- the suite


@pytest.mark.parametrize("module", MODULES, ids=[module.__name__.rpartition(".")[2] for module in MODULES])
def test_a_parser_says_what_it_reads_and_needs(module: ModuleType) -> None:
    assert module.EXTENSIONS and all(ext.startswith(".") and ext == ext.lower() for ext in module.EXTENSIONS)
    assert isinstance(module.REQUIRES, tuple) and isinstance(module.EXTRA, str)
    assert bool(module.REQUIRES) <= bool(module.EXTRA), "what a plain install lacks is brought by an extra"
    assert callable(module.parse)


def test_no_two_parsers_claim_one_extension() -> None:
    claimed = [extension for module in MODULES for extension in module.EXTENSIONS]
    assert sorted(claimed) == sorted(set(claimed))


@every_format
def test_a_good_file_gives_its_words(module: ModuleType, extension: str) -> None:
    data = sample(extension)
    if data is None or extension in PICTURES:
        pytest.skip("no sample with text of this format")
    document = read(module, extension, data)
    assert document is not None
    if extension in NO_TEXT:
        assert [(m.name, m.data.decode()) for m in document.members] == [("a.txt", WORDS), ("b.txt", JAPANESE)]
        return
    assert WORDS in " ".join(document.text.split())
    assert extension in ONLY_ENGLISH or JAPANESE in document.text
    assert document.blocks


@every_parser
def test_reading_twice_gives_the_same(module: ModuleType) -> None:
    for extension in module.EXTENSIONS:
        data = sample(extension)
        if data is not None:
            assert read(module, extension, data) == read(module, extension, data)


@every_format
def test_an_empty_file_is_an_error_or_an_empty_document(module: ModuleType, extension: str) -> None:
    document = read(module, extension, b"")
    assert document is None or (document.text == "" and not document.blocks)


@pytest.mark.slow
@every_parser
def test_damaged_files_are_refused_or_read_but_never_break_the_parser(module: ModuleType) -> None:
    """Random bytes, cut files, files with flipped bytes, other formats under a wrong name."""
    randomness = random.Random(7)
    for extension in module.EXTENSIONS[:6]:
        data = sample(extension) or b""
        for size in (1, 7, 100, 3000):
            read(module, extension, randomness.randbytes(size))
        for part in range(1, 12):
            read(module, extension, data[: len(data) * part // 12])
        for _ in range(25):
            broken = bytearray(data)
            for _ in range(randomness.randint(1, 6)):
                if broken:
                    broken[randomness.randrange(len(broken))] = randomness.randrange(256)
            read(module, extension, bytes(broken))
        for other in (
            b"\x00" * 500,
            b"\xff" * 500,
            b"PK\x03\x04" + b"\x00" * 60,
            b"%PDF-1.7\n",
            png(),
            docx(),
            pdf(),
            PAGE.encode(),
        ):
            read(module, extension, other)


HOSTILE = {
    "deep": "<div>" * 60_000 + "x",
    "entities": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    "outside": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "brackets": "[" * 60_000,
    "objects": '{"a":' * 60_000,
    "quotes": '"' * 5_001,
    "quoted lines": ">" * 3_000 + " x",
    "nested list": "".join("  " * depth + "- x\n" for depth in range(400)),
    "nested quotes": "> " * 5_000 + "the innermost",
    "nested mails": "From: a\n" + "Content-Type: message/rfc822\n\n" * 400,
    "one long line": "x" * 500_000,
    "controls in references": "<p>&#27;[31m&#0;&#xD800; \\u001b \\ud800 &#x85;</p>",
    "surrogates in JSON": '{"a\\ud800": "\\ud800\\u0000\\u001b[2J"}',
    "headers": 'Subject: =?utf-8?B?////?=\nFrom: =?x?Q?=FF?=\nContent-Type: multipart/mixed; boundary=""\n\n--\n\n--\n',
    "title in lines": "<title>a\nb\x0bc</title><p>x</p>",
    "links": '<img src="http://example.com/x.png"><link rel=stylesheet href="http://example.com/x.css"><p>x</p>',
}


@every_parser
@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.slow] * (k == "brackets")) for k in HOSTILE])
def test_hostile_text_is_refused_or_read(module: ModuleType, kind: str) -> None:
    for extension in module.EXTENSIONS[:2]:
        document = read(module, extension, HOSTILE[kind].encode())
        assert document is None or "root:" not in document.text
