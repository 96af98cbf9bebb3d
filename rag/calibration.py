"""How high do questions get that a collection cannot answer? Found out from the documents alone.

Half of the words of a sentence, chosen at random, make a question that its document answers. Asked with that document
left out, it is a question that the collection does not answer but is all about its subjects: the case that matters.
They score like real ones whose document is missing: tests/bench/fit_evidence.py prints both medians.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING, Protocol

from index.characters import is_unspaced, normalize
from index.search import Mode, Ranked
from index.types import Passage
from ingest.chunk import measure
from ingest.sentences import split_sentences
from rag.answerable import Calibration, Unanswered, read_signs, total
from rag.languages import language_of
from rag.relevance import Collection, Draft, Sight, Weighed, draft_sentences, weigh_draft

if TYPE_CHECKING:
    from ingest.embedders import Reading

QUESTIONS = 40  # of a language: their median is then known to about a third of a point
RENEWED = 0.1  # share of passages that must have come or gone before it is worth asking anew

_PASSAGES = 10  # weighed for a question, as in an answer
_SPARE = 3  # times as many are searched, since those of the document that is left out fall away
_SHORTEST, _LONGEST = 7.0, 60.0  # words of a sentence that makes a question
_SEED = 7  # the same documents give the same questions


class Searchable(Collection, Protocol):
    """A collection that ranks its passages for a question."""

    def search(self, question: str, k: int, mode: Mode) -> list[Ranked]: ...


def calibrate(passages: Sequence[Passage], collection: Searchable, size: int) -> Calibration:
    """Return the calibration of a collection of `size` passages, from a sample of them that covers many documents."""
    drafts: list[tuple[str, Draft, Reading | None]] = []
    count: Counter[str] = Counter()
    chance = random.Random(_SEED)
    for passage, sentence in _pick_sentences(passages, chance):
        language = language_of(sentence)
        if count[language] >= QUESTIONS:
            continue
        question = make_question(sentence, chance)
        ranked = collection.search(question, _SPARE * _PASSAGES, "hybrid")
        others = [hit for hit in ranked if passage.path not in (hit.passage.path, *hit.also)]
        draft = draft_sentences(question, others[:_PASSAGES], collection)
        if draft.sentences:
            count[language] += 1
            drafts.append((language, draft, collection.read_question(question) if draft.inputs else None))
    scores: dict[tuple[str, Sight], list[float]] = defaultdict(list)
    for language, weighed in _weigh(drafts, collection):
        scores[language, weighed.sight].append(total(read_signs(weighed), weighed.sight))
    # Of a language, the sight that most of its questions were seen with comes last, and stays.
    by_number = sorted(scores.items(), key=lambda entry: len(entry[1]))
    return Calibration(size, {language: _summarize(found, sight) for (language, sight), found in by_number})


def _weigh(
    drafts: Sequence[tuple[str, Draft, Reading | None]], collection: Collection
) -> Iterator[tuple[str, Weighed]]:
    """Yield the drafts weighed; the sentences of all are read together."""
    inputs = [text for _, draft, asked in drafts if asked is not None for text in draft.inputs]
    found = collection.read(inputs) if inputs else None
    start = 0
    for language, draft, asked in drafts:
        if asked is None or found is None:
            yield language, weigh_draft(draft, None, None)
            continue
        yield language, weigh_draft(draft, asked, found[start : start + len(draft.inputs)])
        start += len(draft.inputs)


def is_outdated(calibration: Calibration | None, size: int) -> bool:
    """Return whether so many passages came or went since that a collection of `size` should be asked anew."""
    return calibration is None or abs(size - calibration.passages) > RENEWED * max(calibration.passages, 1)


def make_question(sentence: str, chance: random.Random) -> str:
    """Return about half of the words of a sentence, in its order."""
    if is_unspaced(sentence):
        from index.japanese import morphemes

        words, blank = [morpheme.surface for morpheme in morphemes(normalize(sentence))], ""
    else:
        words, blank = sentence.split(), " "
    return blank.join(word for word in words if chance.random() < 0.5)


def describe_calibration(calibration: Calibration) -> dict[str, str]:
    """Return what ``rag status`` shows: by language, from which score on a question counts as answered, and why."""
    return {
        f"answered from ({language})": f"{calibration.threshold(language, seen.sight):.2f}"
        f" ({seen.questions} questions without their document: median {seen.median:.2f}, spread {seen.spread:.2f})"
        for language, seen in sorted(calibration.unanswered.items())
    }


def _summarize(scores: Sequence[float], sight: Sight) -> Unanswered:
    middle = median(scores)
    below = [middle - score for score in scores if score <= middle]
    return Unanswered(len(scores), middle, math.sqrt(fmean(distance**2 for distance in below)), sight)


def _pick_sentences(passages: Sequence[Passage], chance: random.Random) -> Iterator[tuple[Passage, str]]:
    """Yield sentences that can make a question: one of each passage, then another of each, until there are no more."""
    left = []
    for passage in chance.sample(list(passages), len(passages)):
        text = passage.chunk.text
        sentences = [text[start:end] for start, end in split_sentences(text)]
        fitting = [sentence for sentence in sentences if _SHORTEST <= measure(sentence) <= _LONGEST]
        left.append((passage, chance.sample(fitting, len(fitting))))
    while left:
        left = [(passage, sentences) for passage, sentences in left if sentences]
        for passage, sentences in left:
            yield passage, sentences.pop()
