"""Damage, traces, repairs and what was forgotten, on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from rag.screen import clean, counted, note

if TYPE_CHECKING:
    from index.repair import Repair
    from rag.forget import Forgotten


def show_findings(findings: Sequence[str]) -> None:
    """What is damaged, and what to do."""
    for finding in findings:
        click.echo(clean(finding))
    note("Damage found. Next: rag repair" if findings else "Everything stored is as it was written.")


def show_traces(traces: Sequence[str]) -> None:
    """Where a text that should be gone still stands."""
    for trace in traces:
        click.echo(clean(trace))
    note("It is still there." if traces else "No byte of the knowledge base holds it.")


def show_repair(result: Repair) -> None:
    """What was damaged, what was or would be done, and what is left to do."""
    for finding in result.findings:
        click.echo(clean(finding))
    if not result.findings:
        note("Nothing is damaged.")
        return
    done = "made anew" if result.applied else "to be made anew"
    for part in result.rebuilt:
        click.echo(f"{done}: {part}")
    if result.vectors:
        click.echo(f"lost, and made anew where there is an embedding model: {counted(result.vectors, 'vector')}")
    for path in result.again:
        click.echo(f"to be read again: {clean(path)}")
    if result.kept:
        click.echo(f"the damaged database is kept: {result.kept}")
    if not result.applied:
        note("Nothing was changed. Next: rag repair --apply")
    elif result.again:
        note("Next: rag ingest")


def show_forgotten(forgotten: Forgotten) -> None:
    """Every document and file that was removed."""
    for path in forgotten.paths:
        click.echo(f"forgotten  {clean(path)}")
    for name in forgotten.files:
        click.echo(f"made anew or deleted  {name}")
    for path in forgotten.present:
        click.echo(f"kept out of later runs, its file is still there  {clean(path)}")
    note(
        f"Gone: {counted(len(forgotten.paths), 'document')}, {counted(forgotten.passages, 'passage')},"
        f" {counted(forgotten.vectors, 'vector')}, {counted(forgotten.turns, 'answer')} in kept conversations."
    )
