#!/usr/bin/env python3
"""Fit and print what decides which sentence answers (rag/relevance.json) and whether one does (rag/answerable.json).

    python tests/bench/fit_evidence.py --data DIR [--limit 700] [--sights vectors tokens] [--write]
    python tests/bench/fit_evidence.py --sights pairs --cases FILE --reader SmolLM2-135M.reader [--write]
    (or --sights glossed, of the cases that taught the adapter of that name)

Every set is ingested with the embedding model of the settings. Its own questions teach the ranking (which sentence
holds the marked answer, by maximum likelihood of a softmax over the sentences), and against the same ones asked of the
other documents, and those of another set, they teach the decision (logistic regression, an intercept for each set).
Every question weighs the same within its kind. The figures printed first are of articles that were not fitted: three
parts, each judged by the other two (the signs of the decision see the ranking that is fitted to all). English sets are
fitted three times: with all that the embedding model shows, with its vectors only, and by words alone, and their
decision once more with question and passages read together where the other signs leave it open (of the cases that
fit_adapter.py keeps in FILE: their articles that did not teach the adapter, ours among them). Japanese ones are fitted
by words alone, and their decision once more so, too. Both languages teach the ranking by words (by that of Japanese
encyclopedias alone, the dates at the head of house rules came before their articles), and each its own decision.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from cases import ARTICLES, JAPANESE, SETS, Case, collect, is_taught  # noqa: E402
from descent import descend, fit_decision  # noqa: E402

from rag.answerable import WEIGHTS as DECIDING  # noqa: E402
from rag.answerable import read_signs, total  # noqa: E402
from rag.cross_encoder import CrossEncoder  # noqa: E402
from rag.languages import language_of  # noqa: E402
from rag.measures import MEASURES, NEAR  # noqa: E402
from rag.relevance import APART, COLUMNS, SET, WEIGHTS, Sight, read_together  # noqa: E402
from rag.retrieval import READS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2] / "rag"
PARTS = 3
# Of standardised columns. With a tenth of it, where there are more signs than words, fewer of the withheld were refused
# on unseen articles of SQuAD 2; by words alone, with ten times as much. With a third for "pairs", whose articles are
# many, as many were, and more of its questions that only seem to be answered.
RANKING_RIDGE = 2e-3
DECISION_RIDGE: Mapping[Sight, float] = {
    "words": 3e-3,
    "unspaced": 3e-3,
    "vectors": 3e-2,
    "tokens": 3e-2,
    "pairs": 1e-2,
    "glossed": 3e-2,
}
# Sets that are measured and fitted to nothing.
MEASURED = ("articles-ja",)
# Whose questions say what score is enough.
STRICT: Mapping[Sight, str] = {
    "words": "squad2",
    "unspaced": "jsquad",
    "vectors": "squad2",
    "tokens": "squad2",
    "pairs": "squad2",
    "glossed": "jsquad",
}
# How much the foreign questions teach the decision, of the half that those not to be answered have; the withheld ones
# have the rest. Few of JSQuAD's foreign ones did not teach the adapter. At .25 more of the withheld questions of unseen
# articles are refused (.774; .751 at .35), and fewer of the foreign ones that table.py asks.
FOREIGN_SHARE: Mapping[Sight, float] = {**dict.fromkeys(DECISION_RIDGE, 0.25), "glossed": 0.35}
# Own questions refused by the border. The bar is 0.05, but where a fifth of the documents are missing the others score
# lower and more of them are refused, in SQuAD 2, whose documents are parts of a few articles, more than in JSQuAD. With
# question and passages read together most of the articles taught the adapter, and fewer are refused: of SQuAD 2's, at
# .03, .032 where a fifth are missing, and .048 at .045; of JSQuAD's, at .062, table.py printed .040 and .045.
TARGET: Mapping[Sight, float] = {
    **{"words": 0.03, "vectors": 0.03, "tokens": 0.03, "pairs": 0.045},
    **{"unspaced": 0.04, "glossed": 0.062},
}
# Where reading question and passages together is not worth while: below what so many of the own questions have by the
# other signs, and above what so many of the withheld ones have. Refusals are those of reading all of them, and the
# figures printed say how many are read.
SURE_NO, SURE_YES = 0.005, 0.98
SEEN: Mapping[str, Sequence[str]] = {
    "passages": [name for name in MEASURES if name not in SET],
    "words": [name for name in MEASURES if name not in (*SET, "passage_cosine")],
    "unspaced": [name for name in MEASURES if name not in (*SET, "passage_cosine")],
    "vectors": [name for name in (*MEASURES, "cosine") if name not in SET],
    "tokens": [name for name in COLUMNS if name not in SET],
}
WORD_SIGNS = [
    *("fit", "certain", "lead", "asked", "asks_number", "told", "counted"),
    *("names_nowhere", "names_elsewhere", "phrases", "phrases_here"),
    *("copied", "title", "terms", "mass", "mass_found", "mass_missing", "passage_missing", "only_here"),
]
VECTOR_SIGNS = ["passage_cosine", "cosine", "nearest"]
TOKEN_SIGNS = [
    *("every_word", "telling_words", "asking_word"),
    *("every_lead", "telling_lead", "least_near", "nearer_elsewhere"),
]
READ_SIGNS = ["answers_first", "answers_best", "answers_third"]
SIGNS: Mapping[Sight, Sequence[str]] = {
    "words": WORD_SIGNS,
    "unspaced": WORD_SIGNS,
    "vectors": [*WORD_SIGNS, *VECTOR_SIGNS],
    "tokens": [*WORD_SIGNS, *VECTOR_SIGNS, *TOKEN_SIGNS],
    "pairs": [*WORD_SIGNS, *VECTOR_SIGNS, *TOKEN_SIGNS, *READ_SIGNS],
    "glossed": [*WORD_SIGNS, *READ_SIGNS],
}


def see(case: Case, sight: Sight) -> Case:
    """The case as it would be with less to see."""
    if case.weighed.sight == sight:
        return case
    measures = case.weighed.measures.copy()
    by_words = sight in ("words", "unspaced")
    hidden = {"vectors": NEAR[1:], "tokens": ()}.get(sight, ("passage_cosine", *NEAR))
    for name in hidden:
        measures[:, COLUMNS.index(name)] = 0.0
    ranked = case.weighed.ranked
    if by_words:
        ranked = tuple(replace(hit, scores={k: v for k, v in hit.scores.items() if k != "dense"}) for hit in ranked)
    near = case.weighed.near if sight == "tokens" else ()
    return replace(
        case, weighed=replace(case.weighed, measures=measures, sight=sight, near=near, ranked=ranked, together=())
    )


def score(case: Case, weights: Mapping[str, float]) -> Case:
    """The case with its sentences scored by `weights`."""
    column = np.array([{**weights, **SET}.get(name, 0.0) for name in COLUMNS])
    scores = case.weighed.measures @ column
    odds = np.exp(scores - scores.max())
    return replace(case, weighed=replace(case.weighed, scores=scores, probabilities=odds / odds.sum()))


class Reader:
    """As much of a collection as reads a question together with passages."""

    def __init__(self, reader: CrossEncoder) -> None:
        self.reader = reader

    def read_together(self, question: str, passages: Sequence[str]) -> list[float]:
        return self.reader.judge(READS[language_of(question)], question, passages)


def read_anew(cases: Sequence[Case], reader: Path) -> Iterator[Case]:
    """The cases of articles that did not teach the adapter, with what it says of their questions and passages."""
    with closing(CrossEncoder(reader)) as opened:
        for case in cases:
            if not is_taught(case) and case.kind != "adversarial":
                apart: Sight = "unspaced" if case.data in JAPANESE else "tokens"
                seen = score(see(case, apart), WEIGHTS[apart]).weighed
                yield replace(case, weighed=read_together(seen, Reader(opened)))  # type: ignore[arg-type]


# ---------------------------------------------------------------- fitting


def fit_ranking(cases: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    """Weights under which the marked sentences are the likeliest, over cases that mark some sentences but not all."""
    places = [COLUMNS.index(name) for name in names]
    useful = [case for case in cases if case.gold.any() and not case.gold.all()]
    share = np.full(len(useful), 1 / len(useful))
    rows = np.vstack([case.weighed.measures[:, places] for case in useful])
    scale = rows.std(axis=0) + 1e-6
    rows = rows / scale
    lengths = [len(case.gold) for case in useful]
    starts = np.cumsum([0, *lengths[:-1]])
    owner = np.repeat(np.arange(len(useful)), lengths)
    gold = np.concatenate([case.gold for case in useful])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = rows @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        every = np.add.reduceat(odds, starts)
        right = np.add.reduceat(odds * gold, starts) + 1e-300
        slope = rows.T @ (share[owner] * odds * (1 / every[owner] - gold / right[owner]))
        ridge = RANKING_RIDGE * weights
        return float(share @ np.log(every / right) + weights @ ridge / 2), slope + ridge

    return dict(zip(names, descend(loss, len(names)) / scale, strict=True))


def decide(cases: Sequence[Case], sight: Sight) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signs, whether its own, each case's share (0 of those that are only measured), and the number of its set."""
    names = SIGNS[sight]
    read = [read_signs(case.weighed) for case in cases]
    signs = np.array([[found[name] for name in names] for found in read])
    own = np.array([case.kind == "own" for case in cases])
    kinds = [case.kind if case.data not in MEASURED else "" for case in cases]
    foreign = FOREIGN_SHARE[sight]
    shares = {"own": 0.5, "withheld": 0.5 - foreign, "foreign": foreign, "": 0.0}
    share = np.array([shares[kind] / kinds.count(kind) for kind in kinds])
    order = sorted({case.data for case in cases})
    return signs, own, share, np.array([order.index(case.data) for case in cases])


def fit(cases: Sequence[Case], more: Sequence[Case], sight: Sight) -> tuple[dict[str, float], dict[str, float]]:
    """Print what articles reach that were not fitted, and return the weights fitted to all.

    `more` cases teach only the ranking.
    """
    if sight in APART:
        return {}, fit_together(cases, sight)
    cases = [see(case, sight) for case in cases]
    own_cases = [case for case in cases if case.kind == "own"]
    teaching = [*own_cases, *(see(case, sight) for case in more if case.kind == "own")]
    ranked: list[Case] = []
    for part in range(PARTS):
        weights = fit_ranking([case for case in teaching if case.article % PARTS != part], SEEN[sight])
        ranked += [score(case, weights) for case in own_cases if case.article % PARTS == part]
    ranking = fit_ranking(teaching, SEEN[sight])
    scored = [score(case, ranking) for case in cases]
    for name in sorted({case.data for case in cases}):
        print(f"  {sight:8}{name:8}", " · ".join(_describe_ranking([case for case in ranked if case.data == name])))
    return _round(ranking), fit_answerable(scored, sight)


def fit_together(cases: Sequence[Case], sight: Sight) -> dict[str, float]:
    """The decision where question and passage are read together, of articles that did not teach how to.

    The sentences are ranked as they are without: ranked by what is read together, they were no better.
    """
    apart = APART[sight]
    unseen = [score(case, WEIGHTS[apart]) for case in cases if case.weighed.sight == sight]
    fit_answerable([see(case, apart) for case in unseen], apart)  # what the same articles reach without
    # As far as the other signs decide: how far above their border, and between which two it is read together.
    plain = np.array([total(read_signs(case.weighed), apart) for case in unseen]) - DECIDING[apart]["strict"]
    kinds = np.array([case.kind if case.data not in MEASURED else "" for case in unseen])
    lowest = float(np.quantile(plain[kinds == "own"], SURE_NO))
    highest = float(np.quantile(plain[kinds == "withheld"], SURE_YES))
    sure = np.where(plain < lowest, -np.inf, np.where(plain > highest, np.inf, 0.0))
    return {**fit_answerable(unseen, sight, sure), **_round({"sure no": lowest, "sure yes": highest})}


def fit_answerable(cases: Sequence[Case], sight: Sight, sure: np.ndarray | float = 0.0) -> dict[str, float]:
    """Print what articles reach that were not fitted, and return the weights of the signs fitted to all cases.

    `sure` is infinite, one way or the other, for cases that are decided without them.
    """
    signs, own, share, sets = decide(cases, sight)
    parts = np.array([case.article % PARTS for case in cases])
    held = np.zeros(len(cases))
    for part in range(PARTS):
        outside, inside = (parts != part) & (share > 0), parts == part
        held[inside] = signs[inside] @ fit_decision(
            signs[outside], own[outside], share[outside], sets[outside], DECISION_RIDGE[sight]
        )
    for name in sorted({case.data for case in cases}):
        of = [(case, float(reached)) for case, reached in zip(cases, held + sure, strict=True) if case.data == name]
        print(f"  {sight:8}{name:8}", " · ".join(_describe_decision(of)), flush=True)
    some = share > 0
    decision = fit_decision(signs[some], own[some], share[some], sets[some], DECISION_RIDGE[sight])
    measured = own & np.array([case.data == STRICT[sight] for case in cases])
    enough = float(np.quantile((signs @ decision + sure)[measured], TARGET[sight], method="lower"))
    return _round({**dict(zip(SIGNS[sight], decision, strict=True)), "strict": enough})


def _round(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in weights.items()}


def _describe_ranking(cases: Sequence[Case]) -> Iterator[str]:
    marked = [case for case in cases if case.gold.any()]
    for count in (1, 3):
        found = [case.gold[np.argsort(-case.weighed.scores, kind="stable")[:count]].any() for case in marked]
        yield f"answer in {count} sentences {np.mean(found):.3f}"


def _describe_decision(held: Sequence[tuple[Case, float]]) -> Iterator[str]:
    border = np.quantile([reached for case, reached in held if case.kind == "own"], 0.05, method="lower")
    for kind in ("withheld", "foreign"):
        other = np.array([reached for case, reached in held if case.kind == kind])
        if len(other):
            yield f"{kind} refused {np.mean(other < border):.3f} (median {np.median(other):.2f})"
    if not all(np.isfinite(reached) for _, reached in held):
        yield f"read {np.mean([np.isfinite(reached) for case, reached in held if case.kind == 'own']):.2f} of its own"
    yield f"border {border:.2f}"


def fit_all(cases: Sequence[Case], sights: Sequence[str], write: bool) -> None:
    """Fit some sights, print them and write them into the two files where asked; what the files say of others stays."""
    ranking: dict[str, dict[str, float]] = {}
    decision: dict[str, dict[str, float]] = {}
    spaced = [case for case in cases if case.data not in JAPANESE]
    japanese = [case for case in cases if case.data in JAPANESE]
    print("Articles that were not fitted:")
    plan: list[tuple[Sight, Sequence[Case], Sequence[Case]]] = [
        ("words", spaced, japanese),
        ("unspaced", japanese, spaced),
        ("vectors", spaced, ()),
        ("tokens", spaced, ()),
        ("pairs", spaced, ()),
        ("glossed", japanese, ()),
    ]
    for sight, some, more in plan:
        if sight not in sights:
            continue
        weights, decision[sight] = fit(some, more, sight)
        if weights:
            ranking[sight] = weights
    if "tokens" in sights:
        ranking["passages"] = _round(fit_ranking([case for case in spaced if case.kind == "own"], SEEN["passages"]))
    for name, fitted in (("relevance.json", ranking), ("answerable.json", decision)):
        text = json.dumps(fitted, indent=1)
        print(name, text, sep="\n")
        if write:
            kept = json.loads((ROOT / name).read_text("utf-8"))
            (ROOT / name).write_text(json.dumps({**kept, **fitted}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder with the question sets")
    parser.add_argument("--limit", type=int, default=700, help="questions of a kind of a set")
    parser.add_argument("--write", action="store_true", help="write the files in rag/")
    apart = [sight for sight in SIGNS if sight not in APART]
    parser.add_argument("--sights", nargs="+", choices=SIGNS, default=apart)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=[name for name in SETS if name not in ARTICLES])
    parser.add_argument("--cases", type=Path, help="questions that fit_adapter.py asked before; none are asked then")
    parser.add_argument("--reader", type=Path, help="what reads those anew of articles that did not teach the adapter")
    options = parser.parse_args()
    given = (options.cases is not None, options.reader is not None)
    if {sight in APART for sight in options.sights} != set(given) or not (options.cases or options.data):
        parser.error(f"{' and '.join(APART)} need --cases and --reader, the others --data and neither")
    if options.cases:
        cases = list(read_anew(pickle.loads(options.cases.read_bytes()), options.reader))  # noqa: S301  # our own file
    else:
        cases = collect(options.data, options.sets, options.limit)
    fit_all(cases, options.sights, options.write)


if __name__ == "__main__":
    main()
