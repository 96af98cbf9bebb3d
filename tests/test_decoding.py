"""Encodings: right from 200 bytes on for what offices write, and honest about what was guessed or lost."""

from __future__ import annotations

import pytest
from encoding_texts import EUROPEAN, JAPANESE, UNICODE, WRITTEN_IN
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DocumentError
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import codec_of, decode

TEXTS = {**JAPANESE, **EUROPEAN}
CASES = [(name, codec) for name in TEXTS for codec in (*UNICODE, *WRITTEN_IN[name])]
ENCODINGS = {codec for _, codec in CASES}
WHOLE = 1_000_000


def cut(text: str, codec: str, size: int) -> bytes:
    """The shortest beginning of `text` that has `size` bytes in `codec`, without what the codec cannot write."""
    for end in range(1, len(text) + 1):
        if len(text[:end].encode(codec, "ignore")) >= size:
            return text[:end].encode(codec, "ignore")
    return text.encode(codec, "ignore")


def test_the_texts_are_those_that_are_promised() -> None:
    assert len(TEXTS) == 20 and len(ENCODINGS) >= 12
    assert all(len(text.encode("utf-8")) >= 250 for text in TEXTS.values())


@pytest.mark.parametrize("size", [200, 400, WHOLE])
def test_at_least_99_of_100_files_are_read_right_from_200_bytes_on(size: int) -> None:
    wrong = []
    for name, codec in CASES:
        data = cut(TEXTS[name], codec, size)
        if decode(data).text != data.decode(codec).removeprefix("\ufeff"):
            wrong.append((name, codec, decode(data).encoding))
    print(
        f"\n{len(CASES) - len(wrong)} of {len(CASES)} files of {size} bytes read right, in {len(ENCODINGS)} encodings"
    )
    assert len(wrong) <= 0.01 * len(CASES), wrong


@pytest.mark.parametrize("codec", ["cp932", "euc-jp", "iso-2022-jp"])
@pytest.mark.parametrize("name", JAPANESE)
def test_japanese_is_read_right_without_exception(name: str, codec: str) -> None:
    for size in (100, 200, WHOLE):
        data = cut(JAPANESE[name], codec, size)
        assert decode(data).text == data.decode(codec)


@pytest.mark.parametrize(
    ("text", "codec", "encoding", "guessed"),
    [
        ("年次有給休暇は二十日です。", "utf-8", "UTF-8", False),
        ("年次有給休暇は二十日です。", "utf-8-sig", "UTF-8", False),
        ("年次有給休暇は二十日です。", "utf-16", "UTF-16-LE", False),
        ("年次有給休暇は二十日です。", "cp932", "CP932", True),
        ("年次有給休暇は二十日です。", "euc-jp", "EUC-JP", True),
        ("年次有給休暇は二十日です。", "iso-2022-jp", "ISO-2022-JP", False),
        ("Zoë and Björn met José.", "cp1252", "Windows-1252", True),
        ("Price: £20 or €25", "cp1252", "Windows-1252", True),
        ("Отпуск двадцать дней", "koi8-r", "KOI8-U", True),
        ("plain words", "ascii", "UTF-8", False),
        ("plain words in two-byte characters", "utf-16-le", "UTF-16-LE", True),
    ],
)
def test_the_encoding_is_named_as_people_name_it(text: str, codec: str, encoding: str, guessed: bool) -> None:
    decoded = decode(text.encode(codec))
    assert (decoded.text, decoded.encoding, decoded.guessed) == (text, encoding, guessed)
    assert decoded.warnings == ((f"encoding guessed as {encoding}",) if guessed else ())


@pytest.mark.parametrize("label", ["Shift_JIS", "x-sjis", "windows-31j", '"Shift-JIS"', " MS932 "])
def test_what_windows_calls_shift_jis_is_its_superset(label: str) -> None:
    assert codec_of(label) == "cp932"
    decoded = decode("髙橋 ①".encode("cp932"), label)
    assert (decoded.text, decoded.guessed) == ("髙橋 ①", False)


def test_row_13_is_read_in_euc_and_jis_mail_as_windows_writes_it() -> None:
    rows = bytes((0x2D, 0x21, 0x2D, 0x6A))  # ① and ㈱ of NEC's row 13, which Python's own codecs refuse
    assert decode(b"\x1b$B" + rows + b"\x1b(B no. 1").text == "①㈱ no. 1"
    euc = "第一営業部の備品一覧を更新しました。番号は".encode("euc-jp") + bytes(byte | 0x80 for byte in rows)
    assert decode(euc).text == "第一営業部の備品一覧を更新しました。番号は①㈱"


def test_jis_mail_with_half_width_katakana_and_a_forgotten_escape() -> None:
    assert decode(b"\x1b(I6@\x1b(B.").text == "ｶﾀ."
    assert decode(b"\x1b$B" + bytes((0x46, 0x7C)) + b"\nabc").text == "日\nabc"


def test_a_declared_encoding_is_believed_only_if_it_fits() -> None:
    greek = EUROPEAN["Greek"]
    assert decode(greek.encode("cp1253"), "windows-1253").guessed is False
    misled = decode(greek.encode("cp1253"), "iso-8859-1")
    assert (misled.text, misled.guessed) == (greek, True)
    assert decode("日本語の文章です。".encode(), "shift_jis").text == "日本語の文章です。"
    assert decode("Müller".encode("cp1252"), "no-such-encoding").text == "Müller"


@pytest.mark.parametrize("label", ["unicode_escape", "idna", "punycode", "base64", "rot13", "", "\x00", "x" * 500])
def test_codecs_that_are_no_encodings_of_text_are_not_used(label: str) -> None:
    assert codec_of(label) is None


def test_line_ends_become_one_kind_and_control_characters_go() -> None:
    decoded = decode(b"one\r\ntwo\rthree\x0cfour\x00\x07\x1b[31mred\x1b[0m\tend" + b" and so on" * 20)
    assert decoded.text.startswith("one\ntwo\nthree fourred\tend and")
    assert decoded.unreadable == 2


def test_what_cannot_be_read_is_counted() -> None:
    good = "すべての社員は毎年健康診断を受けなければならない。" * 8
    spoilt = decode(good.encode("utf-8") + b"\xff\xfe")
    assert spoilt.encoding == "UTF-8" and spoilt.text == good + "\ufffd\ufffd"
    assert spoilt.warnings == ("2 characters unreadable",)
    assert decode(good.encode("utf-8") + b"\xff").warnings == ("1 character unreadable",)
    assert decode(good.encode("utf-8") + b"\xff" * 9).warnings == ("4 % of characters unreadable",)


def test_a_cut_file_is_read_up_to_the_cut() -> None:
    text = JAPANESE["rules"]
    for codec in ("utf-8", "cp932", "euc-jp"):
        decoded = decode(text.encode(codec)[:-1])
        assert decoded.text.rstrip("\ufffd") == text[:-1]


@pytest.mark.parametrize("data", [b"\x00" * 400, bytes(range(32)) * 20, b"\x01\x02abc" * 100])
def test_what_is_not_text_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="not text"):
        decode(data)


def test_nothing_is_nothing() -> None:
    assert decode(b"").text == "" and decode(b"").warnings == ()


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "shift_jis", "iso-2022-jp", "utf-16", "koi8-r"]))
def test_any_bytes_give_clean_text_or_a_document_error(data: bytes, declared: str | None) -> None:
    try:
        text = decode(data, declared).text
    except DocumentError:
        return
    text.encode("utf-8")
    assert all(char in "\n\t" or (char >= " " and not "\x7f" <= char <= "\x9f") for char in text)


@given(st.text(st.characters(min_codepoint=32, blacklist_categories=["Cc", "Cs", "Cn", "Co"]), max_size=200))
def test_utf8_is_never_mistaken(text: str) -> None:
    decoded = decode(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert decoded.text == text.translate({0x2028: " ", 0x2029: " ", 0xFEFF: None})
    assert not decoded.guessed


def test_line_ends_of_other_programs_part_words_as_a_space_does() -> None:
    ends = "a\x0bb\x0cc\x85d\u2028e\u2029f"
    decoded = decode(ends.encode())
    assert (decoded.text, decoded.unreadable) == ("a b c d e f", 0)
    builder = TextBuilder()
    builder.add(ends)
    assert builder.build("").text == "a b c d e f"
