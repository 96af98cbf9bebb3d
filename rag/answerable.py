"""Do the documents answer the question?

A few signs (how well the best sentence fits, how far its passage leads the next ones, which names and phrases of the
question are found) add up to a score. What score is enough is fitted to each collection: `rag.calibration` asks it
questions whose document is left out, and sees how high those get.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from statistics import fmean

import numpy as np

from index.characters import is_unspaced, normalize
from index.types import Passage
from index.words import read_words, terms
from rag.interaction import Nearness
from rag.languages import language_of
from rag.measures import names_of
from rag.other_label import tells_of_another
from rag.relevance import APART, Collection, Sight, Weighed, read_together, sight_together

# Logistic regression, fitted as the weights of `rag.relevance` are, with tests/bench/fit_evidence.py: for each sight
# the weight of every sign, and "strict", the score that nearly all of the answerable questions of SQuAD 2 reach,
# and for "unspaced" and "glossed" those of JSQuAD. "sure no" and "sure yes" of "pairs" and "glossed" are how far from
# the border the other signs' score may lie for question and passages to be read together: hardly a question that is
# answered lies lower, hardly one whose document is missing lies higher.
WEIGHTS: Mapping[Sight, Mapping[str, float]] = json.loads(files("rag").joinpath("answerable.json").read_text("utf-8"))
# How far above the median of the questions whose document was left out the border may lie, in spreads: with less than
# one, subjects of the collection would pass for answers; with more than two, its own questions would be refused.
AT_LEAST, AT_MOST = 0.84, 2.0
# How much of the way to AT_LEAST the border rises: where documents repeat each other, some of those questions are
# answered after all. With half of it, a handbook (18F's) refused what its first quote answered.
RAISED = 0.25
KEPT = "calibration 7"  # under which name an index keeps it; a new one where the scores are on a new scale
# Of the question, in the best passages. By words alone, no question of SQuAD 2, JSQuAD, NIILC or CLAPnq with less was
# answered; what is asked in a language that few of the documents are written in has less.
LEAST_SHARED = 0.35
ALL = 0.999  # a share that is only rounded down from 1
LEAST_QUESTIONS = 8  # fewer questions of a language say too little about its spread

_LOOKED_AT = 10  # passages; what stands lower never changed a decision
# Characters in a row that are copied rather than met by chance: about as many as three words have, or two with their
# particles. With half or twice as many, fewer of JSQuAD's questions without their document were told apart.
_RUN, _UNSPACED_RUN = 16, 6
# Japanese asks so with no word for it, too: Xとは, Xといえば, 「Xするものは？」
_WHAT = re.compile(r"\b(?:what|which)\b|何|とは|といえば|(?:[ぁ-ん](?:もの|ところ|所|場所)|[たるい]の)は[？?]?$", re.I)
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'-]*|\d[\d.,]*|[ァ-ヺー]{3,}")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The scores of questions whose document was left out: how many were asked, their median and spread.

    The spread is the root mean square distance of those below the median from it: one standard deviation of a normal
    distribution. Above the median are also questions that another document answers (last year's rules, another
    office's). `sight` is what was seen of the sentences: scores of different sights are not comparable. Nothing is read
    together for it.
    """

    questions: int
    median: float
    spread: float
    sight: Sight = "words"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a collection of so many `passages` knows about questions that it cannot answer, by language ("en", "ja")."""

    passages: int = 0
    unanswered: Mapping[str, Unanswered] = field(default_factory=dict)

    def threshold(self, language: str, sight: Sight) -> float:
        """The score from which a question of this language, seen so, counts as answered.

        What is read together as well moves the score of single questions, not that of a collection: the border moves as
        it does without.
        """
        if apart := APART.get(sight):
            return WEIGHTS[sight]["strict"] + self.threshold(language, apart) - WEIGHTS[apart]["strict"]
        enough = WEIGHTS[sight]["strict"]
        known = self.unanswered.get(language)
        if known is None or known.questions < LEAST_QUESTIONS or known.sight != sight:
            return enough
        lowest, highest = (known.median + spreads * known.spread for spreads in (AT_LEAST, AT_MOST))
        return min(enough + RAISED * max(lowest - enough, 0.0), highest)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        kept = json.loads(text)
        return cls(kept["passages"], {language: Unanswered(**seen) for language, seen in kept["unanswered"].items()})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the documents answer the question, how sure that is (the border is 0.5), and the signs it rests on.

    It is `open` when the passages should be read together with the question.
    """

    answerable: bool
    probability: float
    signs: Mapping[str, float]
    open: bool = False


def decide(weighed: Weighed, calibration: Calibration | None, collection: Collection) -> Verdict:
    """Return the decision for one question; the best passages are read together with it where that may change it."""
    verdict = judge(weighed, calibration)
    return judge(read_together(weighed, collection), calibration) if verdict.open else verdict


def judge(weighed: Weighed, calibration: Calibration | None = None) -> Verdict:
    """Return the decision for one question and its weighed sentences; without a calibration the strict one holds."""
    signs = read_signs(weighed)
    if not signs or signs["shared"] <= (LEAST_SHARED if weighed.sight in ("words", "unspaced") else 0.0):
        # Hardly a word in common: the model was fitted to no such questions, and needs not be asked.
        return Verdict(False, 0.0, signs)
    threshold = (calibration or Calibration()).threshold(language_of(weighed.question.text), weighed.sight)
    above = total(signs, weighed.sight) - threshold
    # The logistic function, in the form that does not overflow.
    probability = (1 + math.tanh(above / 2)) / 2
    if _is_of_another(weighed):
        return Verdict(False, min(probability, 0.49), signs)
    if _says_all(weighed, signs):
        return Verdict(True, max(probability, 0.5), signs)
    together = sight_together(weighed)
    is_open = together is not None and WEIGHTS[together]["sure no"] < above < WEIGHTS[together]["sure yes"]
    return Verdict(probability >= 0.5, probability, signs, is_open)


def _is_of_another(weighed: Weighed) -> bool:
    """Whether the best passage tells of another one of a numbered kind than the question names (see `other_label`)."""
    texts = [_text_of(hit.passage) for hit in weighed.ranked[:_LOOKED_AT]]
    best = weighed.sentences[int(np.argmax(weighed.scores))].rank
    return best < len(texts) and tells_of_another(weighed.question.text, texts[best], texts)


def _says_all(weighed: Weighed, signs: Mapping[str, float]) -> bool:
    """Whether the best sentence, with what stands above and before it, leaves nothing of the question open.

    That is every word of it and the kind of thing that is asked for; or, where no kind is, a heading that holds every
    word: it answers who asks for no more than its subject ("about X", Xについて, Xはできますか). A "what" of no known
    kind leaves open what would answer it: "the conclusion of this report" is words of many a report.

    Few questions of SQuAD 2 and JSQuAD whose document is missing have such a sentence, and hardly one that would else
    be refused; in house rules, forms and tables, worded unlike those, it is many more that are answered.
    """
    kinds = weighed.question.kinds
    if not kinds and signs["headed"] > ALL:
        return True
    told = bool(signs["told"]) if kinds else not _WHAT.search(weighed.question.text)
    return told and signs["mass_missing"] < 1 - ALL


def total(signs: Mapping[str, float], sight: Sight) -> float:
    """Return the score that signs add up to."""
    return sum(WEIGHTS[sight][name] * value for name, value in signs.items() if name in WEIGHTS[sight])


def read_signs(weighed: Weighed) -> dict[str, float]:
    """Return every sign, those that WEIGHTS names, "headed" and "shared"; empty where no sentence was found."""
    if not weighed.sentences:
        return {}
    question = weighed.question
    number = int(np.argmax(weighed.scores))
    best = weighed.sentences[number]
    passages = [hit.passage for hit in weighed.ranked[:_LOOKED_AT]]
    held = [frozenset(terms(_text_of(passage))) for passage in passages]
    known = frozenset().union(*held)
    path = weighed.ranked[best.rank].passage.path
    elsewhere = frozenset().union(*(has for has, passage in zip(held, passages, strict=True) if passage.path != path))
    here = held[best.rank] if best.rank < len(held) else frozenset()
    best_score, *others = sorted((hit.score for hit in weighed.ranked), reverse=True)
    phrases = frozenset(read_words(question.text).shingles)
    place = weighed.ranked[best.rank].passage
    said = frozenset(read_words(f"{place.title}\n{place.chunk.text}").shingles)
    mass = sum(question.idf.values())
    words = weighed.column("words")
    found = {name: float(weighed.column(name)[number]) for name in ("words", "above", "before", "title", "counted")}
    return {
        "fit": float(weighed.scores[number]),
        "certain": float(weighed.probabilities[number]),
        "lead": 1 - fmean(others[:4]) / best_score if others and best_score > 0 else 1.0,
        "asked": float(bool(question.kinds)),
        "asks_number": float("number" in question.kinds),
        "told": float(weighed.tells_kind(number)),
        "counted": found["counted"],
        "names_nowhere": question.share(find_names(question.text) - known),
        "names_elsewhere": question.share(find_names(question.text) - here),
        "phrases": len(phrases & said) / len(phrases) if phrases else 0.5,
        "phrases_here": float(weighed.column("phrases")[number]),
        "copied": share_copied(question.text, f"{place.title}\n{place.chunk.text}"),
        "title": found["title"],
        "headed": question.share(terms("\n".join((*names_of(place), *place.chunk.heading)))),
        "terms": float(len(question.idf)),
        "mass": mass,
        "mass_found": float(words.max()) * mass,
        "mass_missing": mass * (1 - found["words"] - found["above"] - found["before"]),
        "passage_missing": mass * (1 - question.share(here)),
        "only_here": question.share(here - elsewhere),
        **_signs_of_vectors(weighed, number),
        **_signs_of_reading(weighed.together),
        "shared": question.share(known),
    }


def _text_of(passage: Passage) -> str:
    """All that is known of a passage by words: the names of its document, its headings, and what it says."""
    return "\n".join((*names_of(passage), *passage.chunk.heading, passage.chunk.text))


def share_copied(question: str, text: str) -> float:
    """Return the share of the question's characters, 0 to 1, that stand in `text` in long runs, as they stand in it."""
    asked, told = (" ".join(normalize(some).casefold().split()) for some in (question, text))
    run = _UNSPACED_RUN if is_unspaced(asked) else _RUN
    starts = [start for start in range(len(asked) - run + 1) if asked[start : start + run] in told]
    copied = {place for start in starts for place in range(start, start + run)}
    return len(copied) / len(asked) if asked else 0.0


def _signs_of_vectors(weighed: Weighed, number: int) -> dict[str, float]:
    """What the embedding model adds: how near the best passage, the best sentence and its words come, and by how much
    they come nearer than the next ones."""
    cosines = [hit.scores["dense"] for hit in weighed.ranked if "dense" in hit.scores]
    signs = {
        "passage_cosine": max(cosines, default=0.0),
        "cosine": float(weighed.column("cosine")[number]),
        "nearest": float(weighed.column("cosine").max(initial=0.0)),
        "every_word": float(weighed.column("every_word")[number]),
        "telling_words": float(weighed.column("telling_words")[number]),
        "asking_word": float(weighed.column("asking_word")[number]),
        "every_lead": 0.0,
        "telling_lead": 0.0,
        "least_near": 0.0,
        "nearer_elsewhere": 0.0,
    }
    near = weighed.near
    if near:
        shares = [nearness.share(weighed.question) for nearness in near]
        here = weighed.embedded.index(number) if number in weighed.embedded else int(np.argmax(shares))
        anywhere: dict[str, float] = {}
        for nearness in near:
            for term, cosine in nearness.terms.items():
                anywhere[term] = max(cosine, anywhere.get(term, cosine))
        signs["every_lead"] = _lead([nearness.every for nearness in near])
        signs["telling_lead"] = _lead(shares)
        signs["least_near"] = min(near[here].terms.values(), default=0.0)
        signs["nearer_elsewhere"] = Nearness(anywhere, 0.0, 0.0).share(weighed.question) - shares[here]
    return signs


def _signs_of_reading(together: Sequence[float]) -> dict[str, float]:
    """What is made of the best passages and the question together; where there is no third, it is as the worst."""
    return {
        "answers_first": together[0] if together else 0.0,
        "answers_best": max(together[:2], default=0.0),
        "answers_third": together[2] if len(together) > 2 else min(together, default=0.0),
    }


def _lead(values: Sequence[float]) -> float:
    """By how much the best of some values exceeds the fourth."""
    order = sorted(values, reverse=True)
    return order[0] - order[min(3, len(order) - 1)]


def find_names(question: str) -> frozenset[str]:
    """Return the terms of a question that name someone or something, or are numbers."""
    found = {term for match in _NAME.finditer(question) for term in terms(match[0])}
    if is_unspaced(question):
        from index.japanese import morphemes

        found |= {morpheme.key for morpheme in morphemes(normalize(question)) if morpheme.proper}
    return frozenset(found)
