#!/usr/bin/env python3
"""Fit the curves of `rag.checking.confidence` and print what they reach on articles they were not fitted on.

    python tests/bench/fit_confidence.py --data DIR [--limit 400] [--false-support 0.022] [--write]

DIR holds the folders squad2 and jsquad; only the articles of the part "fit" are read (tests/bench/check.py measures
on the others). Logistic regression by Newton's method with a ridge, over each figure and what it has above each of a
few knots; each kind of statement of each language weighs the same. The bias of each language is set so that the given
share of its false statements, averaged over kinds, would be supported; it lies below the bar because other statements
differ from these. With --write the curves are kept in rag/checking/confidence.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import statements  # noqa: E402

from index.words import normalize  # noqa: E402
from rag.checking.comparison import Comparison  # noqa: E402
from rag.checking.figures import list_figures  # noqa: E402
from rag.checking.framing import bare  # noqa: E402
from rag.checking.tokens import tokens  # noqa: E402
from rag.checking.verification import LEAST_FOUND, _verbatim  # noqa: E402

RIDGE = 0.02  # by five folds of the articles: ten times less was worse, four times more no better
FOLDS = 5
KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # quantiles of each figure
TARGET = Path(__file__).resolve().parents[2] / "rag" / "checking" / "confidence.json"


@dataclass(frozen=True)
class Sample:
    group: tuple[str, str]  # language and kind
    truth: bool
    article: str
    verdict: str  # "supported", "doubted" or "open": only open ones are the model's to judge
    figures: dict[str, float]


def sample(language: str, row: statements.Row, source: str) -> Sample:
    stated, text = bare(normalize(row.statement)), normalize(source)
    said, stands = tokens(stated), tokens(text)
    group = (language, row.kind)
    if _verbatim(stated, text) or not said or not stands:
        return Sample(group, row.truth, row.article, "supported" if said else "doubted", {})
    comparison = Comparison(stated, said, stands, text)
    if any(True for _ in comparison.doubts()) or comparison.alignment.found < LEAST_FOUND:
        return Sample(group, row.truth, row.article, "doubted", {})
    if comparison.only_shortened():
        return Sample(group, row.truth, row.article, "supported", {})
    return Sample(group, row.truth, row.article, "open", list_figures(comparison))


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

    def to_json(self, weights: np.ndarray, bias: dict[str, float]) -> str:
        """One line a curve."""
        rest = iter(weights)
        lines = [
            f"  {json.dumps(name)}: {json.dumps([[knot, round(float(next(rest)), 3)] for knot in knots])}"
            for name, knots in self.knots.items()
        ]
        return f'{{\n "bias": {json.dumps(bias)},\n "curves": {{\n' + ",\n".join(lines) + "\n }\n}\n"


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--false-support", type=float, default=0.022)
    parser.add_argument("--write", action="store_true", help=f"write {TARGET.name}")
    options = parser.parse_args()
    samples = []
    for language, name in (("en", "squad2"), ("ja", "jsquad")):
        for row in statements.rows(options.data / name, language, options.limit, "fit"):
            for source in dict.fromkeys((row.sentence, row.cited, row.passage)):
                samples.append(sample(language, row, source))
    names = list(next(s.figures for s in samples if s.figures))
    weight = _weights([s.group for s in samples])
    truth = np.array([float(s.truth) for s in samples])
    opened = np.array([s.verdict == "open" for s in samples])
    articles = sorted({s.article for s in samples})
    fold = np.array([articles.index(s.article) % FOLDS for s in samples])
    x = np.array([[s.figures.get(n, 0.0) for n in names] for s in samples])
    curves = Curves.through(names, x[opened])
    z = curves.spread(x)
    score = np.where([s.verdict == "supported" for s in samples], np.inf, -np.inf)
    for k in range(FOLDS):
        learnt, judged = opened & (fold != k), opened & (fold == k)
        weights, bias = fit(z[learnt], truth[learnt], weight[learnt])
        score[judged] = z[judged] @ weights + bias
    weights, bias = fit(z[opened], truth[opened], weight[opened])
    biases = {}
    for language in ("en", "ja"):
        here = np.array([s.group[0] == language for s in samples])
        order = np.argsort(-score[here], kind="stable")
        false, true = weight * (1 - truth), weight * truth
        falsely = np.cumsum(false[here][order]) / false[here].sum()
        rightly = np.cumsum(true[here][order]) / true[here].sum()
        at = {share: rightly[np.searchsorted(falsely, share)] for share in (0.01, 0.02, 0.03, 0.04, 0.05)}
        print(f"{language}, articles left out: " + ", ".join(f"{f:.2f} false {t:.3f} true" for f, t in at.items()))
        cut = score[here][order][np.searchsorted(falsely, options.false_support)]
        biases[language] = round(bias - float(cut), 3)
    print(f"bias at {options.false_support} false: {biases}")
    if options.write:
        TARGET.write_text(curves.to_json(weights, biases), encoding="utf-8")


def _weights(groups: list[tuple[str, str]]) -> np.ndarray:
    """Each group of statements weighs 1 in all."""
    counts: dict[tuple[str, str], int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return np.array([1.0 / counts[group] for group in groups])


if __name__ == "__main__":
    main()
