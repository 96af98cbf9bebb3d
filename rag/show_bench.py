"""``rag bench`` on the screen: a row a measure, a column a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from rag.bench import MEASURES, Figures
from rag.bench_chart import format_value
from rag.line_breaks import width_of
from rag.screen import clean, note

NAMES = 26  # columns: the longest name of a measure, and two


def show_progress(steps: Iterator[str | Figures]) -> list[Figures]:
    """Say what is being measured, and return the figures."""
    figures = []
    for step in steps:
        if isinstance(step, Figures):
            figures.append(step)
        else:
            note(step)
    return figures


def show_figures(figures: Sequence[Figures]) -> None:
    """The table; a model that failed is a line below it."""
    shown = [figure for figure in figures if not figure.error]
    if shown:
        widths = [max(14, width_of(clean(figure.label)) + 2) for figure in shown]
        labels = "".join(_pad(clean(figure.label), width) for figure, width in zip(shown, widths, strict=True))
        click.echo(" " * NAMES + labels)
        for field, label, unit in MEASURES:
            values = [getattr(figure, field) for figure in shown]
            if any(value is not None for value in values):
                cells = "".join(_pad(format_value(value, unit), w) for value, w in zip(values, widths, strict=True))
                click.echo(f"{label:{NAMES}}{cells}")
        note("↑ more is better, ↓ less is")
        if not any(figure.questions for figure in shown):
            note("Answers were not measured: name a question file with --questions FILE.")
    for figure in figures:
        if figure.error:
            click.echo(f"{clean(figure.label)}: {clean(figure.error)}")


def _pad(text: str, width: int) -> str:
    return " " * (width - width_of(text)) + text
