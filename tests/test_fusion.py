"""Fusion, what it learns about the collection, and passages that say the same."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from corpus import make_chunks, make_document, make_origin, store_document
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.duplicates import sameness
from index.fusion import COVERED, FURTHER, Found, fuse
from index.query import read_query
from index.search import Index, search
from index.types import Chunk, Passage
from index.weights import LEAST, MOST, UNRELATED, Script, Weights, dense_share, describe_weights, learn_weights

# Rounded, for two scores that differ in their last bit may be one score after division by the best.
LEG = st.dictionaries(st.integers(1, 30), st.floats(0.01, 50).map(lambda score: round(score, 6)), max_size=20).map(
    lambda scores: sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
)
DOCUMENT_OF = {chunk: chunk % 5 for chunk in range(1, 31)}


# ---------------------------------------------------------------- fusion


def test_fusion_by_hand() -> None:
    found = Found(
        passages=[(1, 10.0), (2, 5.0)],
        files=[(20, 4.0), (10, 1.0)],
        dense=[(2, 0.8), (3, 0.4)],
        pool=9,
        best_possible=20.0,
    )
    fused = {entry.chunk: entry for entry in fuse(found, {1: 10, 2: 20, 3: 30}, 0.25)}
    coverage = (10 / 20) / COVERED
    lexical = {1: (1 + 0.25) / 2, 2: (0.5 + 1) / 2, 3: 0.0}
    dense = {1: 0.0, 2: 1.0, 3: 0.5}
    for chunk, entry in fused.items():
        assert entry.score == pytest.approx(0.75 * coverage * lexical[chunk] + 0.25 * dense[chunk])
    assert fused[2].ranks == {"lexical": 1, "dense": 1}
    assert fused[2].scores == {"lexical": 0.75, "dense": 0.8}
    assert fused[3].ranks == {"dense": 2}


def test_a_full_pool_may_miss_what_scores_as_its_last() -> None:
    def score_of_3(pool: int) -> float:
        found = Found([(1, 4.0), (2, 2.0)], [(10, 1.0), (20, 1.0)], [(3, 1.0), (1, 0.5)], pool)
        return {entry.chunk: entry.score for entry in fuse(found, {1: 10, 2: 20, 3: 30}, 0.5)}[3]

    assert score_of_3(pool=2) == pytest.approx(0.5 * (0.5 + 1) / 2 + 0.5)
    assert score_of_3(pool=9) == pytest.approx(0.5)


@given(LEG, LEG, LEG, st.floats(0, 1))
def test_fusion_keeps_every_chunk_once_best_first(
    passages: list[tuple[int, float]], files: list[tuple[int, float]], dense: list[tuple[int, float]], share: float
) -> None:
    fused = fuse(Found(passages, files, dense, pool=20, best_possible=60.0), DOCUMENT_OF, share)
    assert Counter(entry.chunk for entry in fused) == Counter({chunk for leg in (passages, dense) for chunk, _ in leg})
    assert all(a.score >= b.score for a, b in pairwise(fused))
    assert all(math.isfinite(entry.score) and entry.ranks for entry in fused)


@given(LEG)
def test_a_leg_alone_keeps_its_order_within_a_document(leg: list[tuple[int, float]]) -> None:
    order = [chunk for chunk, _ in leg]
    for found, share in ((Found(leg, [], [], 50), 0.0), (Found([], [], leg, 50), 1.0)):
        fused = [entry.chunk for entry in fuse(found, DOCUMENT_OF, share)]
        for document in range(5):
            assert [c for c in fused if DOCUMENT_OF[c] == document] == [c for c in order if DOCUMENT_OF[c] == document]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9, unique=True), st.floats(-0.5, 0.9))
def test_cosines_hardly_above_those_of_unrelated_texts_or_below_keep_their_order_and_stay_in_bounds(
    cosines: list[float], baseline: float
) -> None:
    leg = list(enumerate(sorted(cosines, reverse=True), 1))
    fused = fuse(Found([], [], leg, 50, baseline=baseline), {chunk: chunk for chunk, _ in leg}, 1.0)
    assert all(-1 <= entry.score <= 1 for entry in fused)
    for a, b in pairwise(fused):
        assert a.score == b.score or a.chunk < b.chunk


def test_chunks_that_are_gone_are_left_out() -> None:
    assert [e.chunk for e in fuse(Found([(1, 2.0), (2, 1.0)], [], [], 9), {2: 1}, 0.0)] == [2]


def test_one_document_does_not_fill_the_list() -> None:
    passages = [(n, 10.0 - n / 10) for n in range(1, 9)] + [(9, 7.0)]
    document_of = {**dict.fromkeys(range(1, 9), 1), 9: 2}
    fused = [entry.chunk for entry in fuse(Found(passages, [], [], 50), document_of, 0.0)]
    assert fused[0] == 1
    assert fused.index(9) == sum(passages[n][1] * FURTHER**n > 7.0 for n in range(8)) < 8


# ---------------------------------------------------------------- weights


def vectors_around(count: int, spread: float, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors about one direction; the smaller the spread, the more alike."""
    noise = np.random.default_rng(seed).normal(size=(count, 64)) * spread
    noise[:, 0] += 1
    return np.asarray(noise / np.linalg.norm(noise, axis=1, keepdims=True), np.float32)


def learn(texts: list[str], vectors: NDArray[np.float32], readable: float = 0.8) -> Weights:
    return learn_weights(texts, vectors, vectors_around(16, 10.0), lambda text: readable, len(texts))


def test_alike_is_the_mean_cosine_above_the_models_own() -> None:
    texts, vectors = ["a passage"] * 30, vectors_around(30, 0.1)
    unrelated = vectors_around(16, 0.3, seed=1)
    cosines = [float(vectors[i] @ vectors[j]) for i in range(30) for j in range(30) if i != j]
    base = np.mean([float(unrelated[i] @ unrelated[j]) for i in range(16) for j in range(16) if i != j])
    weights = learn_weights(texts, vectors, unrelated, lambda text: 0.8, 30)
    assert weights.baseline == pytest.approx(base, abs=1e-5)
    assert weights.spaced is not None and weights.unspaced is None
    assert weights.spaced.alike == pytest.approx((np.mean(cosines) - base) / (1 - base), abs=1e-5)


def test_the_dense_leg_says_less_where_passages_look_alike_or_cannot_be_read() -> None:
    query = read_query("how many days of leave are there")
    texts = ["an English passage"] * 50
    distinct, alike = learn(texts, vectors_around(50, 10.0)), learn(texts, vectors_around(50, 0.1))
    assert dense_share(distinct, query, 0.9) > 0.3 > dense_share(alike, query, 0.9)
    assert dense_share(learn(texts, vectors_around(50, 10.0), 0.02), query, 0.9) == 0
    assert dense_share(distinct, query, 0.01) == 0
    assert dense_share(distinct, query, 0.9, nearest=0.6) < dense_share(distinct, query, 0.9, nearest=0.1)


def test_each_question_has_the_weights_of_its_script() -> None:
    weights = Weights(100, 0.0, spaced=Script(50, 0.8, 0.0), unspaced=Script(50, 0.02, 0.35))
    assert dense_share(weights, read_query("How many days of leave?"), 0.9) == pytest.approx(MOST)
    assert dense_share(weights, read_query("年次有給休暇は何日ですか"), 0.9) == 0
    assert set(describe_weights(weights)) == {
        "dense leg, spaced scripts",
        "dense leg, Japanese and other unspaced scripts",
    }


def test_identifiers_and_quoted_phrases_are_for_the_words() -> None:
    weights = Weights(100, 0.0, spaced=Script(50, 0.8, 0.0))
    assert dense_share(weights, read_query("ERR-4012"), 0.9) == 0
    assert 0 < dense_share(weights, read_query("what does ERR-4012 mean for pumps"), 0.9) < MOST
    assert dense_share(weights, read_query('"lost in transit"'), 0.9) == 0


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_shares_stay_in_bounds(alike: float, readable: float, question: float) -> None:
    share = dense_share(Weights(9, 0.1, Script(9, readable, alike)), read_query("a plain question"), question)
    assert share == 0 or LEAST <= share <= MOST


def test_weights_survive_json_and_know_when_they_are_old() -> None:
    weights = Weights(100, 0.04, spaced=Script(50, 0.8, 0.1))
    assert Weights.from_json(weights.to_json()) == weights
    assert weights.fit(105) and not weights.fit(120) and not weights.fit(80)


def test_both_scripts_of_a_mixed_collection_are_seen() -> None:
    texts = ["An English passage about leave."] * 10 + ["年次有給休暇についての規程。Part A-1 を見る。"] * 5
    weights = learn(texts, vectors_around(15, 1.0))
    assert weights.spaced is not None and weights.unspaced is not None
    assert (weights.spaced.looked_at, weights.unspaced.looked_at) == (10, 5)


def test_unrelated_sentences_share_no_subject() -> None:
    subjects = [set(read_query(sentence).terms) for sentence in UNRELATED]
    assert not any(a & b for i, a in enumerate(subjects) for b in subjects[:i])


# ---------------------------------------------------------------- passages that say the same


def passage(text: str, title: str = "Rules", heading: tuple[str, ...] = ()) -> Passage:
    return Passage(1, "d/a.md", "/a.md", title, "", None, (), Chunk(0, len(text), text, heading, ()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The fee is 20 euros.", "the fee is  20 euros"),
        ("The fee is 1,000 yen.", "Ｔｈｅ fee is 1,000 yen!"),
        ("休暇は、10日とする。", "休暇は10日 とする"),
    ],
)
def test_layout_makes_no_difference(one: str, other: str) -> None:
    assert sameness(passage(one)) == sameness(passage(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The fee is 20 euros.", "The fee is 21 euros."),
        ("It fell by 5 %.", "It fell by -5 %."),
        ("It lost 1,200.", "It lost (1,200)."),
        ("The fee is $500.", "The fee is €500."),
        ("It rose by 5 %.", "It rose by 5 ‰."),
        ("Loads < 50 kg", "Loads > 50 kg"),
        ("Annex A is closed.", "Annex is closed."),
        ("Version 2.4.1", "Version 24.1"),
        ("12 3", "1 23"),
        ("Ask Ms Sato.", "Ask Ms Kato."),
        ("Staff may smoke.", "Staff may not smoke."),
        ("Staff may leave.", "Staff must leave."),
        ("令和5年4月", "令和6年4月"),
        ("することができる", "することができない"),
    ],
)
def test_a_number_name_or_negation_does(one: str, other: str) -> None:
    assert sameness(passage(one)) != sameness(passage(other))


def test_the_period_in_a_title_makes_a_difference() -> None:
    assert sameness(passage("No change.", "2022 Q3 report")) != sameness(passage("No change.", "2023 Q1 report"))
    assert sameness(passage("No change.", heading=("FY2022",))) != sameness(passage("No change.", heading=("FY2023",)))
    assert sameness(passage("No change.", "Copy of rules")) == sameness(passage("No change.", "Rules"))


# ---------------------------------------------------------------- in an index


def make_index(folder: Path, texts: dict[str, str]) -> Index:
    index = Index(folder)
    for path, text in texts.items():
        document = make_document(*text.split("\n\n"), title=path.rpartition("/")[2])
        store_document(index.store, make_origin(path), document)
    return index


def test_equal_passages_show_once_with_the_others_beside(tmp_path: Path) -> None:
    texts = {"d/rules.md": "Leave is 20 days.", "d/copy.md": "Leave is 20 days!", "d/old.md": "Leave is 19 days."}
    hits = search(make_index(tmp_path / "kb", texts), "how many days of leave", lambda: None, k=5)
    shown = {hit.passage.path: set(hit.also) for hit in hits}
    assert len(hits) == 2 and shown["d/old.md"] == set()
    assert {path for path, also in shown.items() for path in (path, *also)} == set(texts)


def test_others_are_named_however_few_passages_are_asked_for(tmp_path: Path) -> None:
    texts = {"d/rules.md": "Leave is 20 days.", "d/copy.md": "Leave is 20 days!", "d/old.md": "Leave lasts 19 days."}
    (hit,) = search(make_index(tmp_path / "kb", texts), "leave is 20 days", lambda: None, k=1)
    assert {hit.passage.path, *hit.also} == {"d/rules.md", "d/copy.md"}


def test_quoted_phrases_come_first(tmp_path: Path) -> None:
    texts = {
        "d/a.md": "Transit goods are lost and lost goods in transit are refunded, lost or not.",
        "d/b.md": "Parcels that are Lost in  Transit need form 7, and a long list of further papers that nobody reads.",
    }
    index = make_index(tmp_path / "kb", texts)
    first, second = ("lost goods refunded transit", 'lost goods refunded "lost in transit"')
    assert search(index, first, lambda: None, k=2)[0].passage.path == "d/a.md"
    hits = search(index, second, lambda: None, k=2)
    assert hits[0].passage.path == "d/b.md"
    assert hits[0].score >= hits[1].score


def test_a_quoted_phrase_may_be_a_heading_or_go_over_a_line(tmp_path: Path) -> None:
    texts = {
        "d/a.md": "It lasts twelve weeks.",
        "d/b.md": "Parental rights: parental matters, leave matters and abroad matters. Parental leave weeks abroad.",
        "d/c.md": "顧客の原則。顧客第一、顧客の第一の原則、顧客は原則第一。",
        "d/d.md": "ここでは社是として顧客第\n一の原則を掲げ、その由来と今後の取り組みについて長く述べる。",
    }
    index = make_index(tmp_path / "kb", texts)
    document = make_document(texts["d/a.md"], title="a")
    (chunk,) = make_chunks(document)
    index.store.replace(make_origin("d/a.md"), document, [replace(chunk, heading=("Leave abroad",))], ["Leave abroad"])

    def first(question: str) -> str:
        return search(index, question, lambda: None, k=1)[0].passage.path

    assert (first("parental leave abroad"), first('parental "leave abroad"')) == ("d/b.md", "d/a.md")
    assert (first("顧客 第一 原則"), first("「顧客第一の原則」")) == ("d/c.md", "d/d.md")


def test_a_part_that_is_far_behind_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = make_index(tmp_path / "kb", {"a.md": "The fox is red.", "b.md": "The dog is brown.", "c.md": "A red car."})
    wanted = [hit.passage.path for hit in search(index, "red fox", lambda: None, k=3)]
    assert wanted == ["a.md", "c.md"] and index.behind() == {}
    monkeypatch.setattr("index.lexical.LAG_LIMIT", 2)
    lost = Index(tmp_path / "kb")
    assert lost.behind() == {"lexical": 3}
    assert search(lost, "red fox", lambda: None, k=3) == []
    lost.refresh()
    assert lost.behind() == {}
    assert [hit.passage.path for hit in search(lost, "red fox", lambda: None, k=3)] == wanted


@pytest.mark.parametrize("where", ["name", "title"])
def test_a_period_finds_its_file_among_many_alike(tmp_path: Path, where: str) -> None:
    """The passages are the same in every file; only its name, or its title, tells the period."""
    index = Index(tmp_path / "kb")
    body = "Net sales rose in the period, and operating profit fell.\n\nThe outlook is unchanged from the last report."
    for year in range(2010, 2024):
        for months in (3, 6, 9, 12):
            period = f"FY{year} {months}M"
            document = make_document(*body.split("\n\n"), title=period if where == "title" else "Results")
            name = f"Sato_{year}_{months}" if where == "title" else period
            chunks = make_chunks(document)
            origin = make_origin(f"reports/{name}.pdf")
            index.store.replace(origin, document, chunks, [chunk.text + name for chunk in chunks])
    for question in ("How did operating profit develop in FY2018 3M?", "FY2018 3M の営業利益 operating profit"):
        best = search(index, question, lambda: None, k=5)[0].passage
        assert "2018" in best.path and best.path.removesuffix(".pdf").endswith(("_3", " 3M"))


def test_learning_looks_at_stored_passages_and_vectors(tmp_path: Path) -> None:
    index = make_index(
        tmp_path / "kb", {f"d/{n}.md": f"Passage number {n}.\n\n第{n}条の規程である。" for n in range(20)}
    )
    index.identity = "a model"
    model = index.table.model_id("a model")
    waiting = index.table.waiting(model, 100)
    index.table.add_vectors(model, [key for key, _ in waiting], vectors_around(len(waiting), 0.3))
    assert index.weights() is None
    index.learn(vectors_around(16, 5.0), lambda text: 0.9 if text.isascii() else 0.1)
    weights = index.weights()
    assert weights is not None and weights.passages == 40
    assert weights.spaced is not None and weights.unspaced is not None
    assert weights.spaced.readable == pytest.approx(0.9) and weights.unspaced.readable == pytest.approx(0.1)
    index.identity = "another model"
    assert index.weights() is None
