"""What is measured of each sentence of the ranked passages, before it is known which one answers.

Which of the question's words it holds, which its heading or the sentences beside it hold for it, whether it has the
kind of thing that is asked for, how near its passage is. What the embedding model says of the sentence itself is added
where there is one (`NEAR`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from index.search import Ranked
from index.types import Kind, Passage
from index.words import read_words, terms
from rag.answer_types import TYPES, offers
from rag.question import KINDS, STOP_WORDS, Question, tells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.relevance import Sentence

# Shares are of the question's idf, 0 to 1.
MEASURES = (
    "words",  # the share in the sentence
    "above",  # … not there, but in the title, headings or lead-in
    "before",  # … nor there, but in the sentence before
    "after",  # … nor there, but in the sentence after
    "around",  # … nor there, but elsewhere in the passage
    "stem",  # share of it that the sentence holds in another form
    "characters",  # share found in none of the first three, by the kanji that are in the sentence: 開業, 開設
    "opening",  # share of it in the first words: what the sentence is about
    "last",  # 1 when it has the question's last word, in English often the verb
    "phrases",  # share of the question's phrases (two or three words, pairs of characters) in it
    "title",  # share of title, headings and lead-in that the question says
    *KINDS,  # asked for, and in the sentence: a date, a number, a name of a person or place, a reason, a designation
    *TYPES,  # the same, held to more strictly
    "nothing_new",  # says no word that the question does not
    "question",  # is itself a question
    "passage",  # the passage's score, of the best one's
    "rank",  # log of 1 + its rank from 0
    "passage_cosine",  # the passage's cosine less the nearest one's
    "first",  # the share of the question in the headings above, for the first sentence of a passage: rules open with it
    "label",  # a paragraph or heading of a word or two, none of the question's: a field of a form, a link
    "other_year",  # the question names a year, and the document's title, file name or headings another
)
NEAR = (
    "cosine",  # of the sentence and the question
    "every_word",  # mean over the question's words of the cosine of the nearest word
    "telling_words",  # mean of the squares of the cosines of its terms, weighted by idf
    "other_words",  # … of the cosines, only of the terms that the sentence does not have in the same form
    "asking_word",  # cosine of the question word and the nearest word that the question does not have
)

_LABEL = 2  # terms, up to which a paragraph says nothing of what its heading names
_OPENING = 6  # terms with which a sentence says what it is about
_LINK = re.compile(
    r"(?:\[[^\]]*\]:\s*)?\b[a-z]{2,8}://\S+"
)  # with the name that Markdown gives it at the end of a page
_YEAR = re.compile(r"(?:19|20)\d\d")
_KANJI = re.compile("[\u3400-\u9fff]")


def measure_sentences(
    question: Question, ranked: Sequence[Ranked], sentences: Sequence[Sentence]
) -> NDArray[np.float64]:
    """Return one row a sentence and one column for each of MEASURES."""
    return np.array(list(_rows(question, ranked, sentences)), float).reshape(-1, len(MEASURES))


def _rows(question: Question, ranked: Sequence[Ranked], sentences: Sequence[Sentence]) -> Iterator[list[float]]:
    top = ranked[0].score if ranked else 0.0
    cosines = [hit.scores["dense"] for hit in ranked if "dense" in hit.scores]
    nearest, farthest = max(cosines, default=0.0), min(cosines, default=0.0)
    stems = {_stem(term) for term in question.idf} - {""}
    asked_phrases = frozenset(read_words(question.text).shingles)
    last = next((term for term in reversed(terms(question.text)) if term in question.idf), "")
    read = [read_words(sentence.text) for sentence in sentences]
    inside: dict[int, set[str]] = {}
    for sentence, words in zip(sentences, read, strict=True):
        inside.setdefault(sentence.rank, set()).update(words.terms)
    for i, (sentence, words) in enumerate(zip(sentences, read, strict=True)):
        hit = ranked[sentence.rank]
        passage = hit.passage
        here = frozenset(words.terms)
        if sentence.kind is Kind.ROW:  # says nothing without the names of its columns
            here |= _terms_of(" ".join(span.text for span in sentence.lead))
        previous = set(read[i - 1].terms) if i and sentences[i - 1].rank == sentence.rank else set()
        beside = i + 1 < len(sentences) and sentences[i + 1].rank == sentence.rank
        following = set(read[i + 1].terms) if beside else set()
        above = _terms_of(" ".join((*names_of(passage), *passage.chunk.heading, *(s.text for s in sentence.lead))))
        new = [term for term in here - question.terms - STOP_WORDS if _stem(term) not in stems]
        missing = question.idf.keys() - here
        absent = missing - above - previous
        heads = {_stem(term) for term in here} - {""}
        yield [
            question.share(here),
            question.share(missing & above),
            question.share(missing & previous - above),
            question.share(absent & following),
            question.share(absent & inside[sentence.rank] - following),
            question.share(term for term in missing if _stem(term) in heads),
            _share_of_kanji(question, absent, sentence.text),
            question.share(words.terms[:_OPENING]),
            float(last in here),
            len(asked_phrases.intersection(words.shingles)) / len(asked_phrases) if asked_phrases else 0.5,
            len(above & question.terms) / max(1, len(above)),
            *(float(kind in question.kinds and tells(kind, sentence.text, question)) for kind in KINDS),
            *map(float, offers(question, sentence.text)),
            float(not new and sentence.kind is not Kind.CODE),
            float(sentence.text.endswith(("?", "？"))),
            max(0.0, hit.score) / top if top > 0 else 1.0,  # of the best; where nothing is found all are alike
            math.log1p(sentence.rank),
            hit.scores.get("dense", farthest) - nearest,
            0.0 if i and sentences[i - 1].rank == sentence.rank else question.share(missing & above),
            float(_is_label(sentence, here, question)),
            _differ_in_year(question.terms, above),
        ]


def names_of(passage: Passage) -> tuple[str, str]:
    """What a document is called: its title, and its file's name, which often has the year or the office."""
    return passage.title, PurePosixPath(passage.path).stem


def _is_label(sentence: Sentence, here: frozenset[str], question: Question) -> bool:
    """Whether a sentence only names something; the member of a list may be all that was asked for."""
    if sentence.kind not in (Kind.TEXT, Kind.HEADING):
        return False
    said = frozenset(terms(_LINK.sub(" ", sentence.text))) if "://" in sentence.text else here
    return len(said - STOP_WORDS) <= _LABEL and not said & question.idf.keys()


@lru_cache(maxsize=256)
def _terms_of(context: str) -> frozenset[str]:
    return frozenset(terms(context))


def _share_of_kanji(question: Question, absent: set[str], text: str) -> float:
    """The share of the question in the terms `absent`, each by how many of its kanji stand in `text`."""
    total, found = sum(question.idf.values()), 0.0
    for term in absent:
        if kanji := _KANJI.findall(term):
            found += question.idf[term] * sum(character in text for character in kanji) / len(kanji)
    return found / total if total else 0.0


def _differ_in_year(asked: frozenset[str], above: frozenset[str]) -> float:
    """1 when both name years and have none in common; years of an era are among the terms as Western ones."""
    years = ({term for term in some if _YEAR.fullmatch(term)} for some in (asked, above))
    wanted, named = years
    return float(bool(wanted and named) and not wanted & named)


def _stem(term: str) -> str:
    """The first five letters of a longer English word, by which "originate" finds "origin"; else nothing."""
    return term[:5] if len(term) > 5 and term.isascii() and term.isalpha() else ""
