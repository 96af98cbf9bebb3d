"""Which end of a time a date is, and who says the other one."""

from __future__ import annotations

import pytest

from index.words import normalize
from rag.checking import check
from rag.checking.sides import sides, stated_sides
from rag.checking.tokens import tokens


def dated(text: str, *, stated: bool = False) -> dict[str, str]:
    """The end that each date of a text is."""
    text = normalize(text)
    found = tokens(text)
    ends = stated_sides(found, text) if stated else sides(found, text)
    return {token.surface: end for token, end in zip(found, ends, strict=True) if token.value and token.value.dates}


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("The physician Lindqvist (1277–1347) wrote it.", {"1277": "begins", "1347": "ends"}),
        ("It lasted from 1914 to 1945.", {"1914": "begins", "1945": "ends"}),
        ("It was open until 1914.", {"1914": "ends"}),
        ("It has been open since May 1914.", {"May 1914": "begins"}),
        ("It was built in 1914 and 1945.", {"1914": "", "1945": ""}),
        ("6月下旬ごろから7月下旬ごろに雨が続く。", {"6月": "begins", "7月": ""}),
        ("1995年から2001年まで営業した。", {"1995年": "begins", "2001年": "ends"}),
        ("1995年に開業した。", {"1995年": ""}),
        ("It has 20 rooms.", {}),
    ],
)
def test_dates_of_a_source_are_ends_by_their_range_and_the_word_beside_them(text: str, ends: dict[str, str]) -> None:
    assert dated(text) == ends


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Lindqvist died in 1277.", {"1277": "ends"}),
        ("Lindqvist was born in 1277.", {"1277": "begins"}),
        ("Lindqvist was born in 1277 and died in 1347.", {"1277": "", "1347": ""}),
        ("Lindqvist was born and died in 1277.", {"1277": ""}),
        ("リンドクヴィストは1277年に死去した。", {"1277年": "ends"}),
    ],
)
def test_the_only_date_of_a_statement_is_when_that_happened_which_it_tells(text: str, ends: dict[str, str]) -> None:
    assert dated(text, stated=True) == ends


LIFE = "The physician Karl Lindqvist (1277–1347) invented a method for setting bones."
RAIN = "半島では6月下旬ごろから7月下旬ごろに長雨の時期となり、1か月ほど続く。"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Karl Lindqvist died in 1277.", LIFE),
        ("Karl Lindqvist was born in 1347.", LIFE),
        ("半島の長雨の時期は、6月下旬まで。", RAIN),
    ],
)
def test_the_other_end_is_not_supported(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict != "supported"
    assert any("other way" in reason or "逆" in reason for reason in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Karl Lindqvist (1277–1347) invented a method for setting bones.", LIFE),
        ("Karl Lindqvist died in 1347.", LIFE),
        ("The mill was closed in 1914.", "The mill worked from 1880 and was closed in 1914."),
        ("半島の長雨の時期は、6月下旬から。", RAIN),
    ],
)
def test_the_right_end_is_not_in_doubt_for_it(statement: str, source: str) -> None:
    reasons = check(statement, [source]).reasons
    assert not any("other way" in reason or "逆" in reason for reason in reasons), reasons
