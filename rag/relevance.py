"""How strongly each sentence of the best passages bears on a question.

Every sentence, table row, list item and code line of the passages is described by a few measures (which of the
question's words it holds, which its heading or the sentence before hold for it, whether it holds the kind of thing that
is asked for, how near its vector is), and one linear model turns them into the probability that it is the one that
answers: a softmax over all sentences of the passages, as in the listwise ranking of Cao et al. (2007).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.search import Ranked
from index.types import Block, Chunk, Kind, Passage, Span
from index.words import terms
from ingest.chunk import LEAD_IN
from ingest.sentences import split_sentences
from rag.question import KINDS, STOP_WORDS, Question, take_apart, tells

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMBEDDED = 8  # sentences whose vectors are compared; each costs 10 to 25 ms on a laptop, and more brought nothing

_OPENING = 6  # terms with which a sentence says what it is about

# Fitted by maximum likelihood to questions of SQuAD 2 and JSQuAD together, whose answers are marked in the text.
WEIGHTS: Mapping[str, float] = {
    "words": 8.16,  # share of the question's idf in the sentence
    "above": 6.65,  # … not there, but in the title, headings or lead-in
    "before": 4.19,  # … nor there, but in the sentence before
    "around": 1.57,  # … nor there, but elsewhere in the passage
    "stem": 2.43,  # share of it that the sentence holds in another form
    "opening": 0.83,  # share of it in the first words: what the sentence is about
    "when": 2.79,  # asked for, and in the sentence: a date
    "number": 2.2,  # a number
    "who": 1.13,  # a name of a person or place
    "why": 1.52,  # a reason
    "name": 1.99,  # what something is called
    "nothing_new": -4.53,  # says no word that the question does not
    "question": -2.21,  # is itself a question
    "passage": 1.47,  # the passage's score, of the best one's
    "rank": -0.78,  # log of 1 + its rank from 0
    "passage_cosine": 3.26,  # the passage's cosine less the nearest one's
    "cosine": 7.74,  # of the sentence and the question
    # Set, not fitted: the public sets have no two documents that differ only in their year. It outweighs the difference
    # in rank of two editions of one handbook (tests/test_sample_company.py), and little else.
    "other_year": -1.5,  # the question names a year, and the document's title, file name or headings another
}
_YEAR = re.compile(r"(?:19|20)\d\d")
_COSINE = list(WEIGHTS).index("cosine")
_FIRST_KIND = list(WEIGHTS).index(KINDS[0])


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
    sentence and one column a key of WEIGHTS. `cosines` are those of the sentences that were embedded with the question;
    empty without a model that reads it.
    """

    question: Question
    ranked: tuple[Ranked, ...]
    sentences: tuple[Sentence, ...]
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    measures: NDArray[np.float64]
    cosines: tuple[float, ...]

    def tells_kind(self, number: int) -> bool:
        """Return whether a sentence holds something of the kind that is asked for."""
        return bool(self.measures[number, _FIRST_KIND : _FIRST_KIND + len(KINDS)].any())


@dataclass(frozen=True, slots=True)
class Draft:
    """Sentences that lack only how near the `likely` ones are (their numbers), of which `inputs` is to be embedded."""

    question: Question
    ranked: tuple[Ranked, ...]
    sentences: tuple[Sentence, ...]
    measures: NDArray[np.float64]
    likely: tuple[int, ...]
    inputs: tuple[str, ...]


class Collection(Protocol):
    """What is asked of the knowledge base besides the passages."""

    def idf(self, term: str) -> float: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32] | None: ...

    def embed_question(self, question: str) -> NDArray[np.float32] | None: ...


def weigh_sentences(text: str, ranked: Sequence[Ranked], collection: Collection) -> Weighed:
    """Return every sentence of the passages with the probability that it answers the question `text`.

    The dense leg takes part where it took part in ranking the passages.
    """
    draft = draft_sentences(text, ranked, collection)
    asked = collection.embed_question(text) if draft.inputs else None
    found = collection.embed(draft.inputs) if asked is not None else None
    return weigh_draft(draft, None if asked is None or found is None else found @ asked)


def draft_sentences(text: str, ranked: Sequence[Ranked], collection: Collection) -> Draft:
    """Return the sentences of the passages as far as they can be weighed without their vectors."""
    question = take_apart(text, collection.idf)
    sentences = [sentence for rank, hit in enumerate(ranked) for sentence in _sentences(rank, hit)]
    if not sentences:
        return Draft(question, tuple(ranked), (), np.zeros((0, len(WEIGHTS))), (), ())
    measures = np.array(list(_measure(question, ranked, sentences)))
    likely: list[int] = []
    if any("dense" in hit.scores for hit in ranked):
        likely = np.argsort(-(measures @ _weights()), kind="stable")[:EMBEDDED].tolist()
    inputs = tuple(_embedding_input(ranked, sentences[i]) for i in likely)
    return Draft(question, tuple(ranked), tuple(sentences), measures, tuple(likely), inputs)


def weigh_draft(draft: Draft, cosines: NDArray[np.float32] | None) -> Weighed:
    """Return the sentences of a draft with their probabilities; `cosines` has one number an entry of its `inputs`."""
    known = () if cosines is None else tuple(float(x) for x in cosines)
    measures = draft.measures.copy()
    if known:
        # The others were the less likely ones: they count as the least near of those that were compared.
        measures[:, _COSINE] = min(known)
        measures[list(draft.likely), _COSINE] = known
    scores = measures @ _weights()
    odds = np.exp(scores - scores.max(initial=-np.inf))
    return Weighed(draft.question, draft.ranked, draft.sentences, scores, odds / odds.sum(), measures, known)


def _weights() -> NDArray[np.float64]:
    return np.array(list(WEIGHTS.values()))


def _sentences(rank: int, hit: Ranked) -> Iterator[Sentence]:
    """The sentences of running text; table rows, code lines and headings whole."""
    chunk = hit.passage.chunk
    lead: tuple[Span, ...] = ()
    for i, block in enumerate(chunk.blocks):
        below = chunk.blocks[i + 1].kind if i + 1 < len(chunk.blocks) else None
        if block.kind is Kind.HEADER and below is Kind.ROW:
            continue  # the names of columns answer nothing alone
        if block.kind not in (Kind.ROW, Kind.ITEM):
            lead = ()
        elif i == 0 or chunk.blocks[i - 1].kind is not block.kind:
            lead = _lead(chunk, i)
        if block.kind in (Kind.ROW, Kind.HEADER, Kind.HEADING):
            ranges = [(block.start, block.end)]
        elif block.kind is Kind.CODE:
            ranges = list(_lines(chunk, block))
        else:
            here = split_sentences(chunk.text, block.start - chunk.start, block.end - chunk.start)
            ranges = [(chunk.start + start, chunk.start + end) for start, end in here]
        for start, end in ranges:
            yield Sentence(rank, start, end, block.kind, chunk.text[start - chunk.start : end - chunk.start], lead)


def _lead(chunk: Chunk, first: int) -> tuple[Span, ...]:
    """What the rows or items from block number `first` on belong to; the chunk's own context where they open it."""
    if first == 0:
        return chunk.context
    before = chunk.blocks[first - 1]
    wanted = Kind.HEADER if chunk.blocks[first].kind is Kind.ROW else Kind.TEXT
    if before.kind is not wanted or before.end - before.start > LEAD_IN:
        return ()
    return (Span(before.start, before.end, chunk.text[before.start - chunk.start : before.end - chunk.start]),)


def _lines(chunk: Chunk, block: Block) -> Iterator[tuple[int, int]]:
    for line in re.finditer(r"\S(?:[^\n]*\S)?", chunk.text[block.start - chunk.start : block.end - chunk.start]):
        yield block.start + line.start(), block.start + line.end()


def names_of(passage: Passage) -> tuple[str, str]:
    """What a document is called: its title, and its file's name, which often has the year or the office."""
    return passage.title, PurePosixPath(passage.path).stem


def _embedding_input(ranked: Sequence[Ranked], sentence: Sentence) -> str:
    """A sentence under its nearest heading, which says what its "it" is."""
    passage = ranked[sentence.rank].passage
    heading = passage.chunk.heading[-1] if passage.chunk.heading else passage.title
    return f"{heading}. {sentence.text}" if heading else sentence.text


def _measure(question: Question, ranked: Sequence[Ranked], sentences: Sequence[Sentence]) -> Iterator[list[float]]:
    """Describe each sentence by the measures that WEIGHTS names, in its order."""
    top = max(ranked[0].score, 1e-9)
    cosines = [hit.scores["dense"] for hit in ranked if "dense" in hit.scores]
    nearest, farthest = max(cosines, default=0.0), min(cosines, default=0.0)
    stems = {_stem(term) for term in question.idf} - {""}
    orders = [terms(sentence.text) for sentence in sentences]
    inside: dict[int, set[str]] = {}
    for sentence, order in zip(sentences, orders, strict=True):
        inside.setdefault(sentence.rank, set()).update(order)
    for i, (sentence, order) in enumerate(zip(sentences, orders, strict=True)):
        hit = ranked[sentence.rank]
        passage = hit.passage
        previous = set(orders[i - 1]) if i and sentences[i - 1].rank == sentence.rank else set()
        lead = (span.text for span in sentence.lead)
        above = _terms_of(" ".join((*names_of(passage), *passage.chunk.heading, *lead)))
        here = frozenset(order)
        new = [term for term in here - question.terms - STOP_WORDS if _stem(term) not in stems]
        missing = question.idf.keys() - here
        heads = {_stem(term) for term in here} - {""}
        yield [
            question.share(here),
            question.share(missing & above),
            question.share(missing & previous - above),
            question.share(missing & inside[sentence.rank] - previous - above),
            question.share(term for term in missing if _stem(term) in heads),
            question.share(order[:_OPENING]),
            *(float(kind in question.kinds and tells(kind, sentence.text, question)) for kind in KINDS),
            float(not new and sentence.kind is not Kind.CODE),
            float(sentence.text.endswith(("?", "？"))),
            hit.score / top,
            math.log1p(sentence.rank),
            hit.scores.get("dense", farthest) - nearest,
            0.0,
            _differ_in_year(question.terms, above),
        ]


@lru_cache(maxsize=256)
def _terms_of(context: str) -> frozenset[str]:
    return frozenset(terms(context))


def _differ_in_year(asked: frozenset[str], above: frozenset[str]) -> float:
    """1 when both name years and have none in common; years of an era are among the terms as Western ones."""
    years = ({term for term in some if _YEAR.fullmatch(term)} for some in (asked, above))
    wanted, named = years
    return float(bool(wanted and named) and not wanted & named)


def _stem(term: str) -> str:
    """The first five letters of a longer English word, by which "originate" finds "origin"; else nothing."""
    return term[:5] if len(term) > 5 and term.isascii() and term.isalpha() else ""
