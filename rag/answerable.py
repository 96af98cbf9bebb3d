"""Do the documents answer the question? First version: how much of what it asks stands together in one passage."""

from __future__ import annotations

from dataclasses import dataclass

from index.words import terms
from rag.relevance import Weighed

LEAST = 0.5  # of the question's words, weighted by rarity, that one of the first passages must hold


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the documents answer the question, and how sure that is (0 to 1)."""

    answerable: bool
    probability: float


def judge(weighed: Weighed) -> Verdict:
    """The decision for one question and its weighed sentences."""
    held = [
        frozenset(terms(" ".join((hit.passage.title, *hit.passage.chunk.heading, hit.passage.chunk.text))))
        for hit in weighed.ranked[:5]
    ]
    share = max((weighed.question.share(passage) for passage in held), default=0.0)
    return Verdict(share >= LEAST, share)
