"""Values of texts: read in every way they are written, compared as what they mean."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.words import normalize
from rag.checking.numerals import english, japanese
from rag.checking.ranges import range_bound
from rag.checking.reading import values
from rag.checking.values import Value, agree, calculated, comparable, is_approximate


def only(text: str) -> Value:
    found = values(normalize(text))
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("20 days", "twenty days"),
        ("20 days", "20日間"),
        ("two weeks", "14 days"),
        ("FY19", "FY2019"),
        ("in FY'19", "in fiscal year 2019"),
        ("FY98", "1998"),
        ("FY2019の売上", "2019年度の売上"),
        ("1,000", "千円"),
        ("1,000", "one thousand"),
        ("3万5千円", "35,000 yen"),
        ("1.5 million people", "150万人"),
        ("1億9,104万", "191,040,000"),
        ("10%", "10 percent"),
        ("10 per cent", "一割"),
        ("3割5分", "35%"),
        ("one third", "3分の1"),
        ("令和6年", "2024"),
        ("令和6年4月1日", "April 1, 2024"),
        ("R6.4.1", "2024-04-01"),
        ("平成元年", "1989年"),
        ("3 March 2021", "2021/3/3"),
        ("3/4/2021", "4 March 2021"),
        ("3/4/2021", "3 April 2021"),
        ("14:30", "2:30 pm"),
        ("14:30", "午後2時半"),
        ("noon", "12:00"),
        ("half a year", "6か月"),
        ("半年", "six months"),
        ("19世紀", "nineteenth century"),
        ("1990年代", "the 1990s"),
        ("1.5 kg", "1500 g"),
        ("20 miles", "32 km"),
        ("¥1,200", "1200円"),
        ("$5 million", "5,000,000 dollars"),
        ("minus 5 degrees", "minus five degrees"),
        ("マイナス二十度", "零下20度"),
        ("地下1階", "地下一階"),
        ("第2位", "2nd"),
        ("１２名", "12 people"),
        ("18歳", "18 years old"),
        ("二〇二四年", "2024年"),
    ],
)
def test_written_otherwise(one: str, other: str) -> None:
    assert agree(only(one), only(other)) and agree(only(other), only(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("20 days", "20 hours"),
        ("20 days", "20%"),
        ("5 kg", "5 g"),
        ("5 million", "5 billion"),
        ("令和6年", "2023"),
        ("FY19", "FY2018"),
        ("March 3, 2021", "March 4, 2021"),
        ("2:30 am", "14:30"),
        ("¥100", "$100"),
        ("100人", "100か国"),
        ("20th century", "20 years"),
        ("第28条", "第27条"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert not agree(only(one), only(other))


@pytest.mark.parametrize(
    "text",
    [
        "統一的な一般論として唯一",
        "十分な時間",
        "三重県千葉市",
        "万が一の場合",
        "one of them",
        "You may go",
        "v1.0.21",
        "CD4",
    ],
)
def test_words_are_not_numbers(text: str) -> None:
    assert [v.text for v in values(normalize(text))] == []


def test_a_year_is_in_the_date_but_not_the_other_way_round() -> None:
    assert agree(only("2021"), only("March 3, 2021"))
    assert not agree(only("March 3, 2021"), only("2021"))


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("350–375 million", [350e6, 375e6]),
        ("20〜30人", [20, 30]),
        ("2 to 3 kg", [2000, 3000]),
        ("between 1500 and 1850", [1500, 1850]),
        ("It took 8 hours.", [8 * 3600]),
        ("In 2014 has the number grown", [2014]),
        ("−11.7 °C", [-11.7]),
        ("minus five degrees, or minus five euros", [-5, 5]),
        ("零下五度の地下二階", [-5, -2]),
        ("ERR-4012 and 5 errors", [5]),
        ("Rooms four and six, three to five", [4, 6, 3, 5]),
        ("two hundred and five, two hundred and five hundred", [205, 200, 500]),
        ("two hundred and fifty thousand or three billion two hundred million", [250e3, 3.2e9]),
    ],
)
def test_several(text: str, amounts: list[float]) -> None:
    assert [v.amount for v in values(normalize(text))] == amounts


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("It takes 3 to 5 days.", [">=", "<="]),
        ("Between three and five days, and 2 hours.", [">=", "<=", ""]),
        ("3日から5日、または3〜5時間", [">=", "<=", ">=", "<="]),
        ("The fee rose from 3 to 5 euros.", ["", ""]),
        ("3 days and 5 hours", ["", ""]),
        ("from 2019 to 2023, from 9:00 to 5:00", [""] * 4),
        ("Rooms 3 to 5", ["", ""]),
    ],
)
def test_ends_of_ranges(text: str, ends: list[str]) -> None:
    text = normalize(text)
    assert [range_bound(value, text) for value in values(text)] == ends


def test_only_a_word_tells_that_a_number_is_about_so() -> None:
    text = "About 300 in Dover 200, over 100"
    assert [is_approximate(value, text) for value in values(text)] == [True, False, True]


def test_sums_are_known_as_calculated() -> None:
    source = values("20 days and 12 days, 50 people of 200 people")
    assert calculated(only("32 days"), source)
    assert calculated(only("8 days"), source)
    assert calculated(only("25%"), source)
    assert not calculated(only("33 days"), source)


def _in_kanji(number: int) -> str:
    """The slow way: four digits at a time."""
    digits, text = "〇一二三四五六七八九", ""
    for factor, name in ((10**8, "億"), (10**4, "万"), (1, "")):
        group, number = divmod(number, factor)
        part = ""
        for small, mark in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit, group = divmod(group, small)
            if digit:
                part += ("" if digit == 1 and mark else digits[digit]) + mark
        text += part + name if part else ""
    return text


@given(st.integers(1, 10**12 - 1))
def test_kanji_numerals(number: int) -> None:
    assert japanese(_in_kanji(number)) == number


@given(st.integers(0, 999), st.sampled_from(["", "thousand", "million"]))
def test_english_numerals(number: int, scale: str) -> None:
    ones = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    names = [*ones.split(" "), "seventeen", "eighteen", "nineteen"]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

    def below_hundred(n: int) -> str:
        return names[n] if n < 20 else tens[n // 10 - 2] + (f"-{names[n % 10]}" if n % 10 else "")

    hundreds, rest = divmod(number, 100)
    text = (
        f"{names[hundreds]} hundred" + (f" and {below_hundred(rest)}" if rest else "")
        if hundreds
        else below_hundred(rest)
    )
    factor = {"": 1, "thousand": 10**3, "million": 10**6}[scale]
    if number:
        assert english(f"{text} {scale}") == number * factor


@given(st.text(alphabet="0123456789,.年月日時分万億千百十一二三 %$-–/:第回人kgdays", max_size=40))
def test_any_text_is_read_without_overlap(text: str) -> None:
    normal = normalize(text)
    found = values(normal)
    assert all(0 <= v.start < v.end <= len(normal) for v in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(agree(v, v) and comparable(v, v) for v in found)
