"""One figure from a comparison: do the statement's words stand together as they do in the source?

A logistic model over twelve figures. `tests/bench/fit_confidence.py` fits its weights and checks them on articles it
has not seen; statements and sources come from SQuAD 2 and JSQuAD by rule, each kind of statement weighing the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from index.words import is_unspaced
from rag.checking.alignment import Alignment, Part
from rag.checking.differences import Course
from rag.checking.tokens import Token

_LONG = 15  # tokens, from which a statement counts as long

# As printed by tests/bench/fit_confidence.py.
_WEIGHTS = {
    "copied": 2.96,
    "covered": 4.03,
    "found": -5.64,
    "value rivalry": -1.91,
    "name rivalry": -0.93,
    "other rivalry": -1.65,
    "one exchanged": -1.55,
    "more exchanged": -3.07,
    "values away": -1.17,
    "only names": -1.73,
    "free length": 1.51,
    "japanese": -0.7,
}
_BIAS = 2.91


def confidence(said: Sequence[Token], stands: Sequence[Token], alignment: Alignment, course: Course) -> float:
    """Return the log odds that the source says so; 0 is where false support is as rare as it must be."""
    figures = features(said, stands, alignment, course)
    return _BIAS + sum(weight * figures[name] for name, weight in _WEIGHTS.items())


def features(said: Sequence[Token], stands: Sequence[Token], alignment: Alignment, course: Course) -> dict[str, float]:
    """Return the figures the model reads.

    A copy keeps the order of its source; there an exchanged word tells, and in free wording it does not. `… rivalry`
    is how much nearer the best rival of a value, a name or another word stands to the rest of the statement than it
    does itself.
    """
    count = len(said)
    steps = [course.follows[i + 1] - j for i, j in course.follows.items() if i + 1 in course.follows]
    copied = sum(step == 1 for step in steps) / max(1, count - 1)
    longest = max((len(s.stated) for s in course.substitutions), default=0)
    of_values = [p for p in alignment.parts if any(s.value for s in said[p.first : p.last + 1])]
    of_names = [p for p in alignment.parts if p not in of_values and any(s.name for s in said[p.first : p.last + 1])]
    of_others = [p for p in alignment.parts if p not in of_values and p not in of_names]
    return {
        "copied": copied,
        "covered": alignment.covered**2,
        "found": alignment.found,
        "value rivalry": _rivalry(of_values),
        "name rivalry": _rivalry(of_names),
        "other rivalry": _rivalry(of_others),
        "one exchanged": copied * (longest == 1),
        "more exchanged": copied * (longest > 1),
        "values away": _values_away(said, stands, course),
        "only names": float(not of_others),
        "free length": (1 - copied) * min(count, _LONG) / _LONG,
        "japanese": float(is_unspaced(said[0].surface + said[-1].surface)),
    }


def _rivalry(parts: Sequence[Part]) -> float:
    return 1.0 + max((p.rivalry - p.nearness for p in parts), default=-1.0)


def _values_away(said: Sequence[Token], stands: Sequence[Token], course: Course) -> float:
    """Share of the statement's values that do not stand in the sentence most of it follows."""
    home = Counter(stands[j].sentence for j in course.follows.values()).most_common(1)
    of_values = [i for i, s in enumerate(said) if s.value]
    there = {i for i, j in course.follows.items() if stands[j].sentence == home[0][0]}
    return sum(i not in there for i in of_values) / len(of_values) if of_values else 0.0
