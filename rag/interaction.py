"""Late interaction: how near each word of a question comes to some word of a sentence, whatever its form.

A word's vector is the embedding model's for it where it stands, so "CEO" is near to "chief executive", "originated" to
"began", and "bank" at the river far from the one with the money. Each word of the question counts by its nearest word,
in the manner of Khattab and Zaharia ("ColBERT: Efficient and Effective Passage Search via Contextualized Late
Interaction over BERT", SIGIR 2020), here with their inverse document frequency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.words import terms
from rag.question import Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingest.embedders import Reading

_ASKING = {"who", "whom", "whose", "what", "which", "when", "where", "why", "how", "many", "much", "long", "old"}


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a sentence comes to a question, by the cosines of their words.

    `terms` gives for each term of the question the cosine of the nearest word, for those that the model read as words;
    `every` is the mean over all words of the question, the function words too; `asking` the cosine of "who", "when", …
    and the nearest word that the question does not have: near where the sentence has such a thing to offer.
    """

    terms: Mapping[str, float]
    every: float
    asking: float

    def share(self, question: Question, *, among: Set[str] | None = None, power: int = 1) -> float:
        """Return the mean of the cosines, to a power, weighted by idf; terms that are not `among` count as 0."""
        total = sum(question.idf[term] for term in self.terms)
        kept = (term for term in self.terms if among is None or term in among)
        # A negative cosine says no more than none.
        found = sum(question.idf[term] * max(self.terms[term], 0.0) ** power for term in kept)
        return found / total if total else 0.0


def reading_terms(reading: Reading) -> set[str]:
    """Return the terms of the words that the model read."""
    return {term for word in reading.words for term in terms(word)}


def compare_words(question: Question, asked: Reading, sentences: Sequence[Reading]) -> list[Nearness]:
    """Return how near each sentence comes to the question, which the model read as `asked`."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(asked.words):
        for term in terms(word):
            if term in question.idf:
                places.setdefault(term, []).append(place)
    asking = [place for place, word in enumerate(asked.words) if word.casefold() in _ASKING]
    return [_compare(question, asked.vectors, places, asking, sentence) for sentence in sentences]


def _compare(
    question: Question,
    asked: NDArray[np.float32],
    places: Mapping[str, Sequence[int]],
    asking: Sequence[int],
    sentence: Reading,
) -> Nearness:
    if not len(asked) or not sentence.words:
        return Nearness({}, 0.0, 0.0)
    cosines = asked @ sentence.vectors.T
    nearest = cosines.max(axis=1)
    new = [
        place
        for place, word in enumerate(sentence.words)
        if word[:1].isalnum() and not question.terms.intersection(terms(word))
    ]
    return Nearness(
        {term: float(nearest[where].max()) for term, where in places.items()},
        float(nearest.mean()),
        float(cosines[np.ix_(asking, new)].max()) if asking and new else 0.0,
    )
