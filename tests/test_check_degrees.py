"""How much a statement says of the two that are compared, of how many, and what was asked for and not got."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.checking import check
from rag.checking.comparison import Comparison
from rag.checking.degrees import other_degree
from rag.checking.tokens import tokens


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Silver is as expensive as tin.", "Silver is more expensive than tin."),
        ("Silver is cheaper than tin.", "Silver is more expensive than tin."),
        ("Silver is less expensive than tin.", "Silver is more expensive than tin."),
        ("Helium is denser than air.", "Helium is less dense than air."),
        ("Silver is dearer than tin.", "Silver is as dear as tin."),
        ("All of the members voted.", "Half of the members voted."),
        ("Every invoice is checked by the auditor.", "A third of the invoices are checked by the auditor."),
        ("The invoices are checked by the auditor.", "A third of the invoices are checked by the auditor."),
        ("会員の全員が投票した。", "会員の半数が投票した。"),
        ("すべての患者が回復した。", "患者の3割の患者が回復した。"),
        ("The union got a pay rise of 5 percent.", "The union demanded a pay rise of 5 percent."),
        ("She has the post of director.", "She applied for the post of director."),
        ("The company has a licence for the mill.", "The company lacks a licence for the mill."),
        ("The engineer closed the valve.", "The engineer forgot to close the valve."),
        ("労働組合は5%の賃上げを得た。", "労働組合は5%の賃上げを要求した。"),
        ("構内で喫煙できる。", "構内での喫煙は禁止されている。"),
        ("技師は弁を閉めた。", "技師は弁を閉め忘れた。"),
    ],
)
def test_another_degree_share_or_outcome_is_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict != "supported"
    assert check(source, [source]).verdict == "supported"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The northern route is safer than the southern one.", "The northern route is safer than the southern one is."),
        ("The new pump is quieter.", "The new pump is quieter than the old one and needs less oil."),
        ("Half of the members voted.", "Half of the members voted in the spring of 2021."),
        ("All of the members voted.", "All of the members voted, and half of them left early."),
        ("The union demanded a pay rise.", "The union demanded a pay rise of 5 percent."),
        ("The filters are cleaned rather than replaced.", "The filters are cleaned rather than replaced every week."),
        ("Primes larger than 2 are odd numbers.", "Primes greater than 2 are odd numbers."),
    ],
)
def test_the_same_degree_share_or_outcome_is_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


@pytest.mark.parametrize(
    ("statement", "source", "other"),
    [
        ("Helium is denser than air.", "Helium is less dense than air.", "denser than"),
        ("Air is denser than helium.", "Helium is less dense than air.", ""),  # of the other order nothing is known
        ("Is the pump quieter or louder than the fan? Quieter.", "The pump is quieter than the fan.", ""),
        ("The pump is louder than the fan.", "The pump is quieter than the fan.", "louder than"),
    ],
)
def test_degrees_are_compared_in_one_order_only(statement: str, source: str, other: str) -> None:
    said, stands = tokens(statement), tokens(source)
    assert other_degree(statement, said, Comparison(statement, said, stands, source).home) == other


DEGREES = ("more {} than", "less {} than", "as {} as")
WORDS = ("expensive", "common", "fragile", "reliable")


@given(st.sampled_from(DEGREES), st.sampled_from(DEGREES), st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_only_the_same_comparison_is_supported(one: str, other: str, word: str, another: str) -> None:
    source = f"Method Alpha is {one.format(word)} method Beta."
    verdict = check(f"Method Alpha is {other.format(another)} method Beta.", [source]).verdict
    assert (verdict == "supported") is ((one, word) == (other, another))
