"""The chart of ``rag bench``: bars in SVG, a group a measure and a bar a model, written without any library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.bench import MEASURES, Figures

# Okabe and Ito's colours (2008), told apart by people who do not see red or green.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000")
WIDTH, LEFT, RIGHT, BAR, GAP, HEADER = 860, 200, 120, 18, 16, 34
FONT = 'font-family="sans-serif" font-size="13"'


def draw_chart(figures: Sequence[Figures]) -> str:
    """The figures as one SVG document; a bar is as long as its share of the longest of its measure."""
    shown = [figure for figure in figures if not figure.error]
    groups = [
        (label, unit, [getattr(figure, field) for figure in shown])
        for field, label, unit in MEASURES
        if any(getattr(figure, field) is not None for figure in shown)
    ]
    lines: list[str] = []
    y = HEADER + BAR * len(shown) + GAP
    for label, unit, values in groups:
        lines += _group(label, unit, values, y)
        y += BAR * len(shown) + GAP
    legend = [
        line
        for number, figure in enumerate(shown)
        for line in (
            _bar(LEFT, HEADER + BAR * number, 12, number),
            _text(LEFT + 20, HEADER + BAR * number + 11, figure.label),
        )
    ]
    title = "Models compared by rag bench (↑ more is better, ↓ less is)"
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>',
            _text(LEFT, 20, title, bold=True),
            *legend,
            *lines,
            "</svg>\n",
        ]
    )


def format_value(value: float | None, unit: str) -> str:
    """Three digits that count, and the unit; "–" where there is nothing."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 or unit in ("%", "MB") else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _group(label: str, unit: str, values: Sequence[float | None], y: int) -> list[str]:
    longest = max((value for value in values if value), default=0.0)
    lines = [_text(LEFT - 10, y + 12, label, end=True)]
    for number, value in enumerate(values):
        length = (WIDTH - LEFT - RIGHT) * (value / longest if value and longest else 0.0)
        lines.append(_bar(LEFT, y + BAR * number, length, number))
        lines.append(_text(LEFT + length + 6, y + BAR * number + 12, format_value(value, unit)))
    return lines


def _bar(x: float, y: float, length: float, number: int) -> str:
    colour = COLOURS[number % len(COLOURS)]
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{max(length, 1):.1f}" height="{BAR - 4}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, *, bold: bool = False, end: bool = False) -> str:
    extra = (' font-weight="bold"' if bold else "") + (' text-anchor="end"' if end else "")
    return f'<text x="{x:.1f}" y="{y:.0f}" {FONT}{extra} fill="#222222">{escape(text)}</text>'
