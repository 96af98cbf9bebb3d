"""One figure from an alignment: do the statement's words stand together as they do in the source?

A logistic model over the few figures of an alignment. Its weights are fitted by `tests/bench/check.py --fit`.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.checking.alignment import Alignment
from rag.checking.tokens import Token


def features(said: Sequence[Token], alignment: Alignment) -> dict[str, float]:
    """Return the figures the model reads, each about 0 to 1."""
    parts = alignment.parts
    of_values = [p for p in parts if any(s.value for s in said[p.first : p.last + 1])]
    of_names = [p for p in parts if p not in of_values and any(s.name for s in said[p.first : p.last + 1])]
    return {
        "covered": alignment.covered,
        "reached": alignment.reached,
        "found": alignment.found,
        "nearest": min((p.nearness for p in parts), default=1.0),
        "value rivalry": max((p.rivalry - p.nearness for p in of_values), default=-1.0),
        "name rivalry": max((p.rivalry - p.nearness for p in of_names), default=-1.0),
    }


_WEIGHTS = {"covered": 5.0, "reached": 3.0, "found": -3.0, "nearest": 2.0, "value rivalry": -1.5, "name rivalry": -1.0}
_BIAS = -5.5


def confidence(said: Sequence[Token], alignment: Alignment) -> float:
    """Return the log odds that the statement is what the source says."""
    return _BIAS + sum(_WEIGHTS[name] * figure for name, figure in features(said, alignment).items())
