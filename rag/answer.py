"""What a question comes back as, and the steps in which it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from index.types import Quote
from rag.languages import language_of
from rag.messages import say

Origin = Literal["model", "quotes", "none"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence the model wrote, with what the check said of it and the numbers of the quotes it rests on."""

    text: str
    verdict: Literal["supported", "contradicted", "unchecked"]
    marks: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``KnowledgeBase.ask`` returns.

    `difference` says where the sources differ, and `notes` are other sentences of the product's own: why no model ran,
    where text was sent. `model` wrote `text` when `origin` is "model". `timings` are seconds. `slips` are words of the
    question that no document has, each with the one that was read instead.
    """

    question: str
    text: str
    origin: Origin
    abstained: bool
    quotes: tuple[Quote, ...]
    citations: tuple[Quote, ...]
    unsupported: tuple[str, ...]
    unchecked: tuple[str, ...]
    timings: Mapping[str, float]
    difference: str = ""
    notes: tuple[str, ...] = ()
    model: str = ""
    slips: Mapping[str, str] = field(default_factory=dict)

    @property
    def refusal(self) -> str:
        """What a person reads in place of the text where the documents do not answer, in the question's language."""
        language = language_of(self.question)
        # A quote that was not found but stands beside one has no score (rag/surroundings.py).
        if not any(quote.score for quote in self.quotes):
            return say("refused_empty", language)
        place = ", ".join(filter(None, (self.quotes[0].path, self.quotes[0].where)))
        return say("refused", language, nearest=place)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The first step of an answer: the quotes, whether they answer the question, and how it was read (see Answer)."""

    quotes: tuple[Quote, ...]
    answerable: bool
    difference: str
    seconds: float
    slips: Mapping[str, str] = field(default_factory=dict)


Step = Evidence | Statement | Answer
