"""Measures of `rag eval` against slow and obvious definitions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Hit, Quote
from rag.evaluation.measures import estimate, holds_answer, ranking_measures
from rag.evaluation.questions import JudgedQuestion, Target
from rag.evaluation.run import is_right, rank_units

# ---------------------------------------------------------------- measures


def test_ranking_measures_by_hand() -> None:
    found = ranking_measures(["x", "a", "y", "b"], ["a", "b", "c"])
    assert found == {
        "hit@1": 0.0,
        "hit@5": 1.0,
        "hit@10": 1.0,
        "mrr@10": 0.5,
        # at ranks 2 and 4: 0.63093 + 0.43068; ideal at 1, 2 and 3: 1 + 0.63093 + 0.5
        "ndcg@10": pytest.approx(1.06161 / 2.13093, abs=1e-5),
    }
    assert set(ranking_measures(["x"] * 0, ["a"]).values()) == {0.0}
    assert set(ranking_measures(["a", "x"], ["a"]).values()) == {1.0}
    eleventh = [f"x{i}" for i in range(10)] + ["a"]
    assert set(ranking_measures(eleventh, ["a"]).values()) == {0.0}


rankings = st.lists(st.sampled_from("abcdefghijklmnopqrst"), unique=True)

some = st.sets(st.sampled_from("abcdefghijklmnopqrst"), min_size=1)


@given(rankings, some)
def test_ranking_measures_are_those_of_slow_definitions(ranked: list[str], wanted: set[str]) -> None:
    found = ranking_measures(ranked, wanted)
    gains = [1.0 if unit in wanted else 0.0 for unit in ranked[:10]]
    best = sorted(gains + [1.0] * (len(wanted) - int(sum(gains))), reverse=True)[:10]
    dcg, ideal = (sum(gain / math.log2(i + 2) for i, gain in enumerate(row)) for row in (gains, best))
    assert found["ndcg@10"] == pytest.approx(dcg / ideal)
    assert found["mrr@10"] == pytest.approx(max([0.0, *(gain / (i + 1) for i, gain in enumerate(gains))]))
    for k in (1, 5, 10):
        assert found[f"hit@{k}"] == float(1.0 in gains[:k])
    assert all(0 <= value <= 1 for value in found.values())
    assert found["hit@1"] <= found["hit@5"] <= found["hit@10"]
    assert found["hit@1"] <= found["mrr@10"] <= found["hit@10"]


@given(rankings, some, st.integers(1, 19))
def test_a_right_one_that_moves_up_never_lowers_a_measure(ranked: list[str], wanted: set[str], at: int) -> None:
    if at >= len(ranked) or ranked[at] not in wanted or ranked[at - 1] in wanted:
        return
    higher = [*ranked[: at - 1], ranked[at], ranked[at - 1], *ranked[at + 1 :]]
    before, after = ranking_measures(ranked, wanted), ranking_measures(higher, wanted)
    assert all(after[name] >= before[name] for name in before)


def test_the_interval_is_wilson_s() -> None:
    """Values of Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3."""
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = estimate([1.0] * hits + [0.0] * (n - hits))
        assert found.value == pytest.approx(hits / n)
        assert found.low == pytest.approx(low, abs=1e-4)
        assert found.high == pytest.approx(high, abs=1e-4)
    assert (estimate([]).low, estimate([]).high, estimate([]).questions) == (0.0, 1.0, 0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_interval_holds_its_mean_and_narrows(values: list[float]) -> None:
    found = estimate(values)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(sum(values) / len(values))
    more = estimate(values * 4)
    assert more.high - more.low < found.high - found.low
    mirrored = estimate([1 - value for value in values])
    assert mirrored.low == pytest.approx(1 - found.high)
    assert mirrored.high == pytest.approx(1 - found.low)


@pytest.mark.parametrize(
    ("text", "answer", "holds"),
    [
        ("It costs 48,900 euro.", "48900", True),
        ("It costs 48900 euro.", "48,900", True),
        ("It costs 148,900 euro.", "48,900", False),
        ("It costs 48,900,000 euro.", "48,900", False),
        ("Bench grinder | 1299.00", "1,299", True),
        ("It costs 1,299 euro.", "1299.00", True),
        ("It costs 1299.05 euro.", "1,299", False),
        ("Version 4.0.1", "Version 4.1", False),
        ("It takes 25 days.", "5", False),
        ("It takes 25 days.", "5 days", False),
        ("It takes 25 days.", "25 day", False),
        ("Assemble at the NORTH car-park!", "the north car park", True),
        ("価格は５０万円です。", "50万円", True),
        ("価格は150万円です。", "50万円", False),
        ("年次有給休暇は２０ 日です", "20日", True),
        ("週3日まで", "週 3日", True),
        ("Ｇráinne", "gráinne", True),
        ("anything", "…", False),
        ("", "x", False),
    ],
)
def test_an_answer_stands_in_a_text_or_not(text: str, answer: str, holds: bool) -> None:
    assert holds_answer(text, [answer]) is holds
    assert holds_answer(text, ["not this one", answer]) is holds


# ---------------------------------------------------------------- ranked units


def make_hit(path: str, start: int, end: int, also: tuple[str, ...] = (), text: str = "") -> Hit:
    return Hit(path, f"/{path}", None, None, None, "", (), "", start, end, text, (), also, 1.0)


def test_documents_are_ranked_once_and_equal_passages_count_for_the_wanted_one() -> None:
    question = JudgedQuestion("1", "q", "en", "file", documents=("c", "b"))
    hits = [make_hit("a", 0, 5), make_hit("a", 5, 9), make_hit("d", 0, 5, also=("e", "b")), make_hit("c", 0, 5)]
    assert rank_units(hits, question, str) == (["a", "b", "c"], ["c", "b"])


def test_places_are_reached_by_any_passage_that_touches_them() -> None:
    question = JudgedQuestion("1", "q", "en", "heading", targets=(Target("a", 10, 20), Target("b", 3, 8)))
    hits = [make_hit("a", 0, 10), make_hit("a", 15, 30), make_hit("a", 12, 16), make_hit("x", 0, 5, ("b",), "equal")]
    ranked, wanted = rank_units(hits, question, {"b": "...equal"}.__getitem__)
    assert wanted == ["a[10:20]", "b[3:8]"]
    assert ranked == ["a[0:]", "a[10:20]", "b[3:8]"]
    elsewhere, _ = rank_units(hits[3:], question, {"b": "........... equal"}.__getitem__)
    assert elsewhere == ["x[0:]"]


def test_a_quote_that_stands_in_another_document_too_is_right_only_at_the_wanted_place() -> None:
    quote = Quote(1, "x", "/x", None, None, None, "", (), "", 0, 5, "equal", (), ("b",), 1.0)
    twice = {"b": "equal ... equal"}.__getitem__
    for target, right in ((Target("b", 0, 3), True), (Target("b", 10, 12), True), (Target("b", 6, 9), False)):
        question = JudgedQuestion("1", "q", "en", "heading", targets=(target,))
        assert is_right(quote, question, twice) is right
        ranked, _ = rank_units([make_hit("x", 0, 5, ("b",), "equal")], question, twice)
        assert (ranked == [f"b[{target.start}:{target.end}]"]) is right


def test_the_same_passage_is_found_in_other_lines_signs_and_capitals() -> None:
    text = "Staff get 20 days, paid.\n休暇は20日。"
    question = JudgedQuestion("1", "q", "en", "heading", targets=(Target("b", 30, 40),))
    quote = Quote(1, "x", "/x", None, None, None, "", (), "", 0, 5, text, (), ("b",), 1.0)
    there = f"{'.' * 20}staff get\n20 days – paid 休暇\nは20日{'.' * 20}"
    assert is_right(quote, question, {"b": there}.__getitem__)
    assert not is_right(quote, question, {"b": there.replace("20 days", "25 days")}.__getitem__)
