"""Which rules read a statement: those of its own language, though it has a name in the other."""

from __future__ import annotations

import pytest

from rag.checking import check


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        (
            "Acme bought Zenith in 金沢 in 2019 for 30 million euros.",
            "Zenith bought Acme in 金沢 in 2019 for 30 million euros.",
        ),
        (
            "The director of the 金沢 office signed the lease in 2019.",
            "The former director of the 金沢 office signed the lease in 2019.",
        ),
        (
            "Staff in 金沢 get a bonus of 500 euros each December.",
            "Half of the staff in 金沢 get a bonus of 500 euros each December.",
        ),
        (
            "Members may carry a bag onto the 新幹線 train.",
            "Members may carry a bag onto the 新幹線 train only if it is small.",
        ),
    ],
)
def test_a_japanese_name_does_not_switch_off_the_rules_for_english(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked"
    assert "the source" in found.reasons[0].lower()
    assert check(source, [source]).verdict == "supported"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("2024", "本社は2024年に開業した。"),
        ("ISO 9001", "当社はISO 9001を取得した。"),
        ("9:30", "受付は9:30からです。"),
    ],
)
def test_figures_and_names_in_capitals_are_of_any_language(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


def test_a_table_row_of_figures_is_a_source_of_any_language() -> None:
    stated = "2024年の売上は1,200百万円である。"
    assert "「1,200百万円」は出典にありません。" in check(stated, ["| 2024 | 1,200 |"]).reasons
    assert check(stated, ["Sales rose to 1,200."]).reasons == ("出典が別の言語のため、確認できません。",)
