"""How many of a thing there are, and for what a value holds: numbers that stand in the source, for something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag.checking.comparison import Comparison
from rag.checking.counts import other_counts
from rag.checking.rates import other_rate
from rag.checking.reading import values
from rag.checking.tokens import tokens

NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
KIT = "Each employee gets one laptop, a badge and two large screens."


def counted_otherwise(statement: str, source: str) -> list[tuple[str, str]]:
    comparison = Comparison(statement, tokens(statement), tokens(source), source)
    found = other_counts(comparison.said, comparison.stands, comparison.alignment.matches, statement, source)
    return [(stated, sourced) for stated, sourced, _ in found]


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("There is one exit in the hall.", "There are two exits in the hall."),
        ("The committee has one chair.", "The committee has two chairs."),
        ("Staff may bring one guest to the party.", "Staff may bring 2 guests to the party."),
        ("Each employee gets two laptops.", KIT),
        ("Each employee gets two badges.", KIT),
        ("Each employee gets one large screen.", KIT),
        ("Each employee gets two laptops and one screen.", KIT),
        ("One party signed the contract.", "Both parties signed the contract."),
        ("The office has 12 printers.", "The office has 3 printers and 12 phones."),
    ],
)
def test_another_count_is_not_supported(statement: str, source: str) -> None:
    assert counted_otherwise(statement, source)
    assert rag.check(statement, sources=[source]).verdict != "supported"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Each employee gets two screens.", KIT),
        ("Each employee gets one laptop.", KIT),
        ("Each employee gets one badge.", KIT),
        ("Each site has at least one guard.", "Each site has 3 guards."),
        ("Staff may bring one guest.", "Staff may bring up to two guests."),
        ("Staff may bring one guest.", "Staff may bring one or two guests."),
        ("One species is rare.", "There were 20 species; one species is rare."),
        ("One visitor came on Tuesday.", "Two visitors came on Monday and one visitor on Tuesday."),
        ("The works council meets every month in one room.", "The works council meets every month in the big room."),
        ("One of the exits is locked.", "There are two exits; one of the exits is locked."),
        ("Five keepers out of 42 had an allergy.", "An allergy was found in five of 42 keepers."),
        ("Three of the nine panels were missing.", "Nine of the 36 panels were missing, three of the nine were found."),
        ("The Tarn 200 shows yellow.", "A show of the Tarn drills opens in May. The Tarn 200 shows a yellow light."),
        ("The Tarn 200 lamp is yellow.", "The Tarn 200 has a lamp, which is yellow."),
        ("Each employee gets two screens.", "Each employee gets one screen holder."),
        ("Five rival princes were involved.", "Five princes from a rival faction were involved."),
        ("The report costs 12 dollars.", "The report costs 12 dollars and has 90 pages."),
    ],
)
def test_a_count_that_may_be_meant_so_is_left_alone(statement: str, source: str) -> None:
    assert counted_otherwise(statement, source) == []


@given(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.sampled_from(NUMBERS))
def test_a_count_is_supported_when_it_is_that_of_the_thing(stated: str, sourced: str, beside: str) -> None:
    source = f"The depot on the hill has {sourced} trucks and {beside} trailers."
    verdict = rag.check(f"The depot on the hill has {stated} trucks.", sources=[source]).verdict
    assert (verdict == "supported") is (stated == sourced)


@pytest.mark.parametrize(
    ("statement", "source", "differ"),
    [
        ("20 kg per family", "20 kg per person", True),
        ("20 kg per person", "20 kg per head", False),
        ("12 euros per month", "12 euros per user per month", False),
        ("12 euros a year", "12 euros per user per month", True),
        ("20 days a year", "20 days of leave per annum", False),
        ("20 days", "20 days a year", False),
        ("25 days of leave per year", "25 days of leave in each calendar year", False),
        ("25 days of leave per month", "25 days of leave in each calendar year", True),
        ("40 euros a year", "40 euros in each financial year", False),
        ("30 euros per day", "30 euros per full working day", False),
        ("30 euros per person a day", "30 euros per day", False),
        ("30 euros per person", "30 euros a day", True),
        ("30 euros per family", "30 euros per family on day one", False),
        ("30 euros per day", "30 euros per visitor last year", True),
        ("500 boxes every three months", "500 boxes each quarter", False),
        ("500 boxes every 2 months", "500 boxes each quarter", True),
        ("500 boxes every fortnight", "500 boxes every two weeks", False),
        ("500 boxes every other week", "500 boxes every two weeks", False),
        ("500 boxes every week", "500 boxes every second week", True),
        ("20 days a month", "20 days, and a year has twelve months", False),
        ("年20日", "年に20日", False),
        ("月に20日", "年間20日", True),
    ],
)
def test_what_a_value_holds_for_is_compared_where_both_say_it(statement: str, source: str, differ: bool) -> None:
    stated, *_ = values(statement)
    assert bool(other_rate(stated, statement, [values(source)[0]], source)) is differ


def test_the_same_value_for_another_time_contradicts() -> None:
    verdict = rag.check("The rent is 900 euros per year.", sources=["The rent is 900 euros per month."])
    assert verdict.verdict == "contradicted"
    assert "“year”" in " ".join(verdict.reasons)


@pytest.mark.parametrize(
    ("source", "said", "other"),
    [
        ("The rate is 5 dollars per person.", "per person", "per room"),
        ("The limit is 20 kg per person and flight.", "per person", "per family"),
        ("The doctor sees 20 patients each day.", "each day", "each week"),
        ("有給休暇は年に20日です。", "年", "月"),
        ("有給休暇は年間20日です。", "年", "月"),
        ("会議は週に1回開かれる。", "週", "月"),
        ("一人につき最大2枚まで利用できる。", "一人", "一社"),
        ("The house has room 12B on the left.", "12B", "12C"),
        ("Form 27B is used for claims.", "27B", "27C"),
        ("型番はX-200である。", "X-200", "X-300"),
        ("保守の対象はA12の棟である。", "A12", "B12"),
        ("Interest is 4% a year.", "4%", "4‰"),
        ("Every second Friday is free.", "Every second", "Every"),
        ("The form must be signed.", "must be", "was"),
        ("Claims should be filed within a month.", "should be", "were"),
        ("山田太郎が社長に就任した。", "太郎", "次郎"),
        ("山田が社長に就任した。", "社長", "副社長"),
        ("Ms Berg is president of the club.", "president", "vice president"),
        ("長男が家業の後を継いだ。", "長男", "次男"),
    ],
)
def test_another_rate_label_rank_or_force_is_not_supported(source: str, said: str, other: str) -> None:
    assert rag.check(source.replace(said, other), sources=[source]).verdict != "supported"
    assert rag.check(source, sources=[source]).verdict == "supported"
