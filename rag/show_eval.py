"""A run of ``rag eval`` on the screen: what was asked, a table a language, and what changed since another run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rag.evaluation.run import ALL, ANSWERING, LEGS, RANKING
from rag.screen import clean, counted, note, print_json

if TYPE_CHECKING:
    from rag.evaluation.compare import Comparison, Moved
    from rag.evaluation.measures import Estimate
    from rag.evaluation.report import Report
    from rag.evaluation.run import Run
    from rag.evaluation.thresholds import Below

_COLUMN = 19  # characters of "0.93 (0.84–0.97)" and a gap
_MEANING = {
    "quote@1": "the first quote holds it",
    "quote@3": "one of the first three does",
    "answered": "of the questions that are answered here",
    "refused": "of those that are not",
}
_SURE = 0.05  # p below which a difference is called one
_TOLD = 3  # documents that are not there: with more, the whole file is for another collection
_NAMED = 20  # questions that changed, named on the screen; --json has all


def show_evaluation(report: Report, *, as_json: bool) -> None:
    """The whole report, or one JSON object: {run fields, problems, measures, below, comparison}."""
    _show_problems(report.problems)
    _print_report(report) if as_json else _show_report(report)
    _show_below(report.below)


def _print_report(report: Report) -> None:
    measures = [
        {"measure": entry.measure, "language": entry.language, **asdict(entry.estimate)} for entry in report.measured
    ]
    rest = {"problems": report.problems, "below": report.below, "comparison": report.comparison}
    print_json({**asdict(report.run), "measures": measures, **rest})


def _show_report(report: Report) -> None:
    _show_questions(report.run)
    by_language: dict[str, dict[str, Estimate]] = {}
    for entry in report.measured:
        by_language.setdefault(entry.language, {})[entry.measure] = entry.estimate
    if len(by_language) == 2:
        del by_language[ALL]  # the same as the only language
    for language, estimates in by_language.items():
        _show_table(language, estimates)
    if report.comparison:
        _show_comparison(report.comparison, report.run)


def _show_problems(problems: Sequence[str]) -> None:
    """Which questions name a document that is not there (others that they name still count); the first few of many."""
    for problem in problems[:_TOLD]:
        note(f"{problem} It counts as missed.")
    if len(problems) > _TOLD:
        note(f"… and {len(problems) - _TOLD} more like these.")


def _show_below(below: Sequence[Below]) -> None:
    """One line for each measure that is not reached."""
    for entry in below:
        least = entry.threshold
        where = "" if least.language == ALL else f"{least.language}:"
        found = "was not measured" if entry.value is None else f"is {entry.value:.3f}"
        note(f"Below: {where}{least.measure} {found}, and must be {least.least:g}.")


def _show_questions(run: Run) -> None:
    kinds = Counter(outcome.kind for outcome in run.outcomes)
    made = "file" not in kinds
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    whose = f"made from the documents ({listed})" if made else "of your file"
    size = f"{counted(run.documents, 'document')}, {counted(run.chunks, 'chunk')}"
    click.echo(f"{counted(len(run.outcomes), 'question')} {whose}, {size}")
    click.echo(f"embedding model: {clean(run.embed_model) or 'none: by words alone'}")
    if made:
        note("Made questions share words with what they look for and are easier than real ones: compare runs by them,")
        note(
            'and measure what people will meet with their own questions (--questions). "withheld" are asked with their'
        )
        note("documents left out.")


def _show_table(language: str, estimates: dict[str, Estimate]) -> None:
    legs = [leg for leg in LEGS if any(name.startswith(f"{leg}.") for name in estimates)]
    title = "all languages" if language == ALL else language
    click.echo(f"\n{clean(title):16}" + "".join(f"{leg:{_COLUMN}}" for leg in legs).rstrip())
    for measure in RANKING:
        cells = [estimates[f"{leg}.{measure}"] for leg in legs if f"{leg}.{measure}" in estimates]
        if cells:
            row = "".join(f"{_cell(cell):{_COLUMN}}" for cell in cells)
            click.echo(f"  {measure:14}{row}{counted(cells[0].questions, 'question')}")
    for measure in ANSWERING:
        if estimate := estimates.get(measure):
            told = f"{_MEANING[measure]}, {counted(estimate.questions, 'question')}"
            click.echo(f"  {measure:14}{_cell(estimate):{_COLUMN}}{told}")


def _cell(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"


def _show_comparison(comparison: Comparison, run: Run) -> None:
    if comparison.new == len({(outcome.id, outcome.question) for outcome in run.outcomes}):
        note("Nothing to compare: the kept run asked none of these questions. Use the same --questions and ids.")
        return
    click.echo(f"\nSince {clean(comparison.date)}")
    for name, then, now in (
        ("knowledge base", comparison.kb, run.kb),
        ("embedding model", comparison.embed_model, run.embed_model),
    ):
        if then != now:
            note(f"The kept run was of another {name}: {clean(then) or 'none'}")
    for change in comparison.changes:
        if change.before != change.after:
            word = "" if change.p < _SURE else ", may be chance"
            where = "" if change.language == ALL else f"{change.language}:"
            click.echo(
                f"  {clean(where)}{change.measure} {change.before:.3f} → {change.after:.3f} (p {change.p:.3f}{word})"
            )
    worse = [moved for moved in comparison.moved if moved.gain < 0]
    better = [moved for moved in reversed(comparison.moved) if moved.gain > 0]
    mixed = [moved for moved in comparison.moved if moved.gain == 0]
    for title, questions in (("Worse", worse), ("Better", better), ("Both", mixed)):
        if questions:
            click.echo(f"{title}: {counted(len(questions), 'question')}")
            for moved in questions[:_NAMED]:
                click.echo(f"  {clean(moved.question)}: {_describe(moved)}")
            if len(questions) > _NAMED:
                click.echo(f"  … and {len(questions) - _NAMED} more (--json)")
    if not comparison.moved:
        click.echo("  no question changed")
    if comparison.dropped or comparison.new:
        note(f"Not compared: {comparison.dropped} asked only then, {comparison.new} only now.")


def _describe(moved: Moved) -> str:
    return ", ".join(_step(name, moved.before[name], moved.after[name]) for name in moved.after)


def _step(name: str, before: float, after: float) -> str:
    if name.startswith("hybrid.mrr"):
        return f"rank {_rank(before)} → {_rank(after)}"
    if name in ("answered", "refused"):
        return name if after else f"no longer {name}"
    return f"{name} {'found' if after else 'lost'}"


def _rank(reciprocal: float) -> str:
    return str(round(1 / reciprocal)) if reciprocal else "none"
