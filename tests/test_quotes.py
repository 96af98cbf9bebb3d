"""Quotes: exact ranges, the sentence that answers first, with what it needs to be understood and no more."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import Shelf, document, office

from index.types import Block, Kind, Span
from ingest.embedders import Reading
from ingest.office.table_rows import join_cells
from rag.answer_types import offers
from rag.interaction import compare_words
from rag.question import take_apart, tells
from rag.quotes import LONGEST, select_quotes
from rag.relevance import COLUMNS, EMBEDDED, WEIGHTS, list_passages, weigh_sentences
from rag.table_cells import name_cells, split_cells


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many days of paid leave do full-time employees receive?", "20 days"),
        ("How many days off for moving house?", "one day"),
        ("What is the hotel limit in Dublin?", "160 euros"),
        ("When does the canteen open?", "noon"),
        ("有給休暇の買い取りはできますか", "買い取りは行わない"),
        ("What command sends travel to the manager?", "travel send --to manager"),
    ],
)
@pytest.mark.parametrize("vectors", [False, True])
def test_the_first_quote_answers(question: str, answer: str, vectors: bool) -> None:
    shelf = office()
    shelf.vectors = vectors
    first = shelf.quotes(question)[0]
    shelf.vectors = False
    assert answer in first.text


def test_what_two_documents_say_alike_is_one_quote() -> None:
    quotes = office().quotes("How many days of paid leave do full-time employees receive?")
    assert len(quotes) == 3
    assert {quotes[0].path, *quotes[0].also} == {"docs/0.md", "docs/3.md"}


def test_what_differs_in_a_number_is_two_quotes() -> None:
    shelf = Shelf(*(document((Kind.TEXT, f"Employees in the office receive {n} days of leave.")) for n in (20, 18)))
    quotes = shelf.quotes("How many days of leave do employees receive?")
    assert len(quotes) == 2 and not quotes[0].also and not quotes[1].also


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The printer costs $500 a year.", "The printer costs €500 a year."),
        ("The printer gained 5 percent.", "The printer gained -5 percent."),
        ("The printer takes 3 trays of 500 sheets.", "The printer takes 500 trays of 3 sheets."),
        ("The printer is lent by Kato to Mori.", "The printer is lent by Mori to Kato."),
    ],
)
def test_what_differs_in_a_sign_a_unit_or_the_order_is_two_quotes(one: str, other: str) -> None:
    shelf = Shelf(document((Kind.TEXT, one)), document((Kind.TEXT, other)))
    quotes = shelf.quotes("What about the printer?")
    assert len(quotes) == 2 and not quotes[0].also and not quotes[1].also


def test_no_passage_no_quote() -> None:
    assert select_quotes(weigh_sentences("anything", [], office()), office().text, limit=3) == []


def test_few_sentences_are_embedded() -> None:
    text = " ".join(f"Paragraph {n} tells of the number {n} and the leave." for n in range(60))
    shelf = Shelf(document((Kind.TEXT, text)), vectors=True)
    weighed = weigh_sentences("What of the leave?", shelf.ranked("What of the leave?"), shelf)
    assert len(weighed.sentences) == 60
    assert shelf.embedded == EMBEDDED == len(weighed.embedded)


@pytest.mark.parametrize(
    ("vectors", "words", "sight"), [(False, False, "words"), (True, False, "vectors"), (True, True, "tokens")]
)
def test_what_the_model_shows_decides_how_sentences_are_weighed(vectors: bool, words: bool, sight: str) -> None:
    shelf = Shelf(document((Kind.TEXT, "The canteen opens at noon. Staff get 20 days of leave. Dogs stay outside.")))
    shelf.vectors, shelf.words = vectors, words
    weighed = weigh_sentences("When does the canteen open?", shelf.ranked("When does the canteen open?"), shelf)
    assert weighed.sight == sight
    assert len(weighed.near) == (len(weighed.embedded) if words else 0)
    assert "noon" in weighed.sentences[int(weighed.scores.argmax())].text


def test_words_are_compared_by_their_nearest() -> None:
    rows = np.eye(4, dtype=np.float32)
    question = take_apart("who founded acme", lambda term: {"found": 2.0}.get(term, 1.0))
    asked = Reading(rows[0], ("who", "founded", "acme"), rows[[0, 1, 2]])
    half = (rows[1] + rows[3]) / np.sqrt(2)
    sentence = Reading(rows[0], ("acme", "began", "smith"), np.stack([rows[2], half, rows[0]]))
    [near] = compare_words(question, asked, [sentence])
    assert near.terms == pytest.approx({"found": np.sqrt(0.5), "acm": 1.0})
    assert near.every == pytest.approx((1 + np.sqrt(0.5) + 1) / 3)
    assert near.asking == pytest.approx(1.0), "smith is new, and near to who"
    assert near.share(question) == pytest.approx((2 * np.sqrt(0.5) + 1) / 3)
    assert near.share(question, among={"acm"}) == pytest.approx(1 / 3)
    assert near.share(question, power=2) == pytest.approx((2 * 0.5 + 1) / 3)


@pytest.mark.parametrize(
    ("question", "sentence", "offered"),
    [
        ("How many offices are there?", "It has 12 small offices in Japan.", (True, False, False)),
        ("How many offices are there?", "The offices opened in 2012.", (False, False, False)),
        ("Who runs the office?", "It is run by Anna Smith.", (False, True, False)),
        ("Where is the office?", "It is in Osaka.", (False, False, True)),
        ("社員は何人ですか", "社員は30人である。", (True, False, False)),
        ("社員は何人ですか", "30日に集まる。", (False, False, False)),
        ("社長は誰ですか", "社長は山田太郎である。", (False, True, False)),
        ("本社はどこですか", "本社は大阪にある。", (False, False, True)),
    ],
)
def test_what_a_sentence_offers(question: str, sentence: str, offered: tuple[bool, bool, bool]) -> None:
    assert offers(take_apart(question, lambda _: 1.0), sentence) == offered


def test_every_measure_has_a_column() -> None:
    question = "How many days of paid leave?"
    weighed = weigh_sentences(question, office().ranked(question), office())
    assert weighed.measures.shape == (len(weighed.sentences), len(COLUMNS))
    assert all(set(weights) < set(COLUMNS) for weights in WEIGHTS.values())
    assert weighed.probabilities.sum() == pytest.approx(1)


def test_a_table_row_is_read_with_the_names_of_its_columns() -> None:
    question = "What is the hotel limit in Dublin?"
    [(_, text), *_] = list_passages(weigh_sentences(question, office().ranked(question), office()))
    assert text.endswith("City: Dublin, Daily allowance: 45 euros, Hotel limit: 160 euros")
    question = "How many days of paid leave do full-time employees receive?"
    [(_, text), *_] = list_passages(weigh_sentences(question, office().ranked(question), office()))
    assert "Staff rest. Full-time employees receive 20 days of paid leave. They may" in text


def test_a_row_under_no_names_is_read_as_it_stands() -> None:
    weighed = weigh_sentences("Osaka", office().ranked("Osaka"), office())
    lead = (Span(0, 9, "The following applies:"),)
    rows = tuple(replace(sentence, lead=lead) for sentence in weighed.sentences)
    texts = [text for _, text in list_passages(replace(weighed, sentences=rows), 40)]
    assert any("Osaka | 3,000 yen | 12,000 yen" in text for text in texts)
    assert not any("applies" in text for text in texts)
    assert name_cells("Osaka | 3", "Sales | 2024\nCity | Number") == "City: Osaka, Number: 3"


CELLS = st.lists(st.text(st.characters(categories=("L", "Nd")), max_size=5), min_size=1, max_size=6)


@given(CELLS, CELLS)
def test_cells_keep_their_order_under_the_names_of_their_columns(names: list[str], cells: list[str]) -> None:
    row = join_cells(cells)
    assert split_cells(row) == (cells[: len(split_cells(row))] if any(cells) else [""])
    wanted = [f"{name}: {cell}" if name else cell for name, cell in zip_longest(names, cells, fillvalue="") if cell]
    assert name_cells(row, join_cells(names)) == ", ".join(wanted)


# On small collections the best passage may score next to nothing, and less than nothing where nothing is near.
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8))
def test_no_score_of_a_passage_is_beyond_all_bounds(scores: list[float]) -> None:
    question = "How many days of paid leave?"
    passages = office().ranked(question)
    ranked = [replace(hit, score=score) for hit, score in zip(passages, sorted(scores, reverse=True), strict=False)]
    passage = weigh_sentences(question, ranked, office()).measures[:, COLUMNS.index("passage")]
    assert (passage[0], passage.min() >= 0, passage.max() <= 1) == (1, True, True)


WORDS = [*".!?,|:「」\n", "leave", "days", "20", "18", "The", "It", "これ", "休暇は", "付与する。", "of", "employees"]
BLOCKS = st.lists(
    st.tuples(st.sampled_from(Kind), st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(BLOCKS, min_size=1, max_size=4), st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_quotes_are_exact_disjoint_and_ordered(contents: list[list[tuple[Kind, str]]], question: str) -> None:
    shelf = Shelf(*(document(*blocks) for blocks in contents))
    quotes = shelf.quotes(question, limit=5)
    assert [quote.n for quote in quotes] == list(range(1, len(quotes) + 1))
    taken: list[tuple[str, int, int]] = []
    for quote in quotes:
        text = shelf.text(quote.path)
        for span in (quote, *quote.context):
            assert text[span.start : span.end] == span.text and span.text == span.text.strip() != ""
        for path, start, end in taken:
            assert path != quote.path or end <= quote.start or quote.end <= start
        taken.append((quote.path, quote.start, quote.end))
        assert quote.path not in quote.also
    sentences = sum(len(weigh_sentences(question, [hit], shelf).sentences) for hit in shelf.ranked(question))
    assert len(quotes) + sum(len(quote.also) for quote in quotes) >= min(1, sentences)


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("When did he leave?", {"when"}),
        ("何年に設立されましたか", {"when"}),
        ("How many offices are there?", {"number"}),
        ("社員は何人ですか", {"number"}),
        ("Who wrote it?", {"who"}),
        ("どこにありますか", {"who"}),
        ("Why was it closed?", {"why"}),
        ("What is the tool called?", {"name"}),
        ("これを何と呼びますか", {"name"}),
        ("Is it open?", set()),
    ],
)
def test_what_a_question_asks_for(question: str, kinds: set[str]) -> None:
    assert take_apart(question, lambda _: 1.0).kinds == kinds


def test_what_the_question_already_says_is_not_an_answer() -> None:
    question = take_apart("How many days did staff get in 2023?", lambda _: 1.0)
    assert not tells("number", "Staff got days in 2023.", question)
    assert tells("number", "Staff got 20 days in 2023.", question)
    assert tells("when", "Staff got them in May 2023.", question)


def test_a_quote_is_no_longer_than_its_sentences_allow() -> None:
    text = " ".join(["The leave is twenty days."] * 12)
    first = Shelf(document((Kind.TEXT, text))).quotes("How long is the leave?", limit=1)[0]
    assert first.text.count("twenty") <= LONGEST


def test_blocks_of_a_test_document_stand_where_they_say() -> None:
    found = document((Kind.HEADING, "A"), (Kind.TEXT, "b c"))
    assert found.blocks[1] == Block(3, 6, Kind.TEXT, 0, None, 1, None)
