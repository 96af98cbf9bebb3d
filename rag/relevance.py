"""How strongly each sentence of the best passages bears on a question.

Every sentence, table row, list item and code line of the passages is described by a few measures (`rag.measures`), and
one linear model turns them into the probability that it is the one that answers: a softmax over all sentences of the
passages, as in the listwise ranking of Cao et al. (2007). There are four models: for questions whose words alone are
read, with spaces between them or without, for embedding models that give a vector of a sentence, and for those that
show one of each of its words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import takewhile
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from index.characters import is_unspaced
from index.search import Ranked
from index.types import Block, Chunk, Kind, Span
from ingest.chunk import LEAD_IN
from ingest.sentences import split_sentences
from rag.interaction import Nearness, compare_words, reading_terms
from rag.languages import language_of
from rag.measures import MEASURES, NEAR, measure_sentences
from rag.question import KINDS, Question, take_apart
from rag.table_cells import BAR, name_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingest.embedders import Reading

EMBEDDED = 12  # sentences that the embedding model reads; each costs 5 to 25 ms on a laptop
# Of those, how many are read once more, together with the question, where the first quote waits for that: with two,
# fewer of the withheld questions of unseen articles of SQuAD 2 were refused, with four no more.
PAIRED = 3
# Characters of such a sentence and of its neighbours, about a hundred tokens in all; a Japanese word has about two.
_WITHIN, _BESIDE = 400, 160
_UNSPACED_WITHIN, _UNSPACED_BESIDE = 200, 60

# What is seen of a sentence: its words, which the question's script parts or not; its vector; one of each of its words;
# and besides its words or the vectors of them, what becomes of it when it is read together with the question.
Sight = Literal["words", "unspaced", "vectors", "tokens", "pairs", "glossed"]
APART: Mapping[Sight, Sight] = {"pairs": "tokens", "glossed": "unspaced"}  # what is seen without reading together

# Fitted with tests/bench/fit_evidence.py, which prints and writes this file anew: to SQuAD 2, CLAPnq and COVID-QA, and
# by words to JSQuAD and NIILC, too.
# "passages" chooses the sentences that are read: the passages' vectors are known then, theirs are not.
WEIGHTS: Mapping[str, Mapping[str, float]] = json.loads(files("rag").joinpath("relevance.json").read_text("utf-8"))
# Set, not fitted, because the public sets have neither two documents that differ only in their year nor forms, nor
# rules. Another year outweighs the difference in rank of two editions of one handbook (tests/test_sample_company.py),
# and little else; a label loses against any sentence under the same heading, and of those that say as much the first
# comes first.
SET: Mapping[str, float] = {"other_year": -1.5, "label": -4.0, "first": 1.5}
COLUMNS = (*MEASURES, *NEAR)
_FIRST_KIND = COLUMNS.index(KINDS[0])


@dataclass(frozen=True, slots=True)
class Sentence:
    """A quotable piece of a passage: ``[start, end)`` of the document, in the passage ranked `rank` (0 is the best).

    `lead` is what it belongs to: the header row of a table row, the paragraph that introduces a list.
    """

    rank: int
    start: int
    end: int
    kind: Kind
    text: str
    lead: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """The sentences of the ranked passages, passage by passage in reading order, and each one's probability to answer.

    The probabilities are the softmax of `scores`, which are comparable between questions. `measures` has one row a
    sentence and one column for each of COLUMNS. `embedded` are the numbers of the sentences that the embedding model
    read, none without one that reads the question; `near` is what it made of their words, where it shows them.
    `together` are the log odds that `list_passages` answer, where it reads a question and a passage together.
    """

    question: Question
    ranked: tuple[Ranked, ...]
    sentences: tuple[Sentence, ...]
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    measures: NDArray[np.float64]
    sight: Sight
    embedded: tuple[int, ...] = ()
    near: tuple[Nearness, ...] = ()
    together: tuple[float, ...] = ()

    def column(self, name: str) -> NDArray[np.float64]:
        """One of COLUMNS, a number for each sentence."""
        return self.measures[:, COLUMNS.index(name)]

    def tells_kind(self, number: int) -> bool:
        """Return whether a sentence holds something of the kind that is asked for."""
        return bool(self.measures[number, _FIRST_KIND : _FIRST_KIND + len(KINDS)].any())


@dataclass(frozen=True, slots=True)
class Draft:
    """Sentences that lack only what the embedding model makes of the `likely` ones (their numbers), from `inputs`."""

    question: Question
    ranked: tuple[Ranked, ...]
    sentences: tuple[Sentence, ...]
    measures: NDArray[np.float64]
    likely: tuple[int, ...]
    inputs: tuple[str, ...]


class Collection(Protocol):
    """What is asked of the knowledge base besides the passages."""

    def idf(self, term: str) -> float: ...

    def read(self, texts: Sequence[str]) -> list[Reading] | None: ...

    def read_question(self, question: str) -> Reading | None: ...

    def read_together(self, question: str, passages: Sequence[str]) -> list[float] | None: ...


def weigh_sentences(text: str, ranked: Sequence[Ranked], collection: Collection) -> Weighed:
    """Return every sentence of the passages with the probability that it answers the question `text`.

    The dense leg takes part where it took part in ranking the passages.
    """
    draft = draft_sentences(text, ranked, collection)
    asked = collection.read_question(text) if draft.inputs else None
    return weigh_draft(draft, asked, None if asked is None else collection.read(draft.inputs))


def draft_sentences(text: str, ranked: Sequence[Ranked], collection: Collection) -> Draft:
    """Return the sentences of the passages as far as they can be weighed without the embedding model."""
    question = take_apart(text, collection.idf)
    sentences = [sentence for rank, hit in enumerate(ranked) for sentence in _sentences(rank, hit)]
    measures = np.zeros((len(sentences), len(COLUMNS)))
    measures[:, : len(MEASURES)] = measure_sentences(question, ranked, sentences)
    likely: list[int] = []
    if sentences and any("dense" in hit.scores for hit in ranked):
        likely = np.argsort(-_score(measures, "passages"), kind="stable")[:EMBEDDED].tolist()
    inputs = tuple(_embedding_input(ranked, sentences[i]) for i in likely)
    return Draft(question, tuple(ranked), tuple(sentences), measures, tuple(likely), inputs)


def weigh_draft(draft: Draft, asked: Reading | None, readings: Sequence[Reading] | None) -> Weighed:
    """Return the sentences of a draft with their probabilities; `readings` has one entry for each of its `inputs`."""
    measures = draft.measures.copy()
    seen: tuple[Sight, tuple[int, ...], tuple[Nearness, ...]] = (see_words(draft.question.text), (), ())
    if asked is not None and readings:
        sight, near = _look(draft.question, asked, readings, measures, draft.likely)
        seen = (sight, draft.likely, tuple(near))
    scores = _score(measures, seen[0])
    odds = np.exp(scores - scores.max(initial=-np.inf))
    return Weighed(draft.question, draft.ranked, draft.sentences, scores, odds / odds.sum(), measures, *seen)


def read_together(weighed: Weighed, collection: Collection) -> Weighed:
    """Return the same with what is made of the question and the best sentences when they are read together."""
    sight = sight_together(weighed)
    if sight is None:
        return weighed
    passages = [text for _, text in list_passages(weighed)]
    found = collection.read_together(weighed.question.text, passages)
    return weighed if not found else replace(weighed, sight=sight, together=tuple(found))


def sight_together(weighed: Weighed) -> Sight | None:
    """What will be seen when the question is read together with passages; None where that says nothing new.

    An embedding model that reads Japanese knows more of it than its words in English say.
    """
    wanted: Sight = "glossed" if language_of(weighed.question.text) == "ja" else "pairs"
    return wanted if weighed.sight == APART[wanted] else None


def list_passages(weighed: Weighed, count: int = PAIRED) -> list[tuple[int, str]]:
    """The best sentences, each by its number and as it is read with the question: with title and neighbours.

    A table row is read with the names of its columns instead.
    """
    unspaced = see_words(weighed.question.text) == "unspaced"
    within, beside = (_UNSPACED_WITHIN, _UNSPACED_BESIDE) if unspaced else (_WITHIN, _BESIDE)
    found: dict[str, tuple[int, str]] = {}
    for number in np.argsort(-weighed.scores, kind="stable").tolist():
        sentence = weighed.sentences[number]
        before, after = (
            weighed.sentences[other].text
            if 0 <= other < len(weighed.sentences) and weighed.sentences[other].rank == sentence.rank
            else ""
            for other in (number - 1, number + 1)
        )
        title = weighed.ranked[sentence.rank].passage.title
        read = f"{before[-beside:]} {sentence.text[:within]} {after[:beside]}"
        if sentence.kind is Kind.ROW and sentence.lead and BAR in sentence.lead[-1].text:
            # Its columns' names say what its cells are, the rows beside it nothing of it.
            read = name_cells(sentence.text, sentence.lead[-1].text)[: within + beside]
        text = f"{title}. {read}"
        found.setdefault(sentence.text, (number, text))
        if len(found) == count:
            break
    return list(found.values())


def see_words(question: str) -> Sight:
    """Return what is seen of a sentence where only words are read."""
    return "unspaced" if is_unspaced(question) else "words"


def _score(measures: NDArray[np.float64], sight: str) -> NDArray[np.float64]:
    weights = {**WEIGHTS[sight], **SET}
    column = np.array([weights.get(name, 0.0) for name in COLUMNS])
    return np.asarray(measures @ column)


def _look(
    question: Question,
    asked: Reading,
    readings: Sequence[Reading],
    measures: NDArray[np.float64],
    embedded: Sequence[int],
) -> tuple[Sight, list[Nearness]]:
    """Fill the columns of NEAR.

    The sentences that were not embedded were the less likely ones: they count as the least near of those that were.
    """
    cosines = np.array([float(reading.vector @ asked.vector) for reading in readings])
    rows = np.zeros((len(readings), len(NEAR)))
    rows[:, 0] = cosines
    near = compare_words(question, asked, readings) if asked.words else []
    if near:
        rows[:, 1:] = [
            (
                nearness.every,
                nearness.share(question, power=2),
                nearness.share(question, among=question.idf.keys() - set(reading_terms(reading))),
                nearness.asking,
            )
            for nearness, reading in zip(near, readings, strict=True)
        ]
    measures[:, len(MEASURES) :] = rows.min(axis=0)
    measures[embedded, len(MEASURES) :] = rows
    return ("tokens" if near else "vectors"), near


def _sentences(rank: int, hit: Ranked) -> Iterator[Sentence]:
    """The sentences of running text; table rows, code lines and headings whole."""
    chunk = hit.passage.chunk
    lead: tuple[Span, ...] = ()
    outer: list[Block] = []  # the items that the list at hand stands under, outermost first
    for i, block in enumerate(chunk.blocks):
        below = chunk.blocks[i + 1].kind if i + 1 < len(chunk.blocks) else None
        if block.kind is Kind.HEADER and below in (Kind.ROW, Kind.HEADER):
            continue  # the names of columns answer nothing alone
        if block.kind not in (Kind.ROW, Kind.ITEM):
            lead = ()
        elif i == 0 or chunk.blocks[i - 1].kind is not block.kind:
            lead, outer = _lead(chunk, i), []
        while outer and outer[-1].level >= block.level:
            outer.pop()
        above = tuple(_span(chunk, item.start, item.end) for item in outer if item.end - item.start <= LEAD_IN)
        if block.kind is Kind.ITEM:
            outer.append(block)
        if block.kind in (Kind.ROW, Kind.HEADER, Kind.HEADING):
            ranges = [(block.start, block.end)]
        elif block.kind is Kind.CODE:
            ranges = list(_lines(chunk, block))
        else:
            here = split_sentences(chunk.text, block.start - chunk.start, block.end - chunk.start)
            ranges = [(chunk.start + start, chunk.start + end) for start, end in here]
        for start, end in ranges:
            text = chunk.text[start - chunk.start : end - chunk.start]
            yield Sentence(rank, start, end, block.kind, text, (*lead, *above))


def _lead(chunk: Chunk, first: int) -> tuple[Span, ...]:
    """What the rows or items from block number `first` on belong to; the chunk's own context where they open it."""
    if first == 0:
        return chunk.context
    wanted = Kind.HEADER if chunk.blocks[first].kind is Kind.ROW else Kind.TEXT
    last = chunk.blocks[first - 1]
    if last.kind is not wanted or last.end - last.start > LEAD_IN:
        return ()
    start = last.start
    if wanted is Kind.HEADER:
        start = [*takewhile(_is_header, reversed(chunk.blocks[:first]))][-1].start
    return (_span(chunk, start, last.end),)


def _span(chunk: Chunk, start: int, end: int) -> Span:
    return Span(start, end, chunk.text[start - chunk.start : end - chunk.start])


def _is_header(block: Block) -> bool:
    return block.kind is Kind.HEADER


def _lines(chunk: Chunk, block: Block) -> Iterator[tuple[int, int]]:
    for line in re.finditer(r"\S(?:[^\n]*\S)?", chunk.text[block.start - chunk.start : block.end - chunk.start]):
        yield block.start + line.start(), block.start + line.end()


def _embedding_input(ranked: Sequence[Ranked], sentence: Sentence) -> str:
    """A sentence under its nearest heading, which says what its "it" is; a row under the names of its columns, too."""
    passage = ranked[sentence.rank].passage
    heading = passage.chunk.heading[-1] if passage.chunk.heading else passage.title
    columns = [span.text for span in sentence.lead] if sentence.kind is Kind.ROW else []
    return ". ".join(filter(None, (heading, *columns, sentence.text)))
