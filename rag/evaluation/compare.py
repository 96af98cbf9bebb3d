"""Two runs beside each other: which measures moved, whether by more than chance, and which questions changed."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.errors import UsageError
from index.files import write_file
from rag.evaluation.run import ALL, MEASURES, Outcome, Run

EXACT = 12  # questions that differ, up to which every assignment of signs is tried (4,096 of them)
DRAWS = 10_000  # assignments drawn above that: p is then known to ±0.004 around 0.05
SEED = 7  # the same p for the same two runs
# One measure a stage says that a question changed: where it was found, whether it is quoted, whether it is refused.
TELLING = ("hybrid.mrr@10", "quote@1", "quote@3", "answered", "refused")


@dataclass(frozen=True, slots=True)
class Change:
    """A measure in two runs, over the `questions` that both asked; `p` is the chance of such a difference by luck."""

    measure: str
    language: str
    before: float
    after: float
    p: float
    questions: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A question that came out differently: the measures of TELLING that changed, before and after."""

    id: str
    question: str
    before: dict[str, float]
    after: dict[str, float]

    @property
    def gain(self) -> float:
        return sum(self.after[name] - self.before[name] for name in self.after)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`moved` has the questions that got worse first; `dropped` and `new` count those that only one run asked.

    `date`, `kb` and `embed_model` are those of the former run.
    """

    date: str
    kb: str
    embed_model: str
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    dropped: int
    new: int


def compare(before: Run, after: Run) -> Comparison:
    """Compare two runs question by question."""
    old = {(outcome.id, outcome.question): outcome for outcome in before.outcomes}
    new = {(outcome.id, outcome.question): outcome for outcome in after.outcomes}
    pairs = [(old[key], new[key]) for key in new if key in old]
    languages = sorted({outcome.language for _, outcome in pairs})
    changes = []
    for language in (ALL, *languages):
        for measure in MEASURES:
            values = [
                (one.scores[measure], other.scores[measure])
                for one, other in pairs
                if language in (ALL, other.language) and measure in one.scores and measure in other.scores
            ]
            if values:
                changes.append(_change(measure, language, values))
    moved = [move for one, other in pairs if (move := _move(one, other))]
    moved.sort(key=lambda move: move.gain)
    return Comparison(
        before.date,
        before.kb,
        before.embed_model,
        tuple(changes),
        tuple(moved),
        dropped=len(old) - len(pairs),
        new=len(new) - len(pairs),
    )


def _change(measure: str, language: str, values: Sequence[tuple[float, float]]) -> Change:
    n = len(values)
    before, after = math.fsum(one for one, _ in values) / n, math.fsum(other for _, other in values) / n
    return Change(measure, language, before, after, chance_of([other - one for one, other in values]), n)


def chance_of(differences: Sequence[float]) -> float:
    """The two-sided p of Fisher's randomisation test on paired differences.

    Recommended for rankings by Smucker, Allan and Carterette ("A comparison of statistical significance tests for
    information retrieval evaluation", 2007): if the runs are alike, each difference might as well have the other sign.
    """
    import numpy as np

    moved = np.array([difference for difference in differences if difference])
    if not len(moved):
        return 1.0
    seen = abs(moved.sum()) - 1e-9
    if len(moved) <= EXACT:
        signs = np.array(list(itertools.product((-1, 1), repeat=len(moved))))
        return float(np.mean(np.abs(signs @ moved) >= seen))
    draws = np.random.default_rng(SEED)
    extreme = sum(abs((draws.integers(0, 2, len(moved)) * 2 - 1) @ moved) >= seen for _ in range(DRAWS))
    return float((1 + extreme) / (1 + DRAWS))  # the seen assignment is one of them, so p is never 0


def _move(one: Outcome, other: Outcome) -> Moved | None:
    changed = [
        name
        for name in TELLING
        if name in one.scores and name in other.scores and one.scores[name] != other.scores[name]
    ]
    if not changed:
        return None
    return Moved(
        other.id,
        other.question,
        {name: one.scores[name] for name in changed},
        {name: other.scores[name] for name in changed},
    )


# ---------------------------------------------------------------- files


def save_run(path: Path, run: Run) -> None:
    """Keep a run for a later comparison; raises UsageError when there is no such folder."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path.parent} is not a folder.", "Make it first, or save elsewhere.")
    write_file(path, [json.dumps(asdict(run), ensure_ascii=False, indent=1).encode()])


def load_run(path: Path) -> Run:
    """A run that was saved; raises UsageError when the file is not one."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        outcomes = tuple(_load_outcome(row) for row in kept.pop("outcomes"))
        told = {name: str(kept[name]) for name in ("kb", "date", "embed_model")}
        return Run(**{**kept, **told}, outcomes=outcomes)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Make it with: rag eval --save FILE") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is not a saved run.", "Make it with: rag eval --save FILE") from error


def _load_outcome(row: dict[str, Any]) -> Outcome:
    scores = {str(name): float(value) for name, value in row["scores"].items()}
    if not all(0 <= value <= 1 for value in scores.values()):
        raise ValueError("a score is not from 0 to 1")
    row = {**row, **{name: str(row[name]) for name in ("id", "question", "language", "kind")}}
    return Outcome(**{**row, "wanted": tuple(row["wanted"]), "scores": scores})
