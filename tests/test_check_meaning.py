"""What an embedding model adds to `rag.check`: where it is asked, what it may change, and what it is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag
from index.errors import MissingError, ModelError
from index.words import normalize
from ingest.embedders import Reading, open_embedder
from rag import configured_check
from rag.assistant import Assistant
from rag.checking import Readings, check
from rag.checking.comparison import Comparison
from rag.checking.confidence import MODEL
from rag.checking.figures import list_figures
from rag.checking.meaning import find_words, list_meaning
from rag.checking.tokens import tokens
from rag.checking.verification import IN_DOUBT
from rag.retrieval import Retriever
from tests.test_check import OTHER_DEEDS

WALL = (
    "The harbour wall was raised by two metres after the storm of 1953. Fishing boats were moved to the inner basin,"
    " where the water is calm. The lighthouse keeper was given a new house."
)
LEAVE = "Full-time employees receive 20 days of paid annual leave per year. Part-time employees receive 12 days."
KYUKA = "正社員には年に20日の有給休暇が与えられる。試用期間中の社員は対象外とする。申請は3日前までに行う。"
FARES = (
    "Employees who travel by train may claim the fare of second class. Receipts must be handed in within thirty days."
    " A bicycle bought for the way to work is paid back up to half of its price."
)
OPEN = "The water in the inner basin is tranquil."  # what words alone leave open, of WALL
CAT = "The cat sleeps on the mat in the kitchen every afternoon."


class Letters:
    """A reader without meaning: a word's vector is a fixed random one of it, mixed with a little of its neighbours'.

    `share` of every cosine is replaced by what all words have in common, as in models that hold all words alike.
    """

    def __init__(self, common: float = 0.0, readable: float = 1.0) -> None:
        self.common, self.readable = common, readable
        self.read_texts: list[str] = []

    def readable_share(self, text: str) -> float:
        return self.readable

    def read(self, texts: Sequence[str]) -> list[Reading]:
        self.read_texts += texts
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Reading:
        words = tuple(text.lower().split())
        rows = np.array([np.random.default_rng([*word.encode()]).normal(size=32) for word in words])
        rows += 0.2 * (np.roll(rows, 1, axis=0) + np.roll(rows, -1, axis=0))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rows = np.c_[np.sqrt(1 - self.common) * rows, np.full(len(rows), np.sqrt(self.common))].astype(np.float32)
        return Reading(rows.mean(axis=0), words, rows)


class Unwilling:
    """A reader that must not be asked."""

    def readable_share(self, text: str) -> float:
        raise AssertionError("words had decided")

    def read(self, texts: Sequence[str]) -> list[Reading] | None:
        raise AssertionError("words had decided")


def compare(statement: str, source: str) -> Comparison:
    stated, text = normalize(statement), normalize(source)
    return Comparison(stated, tokens(stated), tokens(text), text)


# ------------------------------------------------------------------ when it is asked


@pytest.mark.parametrize(
    ("statement", "source", "verdict"),
    [
        ("The lighthouse keeper was given a new house.", WALL, "supported"),
        ("The harbour wall was raised by two metres.", WALL, "supported"),
        ("The harbour wall was raised by three metres after the storm of 1953.", WALL, "contradicted"),
        ("The harbour wall was not raised by two metres after the storm of 1953.", WALL, "contradicted"),
        ("The wall of the Bergen harbour was raised after the storm of 1953.", WALL, "unchecked"),  # a name
        ("After the storm of 1987 the wall became higher.", WALL, "unchecked"),  # a value
        ("Boats never lay in the basin where the water is calm.", WALL, "unchecked"),  # a denial
        ("The lighthouse keeper was given a new house.", KYUKA, "unchecked"),  # another language
        ("Tea is drunk in the garden at four.", WALL, "unchecked"),  # something else altogether
        ("", WALL, "unchecked"),
    ],
)
def test_no_model_is_looked_for_where_words_decide(statement: str, source: str, verdict: str) -> None:
    def find() -> Unwilling:
        raise AssertionError("words had decided")

    assert check(statement, [source], Readings(find)).verdict == verdict


def test_a_model_is_looked_for_once_and_reads_a_sentence_once() -> None:
    reader, found = Letters(), 0

    def find() -> Letters:
        nonlocal found
        found += 1
        return reader

    readings = Readings(find)
    for _ in range(3):
        check(OPEN, [WALL], readings)
    assert found == 1
    assert len(reader.read_texts) == len(set(reader.read_texts)) > 1


def test_no_more_than_a_few_hundred_readings_are_kept() -> None:
    readings = Readings(Letters)
    for n in range(2 * Readings.KEPT):
        readings.read([f"sentence {n}"])
    assert len(readings._kept) == Readings.KEPT


# ------------------------------------------------------------------ what takes no part


class Failing(Letters):
    def read(self, texts: Sequence[str]) -> list[Reading]:
        raise ModelError("The model ended.", "")


def test_where_no_model_can_say_anything_words_decide() -> None:
    def missing() -> Letters:
        raise MissingError("There is no such model.", "")

    with open_embedder("hashing:64") as hashing:
        for readings in (
            Readings(lambda: None),
            Readings(missing),
            Readings(Failing),
            Readings(lambda: Letters(readable=0.2)),  # it has no words for the text
            Readings(lambda: hashing),  # it shows no words
        ):
            assert check(OPEN, [WALL], readings) == check(OPEN, [WALL])
            assert readings.read(["The wall."]) is None


def test_japanese_is_decided_by_words() -> None:
    # No model that reads it was there to fit the curves with.
    assert set(MODEL["meaning"]) == {"en"}
    for statement in (
        "正社員は毎年、休みを20日もらえる。",
        "申請は三日前までに出す。",
        "社員が試用の間は休暇をもらえない。",
    ):
        assert check(statement, [KYUKA], Readings(Unwilling)) == check(statement, [KYUKA])


WORDS = st.sampled_from((WALL + " " + LEAVE).replace(".", " .").split())
TEXTS = st.lists(WORDS, min_size=1, max_size=14).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.lists(WORDS, min_size=4, max_size=40).map(" ".join))
def test_a_model_overturns_no_contradiction_and_no_doubt_about_values_names_or_denials(stated: str, text: str) -> None:
    with_model, without = check(stated, [text], Readings(Letters)), check(stated, [text])
    assert (with_model.verdict == "contradicted") is (without.verdict == "contradicted")
    stated, text = normalize(stated), normalize(text)
    if tokens(stated) and tokens(text) and without.verdict == "unchecked":
        doubts = list(Comparison(stated, tokens(stated), tokens(text), text).doubts())
        if not all(doubt.wording for doubt in doubts):
            assert with_model == without


# ------------------------------------------------------------------ the figures


# A value of two words has the mean of two vectors, and its cosines do not keep to the common share of the others.
LONE = st.sampled_from([word for word in WALL.replace(".", " .").split() if not word.isdigit() and word != "two"])


@settings(deadline=None, max_examples=100)
@given(
    st.lists(LONE, min_size=1, max_size=14).map(" ".join),
    st.lists(LONE, min_size=4, max_size=40).map(" ".join),
    st.floats(0.05, 0.9),
)
def test_figures_keep_their_bounds_and_do_not_depend_on_how_near_a_model_holds_all_words(
    stated: str, text: str, common: float
) -> None:
    stated, text = normalize(stated), normalize(text)
    if not tokens(stated) or not tokens(text):
        return
    comparison = compare(stated, text)
    plain = list_meaning(comparison, Readings(Letters))
    alike = list_meaning(comparison, Readings(lambda: Letters(common)))
    assert (plain is None) is (alike is None)
    if plain is not None and alike is not None:
        assert all(0.0 <= figure <= 1.0 for figure in plain.values()), plain
        assert plain == pytest.approx(alike, abs=0.02)
        assert {*list_figures(comparison), *plain, IN_DOUBT} == MODEL["meaning"]["en"]["curves"].keys()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Zs", "Cc")), min_size=1), max_size=8))
def test_the_words_of_a_model_are_found_where_they_stand(words: list[str]) -> None:
    text = " ".join(words)
    found = find_words([word.lower() if len(word.lower()) == len(word) else word for word in words], text)
    at = 0
    for word, place in zip(words, found, strict=True):
        start = text.index(word, at)
        at = start + len(word)
        assert place is None or place[1] - place[0] == len(word)
        if word.isascii():
            assert place is not None
    places = [place for place in found if place]
    assert places == sorted(places)


def test_a_word_without_its_accents_is_found() -> None:
    assert find_words(["temur", "##x", "took", "the", "throne"], "Temür took the throne") == [
        (0, 5),
        None,
        (6, 10),
        (11, 14),
        (15, 21),
    ]


# ------------------------------------------------------------------ with the bundled model


@pytest.fixture(scope="module")
def minilm(bundled_models: dict[str, str]) -> Any:
    with open_embedder(bundled_models["embed_model"]) as embedder:
        yield Readings(lambda: embedder)


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        (OPEN, WALL),
        ("The water in the inner basin is quiet.", WALL),
    ],
)
def test_what_words_leave_open_is_supported_by_words_of_like_meaning(
    statement: str, source: str, minilm: Readings
) -> None:
    assert check(statement, [source]).verdict == "unchecked"
    found = check(statement, [source], minilm)
    assert found.verdict == "supported"
    assert "like meaning" in found.reasons[0]


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The water in the inner basin is deep.", WALL),
        ("The water in the inner basin is rough.", WALL),
        ("The lighthouse keeper was moved to the inner basin.", WALL),
        ("The storm raised the inner basin.", WALL),
        ("Employees who travel by car may claim the fare of second class.", FARES),  # as near to a train as can be
        ("Each afternoon the dog sleeps on the mat in the kitchen.", CAT),
        ("Bicycles must be handed in within thirty days.", FARES),
        *OTHER_DEEDS,
    ],
)
def test_what_only_sounds_alike_is_not(statement: str, source: str, minilm: Readings) -> None:
    assert check(statement, [source], minilm).verdict != "supported"


# ------------------------------------------------------------------ where the model comes from


def test_the_public_check_opens_the_model_of_the_settings_once_and_only_when_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    class Model(Letters):
        def close(self) -> None:
            pass

    def open_model(name: str, options: object) -> Model:
        opened.append(name)
        return Model()

    monkeypatch.setattr("ingest.embedders.open_embedder", open_model)
    configured_check.open_readings.cache_clear()
    assert rag.check(OPEN, sources=[WALL]) == check(OPEN, [WALL])
    monkeypatch.setenv("RAG_EMBED_MODEL", "llamacpp:/models/some.gguf")
    assert rag.check("The lighthouse keeper was given a new house.", sources=[WALL]).verdict == "supported"
    assert opened == []
    for _ in range(3):
        rag.check(OPEN, sources=[WALL])
    assert opened == ["llamacpp:/models/some.gguf"]
    monkeypatch.setenv("RAG_EMBED_MODEL", "openai:some")  # a server: nothing is sent to it for a check
    rag.check(OPEN, sources=[WALL])
    assert opened == ["llamacpp:/models/some.gguf"]
    configured_check.open_readings.cache_clear()


def test_the_public_check_works_with_a_model_that_is_missing_and_with_wrong_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAG_EMBED_MODEL", "llamacpp:/nowhere/none.gguf")
    assert rag.check(OPEN, sources=[WALL]) == check(OPEN, [WALL])
    monkeypatch.setenv("RAG_K", "many")
    assert rag.check(OPEN, sources=[WALL]) == check(OPEN, [WALL])


def test_an_answer_is_checked_with_the_model_that_is_open_already() -> None:
    class Ready:
        embedder = Letters()

        def judge_statement(self, statement: str, texts: Sequence[str]) -> list[float]:
            return [2.0] * len(texts)

    assistant = Assistant(cast("Retriever", Ready()), lambda: None, prompt_tokens=0, answer_tokens=0)
    assert assistant.readings.read([OPEN]) is not None
    assert Ready.embedder.read_texts == [OPEN]
    assert assistant.readings.judge(OPEN, WALL) == 2.0
