"""One figure from a comparison: do the statement's words stand together as they do in the source?

A logistic model that is additive in its figures, each by a curve of straight pieces (Hastie and Tibshirani,
"Generalized Additive Models", 1986). `tests/bench/fit_confidence.py` fits the curves to statements made from half of
the articles of SQuAD 2 and JSQuAD by rule, each kind of statement weighing the same, and writes confidence.json;
`tests/bench/check.py` measures on the other half.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from index.words import is_unspaced
from rag.checking.comparison import Comparison
from rag.checking.figures import list_figures

# "bias" by language; "curves" by figure: pairs of a knot and the weight of what the figure has above it.
MODEL: Mapping[str, Any] = json.loads(files("rag.checking").joinpath("confidence.json").read_text("utf-8"))


def confidence(comparison: Comparison) -> float:
    """Return the log odds that the source says so; 0 is where false support is as rare as it must be."""
    bias: float = MODEL["bias"]["ja" if is_unspaced(comparison.statement) else "en"]
    figures = list_figures(comparison)
    return bias + sum(_height(curve, figures[name]) for name, curve in MODEL["curves"].items())


def _height(curve: Sequence[tuple[float, float]], figure: float) -> float:
    return sum(weight * (figure - knot) for knot, weight in curve if figure > knot)
