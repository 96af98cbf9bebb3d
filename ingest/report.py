"""What a run of `ingest` did to each file, and how it tells so while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["added", "updated", "unchanged", "removed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Note:
    """A file and what there is to say about it."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Every file is in exactly one of the first six; `warned` repeats paths of the others.

    `chunks` were written in this run. `new_failures` are those of `failed` that had not failed the time before.
    `kept` names sources of which too much was missing to be removed without ``--prune``.
    """

    added: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    skipped: tuple[Note, ...]
    failed: tuple[Note, ...]
    warned: tuple[Note, ...]
    chunks: int
    seconds: float
    new_failures: tuple[str, ...] = ()
    kept: tuple[Note, ...] = ()


@dataclass(slots=True)
class Tally:
    """The report while it grows."""

    outcomes: dict[str, tuple[Outcome, str]] = field(default_factory=dict)
    warned: list[Note] = field(default_factory=list)
    new_failures: list[str] = field(default_factory=list)
    kept: list[Note] = field(default_factory=list)
    chunks: int = 0

    def record(self, path: str, outcome: Outcome, reason: str = "") -> None:
        self.outcomes[path] = (outcome, reason)

    def report(self, seconds: float) -> IngestReport:
        def paths(wanted: Outcome) -> tuple[str, ...]:
            return tuple(sorted(path for path, (outcome, _) in self.outcomes.items() if outcome == wanted))

        def notes(wanted: Outcome) -> tuple[Note, ...]:
            return tuple(Note(path, self.outcomes[path][1]) for path in paths(wanted))

        return IngestReport(
            added=paths("added"),
            updated=paths("updated"),
            unchanged=paths("unchanged"),
            removed=paths("removed"),
            skipped=notes("skipped"),
            failed=notes("failed"),
            warned=tuple(self.warned),
            chunks=self.chunks,
            seconds=seconds,
            new_failures=tuple(self.new_failures),
            kept=tuple(self.kept),
        )


# stage ("read", "embed", "finish"), steps done, steps in all, and the file at hand
Progress = Callable[[str, int, int, str], None]


def no_progress(stage: str, done: int, total: int, name: str) -> None:
    """Tell nobody."""
