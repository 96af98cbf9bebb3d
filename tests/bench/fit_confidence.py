#!/usr/bin/env python3
"""Fit the weights of `rag.checking.confidence` and print them with what they reach on articles they were not fitted on.

    python tests/bench/fit_confidence.py --data DIR [--limit 70] [--false-support 0.014]

DIR holds the folders squad2 and jsquad; only the articles of the part "fit" are read (tests/bench/check.py measures
on the others). Logistic regression by Newton's method with a small ridge; each kind of statement of each language
weighs the same. The bias of each language is set so that the given share of its false statements, averaged over kinds,
would be supported; it lies below the bar because other statements differ from these.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import statements  # noqa: E402

from index.words import normalize  # noqa: E402
from rag.checking.comparison import Comparison  # noqa: E402
from rag.checking.confidence import features  # noqa: E402
from rag.checking.framing import bare  # noqa: E402
from rag.checking.tokens import tokens  # noqa: E402
from rag.checking.verification import LEAST_FOUND, _verbatim  # noqa: E402

RIDGE = 2e-3
FOLDS = 5


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
    return Sample(group, row.truth, row.article, "open", features(comparison))


def fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    x = np.c_[x, np.ones(len(x))]
    beta, w = np.zeros(x.shape[1]), w / w.sum()
    ridge = RIDGE * np.eye(x.shape[1])
    ridge[-1, -1] = 0.0
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        beta -= np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x + ridge, x.T @ (w * (p - y)) + ridge @ beta)
    return beta


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=70)
    parser.add_argument("--false-support", type=float, default=0.014)
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
    mean, scale = x[opened].mean(0), x[opened].std(0) + 1e-9
    z = (x - mean) / scale
    score = np.where([s.verdict == "supported" for s in samples], np.inf, -np.inf)
    for k in range(FOLDS):
        learnt, judged = opened & (fold != k), opened & (fold == k)
        beta = fit(z[learnt], truth[learnt], weight[learnt])
        score[judged] = z[judged] @ beta[:-1] + beta[-1]
    beta = fit(z[opened], truth[opened], weight[opened])
    raw = beta[:-1] / scale
    print("_WEIGHTS = {")
    for name, value in zip(names, raw, strict=True):
        print(f'    "{name}": {value:.2f},')
    print("}")
    bias = {}
    for language in ("en", "ja"):
        here = np.array([s.group[0] == language for s in samples])
        order = np.argsort(-score[here], kind="stable")
        false, true = weight * (1 - truth), weight * truth
        falsely = np.cumsum(false[here][order]) / false[here].sum()
        rightly = np.cumsum(true[here][order]) / true[here].sum()
        at = {share: rightly[np.searchsorted(falsely, share)] for share in (0.01, 0.02, 0.03, 0.04, 0.05)}
        print(f"# {language}, articles left out: " + ", ".join(f"{f:.2f} false {t:.3f} true" for f, t in at.items()))
        cut = score[here][order][np.searchsorted(falsely, options.false_support)]
        bias[language] = beta[-1] - raw @ mean - cut
    print(f"_BIAS, _BIAS_JAPANESE = {bias['en']:.2f}, {bias['ja']:.2f}")


def _weights(groups: list[tuple[str, str]]) -> np.ndarray:
    """Each group of statements weighs 1 in all."""
    counts: dict[tuple[str, str], int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return np.array([1.0 / counts[group] for group in groups])


if __name__ == "__main__":
    main()
