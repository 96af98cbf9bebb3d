"""Do the documents answer the question?

A few signs (how well the best sentence fits, how far its passage leads the next ones, which names and phrases of the
question are found) add up to a score. What score is enough is fitted to each collection: `rag.calibration` asks it
questions whose document is left out, and sees how high those get.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import fmean

import numpy as np

from index.characters import is_unspaced, normalize
from index.words import read_words, terms
from rag.languages import language_of
from rag.relevance import Weighed, names_of

# Logistic regression over SQuAD 2, CLAPnq, COVID-QA, JSQuAD and NIILC, each with a fifth of its documents taken out:
# their own questions against those about the missing documents and those of other sets; an intercept for each set.
WEIGHTS: Mapping[str, float] = {
    "fit": 0.61,  # score of the best sentence, on the scale of `rag.relevance`
    "lead": 4.91,  # of the best passage over the mean of the next four, as a share of its score
    "kind": -0.45,  # 1 when a date, number … is asked for, 2 when the best sentence has one: `fit` makes too much of it
    "names_nowhere": -3.24,  # share of the question, by idf, in names and numbers that no passage has
    "phrases": 1.92,  # share of the question's phrases that the passage of the best sentence has
}
# The score that 0.95 of the answerable questions of SQuAD 2 and JSQuAD reach; others of those sets need less.
STRICT = 6.7
# How far above the median of the questions whose document was left out the border may lie, in spreads: with less than
# one, subjects of the collection would pass for answers; with more than two, its own questions would be refused.
AT_LEAST, AT_MOST = 0.84, 2.0
LEAST_QUESTIONS = 8  # fewer questions of a language say too little about its spread

_LOOKED_AT = 10  # passages; what stands lower never changed a decision
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'-]*|\d[\d.,]*|[ァ-ヺー]{3,}")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The scores of questions whose document was left out: how many were asked, their median and spread.

    The spread is from the 16th percentile to the median: one standard deviation of a normal distribution. Above the
    median are also questions that another document answers (last year's rules, another office's).
    """

    questions: int
    median: float
    spread: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a collection of so many `passages` knows about questions that it cannot answer, by language ("en", "ja")."""

    passages: int = 0
    unanswered: Mapping[str, Unanswered] = field(default_factory=dict)

    def threshold(self, language: str) -> float:
        """The score from which a question of this language counts as answered."""
        known = self.unanswered.get(language)
        if known is None or known.questions < LEAST_QUESTIONS:
            return STRICT
        lowest, highest = (known.median + spreads * known.spread for spreads in (AT_LEAST, AT_MOST))
        # Half way only: where documents repeat each other, some of those questions are answered after all.
        return min(STRICT + max(lowest - STRICT, 0.0) / 2, highest)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        kept = json.loads(text)
        return cls(kept["passages"], {language: Unanswered(**seen) for language, seen in kept["unanswered"].items()})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the documents answer the question, how sure that is (the border is 0.5), and the signs it rests on."""

    answerable: bool
    probability: float
    signs: Mapping[str, float]


def judge(weighed: Weighed, calibration: Calibration | None = None) -> Verdict:
    """Return the decision for one question and its weighed sentences; without a calibration the strict one holds."""
    signs = read_signs(weighed)
    if not signs or not signs["shared"]:
        # Not one word in common: the model was fitted to no such questions, and needs not be asked.
        return Verdict(False, 0.0, signs)
    threshold = (calibration or Calibration()).threshold(language_of(weighed.question.text))
    # The logistic function, in the form that does not overflow.
    probability = (1 + math.tanh((total(signs) - threshold) / 2)) / 2
    return Verdict(probability >= 0.5, probability, signs)


def total(signs: Mapping[str, float]) -> float:
    """Return the score that signs add up to."""
    return sum(WEIGHTS[name] * signs[name] for name in WEIGHTS)


def read_signs(weighed: Weighed) -> dict[str, float]:
    """Return the signs that WEIGHTS names, and "shared"; empty where no sentence was found."""
    if not weighed.sentences:
        return {}
    question = weighed.question
    number = int(np.argmax(weighed.scores))
    best = weighed.sentences[number]
    passages = [hit.passage for hit in weighed.ranked[:_LOOKED_AT]]
    known: set[str] = set()
    for passage in passages:
        known.update(terms("\n".join((*names_of(passage), *passage.chunk.heading, passage.chunk.text))))
    best_score, *others = sorted((hit.score for hit in weighed.ranked), reverse=True)
    phrases = frozenset(read_words(question.text).shingles)
    place = weighed.ranked[best.rank].passage
    here = frozenset(read_words(f"{place.title}\n{place.chunk.text}").shingles)
    return {
        "fit": float(weighed.scores[number]),
        "lead": 1 - fmean(others[:4]) / best_score if others and best_score > 0 else 1.0,
        "kind": bool(question.kinds) + weighed.tells_kind(number),
        "names_nowhere": question.share(find_names(question.text) - known),
        "phrases": len(phrases & here) / len(phrases) if phrases else 0.5,
        "shared": question.share(known),
    }


def find_names(question: str) -> frozenset[str]:
    """Return the terms of a question that name someone or something, or are numbers."""
    found = {term for match in _NAME.finditer(question) for term in terms(match[0])}
    if is_unspaced(question):
        from index.japanese import morphemes

        found |= {morpheme.key for morpheme in morphemes(normalize(question)) if morpheme.proper}
    return frozenset(found)
