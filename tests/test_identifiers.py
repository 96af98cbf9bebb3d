"""Identifiers, codes and names are found as typed, in full width and without their marks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from corpus import make_document, make_origin, store_document

from index.lexical import WordIndex
from index.query import read_query
from index.store import Store

CODES = [
    "v1.0.21", "v1.0.2", "C++", "C#", "snake_case", "ERR-4012", "ERR-4013", "E-5021", "KD-350", "KD-355",
    "ISO-9001", "ISO-14001", "AB-77", "AB-771", "LS-35", "W12", "2.4.1", "2.4.10", "RFC-2119", "MAX_RETRY_COUNT",
    "getUserName", "PO-2025-0113", "PO-2025-0131", "192.168.10.4", "hr@example.com", "N-35-08", "N-35-80", "JIS-Z-8301",
    "GDPR", "A4", "O'Brien", "Müller", "Gráinne", "斎藤", "渡邊",
    "サーバー室", "KD-350用ノズル", "第12条", "令和6年度", "ヒヤリハット",
]  # fmt: skip


def full_width(text: str) -> str:
    """ASCII letters, digits and marks as a Japanese keyboard may type them."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> WordIndex:
    store = Store(tmp_path_factory.mktemp("codes") / "kb")
    with store.session("test"):
        for number, code in enumerate(CODES):
            document = make_document(
                f"The note about {code} is kept in the folder. {code} の記録。", title=f"Note {number}"
            )
            store_document(store, make_origin(f"docs/{number}.md"), document)
    return WordIndex(store)


def spellings(code: str) -> Iterator[str]:
    yield code
    yield full_width(code)
    if code[0].isascii() and "-" in code and not code.endswith("ル"):
        yield code.replace("-", "")


def test_each_of_forty_is_the_first_hit_however_it_is_typed(index: WordIndex) -> None:
    assert len(CODES) == len(set(CODES)) == 40
    missed = [
        (code, typed)
        for number, code in enumerate(CODES)
        for typed in spellings(code)
        if [hit for hit, _ in index.search(read_query(typed), 1)] != [number + 1]
    ]
    print(f"{40 - len({code for code, _ in missed})} of 40 found in every spelling; missed: {missed}")
    assert missed == []
