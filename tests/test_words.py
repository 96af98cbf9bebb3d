"""Terms: what is typed one way is found when it was written another."""

from __future__ import annotations

import subprocess
import sys

import pytest

from index import words


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("ERR-4012", "ERR4012"),
        ("ERR-4012", "err 4012"),
        ("ＥＲＲ－４０１２", "ERR-4012"),
        ("v1.0.21", "v1.0.21"),
        ("v1.0.21", "V1.0.21"),
        ("C++", "c++"),
        ("snake_case", "snake case"),
        ("camelCase", "camel"),
        ("1,000", "1000"),
        ("e-mail", "email"),
        ("FY2018", "2018"),
        ("mail john.doe@example.com now", "john.doe@example.com"),
        ("ｻｰﾊﾞｰ", "サーバー"),
        ("三千円", "3000"),
        ("取扱説明書", "取り扱い"),
        ("naïve", "naive"),
    ],
)
def test_typed_finds_written(written: str, typed: str) -> None:
    assert set(words.terms(typed)) <= set(words.terms(written))


def test_compounds_do_not_collide() -> None:
    assert not {"2.4.1"} & set(words.terms("241"))
    assert "c++" not in words.terms("C")


def test_english_never_loads_the_japanese_tokenizer() -> None:
    code = "import sys; from index import words; words.terms('naïve plans, 1,000 of them'); sys.exit('sudachipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
