"""What a run must reach: ``--fail-below METRIC=VALUE``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.errors import UsageError
from rag.evaluation.run import ALL, MEASURES, Measured

_LEG = "hybrid"  # meant where a ranking measure is named without its leg


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least value that a measure over the questions of `language` (or ALL) may have."""

    measure: str
    language: str
    least: float


@dataclass(frozen=True, slots=True)
class Below:
    """A measure that is less than it must be; `value` is None where no question measured it."""

    threshold: Threshold
    value: float | None


def read_threshold(text: str) -> Threshold:
    """``ja:hybrid.ndcg@10=0.8``; raises UsageError for what is no measure or no number from 0 to 1."""
    name, equals, number = text.partition("=")
    language, colon, measure = name.strip().casefold().rpartition(":")
    known = next((m for m in (measure, f"{_LEG}.{measure}") if m in MEASURES), None)
    if known is None:
        near = difflib.get_close_matches(measure, MEASURES, n=1)
        raise UsageError(
            f"There is no measure {measure!r}.{f' Did you mean {near[0]}?' if near else ''}",
            f"The measures are: {', '.join(MEASURES)}",
        )
    try:
        least = float(number)
    except ValueError:
        least = -1.0
    if not equals or not 0 <= least <= 1:
        raise UsageError(f"--fail-below {text}: there is no value from 0 to 1.", f"For example: {known}=0.8")
    return Threshold(known, language if colon else ALL, least)


def find_below(measured: Iterable[Measured], thresholds: Sequence[Threshold]) -> list[Below]:
    """Those that are not reached; one that no question measured is among them, for it proves nothing."""
    values = {(entry.measure, entry.language): entry.estimate.value for entry in measured}
    found = [Below(threshold, values.get((threshold.measure, threshold.language))) for threshold in thresholds]
    return [entry for entry in found if entry.value is None or entry.value < entry.threshold.least]
