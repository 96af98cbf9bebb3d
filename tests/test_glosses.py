"""Japanese word for word in English: what is replaced, what stays, how names are spelt."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.glosses import _meanings, gloss, spell

JAPANESE = st.text(
    st.sampled_from("株式会社東京は年次有給休暇を日、入社しただがのカメラータッ１23 abc。\n"), max_size=40
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("徳川家康が江戸幕府を開いたのはいつですか", ("Tokugawa Ieyasu", "Edo", "open did", "when")),
        (
            "従業員は入社6か月後に10日の休暇を取得できる。",
            ("employee", "joining a company 6 months", "10 day's", "can."),
        ),
        ("在庫は保証しない", ("inventory guarantee not",)),
        ("試用期間中の者は社宅を利用してはならない", ("trial period", "company", "must not")),
        ("鈴木部長の承認", ("Suzuki", "'s recognition")),
    ],
)
def test_words_and_names_are_put_into_english(text: str, words: tuple[str, ...]) -> None:
    glossed = gloss(text)
    assert all(word in glossed for word in words), glossed


def test_what_is_not_japanese_stays() -> None:
    assert gloss("How many days\nof leave?") == "How many days\nof leave?"
    assert "ISO 9001" in gloss("ISO 9001の認証")
    assert "2024" in gloss("2024年度")


def test_the_longest_entry_counts() -> None:
    assert gloss("なければならない") == "must"
    assert gloss("会社") != gloss("会社員")


@given(JAPANESE)
def test_any_text_becomes_one_line_without_a_japanese_letter(text: str) -> None:
    glossed = gloss(text)
    assert not re.search("[ぁ-ゖァ-ヺ一-鿿]", glossed), glossed
    if glossed != text:
        assert glossed == " ".join(glossed.split())


@pytest.mark.parametrize(
    ("reading", "letters"),
    [
        ("トクガワ", "tokugawa"),
        ("シャチョウ", "shachou"),
        ("キッテ", "kitte"),
        ("マッチャ", "matcha"),
        ("コーヒー", "kohi"),
    ],
)
def test_names_are_spelt_as_hepburn_did(reading: str, letters: str) -> None:
    assert spell(reading) == letters


def test_every_meaning_is_a_few_plain_words() -> None:
    meanings = _meanings()
    assert len(meanings) > 40_000
    for word, meaning in meanings.items():
        assert word and 0 < len(meaning.split()) <= 4, word
