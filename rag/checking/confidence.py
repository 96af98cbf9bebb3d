"""One figure from a comparison: do the statement's words stand together as they do in the source?

A logistic model that is additive in its figures, each by a curve of straight pieces (Hastie and Tibshirani,
"Generalized Additive Models", 1986). `tests/bench/fit_confidence.py` fits the curves to statements made from half of
the articles of SQuAD 2 and JSQuAD by rule, each kind of statement weighing the same, and writes confidence.json;
`tests/bench/check.py` measures on the other half.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

# "words" and "meaning" each have, by language, a "bias" and "curves" by figure: pairs of a knot and the weight of what
# the figure has above it. In "meaning", from "sure" on and up to "hopeless" of what the words say no model is asked.
# "whole" has a "bias" and the weights of what "meaning" says and of what is read "together"; its "sure" and "hopeless"
# are of what meaning says, and its "alone" is how sure what reads both has to be by itself.
# `tests/bench/fit_support.py` fits them.
MODEL: Mapping[str, Any] = json.loads(files("rag.checking").joinpath("confidence.json").read_text("utf-8"))


def confidence(figures: Mapping[str, float], language: str) -> float:
    """Return the log odds, by words alone, that the source says so; 0 is where false support is as rare as it must be.

    `language` is "en" or "ja".
    """
    return _sum(MODEL["words"][language], figures)


def confidence_in_meaning(
    figures: Mapping[str, float], language: str, by_words: float, list_meaning: Callable[[], Mapping[str, float] | None]
) -> float | None:
    """Return the same by words and an embedding model; None where it is not asked, cannot say, or was not fitted for.

    `by_words` is what `confidence` says; the model is not asked where the words are sure or it would change nothing.
    """
    model = MODEL["meaning"].get(language)
    if model is None or not model["hopeless"] < by_words < model["sure"]:
        return None
    meaning = list_meaning()
    return None if meaning is None else _sum(model, {**figures, **meaning})


def confidence_in_whole(by_meaning: float, language: str, read: Callable[[], float | None]) -> float | None:
    """Return the same where statement and source are read together too; None as in `confidence_in_meaning`.

    `by_meaning` is what that says, and `read` gives the log odds by the model that reads both.
    """
    model = MODEL["whole"].get(language)
    if model is None or not model["hopeless"] < by_meaning < model["sure"]:
        return None
    together = read()
    if together is None:
        return None
    return float(model["bias"] + model["meaning"] * by_meaning + model["together"] * together)


def confidence_by_reading(language: str, read: Callable[[], float | None]) -> float | None:
    """Return the same where neither words nor their meaning can tell; None as in `confidence_in_whole`."""
    model = MODEL["whole"].get(language)
    together = read() if model is not None else None
    return None if model is None or together is None else together - float(model["alone"])


def _sum(model: Mapping[str, Any], figures: Mapping[str, float]) -> float:
    bias: float = model["bias"]
    return bias + sum(_height(curve, figures[name]) for name, curve in model["curves"].items())


def _height(curve: Sequence[tuple[float, float]], figure: float) -> float:
    return sum(weight * (figure - knot) for knot, weight in curve if figure > knot)
