"""What a collection learns of questions that it cannot answer, where not all of them are seen alike."""

from __future__ import annotations

from shelf import Shelf

from index.search import Mode, Ranked
from index.types import Document
from ingest.text_builder import TextBuilder
from rag.calibration import calibrate

OFTEN = 3


def hours_of(place: str) -> Document:
    builder = TextBuilder()
    for n in range(12):
        builder.add(f"The {place} of house {n} is open to all of the staff from {n} o'clock.", line=n + 1)
    return builder.build(place)


class Fickle(Shelf):
    """The dense leg takes part in every OFTEN-th of its searches."""

    searches = 0

    def search(self, question: str, k: int, mode: Mode) -> list[Ranked]:
        self.searches += 1
        self.vectors = self.searches % OFTEN == 0
        return self.ranked(question)[:k]


def test_scores_of_questions_that_are_seen_differently_are_not_mixed() -> None:
    shelf = Fickle(*map(hours_of, ("canteen", "garage", "printer")))
    seen = calibrate(shelf.passages, shelf, len(shelf.passages)).unanswered["en"]
    assert (seen.sight, seen.questions) == ("words", shelf.searches - shelf.searches // OFTEN)
