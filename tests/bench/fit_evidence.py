#!/usr/bin/env python3
"""Fit and print what decides which sentence answers (rag/relevance.json) and whether one does (rag/answerable.json).

    python tests/bench/fit_evidence.py --data DIR [--limit 700] [--write]

Every set is ingested without a fifth of its documents, with the embedding model of the settings. Its own questions
teach the ranking (which sentence holds the marked answer, by maximum likelihood of a softmax over the sentences), and
against those of the missing documents and of another set they teach the decision (logistic regression, an intercept for
each set). Every question weighs the same within its kind. The figures printed first are of articles that were not
fitted: three parts, each judged by the other two (the signs of the decision see the ranking that is fitted to all).
English sets are fitted three times: with all that the embedding model shows, with its vectors only, and by words alone,
where the Japanese ones join them.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import rag  # noqa: E402
from index.characters import normalize  # noqa: E402
from rag.answerable import read_signs  # noqa: E402
from rag.measures import MEASURES, NEAR  # noqa: E402
from rag.relevance import COLUMNS, SET, Sight, Weighed, weigh_sentences  # noqa: E402

_BEFORE_PARAGRAPH = re.compile(r"(?<=\d)p\d+$")  # jsquad: a10336p1
ROOT = Path(__file__).resolve().parents[2] / "rag"
SETS: Mapping[str, Sequence[str]] = {  # and whose questions they cannot answer
    "squad2": ("tatqa", "covidqa"),
    "clapnq": ("tatqa", "squad2"),
    "covidqa": ("squad2", "tatqa"),
    "jsquad": ("niilc",),
    "niilc": ("jsquad",),
}
WITHHELD = 0.2
PARTS = 3
PASSAGES = 10
RANKING_RIDGE, DECISION_RIDGE = 2e-3, 3e-3  # of standardised columns
STRICT = {"en": "squad2", "ja": "jsquad"}  # whose questions say what score is enough
TARGET = 0.04  # own questions refused: the bar is 0.05, and the questions of a set differ
SEEN: Mapping[str, Sequence[str]] = {
    "passages": [name for name in MEASURES if name not in SET],
    "words": [name for name in MEASURES if name not in (*SET, "passage_cosine")],
    "vectors": [name for name in (*MEASURES, "cosine") if name not in SET],
    "tokens": [name for name in COLUMNS if name not in SET],
}
WORD_SIGNS = [
    *(
        "fit",
        "certain",
        "lead",
        "asked",
        "asks_number",
        "told",
        "counted",
        "names_nowhere",
        "names_elsewhere",
        "phrases",
    ),
    *("phrases_here", "title", "terms", "mass", "mass_found", "mass_missing", "passage_missing", "only_here"),
]
VECTOR_SIGNS = ["passage_cosine", "cosine", "nearest"]
TOKEN_SIGNS = [
    *("every_word", "telling_words", "asking_word"),
    *("every_lead", "telling_lead", "least_near", "nearer_elsewhere"),
]
SIGNS: Mapping[Sight, Sequence[str]] = {
    "words": WORD_SIGNS,
    "vectors": [*WORD_SIGNS, *VECTOR_SIGNS],
    "tokens": [*WORD_SIGNS, *VECTOR_SIGNS, *TOKEN_SIGNS],
}


@dataclass(frozen=True)
class Case:
    """A question asked of a set: `kind` is "own", "withheld" or "foreign", `gold` marks sentences with the answer."""

    data: str
    kind: str
    part: int
    weighed: Weighed
    gold: np.ndarray


def mark(weighed: Weighed, answers: Sequence[str], right: Callable[[str], bool]) -> np.ndarray:
    """Which sentences of the right documents hold an answer, letter by letter but for case and width."""
    wanted = [normalize(answer).casefold() for answer in answers if answer]
    return np.array(
        [
            right(weighed.ranked[sentence.rank].passage.path)
            and any(answer in normalize(sentence.text).casefold() for answer in wanted)
            for sentence in weighed.sentences
        ],
        bool,
    )


def see(case: Case, sight: Sight) -> Case:
    """The case as it would be with less to see."""
    if case.weighed.sight == sight:
        return case
    measures = case.weighed.measures.copy()
    for name in {"words": ("passage_cosine", *NEAR), "vectors": NEAR[1:], "tokens": ()}[sight]:
        measures[:, COLUMNS.index(name)] = 0.0
    ranked = case.weighed.ranked
    if sight == "words":
        ranked = tuple(replace(hit, scores={k: v for k, v in hit.scores.items() if k != "dense"}) for hit in ranked)
    return replace(case, weighed=replace(case.weighed, measures=measures, sight=sight, near=(), ranked=ranked))


def score(case: Case, weights: Mapping[str, float]) -> Case:
    """The case with its sentences scored by `weights`."""
    column = np.array([{**weights, **SET}.get(name, 0.0) for name in COLUMNS])
    scores = case.weighed.measures @ column
    odds = np.exp(scores - scores.max())
    return replace(case, weighed=replace(case.weighed, scores=scores, probabilities=odds / odds.sum()))


# ---------------------------------------------------------------- fitting


def descend(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], size: int, rounds: int = 200) -> np.ndarray:
    """The minimum of a smooth convex function: accelerated gradient with restarts (O'Donoghue and Candès, 2015)."""
    x = y = np.zeros(size)
    step, momentum = 1.0, 1.0
    value, slope = loss(y)
    for _ in range(rounds):
        while True:
            new = y - step * slope
            reached, _ = loss(new)
            if reached <= value - step / 2 * float(slope @ slope) + 1e-12 or step < 1e-8:
                break
            step /= 2
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        if float(slope @ (new - x)) > 0:
            following, momentum = 1.0, 1.0
        y, x, momentum = new + (momentum - 1) / following * (new - x), new, following
        step *= 1.3
        value, slope = loss(y)
    return x


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


def fit_decision(signs: np.ndarray, own: np.ndarray, share: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Weights of the columns of `signs`; each number in `sets` has an intercept of its own, which is not kept."""
    scale = signs.std(axis=0) + 1e-6
    rows = np.hstack([signs / scale, np.eye(sets.max() + 1)[sets]])
    ridge = np.r_[np.full(signs.shape[1], DECISION_RIDGE), np.full(sets.max() + 1, 1e-6)]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = np.where(own, 1, -1) * (rows @ weights)
        slope = rows.T @ (-share * np.where(own, 1, -1) / (1 + np.exp(np.clip(margin, -30, 30))))
        return float(share @ np.logaddexp(0, -margin) + ridge @ weights**2 / 2), slope + ridge * weights

    # The columns are far from centred: take their means out, which only moves the intercepts.
    rows[:, : signs.shape[1]] -= rows[:, : signs.shape[1]].mean(axis=0)
    return descend(loss, rows.shape[1])[: signs.shape[1]] / scale


def decide(cases: Sequence[Case], sight: Sight) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signs, whether its own, each case's share, and the number of its set."""
    names = SIGNS[sight]
    read = [read_signs(case.weighed) for case in cases]
    signs = np.array([[found[name] for name in names] for found in read])
    own = np.array([case.kind == "own" for case in cases])
    kinds = [case.kind for case in cases]
    share = np.array([(0.5 if kind == "own" else 0.25) / kinds.count(kind) for kind in kinds])
    order = sorted({case.data for case in cases})
    return signs, own, share, np.array([order.index(case.data) for case in cases])


def fit(cases: Sequence[Case], sight: Sight) -> tuple[dict[str, float], dict[str, float]]:
    """Print what articles reach that were not fitted, and return the weights fitted to all."""
    cases = [see(case, sight) for case in cases]
    own_cases = [case for case in cases if case.kind == "own"]
    ranked: list[Case] = []
    for part in range(PARTS):
        weights = fit_ranking([case for case in own_cases if case.part != part], SEEN[sight])
        ranked += [score(case, weights) for case in own_cases if case.part == part]
    ranking = fit_ranking(own_cases, SEEN[sight])
    scored = [score(case, ranking) for case in cases]
    signs, own, share, sets = decide(scored, sight)
    parts = np.array([case.part for case in cases])
    held = np.zeros(len(cases))
    for part in range(PARTS):
        outside, inside = parts != part, parts == part
        held[inside] = signs[inside] @ fit_decision(signs[outside], own[outside], share[outside], sets[outside])
    for name in sorted({case.data for case in cases}):
        of = [(case, float(reached)) for case, reached in zip(cases, held, strict=True) if case.data == name]
        first = [case for case in ranked if case.data == name]
        print(f"  {sight:8}{name:8}", " · ".join((*_describe_ranking(first), *_describe_decision(of))), flush=True)
    decision = fit_decision(signs, own, share, sets)
    enough = {}
    for language, measured in STRICT.items():
        of_measured = own & np.array([case.data == measured for case in cases])
        if of_measured.any():
            enough[f"strict {language}"] = float(np.quantile((signs @ decision)[of_measured], TARGET))
    return (
        _round(ranking),
        _round({**dict(zip(SIGNS[sight], decision, strict=True)), **enough}),
    )


def _round(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in weights.items()}


def _describe_ranking(cases: Sequence[Case]) -> Iterator[str]:
    marked = [case for case in cases if case.gold.any()]
    for count in (1, 3):
        found = [case.gold[np.argsort(-case.weighed.scores, kind="stable")[:count]].any() for case in marked]
        yield f"answer in {count} sentences {np.mean(found):.3f}"


def _describe_decision(held: Sequence[tuple[Case, float]]) -> Iterator[str]:
    border = np.quantile([reached for case, reached in held if case.kind == "own"], 0.05)
    for kind in ("withheld", "foreign"):
        other = np.array([reached for case, reached in held if case.kind == kind])
        if len(other):
            yield f"{kind} refused {np.mean(other < border):.3f} (median {np.median(other):.2f})"
    yield f"border {border:.2f}"


# ---------------------------------------------------------------- asking


def read_rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def ask_set(folder: Path, name: str, limit: int, home: Path) -> list[Case]:
    """The cases of one set, from a knowledge base without a fifth of its documents."""
    corpus = read_rows(folder / name / "corpus.jsonl")
    chance = random.Random(7)
    missing = set(chance.sample(sorted(row["_id"] for row in corpus), int(WITHHELD * len(corpus))))
    docs = home / name
    docs.mkdir()
    files = {}
    for number, row in enumerate(corpus):
        files[f"{number:06d}.md"] = row["_id"]
        if row["_id"] not in missing:
            title = (row.get("title") or "").strip()
            text = f"# {title}\n\n{row['text']}\n" if title else row["text"] + "\n"
            (docs / f"{number:06d}.md").write_text(text, encoding="utf-8")
    relevant: dict[str, set[str]] = {}
    for line in (folder / name / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        if float(grade) > 0:
            relevant.setdefault(question, set()).add(document)
    rows = [row for row in read_rows(folder / name / "queries.jsonl") if relevant.get(row["_id"])]
    rows = [row for row in rows if row.get("answerable", True) and row.get("answers")]
    groups = {
        "own": [row for row in rows if not relevant[row["_id"]] & missing],
        "withheld": [row for row in rows if relevant[row["_id"]] <= missing],
    }
    foreign = [row for other in SETS[name] for row in _some(read_rows(folder / other / "queries.jsonl"), limit // 4)]
    groups["foreign"] = [row for row in foreign if row.get("answerable", True) and row.get("answers")]
    cases = []
    with rag.open(home / f"{name}.kb") as kb:
        kb.ingest([docs])
        for kind, asked in groups.items():
            for row in _some(asked, limit):
                ranked = kb.retriever.search(row["text"], PASSAGES, "hybrid")
                weighed = weigh_sentences(row["text"], ranked, kb.retriever)
                cases += make_case(name, kind, row, weighed, files, relevant)
    return cases


def make_case(
    name: str,
    kind: str,
    row: Mapping,
    weighed: Weighed,
    files: Mapping[str, str],
    relevant: Mapping[str, set[str]],
) -> Iterator[Case]:
    """The case, unless the question is not its own and answered by chance."""
    wanted = relevant.get(row["_id"], set()) if kind != "foreign" else set()

    def right(path: str) -> bool:
        return kind != "own" or files.get(Path(path).name) in wanted

    gold = mark(weighed, row["answers"], right)
    if weighed.sentences and (kind == "own" or not gold.any()):
        article = min(wanted, default=row["_id"])
        # Paragraphs of one article stay together.
        article = article.partition("#")[0] if "#" in article else _BEFORE_PARAGRAPH.sub("", article)
        yield Case(name, kind, zlib.crc32(article.encode()) % PARTS, weighed, gold)


def _some(rows: Sequence[dict], limit: int) -> Sequence[dict]:
    rows = sorted(rows, key=lambda row: row["_id"])
    return rows if len(rows) <= limit else random.Random(7).sample(rows, limit)


def fit_all(cases: Sequence[Case], write: bool) -> None:
    """Fit every sight, print the two files and write them where asked."""
    ranking: dict[str, dict[str, float]] = {}
    decision: dict[str, dict[str, float]] = {}
    spaced = [case for case in cases if case.weighed.sight == "tokens" or case.data not in ("jsquad", "niilc")]
    japanese = [case for case in cases if case.data in ("jsquad", "niilc")]
    print("Articles that were not fitted:")
    plan: list[tuple[Sight, Sequence[Case]]] = [("words", cases), ("vectors", spaced), ("tokens", spaced)]
    for sight, some in plan:
        if sight == "words" and japanese:
            some = [*japanese, *spaced]
        ranking[sight], decision[sight] = fit(some, sight)
    ranking["passages"] = _round(fit_ranking([case for case in spaced if case.kind == "own"], SEEN["passages"]))
    for name, fitted in (("relevance.json", ranking), ("answerable.json", decision)):
        text = json.dumps(fitted, indent=1)
        print(name, text, sep="\n")
        if write:
            (ROOT / name).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=700, help="questions of a kind of a set")
    parser.add_argument("--write", action="store_true", help="write the files in rag/")
    options = parser.parse_args()
    cases: list[Case] = []
    for name in SETS:
        with tempfile.TemporaryDirectory(prefix="fit-") as home:
            cases += ask_set(options.data, name, options.limit, Path(home))
        print(f"{name}: {sum(case.data == name for case in cases)} questions", file=sys.stderr, flush=True)
    fit_all(cases, options.write)


if __name__ == "__main__":
    main()
