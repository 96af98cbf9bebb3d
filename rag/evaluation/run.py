"""Ask every question and measure what comes back: each leg, both together, the quotes, and what is refused."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from index.types import Hit, Quote
from rag.evaluation.measures import DEPTH, HITS_AT, QUOTES_AT, Estimate, estimate, holds_answer, ranking_measures
from rag.evaluation.questions import JudgedQuestion, Target, paths_without

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

LEGS = ("hybrid", "lexical", "dense")
RANKING = (*(f"hit@{k}" for k in HITS_AT), f"mrr@{DEPTH}", f"ndcg@{DEPTH}")
# "answered" is the share of answerable questions that were not refused, "refused" that of the others that were.
ANSWERING = (*(f"quote@{k}" for k in QUOTES_AT), "answered", "refused")
MEASURES = (*(f"{leg}.{measure}" for leg in LEGS for measure in RANKING), *ANSWERING)
ALL = "all"  # languages together
FETCHED = 4 * DEPTH  # passages, so that ten different documents are among them where one document has several

Progress = Callable[[str, int, int, str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and what was measured of it: `scores` has a key of MEASURES for each that applies to it."""

    id: str
    question: str
    language: str
    kind: str
    answerable: bool
    wanted: tuple[str, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """All outcomes, with what they were measured on; `date` is ISO 8601 in local time."""

    kb: str
    date: str
    embed_model: str
    documents: int
    chunks: int
    seconds: float
    outcomes: tuple[Outcome, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure over the questions of a language, or over ALL."""

    measure: str
    language: str
    estimate: Estimate


def run_questions(kb: KnowledgeBase, questions: Sequence[JudgedQuestion], progress: Progress) -> Run:
    """Ask them one after the other; `progress` is called as in an ingest, with the stage "ask"."""
    start = time.perf_counter()
    embedder = kb.retriever.embedder
    with kb.index.reading():
        has_vectors = embedder is not None and kb.index.vectors() is not None
        documents, chunks = len(kb.index.store.document_ids()), kb.index.store.count_chunks()
    legs = LEGS if has_vectors else LEGS[:2]
    outcomes = []
    for number, question in enumerate(questions, 1):
        outcomes.append(_measure(kb, question, legs))
        progress("ask", number, len(questions), question.text)
    return Run(
        kb=str(kb.folder),
        date=datetime.now().astimezone().isoformat(timespec="seconds"),
        embed_model=kb.settings.embed_model if has_vectors else "",
        documents=documents,
        chunks=chunks,
        seconds=time.perf_counter() - start,
        outcomes=tuple(outcomes),
    )


def summarize(outcomes: Sequence[Outcome]) -> list[Measured]:
    """Every measure that applies to some question, over all languages and over each, in the order of MEASURES."""
    languages = sorted({outcome.language for outcome in outcomes})
    found = []
    for language in (ALL, *languages):
        here = [outcome for outcome in outcomes if language in (ALL, outcome.language)]
        for measure in MEASURES:
            values = [outcome.scores[measure] for outcome in here if measure in outcome.scores]
            if values:
                found.append(Measured(measure, language, estimate(values)))
    return found


def _measure(kb: KnowledgeBase, question: JudgedQuestion, legs: Sequence[str]) -> Outcome:
    scores: dict[str, float] = {}
    if question.answerable and (question.targets or question.documents):
        for leg in legs:
            hits = kb.search(question.text, k=FETCHED, mode=leg)
            ranked, wanted = rank_units(hits, question, kb.text)
            scores |= {f"{leg}.{name}": value for name, value in ranking_measures(ranked, wanted).items()}
    within = paths_without(kb, question.without) if question.without else None
    answer = kb.ask(question.text, generate=False, within=within)
    if question.answerable:
        if question.targets or question.answers:
            right = [is_right(quote, question, kb.text) for quote in answer.quotes]
            scores |= {f"quote@{k}": float(any(right[:k])) for k in QUOTES_AT}
        scores["answered"] = float(not answer.abstained)
    else:
        scores["refused"] = float(answer.abstained)
    return Outcome(
        id=question.id,
        question=question.text,
        language=question.language,
        kind=question.kind,
        answerable=question.answerable,
        wanted=question.documents or tuple(dict.fromkeys(target.path for target in question.targets)),
        scores=scores,
    )


def rank_units(
    hits: Sequence[Hit], question: JudgedQuestion, text_of: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """What the hits reach, best first and each once, and what is wanted: places where the question names places, else
    documents.

    A passage that stands in several documents counts for the wanted one among them, as it is shown with it.
    """
    if not question.targets:
        wanted = set(question.documents)
        reached = [[path for path in (hit.path, *hit.also) if path in wanted] or [hit.path] for hit in hits]
        return list(dict.fromkeys(path for paths in reached for path in paths)), list(question.documents)
    names = {target: f"{target.path}[{target.start}:{target.end}]" for target in question.targets}
    units = []
    for hit in hits:
        met = [names[target] for target in question.targets if _meets(hit, target, text_of)]
        units += met or [f"{hit.path}[{hit.start}:]"]
    return list(dict.fromkeys(units)), list(names.values())


def _meets(found: Hit | Quote, target: Target, text_of: Callable[[str], str]) -> bool:
    if found.path == target.path:
        return found.start < target.end and found.end > target.start
    if target.path not in found.also:
        return False
    # The same passage in another document: wherever it stands there, in whatever lines, signs and capitals.
    same = r"\W*".join(map(re.escape, re.findall(r"\w", found.text)))
    there = (m.span() for m in re.finditer(same, text_of(target.path), re.I))
    return any(start < target.end and end > target.start for start, end in there)


def is_right(quote: Quote, question: JudgedQuestion, text_of: Callable[[str], str]) -> bool:
    """Whether a quote is from a wanted place; or from a wanted document, if any is named, and holds an answer."""
    if question.targets:
        return any(_meets(quote, target, text_of) for target in question.targets)
    if question.documents and not {quote.path, *quote.also} & set(question.documents):
        return False
    return holds_answer(" ".join((*(span.text for span in quote.context), quote.text)), question.answers)
