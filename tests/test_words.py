"""Terms: what is typed one way is found when it was written another."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import words
from index.characters import normalize
from index.query import fold, is_code, read_query


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("ERR-4012", "ERR4012"),
        ("ERR-4012", "err 4012"),
        ("ERR4012", "ERR-4012"),
        ("ＥＲＲ－４０１２", "ERR-4012"),
        ("v1.0.21", "V1.0.21"),
        ("v1.0.21", "1 0 21"),
        ("C++ and C#", "c++ c#"),
        ("snake_case", "snakecase"),
        ("camelCase", "camel case"),
        ("1,000", "1000"),
        ("1,452.4", "1452.4"),
        ("e-mail", "email"),
        ("FY2018", "FY 2018"),
        ("FY19", "FY2019"),
        ("FY'19", "2019"),
        ("FY98", "FY1998"),
        ("FY05", "FY 5"),
        ("mail john.doe@example.com now", "john.doe@example.com"),
        ("mail john.doe@example.com now", "doe"),
        ("due 2024-04-01", "2024 4 1"),
        ("due 04/01/2024", "4/1/2024"),
        ("opens at 9:00", "09:00"),
        ("２０２４年０４月０１日", "2024年4月1日"),
        ("the company's policies", "company policy"),
        ("naïve café", "naive cafe"),
        ("soft\u00adhyphen", "softhyphen"),
        ("ｻｰﾊﾞｰ", "サーバ"),
        ("サーバ", "サーバー"),
        ("コンピューターシステム", "コンピュータ システム"),
        ("ヴァイオリン", "バイオリン"),
        ("三千円", "3000円"),
        ("3,000円", "三千円"),
        ("1万2千円", "12000円"),
        ("第三条", "第3条"),
        ("取扱説明書", "取り扱い"),
        ("國學院大學", "国学院大学"),
        ("髙橋と渡邊", "高橋 渡辺"),
        ("⺠法と⼈事", "民法 人事"),
        ("葛\U000e0100飾", "葛飾"),
        ("令和6年4月", "2024"),
        ("令和元年", "2019"),
        ("昭和六十三年", "1988"),
        ("日付 R6.4.1", "2024"),
        ("給与（きゅうよ）", "きゅうよ"),
        ("年次有給休暇", "有給休暇"),
    ],
)
def test_typed_finds_written(written: str, typed: str) -> None:
    assert set(words.terms(typed)) <= set(words.terms(written))


@pytest.mark.parametrize(
    ("one", "other"),
    [("241", "2.4.1"), ("C", "C++"), ("policy", "police"), ("千葉", "1000"), ("平成6年", "令和6年"), ("sing", "s")],
)
def test_different_things_stay_apart(one: str, other: str) -> None:
    assert set(words.terms(one)) != set(words.terms(other))
    assert not set(words.terms(other)) <= set(words.terms(one))


@pytest.mark.parametrize(
    "forms",
    [
        "base based basing bases",
        "policy policies",
        "run running runs",
        "study studies studied",
        "class classes",
        "box boxes",
    ],
)
def test_forms_of_a_word_meet(forms: str) -> None:
    assert len({words.stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize("name", ["aws", "bus", "ios", "as", "c3po", "日本", "paris", "ring"])
def test_names_and_codes_keep_their_shape(name: str) -> None:
    assert words.stem(name) == name


def test_shingles_skip_stop_words() -> None:
    assert "cost_sal" in words.read_words("the cost of the sales").shingles
    assert set(words.read_words("給与規程").shingles) == {"給与", "与規", "規程"}


@given(st.text(max_size=200))
def test_terms_hold_no_space_and_never_fail(text: str) -> None:
    found = words.read_words(text)
    assert all(term and not any(c.isspace() for c in term) for term in (*found.terms, *found.shingles))


@given(st.text(max_size=80))
def test_characters_settle_in_one_pass(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert not any(c in normalize(text) for c in "學國髙\u00ad\u200b")


def test_a_long_line_of_japanese_is_read_whole() -> None:
    assert words.terms("給与" * 30_000).count("給与") == 60_000 / 2


def test_english_never_loads_the_japanese_tokenizer() -> None:
    code = "import sys; from index import words; words.terms('naïve – 1,000'); sys.exit('sudachipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_question_leaves_out_what_names_no_subject() -> None:
    question = read_query("What did Intel's IT department report for Q2 2023?")
    assert "what" not in question.terms and "it" in question.terms
    assert {"intel", "it", "q2"} <= set(question.names) and "department" not in question.names
    assert question.codes == ("q2",)
    assert read_query("What is it?").terms == ("what", "is", "it")
    assert read_query("WHAT IS IT").names == ()


@pytest.mark.parametrize(
    ("title", "question", "named"),
    [
        ("Mercury (planet)", "How far is Mercury from the sun?", True),
        ("The Old Man and the Sea", "who wrote the old man and the sea", True),
        ("日本国憲法", "戦争放棄を定めているのは日本国憲法第何条？", True),
        ("Mercury poisoning", "How far is Mercury from the sun?", False),
        ("", "", False),
    ],
)
def test_questions_name_whole_titles(title: str, question: str, named: bool) -> None:
    assert bool(set(words.whole_titles([title])) & set(read_query(question).titles)) is named


def test_question_keeps_quoted_phrases() -> None:
    assert read_query('who wrote "The  Old Man"?').phrases == ("the old man",)
    assert read_query("「團結権の付与」とは").phrases == ("団結権の付与",)


@pytest.mark.parametrize(
    ("word", "code"), [("ERR-4012", True), ("2.4.1", True), ("FY2018", True), ("2018", False), ("e-mail", False)]
)
def test_codes(word: str, code: bool) -> None:
    assert is_code(word) is code
