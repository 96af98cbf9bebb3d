"""Quotes: exact ranges, the sentence that answers first, with what it needs to be understood and no more."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import write_tree
from hypothesis import given, settings
from hypothesis import strategies as st

import rag
from index.search import Ranked
from index.types import Block, Document, Kind, Passage, Quote
from index.words import terms
from ingest.chunk import chunk_document
from ingest.embedders import Reading
from ingest.text_builder import TextBuilder
from rag.answer_types import offers
from rag.interaction import compare_words
from rag.question import take_apart, tells
from rag.quotes import LONGEST, find_heading, select_quotes
from rag.relevance import COLUMNS, EMBEDDED, WEIGHTS, weigh_sentences
from rag.show_answer import show_answer


class Shelf:
    """A few documents, searched by brute force."""

    def __init__(self, *documents: Document, vectors: bool = False) -> None:
        self.documents = {f"docs/{n}.md": document for n, document in enumerate(documents)}
        self.passages = [
            Passage(0, path, "/" + path, document.title, "2026-01-01", None, (), chunk)
            for path, document in self.documents.items()
            for chunk in chunk_document(document)
        ]
        self.frequency = Counter(t for p in self.passages for t in set(terms(p.chunk.text)))
        self.vectors = vectors
        self.words = False  # whether the model shows the words it reads
        self.embedded = 0

    def idf(self, term: str) -> float:
        n, df = len(self.passages), self.frequency[term]
        return math.log(1 + (n - df + 0.5) / (df + 0.5))

    def read(self, texts: Sequence[str]) -> list[Reading]:
        self.embedded += len(texts)
        return [self.read_question(text) for text in texts]

    def read_question(self, text: str) -> Reading:
        vector = self.embed_question(text)
        if not self.words:
            return Reading(vector, (), vector[None, :0])
        words = text.split()
        return Reading(vector, tuple(words), np.stack([self.embed_question(word) for word in words]))

    def read_together(self, question: str, passages: Sequence[str]) -> list[float] | None:
        return None

    def embed_question(self, text: str) -> Any:
        vector = np.zeros(64, np.float32)
        for term in terms(text):
            vector[sum(term.encode()) % 64] += 1
        return vector / (np.linalg.norm(vector) or 1)

    def text(self, path: str) -> str:
        return self.documents[path].text

    def ranked(self, question: str) -> list[Ranked]:
        asked = take_apart(question, self.idf)
        scored = sorted(self.passages, key=lambda p: -asked.share(terms(p.title + " " + p.chunk.text)))
        found = []
        for passage in scored[:20]:
            score = asked.share(terms(passage.title + " " + passage.chunk.text))
            scores = {"lexical": score}
            if self.vectors:
                scores["dense"] = float(self.embed_question(question) @ self.embed_question(passage.chunk.text))
            found.append(Ranked(passage, score, scores))
        return found

    def quotes(self, question: str, limit: int = 3) -> list[Quote]:
        return select_quotes(weigh_sentences(question, self.ranked(question), self), self.text, limit=limit)


def document(*blocks: tuple[Kind, str], title: str = "") -> Document:
    builder = TextBuilder()
    for kind, text in blocks:
        builder.add(text, kind, level=1 if kind is Kind.HEADING else 0, line=1)
    return builder.build(title)


@cache
def office() -> Shelf:
    return Shelf(
        document(
            (Kind.HEADING, "Annual leave"),
            (
                Kind.TEXT,
                "Staff rest. Full-time employees receive 20 days of paid leave. They may carry over five of them.",
            ),
            (Kind.TEXT, "Leave is granted in the following cases:"),
            (Kind.ITEM, "marriage of a child: two days"),
            (Kind.ITEM, "moving house: one day"),
        ),
        document(
            (Kind.HEADING, "Travel"),
            (Kind.HEADER, "City | Daily allowance | Hotel limit"),
            (Kind.ROW, "Osaka | 3,000 yen | 12,000 yen"),
            (Kind.ROW, "Dublin | 45 euros | 160 euros"),
            (Kind.CODE, "travel new --city CITY\ntravel send --to manager"),
        ),
        document(
            (Kind.HEADING, "年次有給休暇"),
            (Kind.TEXT, "入社後六か月で10日を付与する。翌年度に限り繰り越すことができる。退職時の買い取りは行わない。"),
        ),
        document(
            (Kind.HEADING, "News"),
            (Kind.TEXT, "The canteen opens at noon. Full-time employees receive 20 days of paid leave!"),
        ),
    )


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


def test_a_row_brings_its_header_and_an_item_its_lead_in() -> None:
    row = office().quotes("What is the hotel limit in Dublin?")[0]
    assert row.text == "Dublin | 45 euros | 160 euros"
    assert [span.text for span in row.context] == ["City | Daily allowance | Hotel limit"]
    item = office().quotes("How many days off for moving house?")[0]
    assert [span.text for span in item.context] == ["Leave is granted in the following cases:"]


def test_the_answer_shows_what_a_quoted_item_goes_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lease = (
        "# Lease\n\nThe tenant shall not, without consent:\n\n- keep dogs in the flat;\n- put up signs on the wall.\n"
    )
    question = "Can the tenant put up signs on the wall?"
    with rag.open(write_tree(tmp_path, {"lease.md": lease}) / "kb", embed_model="") as kb:
        kb.ingest([tmp_path / "lease.md"])
        show_answer(kb, question, kb.ask_in_steps(question, generate=False), as_json=False)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    answer = next(n for n, line in enumerate(lines) if line.endswith("signs on the wall. [1]"))
    assert lines[answer - 1] == "The tenant shall not, without consent:"


def test_an_item_of_a_list_inside_a_list_brings_the_item_above_it() -> None:
    builder = TextBuilder()
    builder.add("Class of travel:")
    for level, text in [(1, "By rail"), (2, "first class: above four hours"), (1, "By air"), (2, "business: never")]:
        builder.add(text, Kind.ITEM, level=level)
    shelf = Shelf(builder.build(""))
    question = "Is business class allowed by air?"
    sentences = weigh_sentences(question, shelf.ranked(question), shelf).sentences
    leads = {sentence.text: [span.text for span in sentence.lead] for sentence in sentences}
    assert leads["business: never"] == ["Class of travel:", "By air"]
    assert leads["By air"] == ["Class of travel:"]


@pytest.mark.parametrize("rows", [2, 120])
def test_a_row_is_found_by_the_names_of_its_columns_over_two_lines(rows: int) -> None:
    cities = [(Kind.ROW, f"Town{n} | {1000 + n} | {2000 + n} | {3000 + n}") for n in range(rows)]
    names = ((Kind.HEADER, "Town | Hotel | Hotel | Train"), (Kind.HEADER, "| summer | winter | return"))
    prose = (Kind.TEXT, f"Train journeys to Town{rows - 1} are booked by the travel desk.")
    first = Shelf(document((Kind.HEADING, "Fares"), *names, *cities), document(prose)).quotes(
        f"Hotel winter Town{rows - 1}"
    )[0]
    last = rows - 1
    assert first.text == f"Town{last} | {1000 + last} | {2000 + last} | {3000 + last}"
    assert [span.text for span in first.context] == ["Town | Hotel | Hotel | Train\n| summer | winter | return"]


def test_the_rule_under_a_heading_comes_before_its_exceptions_and_before_the_fields_of_a_form() -> None:
    form = document(
        (Kind.HEADING, "Secondary employment: application"),
        (Kind.TEXT, "Reason"),
        (Kind.TEXT, "[employment-form]: https://example.com/secondary-employment"),
    )
    rule = document(
        (Kind.HEADING, "Secondary employment"),
        (Kind.ITEM, "1. Staff may work for others outside their hours."),
        (Kind.ITEM, "2. It is forbidden where secrets may leak"),
        (Kind.ITEM, "3. It is forbidden where it harms the company"),
    )
    first, *others = Shelf(form, rule).quotes("Is secondary employment allowed?", limit=5)
    assert first.text.startswith("1. Staff may work for others outside their hours.")
    of_form = ["Reason" in quote.text or "example.com" in quote.text for quote in others]
    assert of_form == sorted(of_form), "none of the form before the last of the rule"
    fields = "\n\n".join(quote.text for quote, is_field in zip(others, of_form, strict=True) if is_field)
    assert fields == "Reason\n\n[employment-form]: https://example.com/secondary-employment"


def test_a_japanese_item_with_nothing_that_leads_it_in_brings_its_heading_or_the_subject_of_its_mail() -> None:
    shelf = Shelf(
        document(
            (Kind.TEXT, "Subject: 健康診断"), (Kind.NOTE, "記"), (Kind.ITEM, "１．日時　5月20日"), title="健康診断"
        ),
        document((Kind.HEADING, "お手入れ"), (Kind.ITEM, "槽の水は1日1回交換する。")),
    )
    [date] = shelf.quotes("日時はいつ", limit=1)
    assert (date.text, [span.text for span in date.context]) == ("１．日時　5月20日", ["健康診断"])
    [care] = shelf.quotes("水は何回交換しますか", limit=1)
    assert (care.text, [span.text for span in care.context]) == ("槽の水は1日1回交換する。", ["お手入れ"])


def test_a_pronoun_brings_what_it_stands_for() -> None:
    shelf = Shelf(
        document(
            (
                Kind.TEXT,
                "The Dublin office closed. It will reopen in May under a new lease with its old landlord, Mr Byrne.",
            )
        ),
        document((Kind.TEXT, "The Osaka office never closes.")),
    )
    first = shelf.quotes("When will it reopen under a new lease?")[0]
    shown = " ".join([*(span.text for span in first.context), first.text])
    assert shown.startswith("The Dublin office closed.") and "May" in shown


def test_japanese_without_a_subject_brings_its_heading() -> None:
    first = office().quotes("入社後何か月で付与されますか")[0]
    assert [span.text for span in first.context] == ["年次有給休暇"]
    assert "六か月" in first.text


@pytest.mark.parametrize(
    ("rule", "exception", "rest", "question"),
    [
        (
            "未使用の休暇は翌年三月末まで繰り越すことができる。",
            "ただし、所属長が認めない場合はこの限りでない。",
            "申請は二週間前までに行う。",
            "未使用の休暇はいつまで繰り越せますか",
        ),
        (
            "Unused leave may be carried over until the end of March.",
            "This does not apply to staff in their trial period.",
            "Requests are made two weeks in advance.",
            "Until when may unused leave be carried over?",
        ),
    ],
)
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.ITEM])
def test_a_rule_is_quoted_with_its_exception(kind: Kind, rule: str, exception: str, rest: str, question: str) -> None:
    gap = " " if rule.isascii() else ""
    shelf = Shelf(document((kind, gap.join((rule, exception, rest)))), document((Kind.TEXT, "Lunch is at noon.")))
    quotes = shelf.quotes(question)
    assert quotes[0].text == f"{rule}{gap}{exception}"
    assert all(exception not in quote.text for quote in quotes[1:])


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


def test_the_nearest_heading_above_is_found_over_line_ends() -> None:
    text = "Sick leave\n\nold. Sick\nleave and more. here"
    [span] = find_heading("Sick leave", len(text) - 4, text)
    assert (span.start, span.text) == (17, "Sick\nleave")
    assert list(find_heading("Absent", len(text), text)) == []


def test_a_quote_is_no_longer_than_its_sentences_allow() -> None:
    text = " ".join(["The leave is twenty days."] * 12)
    first = Shelf(document((Kind.TEXT, text))).quotes("How long is the leave?", limit=1)[0]
    assert first.text.count("twenty") <= LONGEST


def test_blocks_of_a_test_document_stand_where_they_say() -> None:
    found = document((Kind.HEADING, "A"), (Kind.TEXT, "b c"))
    assert found.blocks[1] == Block(3, 6, Kind.TEXT, 0, None, 1, None)
