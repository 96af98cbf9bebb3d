"""An embedding model reads a question together with a passage: the adapter, its pairs, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import write_nomic_bert

import rag
from index.types import Kind
from ingest.embedders import Embedder, open_embedder
from ingest.models import adapters
from ingest.models.adapters import PAIR_TOKENS, PASSAGE_TOKENS, QUESTION_TOKENS, find_adapter, lay_pair
from ingest.models.gguf_header import read_header
from ingest.text_builder import TextBuilder
from rag.answerable import WEIGHTS, read_signs, total
from rag.relevance import PAIRED, list_passages, weigh_sentences
from tests.test_quotes import Shelf

TOKENS = st.lists(st.integers(1000, 30000), max_size=300)


@given(TOKENS, TOKENS)
def test_a_pair_is_cut_and_laid_as_bert_reads_two_texts(asked: list[int], passage: list[int]) -> None:
    pair = lay_pair(asked, passage, [101], [102])
    assert len(pair) <= PAIR_TOKENS
    ends = [place for place, token in enumerate(pair) if token == 102]
    assert pair[0] == 101 and len(ends) == 2 and ends[1] == len(pair) - 1
    assert pair[1 : ends[0]] == asked[:QUESTION_TOKENS]
    assert pair[ends[0] + 1 : -1] == passage[:PASSAGE_TOKENS]


def test_every_adapter_is_whole_and_belongs_to_one_model() -> None:
    known = [json.loads(path.read_text("utf-8")) for path in sorted(adapters.FOLDER.glob("*.json"))]
    assert known and len({each["weights"] for each in known}) == len(known)
    for each in known:
        adapter = find_adapter(each["weights"])
        assert adapter is not None
        header = read_header(adapter.path)
        assert header.metadata["general.type"] == "adapter"
        rows = np.vstack([np.zeros(len(adapter.head)), np.array(adapter.head)]).astype(np.float32)
        longer = adapter.bias + float(np.square(adapter.head).sum())
        assert adapter.log_odds(rows) == pytest.approx([adapter.bias, longer], rel=1e-4)
    assert find_adapter("0" * 64) is None


def test_a_model_without_an_adapter_reads_nothing_together(tmp_path: Path) -> None:
    with open_embedder(f"llamacpp:{write_nomic_bert(tmp_path / 'tiny.gguf')}") as embedder:
        assert embedder.read_together("When?", ["Then."]) is None
    with open_embedder("hashing:64") as embedder:
        assert embedder.read_together("When?", ["Then."]) is None


@pytest.fixture(scope="module")
def embedder(bundled_models: dict[str, str]) -> Iterator[Embedder]:
    with open_embedder(bundled_models["embed_model"]) as opened:
        yield opened


@pytest.mark.models
def test_what_answers_is_told_from_what_is_about_the_same(embedder: Embedder) -> None:
    question = "How many days of leave do full-time employees get?"
    answer = "Annual leave. Full-time employees get 25 days of paid leave a year. It is not carried over."
    same = "Annual leave. Full-time employees ask their manager for leave in writing. It is not carried over."
    other = "The canteen. It is closed on the last Friday of every month."
    before = embedder.embed_documents([answer])
    found = embedder.read_together(question, [answer, same, other, answer])
    assert found is not None and found[0] == pytest.approx(found[3], abs=0.05)
    assert found[0] > found[1] and found[0] > found[2]
    assert np.array_equal(embedder.embed_documents([answer]), before)  # the adapter is in no other reading


@pytest.mark.models
@pytest.mark.parametrize("question", ["漢字 🦊 \ud800", "", "why " * 500])
def test_any_text_is_read_together(embedder: Embedder, question: str) -> None:
    found = embedder.read_together(question, ["", "\x00", "the fox was in the office " * 200])
    assert found is not None and len(found) == 3 and np.all(np.isfinite(found))
    assert embedder.read_together(question, []) == []


class Reading(Shelf):
    """A shelf whose model reads a question and a passage together: the more words they share, the surer it is."""

    def __init__(self, *documents: object) -> None:
        super().__init__(*documents, vectors=True)  # type: ignore[arg-type]
        self.words = True
        self.asked: list[str] = []

    def read_together(self, question: str, passages: Sequence[str]) -> list[float]:
        self.asked += passages
        return [float(len(set(question.split()) & set(passage.split()))) for passage in passages]


def shelf() -> Reading:
    builder = TextBuilder()
    builder.add("Leave", Kind.HEADING, level=1, line=1)
    builder.add("Leave is granted. Employees get 25 days of leave. Managers sign.", line=3)
    return Reading(builder.build("Leave"))


def test_the_best_sentences_are_read_with_their_title_and_neighbours() -> None:
    reading = shelf()
    question = "How many days of leave do employees get?"
    weighed = weigh_sentences(question, reading.ranked(question), reading)
    assert weighed.sight == "pairs"
    passages = list_passages(weighed)
    assert [text for _, text in passages] == reading.asked
    assert weighed.sentences[passages[0][0]].text == "Employees get 25 days of leave."
    assert passages[0][1] == "Leave. Leave is granted. Employees get 25 days of leave. Managers sign."
    signs = read_signs(weighed)
    assert signs["answers_first"] == weighed.together[0]
    assert signs["answers_best"] == max(weighed.together)


def test_what_is_read_together_decides_with_the_other_signs() -> None:
    reading = shelf()
    question = "How many days of leave do employees get?"
    weighed = weigh_sentences(question, reading.ranked(question), reading)
    surely, hardly = (read_signs(replace(weighed, together=odds)) for odds in ((4.0, 1.0), (-4.0, -5.0)))
    weights = WEIGHTS["pairs"]
    gained = weights["answers_best"] * 8 + weights["answers_first"] * 8
    assert gained > 0
    assert total(surely, "pairs") - total(hardly, "pairs") == pytest.approx(gained)
    assert total(surely, "tokens") == total(hardly, "tokens")


@pytest.mark.models
def test_a_knowledge_base_reads_together_and_is_calibrated_so(tmp_path: Path, bundled_models: dict[str, str]) -> None:
    sentences = (
        "Full-time employees get 25 days of paid leave a year.",
        "The canteen is closed on the last Friday of every month.",
        "Visitors sign the book at the gate before they enter.",
        "Laptops are returned to the office on the last day.",
        "The fire drill is held twice a year by the wardens.",
        "Parcels are kept in the post room for five days only.",
        "The meeting room on the second floor seats ten people.",
        "Bicycles are left in the shed behind the building.",
    )
    for number, sentence in enumerate(sentences):
        (tmp_path / f"{number}.md").write_text(f"# Rule {number}\n\n{sentence}\n", encoding="utf-8")
    with rag.open(tmp_path / "kb", embed_model=bundled_models["embed_model"]) as kb:
        kb.ingest([tmp_path / f"{number}.md" for number in range(len(sentences))])
        question = "How many days of paid leave do full-time employees get?"
        weighed = weigh_sentences(question, kb.retriever.search(question, 5, "hybrid"), kb.retriever)
        assert weighed.sight == "pairs"
        assert len(weighed.together) == len(list_passages(weighed)) == PAIRED
        assert weighed.together[0] > weighed.together[1]
        calibration = kb.retriever.calibration()
        assert calibration is not None and calibration.unanswered["en"].sight == "pairs"


def test_without_such_a_model_nothing_else_changes() -> None:
    reading = shelf()
    question = "How many days of leave do employees get?"
    with_it = weigh_sentences(question, reading.ranked(question), reading)
    reading.read_together = lambda question, passages: None  # type: ignore[method-assign,assignment,return-value]
    without = weigh_sentences(question, reading.ranked(question), reading)
    assert without.sight == "tokens" and without.together == ()
    assert np.array_equal(without.scores, with_it.scores)
