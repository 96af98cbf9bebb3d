#!/usr/bin/env python3
"""Fit the curves of `rag.checking.confidence` and print what they reach on articles they were not fitted on.

    python tests/bench/fit_confidence.py --data DIR --embed-model llamacpp:PATH [--limit 1600] [--write en]
                                        [--borders-only]

DIR holds the folders squad2 and jsquad; only the articles of the part "fit" are read (tests/bench/check.py measures
on the others). Logistic regression by Newton's method with a ridge, over each figure and what it has above each of a
few knots; each kind of statement of each language weighs the same. The bias of each language is set so that the given
share of its false statements, averaged over kinds, would be supported; it lies below the bar because other statements
differ from these. The curves of meaning are fitted to English statements, which the bundled model reads; they take in
what a word alone keeps from being supported. --write keeps those of the languages it names in
rag/checking/confidence.json. The Japanese ones there are of a run with 400 statements of a kind and a ridge of 0.02:
1,600 gained nothing on articles left out (0.840 supported at 0.02 false, before 0.843). All biases are of
--borders-only --false-support 0.028 0.021, after the rules for roles, clauses and for what limits a source.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import statements  # noqa: E402

from index.words import normalize  # noqa: E402
from ingest.embedders import Options, open_embedder  # noqa: E402
from rag.checking.comparison import Comparison  # noqa: E402
from rag.checking.confidence import confidence, confidence_in_meaning  # noqa: E402
from rag.checking.figures import list_figures  # noqa: E402
from rag.checking.framing import bare  # noqa: E402
from rag.checking.meaning import list_meaning  # noqa: E402
from rag.checking.readings import Readings  # noqa: E402
from rag.checking.tokens import tokens  # noqa: E402
from rag.checking.verification import IN_DOUBT, LEAST_FOUND, LEAST_READ, _verbatim  # noqa: E402

RIDGE = 0.005  # by five folds of the articles: four times and twenty times more were a little worse
FOLDS = 5
KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # quantiles of each figure
SETS = (("en", "squad2"), ("ja", "jsquad"))
SURE = 0.010  # of the false statements that words alone may support where there is a model to ask
HOPELESS = 0.01  # of the true statements that the model would support, which it is not asked about
OPEN = ("open", IN_DOUBT)  # what rules leave open
BY_READING = "by reading"  # what only what reads both together may decide
Model = dict[str, Any]  # as `rag.checking.confidence` reads it
TARGET = Path(__file__).resolve().parents[2] / "rag" / "checking" / "confidence.json"


@dataclass(frozen=True)
class Sample:
    group: tuple[str, str]  # language and kind
    truth: bool
    article: str
    verdict: str  # "supported", "doubted", "open" or, for the sake of a word alone, "in doubt" or "by reading"
    figures: dict[str, float]
    meaning: dict[str, float] | None

    @property
    def language(self) -> str:
        return self.group[0]


def compare(stated: str, text: str) -> tuple[str, Comparison | None]:
    """What the rules say, as in Sample; None where they need no comparison."""
    said, stands = tokens(stated), tokens(text)
    if _verbatim(stated, text) or not said or not stands:
        return "supported" if said else "doubted", None
    comparison = Comparison(stated, said, stands, text)
    doubts = list(comparison.doubts())
    found = comparison.alignment.found
    if not all(d.wording or d.thing for d in doubts) or found < LEAST_READ:
        return "doubted", comparison
    if found < LEAST_FOUND or any(d.thing for d in doubts):
        return BY_READING, comparison
    if not doubts and comparison.only_shortened():
        return "supported", comparison
    return "in doubt" if doubts else "open", comparison


def judge(stated: str, text: str, readings: Readings) -> tuple[str, dict[str, float], dict[str, float] | None]:
    verdict, comparison = compare(stated, text)
    if comparison is None or verdict not in OPEN:
        return verdict, {}, None
    meaning = list_meaning(comparison, readings)
    if meaning is not None:
        meaning[IN_DOUBT] = float(verdict == IN_DOUBT)
    return verdict, list_figures(comparison), meaning


def collect(data: Path, limit: int, readings: Readings) -> list[Sample]:
    judged: dict[tuple[str, str], tuple[str, dict[str, float], dict[str, float] | None]] = {}
    samples = []
    for language, name in SETS:
        for row in statements.rows(data / name, language, limit, "fit"):
            for source in dict.fromkeys((row.sentence, row.cited, row.passage)):
                pair = bare(normalize(row.statement)), normalize(source)
                if pair not in judged:
                    judged[pair] = judge(*pair, readings)
                samples.append(Sample((language, row.kind), row.truth, row.article, *judged[pair]))
    return samples


@dataclass(frozen=True)
class Curves:
    """The figures each with their knots: a column for what it has above each of them. No figure is below 0."""

    knots: dict[str, list[float]]

    @classmethod
    def through(cls, names: list[str], x: np.ndarray) -> Curves:
        found = {}
        for name, column in zip(names, x.T, strict=True):
            quantiles = {round(float(q), 3) for q in np.quantile(column, KNOTS)}
            found[name] = [0.0, *sorted(q for q in quantiles if 0.0 < q < column.max())]
        return cls(found)

    def spread(self, x: np.ndarray) -> np.ndarray:
        pairs = zip(x.T, self.knots.values(), strict=True)
        return np.array([np.maximum(0.0, column - knot) for column, knots in pairs for knot in knots]).T

    def to_model(self, weights: np.ndarray, bias: float, **asked: float) -> Model:
        rest = iter(weights)
        weighed = {name: [[k, round(float(next(rest)), 3)] for k in knots] for name, knots in self.knots.items()}
        return {"bias": round(bias, 3), **asked, "curves": weighed}


def write_models(models: dict[str, dict[str, Model]]) -> None:
    """Keep all models in the file, one line a curve."""
    text = re.sub(r"\n {5,}(?=[^\n])|\n {4}(?=\])", " ", json.dumps(models, indent=1))
    TARGET.write_text(text.replace("[ ", "[").replace(" ]", "]") + "\n", encoding="utf-8")


def fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, float]:
    """The weights of the columns, and the bias."""
    mean, scale = x.mean(0), x.std(0) + 1e-9
    x, w = np.c_[(x - mean) / scale, np.ones(len(x))], w / w.sum()
    beta = np.zeros(x.shape[1])
    ridge = RIDGE * np.eye(x.shape[1])
    ridge[-1, -1] = 0.0
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        beta -= np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x + ridge, x.T @ (w * (p - y)) + ridge @ beta)
    weights = beta[:-1] / scale
    return weights, float(beta[-1] - weights @ mean)


@dataclass(frozen=True)
class Fitted:
    """Curves with their weights and bias, and what articles that were left out score; infinite where words decide."""

    curves: Curves
    weights: np.ndarray
    bias: float
    score: np.ndarray


def fit_curves(samples: Sequence[Sample], x: np.ndarray, names: list[str], opened: np.ndarray) -> Fitted:
    weight, truth = weights_of(samples), np.array([float(s.truth) for s in samples])
    articles = sorted({s.article for s in samples})
    fold = np.array([articles.index(s.article) % FOLDS for s in samples])
    curves = Curves.through(names, x[opened])
    z = curves.spread(x)
    score = np.where([s.verdict == "supported" for s in samples], np.inf, -np.inf)
    for k in range(FOLDS):
        learnt, judged = opened & (fold != k), opened & (fold == k)
        weights, bias = fit(z[learnt], truth[learnt], weight[learnt])
        score[judged] = z[judged] @ weights + bias
    return Fitted(curves, *fit(z[opened], truth[opened], weight[opened]), score)


def show_and_cut(title: str, samples: Sequence[Sample], score: np.ndarray, share: float) -> float:
    """Print what is supported, and return the score above which this share of the false statements is."""
    weight, truth = weights_of(samples), np.array([float(s.truth) for s in samples])
    order = np.argsort(-score, kind="stable")
    falsely, rightly = (np.cumsum((weight * t)[order]) / (weight * t).sum() for t in (1 - truth, truth))
    at = {f: rightly[np.searchsorted(falsely, f)] for f in (0.01, 0.02, 0.026, 0.03, 0.04, 0.05)}
    print(f"{title}: " + ", ".join(f"{f} false {t:.3f} true" for f, t in at.items()))
    cut = score[order][np.searchsorted(falsely, share)]
    kinds = {s.group[1] for s in samples if not s.truth}
    taken = {
        k: float(np.mean([b >= cut for b, s in zip(score, samples, strict=True) if s.group[1] == k])) for k in kinds
    }
    print(
        f"  at {share} false: " + ", ".join(f"{k} {taken[k]:.3f}" for k in sorted(kinds, key=lambda k: -taken[k])[:6])
    )
    return float(cut)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embed-model", required=True, help="the model whose readings the curves of meaning are for")
    parser.add_argument("--limit", type=int, default=1600)
    parser.add_argument("--false-support", type=float, nargs=2, default=(0.028, 0.022), help="English, Japanese")
    parser.add_argument("--write", nargs="*", default=(), choices=("en", "ja"), help=f"whose to keep in {TARGET.name}")
    parser.add_argument("--borders-only", action="store_true", help="keep the curves and only set their biases anew")
    options = parser.parse_args()
    share = dict(zip(("en", "ja"), options.false_support, strict=True))
    with open_embedder(options.embed_model, Options(threads=1, processes=1)) as embedder:
        readings = Readings(lambda: embedder)
        readings.KEPT = 1_000_000
        samples = collect(options.data, options.limit, readings)
    if options.borders_only:
        set_borders(samples, share, options.write)
        return
    names = list(next(s.figures for s in samples if s.figures))
    x = np.array([[s.figures.get(n, 0.0) for n in names] for s in samples])
    words = fit_curves(samples, x, names, np.array([s.verdict == "open" for s in samples]))
    models = json.loads(TARGET.read_text(encoding="utf-8"))
    for language, most in share.items():
        here = np.array([s.language == language for s in samples])
        mine = [s for s in samples if s.language == language]
        cut = show_and_cut(f"{language} words, articles left out", mine, words.score[here], most)
        if language in options.write:
            models["words"][language] = words.curves.to_model(words.weights, words.bias - cut)
        if language == "en":
            meaning = fit_meaning(mine, x[here], names, words.score[here] - cut, most)
            if language in options.write:
                models["meaning"][language] = meaning
    if options.write:
        write_models(models)


def set_borders(samples: Sequence[Sample], share: dict[str, float], written: Sequence[str]) -> None:
    """Set the biases of the curves so that this share of the false statements they were fitted to would pass.

    For rules that came after the curves, and keep statements from being supported whatever the curves say.
    """
    models = json.loads(TARGET.read_text(encoding="utf-8"))
    for language, most in share.items():
        mine = [s for s in samples if s.language == language]
        by_words = [by_words_of(s) for s in mine]
        scores = {"words": by_words}
        if language in models["meaning"]:
            scores["meaning"] = [by_meaning_of(s, b) for s, b in zip(mine, by_words, strict=True)]
        for name, score in scores.items():
            cut = show_and_cut(f"{language} {name}, the articles fitted to", mine, np.array(score), most)
            bias = models[name][language]["bias"]
            print(f"  bias {bias} to be {bias - cut:.3f}")
            if language in written:
                models[name][language]["bias"] = round(bias - cut, 3)
    if written:
        write_models(models)


def by_words_of(sample: Sample) -> float:
    sure = {"supported": np.inf, "open": 0.0}.get(sample.verdict, -np.inf)
    return float(sure + (confidence(sample.figures, sample.language) if sample.figures else 0.0))


def by_meaning_of(sample: Sample, by_words: float) -> float:
    """What words and meaning say; infinite where the model is not asked."""
    if sample.meaning is None:
        return np.inf if by_words == np.inf else -np.inf
    said = min(confidence(sample.figures, sample.language), 0.0) if sample.verdict == "in doubt" else by_words
    found = confidence_in_meaning(sample.figures, sample.language, said, lambda: sample.meaning)
    return found if found is not None else np.inf if by_words >= 0 else -np.inf


def fit_meaning(
    samples: Sequence[Sample], x: np.ndarray, names: list[str], by_words: np.ndarray, share: float
) -> Model:
    """The model of words and meaning; `by_words` is what words alone say, 0 where they would support."""
    added = list(next(s.meaning for s in samples if s.meaning))
    m = np.array([[(s.meaning or {}).get(n, 0.0) for n in added] for s in samples])
    opened = np.array([s.meaning is not None for s in samples])
    meaning = fit_curves(samples, np.c_[x, m], names + added, opened)
    show_and_cut("en meaning alone, articles left out", samples, meaning.score, share)
    sure = round(show_and_cut("en words, where sure, articles left out", samples, by_words, SURE), 3)
    score = np.where(by_words >= sure, np.inf, meaning.score)
    cut = show_and_cut("en meaning where words are not sure, articles left out", samples, score, share)
    gained = [
        b
        for b, a, s in zip(by_words, score, samples, strict=True)
        if s.truth and np.isfinite(a) and a >= cut and np.isfinite(b)
    ]
    hopeless = round(float(np.quantile(gained, HOPELESS)), 3)
    print(f"sure {sure}, hopeless {hopeless}, asked {np.mean((by_words < sure) & opened & ~(by_words < hopeless)):.3f}")
    return meaning.curves.to_model(meaning.weights, meaning.bias - cut, sure=sure, hopeless=hopeless)


def weights_of(samples: Sequence[Sample]) -> np.ndarray:
    """Each group of statements weighs 1 in all."""
    counts = Counter(s.group for s in samples)
    return np.array([1.0 / counts[s.group] for s in samples])


if __name__ == "__main__":
    main()
