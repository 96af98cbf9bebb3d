"""One figure from a comparison: do the statement's words stand together as they do in the source?

A logistic model over a few figures. `tests/bench/fit_confidence.py` fits its weights to statements made from half of
the articles of SQuAD 2 and JSQuAD by rule, each kind of statement weighing the same; `tests/bench/check.py` measures
on the other half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from index.words import is_unspaced
from rag.checking.alignment import Part
from rag.checking.comparison import Comparison
from rag.checking.differences import Course
from rag.checking.tokens import Token

_LONG = 15  # tokens, from which a statement counts as long

# As printed by tests/bench/fit_confidence.py.
_WEIGHTS = {
    "copied": 1.88,
    "covered": 4.29,
    "paired": 3.02,
    "found": -6.11,
    "value rivalry": -1.99,
    "name rivalry": -0.57,
    "last rivalry": -1.78,
    "one exchanged": 0.50,
    "more exchanged": -3.04,
    "values away": 0.14,
    "free length": 2.60,
    "pieces": 0.97,
    "stride": -0.17,
}
_BIAS, _BIAS_JAPANESE = -0.82, -2.10


def confidence(comparison: Comparison) -> float:
    """Return the log odds that the source says so; 0 is where false support is as rare as it must be."""
    figures = features(comparison)
    bias = _BIAS_JAPANESE if is_unspaced(comparison.statement) else _BIAS
    return bias + sum(weight * figures[name] for name, weight in _WEIGHTS.items())


def features(comparison: Comparison) -> dict[str, float]:
    """Return the figures the model reads.

    A copy keeps the order of its source; there an exchanged word tells, and in free wording it does not. `… rivalry`
    is how much nearer the best rival of a value, a name or the last words stands to the rest of the statement than it
    does itself; what a statement ends with is often what it is about.
    """
    said, stands = comparison.said, comparison.stands
    alignment, course = comparison.alignment, comparison.course
    count = len(said)
    rank = comparison.rank
    steps = [rank[course.follows[i + 1]] - rank[j] for i, j in course.follows.items() if i + 1 in course.follows]
    copied = sum(step == 1 for step in steps) / max(1, count - 1)
    longest = max((len(s.stated) for s in course.substitutions), default=0)
    of_values = [p for p in alignment.parts if said[p.first].value]
    of_names = [p for p in alignment.parts if said[p.first].name]
    return {
        "copied": copied,
        "covered": alignment.covered**2,
        "paired": alignment.paired,
        "found": alignment.found,
        "value rivalry": _rivalry(of_values),
        "name rivalry": _rivalry(of_names),
        "last rivalry": _rivalry(alignment.parts[-1:]),
        "one exchanged": copied * (longest == 1),
        "more exchanged": copied * (longest > 1),
        "values away": _values_away(said, stands, course),
        "free length": (1 - copied) * min(count, _LONG) / _LONG,
        "pieces": len(alignment.parts) / count,
        "stride": alignment.stride,
    }


def _rivalry(parts: Sequence[Part]) -> float:
    return 1.0 + max((p.rivalry - p.nearness for p in parts), default=-1.0)


def _values_away(said: Sequence[Token], stands: Sequence[Token], course: Course) -> float:
    """Share of the statement's values that do not stand in the sentence most of it follows."""
    home = Counter(stands[j].sentence for j in course.follows.values()).most_common(1)
    of_values = [i for i, s in enumerate(said) if s.value]
    there = {i for i, j in course.follows.items() if stands[j].sentence == home[0][0]}
    return sum(i not in there for i in of_values) / len(of_values) if of_values else 0.0
