"""A run of ``rag ingest`` on the screen: a bar while it runs, a line a file when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.report import IngestReport, Note, Progress, no_progress
from rag.screen import clean, counted, note, print_json, show

# What is said of a stage, and what it does in a second.
STAGES = {
    "read": ("Reading", "files/s"),
    "embed": ("Embedding", "chunks/s"),
    "finish": ("Finishing", ""),
    "ask": ("Asking", "questions/s"),
}
LINE_EVERY = 10.0  # seconds between lines where there is no terminal: a log stays readable


@contextmanager
def show_progress(quiet: bool) -> Iterator[Progress]:
    """A callback that draws a bar on a terminal, writes a line now and then elsewhere, or does nothing."""
    if quiet:
        yield no_progress
    elif sys.stderr.isatty():
        with _bar() as progress:
            yield progress
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", style="dim", markup=False),  # a file may be named "a[/b].txt"
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, done: int, total: int, name: str) -> None:
            title, unit = STAGES[stage]
            if stage not in tasks:
                tasks[stage] = bar.add_task(title, total=total, rate="", name="")
            speed = bar.tasks[tasks[stage]].speed  # none is ever taken away, so its number is its place
            rate = f"{speed:.0f} {unit}" if speed and unit else ""
            bar.update(tasks[stage], completed=done, total=total, rate=rate, name=clean(name)[-40:])

        yield progress


def _lines() -> Progress:
    last: dict[str, float] = {}

    def progress(stage: str, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if total and (now - last.get(stage, 0.0) > LINE_EVERY) and done:
            last[stage] = now
            note(f"{STAGES[stage][0]} {done}/{total}")

    return progress


def show_report(report: IngestReport, *, as_json: bool, quiet: bool, dry_run: bool) -> None:
    """What became of each file; unchanged ones only as a number."""
    if as_json:
        print_json(report)
        return
    if not quiet:
        for outcome in ("added", "updated", "removed"):
            for path in getattr(report, outcome):
                show(f"{outcome:9} {path}", hang=10)
        _show_notes("skipped", report.skipped)
        _show_notes("warning", report.warned)
    _show_notes("failed", report.failed)
    _show_notes("kept", report.kept)
    if not quiet:
        note(_summary(report, dry_run))


def _show_notes(label: str, notes: tuple[Note, ...]) -> None:
    for entry in notes:
        show(f"{label:9} {entry.path}: {entry.reason}", hang=10)


def _summary(report: IngestReport, dry_run: bool) -> str:
    names = ("added", "updated", "unchanged", "removed", "skipped", "failed")
    counts = ", ".join(f"{len(getattr(report, name))} {name}" for name in names if getattr(report, name))
    would = "Would be: " if dry_run else ""
    return f"{would}{counts or 'nothing to do'}; {counted(report.chunks, 'chunk')} written in {report.seconds:.1f} s."
