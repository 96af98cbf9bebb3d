"""What a comparison comes to in figures, for the model of `rag.checking.confidence`.

A copy keeps the order of its source; there an exchanged word tells, and in free wording it does not. `… rivalry` is how
much nearer the best rival of a part stands to the rest of the statement than the part does itself: of a value, of a
name, of the last words (what a statement ends with is often what it is about), of any. "… step" is of the shortest way
through the source (`rag.checking.route`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from rag.checking.alignment import Part
from rag.checking.comparison import Comparison
from rag.checking.distances import LONGEST
from rag.checking.values import exclude

_ROW = 3  # tokens in a row, from which it makes no difference how many
_WHOLE = 0.999  # of a weight, from which nothing is missing
# From there on it makes no difference: tokens of a mean step, things, names, sentences of the way and of the sources.
_MEAN_STEP, _THINGS, _NAMES, _HOMES, _SENTENCES = LONGEST / 2, 5, 4, 4, 12


def list_figures(comparison: Comparison) -> dict[str, float]:
    """Return the figures by name, each between 0 and 2."""
    said, alignment, course = comparison.said, comparison.alignment, comparison.course
    count = len(said)
    copied = comparison.in_a_row / max(1, count - 1)
    longest = max((len(s.stated) for s in course.substitutions), default=0)
    missing = [not ms for ms in alignment.matches]
    # A verb or a word of wide meaning may be said otherwise; what a statement begins or ends with is often its answer.
    missing_things = [m and not s.verb and not s.light for m, s in zip(missing, said, strict=True)]
    of_values = [p for p in alignment.parts if said[p.first].value]
    of_names = [p for p in alignment.parts if said[p.first].name]
    lengths = sorted((step.length for step in alignment.route.steps), reverse=True)
    homes = {comparison.stands[j].sentence for j in alignment.route.places}
    return {
        "copied": copied,
        "followed": len(course.follows) / count,
        "covered": alignment.covered**2,
        "whole": float(alignment.covered > _WHOLE),
        "found": alignment.found,
        "value rivalry": _rivalry(of_values),
        "name rivalry": _rivalry(of_names),
        "last rivalry": _rivalry(alignment.parts[-1:]),
        "any rivalry": _rivalry(alignment.parts),
        "weakest": min((p.nearness for p in alignment.parts), default=0.0),
        "one exchanged": copied * (longest == 1),
        "more exchanged": copied * (longest > 1),
        "elsewhere": float(comparison.elsewhere),
        "missing": copied * sum(missing) / count,
        "missing in a row": min(_ROW, _longest_row(missing)) / _ROW,
        "first missing": float(missing[0]),
        "last missing": float(missing[-1]),
        "things missing first": min(_ROW, _leading(missing_things)) / _ROW,
        "things missing last": min(_ROW, _leading(missing_things[::-1])) / _ROW,
        "values beside": min(_ROW, _values_beside(comparison)) / _ROW,
        "rare away": float(_rare_away(comparison)),
        "stride": alignment.stride,
        "window": alignment.window,
        "second step": lengths[1] / LONGEST if len(lengths) > 1 else 0.0,
        "mean step": min(_MEAN_STEP, sum(lengths) / max(1, len(lengths))) / _MEAN_STEP,
        "things on the way": min(_THINGS, _things_on_the_way(comparison)) / _THINGS,
        "names beside": min(_NAMES, _names_beside(comparison)) / _NAMES,
        "last nearness": alignment.parts[-1].nearness if alignment.parts else 0.0,
        "loose before last": float(_loose_before_last(comparison)),
        "homes": min(_HOMES, len(homes)) / _HOMES,
        "sentences": min(_SENTENCES, comparison.stands[-1].sentence + 1) / _SENTENCES,
    }


def _values_beside(comparison: Comparison) -> int:
    """How many values of the nearest sentence could stand in the place of one of the statement."""
    taken = {j for ms in comparison.alignment.matches for j, _ in ms}
    stated = [value for s in comparison.said if (value := s.value)]
    beside = (
        value
        for j, t in enumerate(comparison.stands)
        if t.sentence == comparison.alignment.sentence and j not in taken and (value := t.value)
    )
    return sum(any(exclude(value, other) for value in stated) for other in beside)


def _names_beside(comparison: Comparison) -> int:
    """How many names of the nearest sentence the statement does not mention; those in a row are one."""
    taken = {j for ms in comparison.alignment.matches for j, _ in ms}
    beside = [
        t.name and not t.value and t.sentence == comparison.alignment.sentence and j not in taken
        for j, t in enumerate(comparison.stands)
    ]
    return sum(now and not before for before, now in pairwise([False, *beside]))


def _things_on_the_way(comparison: Comparison) -> int:
    """How many words that the statement does not have, names and values aside, the longest step of its way passes."""
    longest = comparison.alignment.route.longest
    if longest is None:
        return 0
    taken = {j for ms in comparison.alignment.matches for j, _ in ms}
    passed = range(min(longest.start, longest.end) + 1, max(longest.start, longest.end))
    return sum(j not in taken and not (comparison.stands[j].value or comparison.stands[j].name) for j in passed)


def _loose_before_last(comparison: Comparison) -> bool:
    """Whether the source word before the one that the statement ends with is not in the statement.

    What it ends with is then torn out of the middle of something: of "poorly drafted contracts" only the contracts.
    """
    route = comparison.alignment.route.places
    if not route or not route[-1]:
        return False
    at = route[-1]
    taken = {j for ms in comparison.alignment.matches for j, _ in ms}
    return comparison.stands[at - 1].sentence == comparison.stands[at].sentence and at - 1 not in taken


def _rare_away(comparison: Comparison) -> bool:
    """Whether something of the statement stands in the sources once, and in another sentence than the rest."""
    counts = Counter(t.key for t in comparison.stands)
    return any(
        bool(ms)
        and counts[s.key] == 1
        and all(comparison.stands[j].sentence != comparison.alignment.sentence for j, _ in ms)
        for s, ms in zip(comparison.said, comparison.alignment.matches, strict=True)
    )


def _leading(flags: Sequence[bool]) -> int:
    """How many are set from the beginning on."""
    return next((i for i, flag in enumerate(flags) if not flag), len(flags))


def _longest_row(flags: Sequence[bool]) -> int:
    """How many stand in a row at most."""
    return max((sum(1 for _ in row) for flag, row in groupby(flags) if flag), default=0)


def _rivalry(parts: Sequence[Part]) -> float:
    return 1.0 + max((p.rivalry - p.nearness for p in parts), default=-1.0)
