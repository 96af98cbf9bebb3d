#!/usr/bin/env python3
"""Fit the weights of `rag.checking.confidence` and print them with what they reach on articles they were not fitted on.

    python tests/bench/fit_confidence.py --data /work/shared/data/qa [--limit 300] [--false-support 0.03]

Logistic regression by Newton's method with a small ridge; each kind of statement of each language weighs the same. The
bias is set so that the given share of false statements, averaged over kinds, would be supported.
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
from rag.checking.tokens import tokens  # noqa: E402
from rag.checking.verification import _verbatim  # noqa: E402

RIDGE = 2e-3


@dataclass(frozen=True)
class Sample:
    group: tuple[str, str]  # language and kind
    truth: bool
    half: int  # of the articles
    verdict: str  # "supported", "doubted" or "open": only open ones are the model's to judge
    figures: dict[str, float]


def sample(language: str, row: statements.Row, source: str, half: int) -> Sample:
    stated, text = normalize(row.statement).strip(), normalize(source)
    said, stands = tokens(stated), tokens(text)
    group = (language, row.kind)
    if _verbatim(stated, text) or not said or not stands:
        return Sample(group, row.truth, half, "supported" if said else "doubted", {})
    comparison = Comparison(stated, said, stands, text)
    if any(True for _ in comparison.doubts()):
        return Sample(group, row.truth, half, "doubted", {})
    return Sample(group, row.truth, half, "open", features(said, stands, comparison.alignment, comparison.course))


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
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--false-support", type=float, default=0.03)
    options = parser.parse_args()
    samples = []
    for language, name in (("en", "squad2"), ("ja", "jsquad")):
        rows = statements.rows(options.data / name, language, options.limit)
        articles = sorted({row.article for row in rows})
        for row in rows:
            for source in (row.cited, row.passage):
                samples.append(sample(language, row, source, articles.index(row.article) % 2))
    names = list(next(s.figures for s in samples if s.figures))
    groups = [s.group for s in samples]
    weight = _weights(groups)
    truth = np.array([float(s.truth) for s in samples])
    opened = np.array([s.verdict == "open" for s in samples])
    half = np.array([s.half for s in samples])
    x = np.array([[s.figures.get(n, 0.0) for n in names] for s in samples])
    mean, scale = x[opened].mean(0), x[opened].std(0) + 1e-9
    z = (x - mean) / scale
    score = np.where([s.verdict == "supported" for s in samples], np.inf, -np.inf)
    for part in (0, 1):
        beta = fit(z[opened & (half != part)], truth[opened & (half != part)], weight[opened & (half != part)])
        score[opened & (half == part)] = z[opened & (half == part)] @ beta[:-1] + beta[-1]
    order = np.argsort(-score)
    false = np.cumsum((weight * (1 - truth))[order]) / (weight * (1 - truth)).sum()
    true = np.cumsum((weight * truth)[order]) / (weight * truth).sum()
    for share in (0.01, 0.02, 0.03, 0.04, 0.05):
        print(f"unseen articles: false support {share:.2f} → true support {true[np.searchsorted(false, share)]:.3f}")
    cut = score[order][np.searchsorted(false, options.false_support)]
    beta = fit(z[opened], truth[opened], weight[opened])
    raw = beta[:-1] / scale
    print("_WEIGHTS = {")
    for name, value in zip(names, raw, strict=True):
        print(f'    "{name}": {value:.2f},')
    print("}")
    print(f"_BIAS = {beta[-1] - raw @ mean - cut:.2f}")


def _weights(groups: list[tuple[str, str]]) -> np.ndarray:
    """Each group of statements weighs 1 in all."""
    counts: dict[tuple[str, str], int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return np.array([1.0 / counts[group] for group in groups])


if __name__ == "__main__":
    main()
