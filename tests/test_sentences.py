"""Sentence ranges: cover everything, overlap nowhere, and stand where a reader would put them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sentences import split_sentences

MARKS = "。！？!?.…」「（）()[]\"' \n\t\r\f\u3000、,-・*|#1９"
WORDS = (
    "Mr.|U.S.|No. 5|3.14|e.g.|The word|word|Word|[1]|日本語|です|と|カタカナ|①|第3条|😀|が゙|\n\n|\r\n|...|\u2028|\x1c"
)
PIECES = st.sampled_from([*MARKS, *WORDS.split("|")])
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join))


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@given(TEXTS)
def test_ranges_are_sorted_disjoint_and_hold_every_character_that_is_not_space(text: str) -> None:
    ranges = split_sentences(text)
    held = set()
    behind = 0
    for start, end in ranges:
        assert behind <= start < end <= len(text)
        assert not text[start].isspace() and not text[end - 1].isspace()
        held.update(range(start, end))
        behind = end
    assert all(text[i].isspace() for i in range(len(text)) if i not in held)


@given(TEXTS, st.integers(0, 200), st.integers(0, 200))
def test_a_part_is_split_within_its_bounds_as_it_would_be_alone(text: str, start: int, end: int) -> None:
    end = min(end, len(text))
    start = min(start, end)
    alone = [(start + a, start + b) for a, b in split_sentences(text[start:end])]
    within = split_sentences(text, start, end)
    assert all(start <= a < b <= end for a, b in within)
    assert sum(b - a for a, b in within) <= end - start
    held = {i for a, b in within for i in range(a, b) if not text[i].isspace()}
    assert held == {i for a, b in alone for i in range(a, b) if not text[i].isspace()}


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith of the U.S. Army paid $3.50 to J. K. Rowling.| He left at 5 p.m.| The end...| Or not?",
        "Use a queue, e.g. RabbitMQ, for No. 5 in Fig. 3.| Yahoo! is named i.a. in Sec. 4.",
        'He said "Stop." to her.| "Really?" he asked.| (It was over.)| Then it ended.[3]| Next came the 2.5 release.',
        "The firm is Acme Inc.| The firm pays.| It is in Washington, D.C.| She moved to Acme Corp. Headquarters.",
        "He said no.| Nothing followed.| Version v1.0.21 works.| See example.com for more.",
        "1. Scope of the rule.| 2. Duty to report.",
        "１．日時　５月２０日|\n２．場所　本社|\n（３）．対象は全員です．|\n四．持ち物は社員証です。",
        "Ａ．はい。|全部で３．|次です。",
        "… and so on.| But … it ends!| What?!| Yes.",
        "彼は「行く。だから待て。」と言った。|そして去った！|本当か？と聞いた。|Yahoo!は会社です。",
        "年20日とする。|（ただし、役員を除く。）|次の文は3．5倍です．|次です。|終わり",
        "商品名は「モーニング娘。」である。|円周率は3.14です。|Python 3.11を使う。",
        "すごい！！|本当？！|ところが違った。",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    wanted = [part.strip() for part in text.split("|")]
    assert sentences(text.replace("|", "")) == wanted


def test_a_very_long_quotation_has_sentences_of_its_own() -> None:
    text = "「" + "これは長い話である。" * 30 + "」"
    assert len(sentences(text)) == 30


def test_lists_end_at_their_line_ends() -> None:
    text = "次のものを用意する。\n・印鑑\n・身分証明書\n1. 申請書を書く\n2. 出す\n第3条 休暇は年20日とする。"
    assert sentences(text) == text.split("\n")
    text = "You need:\n- a stamp\n- the form A. Smith signed\n* Your card"
    assert sentences(text) == text.split("\n")


def test_wrapped_lines_stay_one_sentence() -> None:
    text = "This is a line of text that goes\non and on until the Margin of the\nPage. Then it stops."
    assert sentences(text) == [
        "This is a line of text that goes\non and on until the Margin of the\nPage.",
        "Then it stops.",
    ]
    text = "休暇は、入社の日から六か月間継続勤務し、全労働\n日の八割以上出勤した者に与える。\n遅刻は含まない。"
    assert sentences(text) == [text[:40], text[41:]]


def test_a_line_that_ends_with_an_article_or_of_goes_on_before_a_name_too() -> None:
    text = "In case of fire\nLeave at once. The assembly point is the car park of\nHall Seven. Wardens wear orange."
    assert sentences(text)[2:] == ["The assembly point is the car park of\nHall Seven.", "Wardens wear orange."]
    text = "Car park of\nHall Seven\nOpen from seven in the morning to ten at night"
    assert sentences(text) == ["Car park of\nHall Seven", "Open from seven in the morning to ten at night"]


def test_short_lines_that_left_room_are_lines_of_their_own() -> None:
    text = "Opening hours\nMonday to Friday 9-17, closed on public holidays\nPhone 03-1234-5678"
    assert sentences(text) == text.split("\n")
    text = "営業時間\n平日九時から十七時まで、祝日はお休みです\n電話"
    assert sentences(text) == text.split("\n")


def test_blank_lines_part_sentences() -> None:
    assert sentences("a heading\n\nand text\r\n\r\nmore") == ["a heading", "and text", "more"]


def test_a_line_end_of_windows_is_no_blank_line() -> None:
    text = "The hotel in the old town is open\r\nall year. It is large."
    assert sentences(text) == ["The hotel in the old town is open\r\nall year.", "It is large."]
