"""The shortest way through a source that meets what a statement has, token by token in the statement's order.

A word that stands in several places is taken where the way is shortest (Viterbi, "Error bounds for convolutional
codes", 1967). A true statement's way is short throughout; where something was put in that belongs elsewhere, the way
to it and back is long, and things lie beside it that the statement does not mention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.checking.distances import LONGEST
from rag.checking.tokens import Matches

# Set by hand; what the way's figures say of a statement is fitted (tests/bench/fit_confidence.py).
_AGAIN = 3.0  # tokens of distance that one source token costs when it stands for two of the statement
_UNLIKE = 2.0  # the same for a word of one family only, by what it lacks of being the same
_AWAY = 1.0  # the same for beginning in another sentence than the nearest


@dataclass(frozen=True, slots=True)
class Step:
    """From one token of the source to the next on the way, with the distance between them in tokens."""

    start: int
    end: int
    length: float


@dataclass(frozen=True, slots=True)
class Route:
    """The source tokens met, in the statement's order, and the steps between them."""

    places: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def longest(self) -> Step | None:
        """The longest step; None on a way without steps."""
        return max(self.steps, key=lambda step: (step.length, step.start, step.end), default=None)


def find_route(matches: Matches, line: Sequence[float], sentences: Sequence[int], home: int) -> Route:
    """Return the shortest way.

    `matches` gives for each token of the statement its source tokens with their likeness, `line` and `sentences` the
    place and the sentence of each source token, `home` the sentence that the statement is nearest to.
    """
    met = [ms for ms in matches if ms]
    if not met:
        return Route((), ())
    costs = {j: _UNLIKE * (1 - like) + _AWAY * (sentences[j] != home) for j, like in met[0]}
    came_from: list[dict[int, int]] = []
    for ms in met[1:]:
        reached: dict[int, float] = {}
        before: dict[int, int] = {}
        for j, like in ms:
            ways = {k: cost + _length(line, k, j) + _AGAIN * (k == j) for k, cost in costs.items()}
            before[j] = min(ways, key=lambda k: ways[k])
            reached[j] = ways[before[j]] + _UNLIKE * (1 - like)
        came_from.append(before)
        costs = reached
    places = [min(costs, key=lambda j: costs[j])]
    for before in reversed(came_from):
        places.append(before[places[-1]])
    places.reverse()
    return Route(tuple(places), tuple(Step(a, b, _length(line, a, b)) for a, b in pairwise(places)))


def _length(line: Sequence[float], a: int, b: int) -> float:
    return min(LONGEST, abs(line[a] - line[b]))
