"""What reading a statement together with its source adds to `rag.check`: where it is asked, and what it may change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.errors import ModelError
from index.words import normalize
from ingest.embedders import open_embedder
from ingest.models.adapters import READER, SUPPORTS
from ingest.sentences import split_sentences
from rag.checking import Readings, check
from rag.checking.comparison import Comparison
from rag.checking.confidence import MODEL, confidence_by_reading, confidence_in_whole
from rag.checking.tokens import tokens
from rag.checking.verification import nearest
from rag.configured_check import open_readings
from rag.cross_encoder import CrossEncoder
from rag.settings import Settings
from tests.test_check_meaning import OPEN, WALL

WHOLE = MODEL["whole"]["en"]
SCORES = st.floats(-30, 30)


# ------------------------------------------------------------------ the figure


@given(SCORES, SCORES, SCORES)
def test_what_is_read_together_counts_only_where_meaning_leaves_it_open(by_meaning: float, a: float, b: float) -> None:
    found = [confidence_in_whole(by_meaning, "en", lambda odds=odds: odds) for odds in sorted((a, b))]
    if WHOLE["hopeless"] < by_meaning < WHOLE["sure"]:
        assert found[0] is not None and found[1] is not None and found[0] <= found[1]
        assert confidence_in_whole(by_meaning, "en", lambda: None) is None
    else:
        assert found == [None, None]


def test_nothing_is_read_where_it_would_change_nothing() -> None:
    def read() -> float:
        raise AssertionError("meaning had decided")

    for by_meaning in (WHOLE["hopeless"], WHOLE["sure"]):
        assert confidence_in_whole(by_meaning, "en", read) is None
    assert confidence_in_whole(0.0, "ja", read) is None  # it was taught English


@given(st.floats(-30, 30))
def test_where_only_reading_can_tell_it_decides_alone(odds: float) -> None:
    found = confidence_by_reading("en", lambda: odds)
    assert found is not None
    assert (found >= 0) is (odds >= WHOLE["alone"])
    assert confidence_by_reading("en", lambda: None) is None
    assert confidence_by_reading("ja", lambda: odds) is None


def test_the_same_sentences_are_read_with_a_statement_once() -> None:
    asked: list[tuple[str, Sequence[str]]] = []

    def judge(statement: str, texts: Sequence[str]) -> list[float]:
        asked.append((statement, texts))
        return [float(len(asked))] * len(texts)

    readings = Readings(lambda: None, judge)
    assert [readings.judge(*pair) for pair in (("A.", "B."), ("A.", "B."), ("A.", "C."), ("A.", "B."))] == [1, 1, 2, 1]
    assert asked == [("A.", ("B.",)), ("A.", ("C.",))]


def test_a_judge_that_fails_is_asked_once() -> None:
    asked = 0

    def judge(statement: str, texts: Sequence[str]) -> list[float]:
        nonlocal asked
        asked += 1
        raise ModelError("The model ended.", "")

    readings = Readings(lambda: None, judge)
    assert [readings.judge("A.", "B."), readings.judge("A.", "B.")] == [None, None]
    assert asked == 1
    assert Readings(lambda: None).judge("A.", "B.") is None
    assert Readings(lambda: None, lambda statement, texts: None).judge("A.", "B.") is None


# ------------------------------------------------------------------ what is read


WORDS = ("the", "a", "tall", "old", "red", "bridge", "house", "river", "was", "is", "built", "near")
SENTENCE = st.lists(st.sampled_from(WORDS), min_size=2).map(lambda words: " ".join(words).capitalize() + ".")


@settings(deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=8, unique=True), SENTENCE)
def test_the_nearest_sentences_are_read_in_their_order(told: list[str], stated: str) -> None:
    text, statement = normalize(" ".join(told)), normalize(stated)
    assume(tokens(text) and tokens(statement))
    read = nearest(Comparison(statement, tokens(statement), tokens(text), text))
    sentences = [text[start:end].strip() for start, end in split_sentences(text)]
    assert any(read == " ".join(some) for n in (1, 2, 3) for some in combinations(sentences, n))


# ------------------------------------------------------------------ where the judge comes from


def test_the_reader_beside_the_embedding_model_is_asked_and_only_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[Path] = []

    class Encoder:
        def __init__(self, path: Path) -> None:
            opened.append(path)

        def judge(self, name: str, asked: str, texts: Sequence[str]) -> list[float]:
            return [float(name == "supports")] * len(texts)

        def close(self) -> None:
            pass

    monkeypatch.setattr("rag.cross_encoder.CrossEncoder", Encoder)
    open_readings.cache_clear()
    try:
        without = open_readings(Settings(embed_model=f"llamacpp:{tmp_path}/some.gguf"))
        assert without.judge("A.", "B.") is None
        (tmp_path / READER).touch()
        readings = open_readings(Settings(embed_model=f"llamacpp:{tmp_path}/other.gguf"))
        assert opened == []
        assert [readings.judge("A.", "B."), readings.judge("A.", "C.")] == [1.0, 1.0]
        assert opened == [tmp_path / READER]
    finally:
        open_readings.cache_clear()


# ------------------------------------------------------------------ with the bundled embedding model


@pytest.mark.parametrize(
    ("statement", "doubtful"),
    [
        (OPEN, True),  # by words and by meaning
        ("The lighthouse keeper was given a new house.", False),  # word for word
        ("The lighthouse keeper was not given a new house.", False),  # contradicted
        ("The lighthouse keeper of Bergen was given a new house.", False),  # a name
        ("The lighthouse keeper was given a new chapel.", True),  # another thing, or another word for it
        ("The lighthouse keeper was given a new chapel in 1954.", False),  # and a value
        ("The lighthouse keeper was denied a new house.", False),  # another deed
        ("The lighthouse keeper moved into a recently finished home.", True),  # in words of its own
        ("Somebody in uniform moved into a recently finished home.", False),  # hardly one of the source
    ],
)
def test_what_is_read_together_decides_where_words_and_meaning_do_not(
    statement: str, doubtful: bool, bundled_models: dict[str, str]
) -> None:
    with open_embedder(bundled_models["embed_model"]) as embedder:
        verdicts = []
        for odds in (-9.0, 9.0):
            readings = Readings(lambda: embedder, lambda stated, texts, odds=odds: [odds] * len(texts))  # type: ignore[misc]
            verdicts.append(check(statement, [WALL], readings).verdict)
    assert (verdicts[0] != verdicts[1]) is doubtful
    assert verdicts == ["unchecked", "supported"] if doubtful else verdicts[0] == check(statement, [WALL]).verdict


# ------------------------------------------------------------------ with the bundled reader

# As in a company's papers: a passage, what it says and, with another thing of the passage in its place, what it does
# not. Of pairs whose odds are all but the same, none is here.
ROOMS = "Room Aurora seats 40 people and costs 300 euros per day. Room Boreal costs 120 euros per day."
INVOICES = "Invoices under 500 euros are approved by the team lead. Larger invoices are signed by the head of finance."
LOSSES = "A lost laptop must be reported to the service desk within one hour. Lost badges are reported to reception."
BACKUP = "The backup runs every night at 2:00 on the server in Dublin. Copies are kept in Leeds for 90 days."
LID = "Vinegar damages the seal of the lid. The filter is washed by hand in warm water; the base must stay dry."
KEYS = "The workshop closes at six. On Fridays the foreman hands the keys to the porter, who locks the tool room."
PAIRS = [
    (ROOMS, "What does Boreal cost per day? 120 euros", "What does Boreal cost per day? 300 euros"),
    (INVOICES, "Who signs larger invoices? the head of finance", "Who signs larger invoices? the team lead"),
    (
        LOSSES,
        "How quickly do I report a lost laptop? within one hour",
        "How quickly do I report a lost laptop? reception",
    ),
    (BACKUP, "Where does the backup run? on the server in Dublin", "Where does the backup run? in Leeds"),
    (LID, "What is damaged by vinegar? the seal of the lid", "What is damaged by vinegar? the filter"),
    (LID, "What must stay dry? the base", "What must stay dry? the filter"),
    (LID, "Vinegar harms the seal of the lid.", "Vinegar harms the base of the lid."),
    (LOSSES, "Where do I report a lost badge? reception", "Where do I report a lost badge? the service desk"),
    (KEYS, "When does the workshop close? at six", "When does the workshop close? On Fridays"),
    (KEYS, "The keys are handed to the porter on Fridays.", "The keys are handed to the foreman on Fridays."),
]
MISSED = ("Where do I report a lost badge? reception", "When does the workshop close? at six", PAIRS[-1][1])


@pytest.mark.models
@pytest.mark.parametrize(
    ("passage", "stated", "other"),
    [
        pytest.param(*pair, marks=pytest.mark.xfail(strict=True, reason="a known gap") if pair[1] in MISSED else ())
        for pair in PAIRS
    ],
)
def test_what_a_passage_says_is_told_from_the_same_of_another_thing(
    reader: CrossEncoder, passage: str, stated: str, other: str
) -> None:
    assert reader.judge(SUPPORTS, stated, [passage]) > reader.judge(SUPPORTS, other, [passage])


@pytest.mark.slow
@pytest.mark.models
def test_with_the_reader_more_true_and_fewer_false_statements_are_supported(
    reader: CrossEncoder, bundled_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    from written_statements import HELD_OUT, read_written

    rows = [row for row in read_written(HELD_OUT) if row.kind not in ("true", "false")]

    def count(readings: Readings) -> Counter[bool]:
        return Counter(
            row.truth for row in rows if check(row.statement, [row.passage], readings).verdict == "supported"
        )

    with open_embedder(bundled_models["embed_model"]) as embedder:
        read = count(Readings(lambda: embedder, partial(reader.judge, SUPPORTS)))
        apart = count(Readings(lambda: embedder))
    assert read[True] >= apart[True] > 0
    assert read[False] < 0.8 * apart[False]
