"""How much say the dense leg has: learned from the documents alone, and moved by each question. No labels.

Two things decide, each kept for spaced scripts (English) and unspaced ones (Japanese) apart:

* How much of a text the embedding model can read: the share of its tokens neither unknown nor single characters.
* How alike the passages look to it: the mean cosine of two of them, in the collection and among those nearest to the
  question. Where it is high, nearness says little. It is counted from the cosine of texts that have nothing in common,
  which differs from model to model.

With all-MiniLM-L6-v2 the dense leg deserves less the more alike passages look (in brackets the best constant share):
clapnq 0.00 (0.5 and more), squad2 0.01 (0.4), stici 0.10 (0.4), covidqa 0.25 (0.1 to 0.3), tatqa 0.31 (0.1 to 0.2).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from index.characters import share_unspaced
from index.query import Query

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 0.45  # where all is readable and nothing alike: 0.4 to 0.5 is a plateau on ten sets
STEEP = 2  # the power of (1 - alike): 0 (a fixed share) to 3 were tried; 1.5 to 3 differ by less than 0.002 in the mean
# The readable share that earns full trust: English sets have 0.66 (tables) to 0.95, Japanese ones 0.00 to 0.03.
READABLE = 0.5
LEAST = 0.02  # a smaller say moves no ranking: the dense leg is left out, and the explanation says so
FEW = 0.2  # of its letters: an English text may quote Japanese names, a Japanese one is full of English ones
SAMPLE = 400  # passages of a script that are looked at: the mean cosine is then known to about 0.01
REFRESHED = 0.1  # share of passages that must have come or gone before it is worth looking again

# Sentences that have nothing in common, to find a model's cosine for that.
UNRELATED = (
    "The ferry to the island departs at dawn.",
    "Add a spoon of sugar and stir until it dissolves.",
    "The court found that the contract had been breached.",
    "Mitochondria turn nutrients into energy for the cell.",
    "She scored twice in the last ten minutes of the match.",
    "Install the driver before you connect the printer.",
    "The volcano has been quiet for three hundred years.",
    "Revenue rose as more customers renewed their plans.",
    "He practised the violin sonata every evening.",
    "Employees may carry over five days of unused leave.",
    "The bridge was rebuilt after the flood of 1953.",
    "A triangle with two equal sides is called isosceles.",
    "The patient was given antibiotics for the infection.",
    "Plant the bulbs in autumn, a hand's breadth deep.",
    "The election was postponed because of the storm.",
    "Light travels faster than sound.",
)


@dataclass(frozen=True, slots=True)
class Script:
    """What was seen of the passages in one kind of script: how many were looked at, and the two means (0 to 1)."""

    looked_at: int
    readable: float
    alike: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What a collection knows about its dense leg; `passages` is its size when it was learned."""

    passages: int
    baseline: float
    spaced: Script | None = None
    unspaced: Script | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Weights:
        fields = json.loads(text)
        scripts = {name: Script(**fields.pop(name)) for name in ("spaced", "unspaced") if fields[name]}
        return cls(fields["passages"], fields["baseline"], **scripts)

    def fit(self, passages: int) -> bool:
        """Whether they still hold for a collection of so many passages."""
        return abs(passages - self.passages) <= REFRESHED * self.passages


def learn_weights(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    unrelated: NDArray[np.float32],
    readable_share: Callable[[str], float],
    passages: int,
) -> Weights:
    """Return the weights of a collection from a sample of its passages and their unit vectors (n, d).

    `unrelated` are the vectors of UNRELATED by the same model, `passages` is the size of the collection.
    """
    baseline = likeness(unrelated, 0.0)
    rows: dict[bool, list[int]] = {False: [], True: []}
    for row, text in enumerate(texts):
        rows[share_unspaced(text) > FEW].append(row)

    def look(some: list[int]) -> Script | None:
        some = some[:: max(1, len(some) // SAMPLE)]
        if not some:
            return None
        readable = sum(readable_share(texts[row]) for row in some) / len(some)
        return Script(len(some), readable, likeness(vectors[some], baseline))

    return Weights(passages, baseline, spaced=look(rows[False]), unspaced=look(rows[True]))


def dense_share(weights: Weights | None, query: Query, readable: float, nearest: float | None = None) -> float:
    """Return the say of the dense leg for one question (0 to 1), of which the model can read the share `readable`.

    `nearest` is the likeness of the passages nearest to the question. It counts as much as that of the whole script:
    among the tables of a mixed collection nearness says less than among its handbooks.
    """
    script = None if weights is None else (weights.unspaced if query.unspaced else weights.spaced)
    alike = script.alike if script else 0.0
    if nearest is not None:
        alike = (alike + nearest) / 2
    return _share(alike, min(readable, script.readable) if script else readable, query.exactness)


def likeness(vectors: NDArray[np.float32], baseline: float) -> float:
    """Return the mean cosine of two different rows (n, d), as a share of the way from `baseline` to 1."""
    count = len(vectors)
    if count < 2:
        return 0.0
    whole = vectors.sum(axis=0, dtype="float64")
    cosine = (float(whole @ whole) - count) / (count * (count - 1))
    return min(max((cosine - baseline) / max(1 - baseline, 1e-9), 0.0), 1.0)


def describe_weights(weights: Weights) -> dict[str, str]:
    """Return what was learned, for people."""
    scripts = {"spaced scripts": weights.spaced, "Japanese and other unspaced scripts": weights.unspaced}
    return {
        f"dense leg, {name}": f"share {_share(script.alike, script.readable):.2f}; the model reads"
        f" {script.readable:.0%} of the tokens; passages look {script.alike:.0%} alike ({script.looked_at} looked at)"
        for name, script in scripts.items()
        if script
    }


def _share(alike: float, readable: float, exactness: float = 0.0) -> float:
    share = MOST * (1 - alike) ** STEEP * min(1.0, readable / READABLE) * (1 - exactness)
    return share if share >= LEAST else 0.0
