"""`rag setup` on the screen: each step as a line, a bar while bytes come in, and what was chosen."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from rag.screen import clean, note, print_json
from rag.settings import save_settings
from rag.setup import Installed, Step


def show_steps(steps: Iterator[Step | Installed]) -> Installed | None:
    """Show each step as it comes, and return what was installed, if anything was."""
    installed = None
    for step in steps:
        if isinstance(step, Installed):
            installed = step
        elif step.total and step.done < step.total:
            if sys.stderr.isatty():
                click.echo(f"\r  {step.done / 1e6:.0f} of {step.total / 1e6:.0f} MB", err=True, nl=False)
        else:
            note(step.text)
    return installed


def show_installed(installed: Installed | None, as_json: bool) -> None:
    """Remember the choice in the user's settings, and say so."""
    if installed is None:
        return
    settings = {"embed_model": installed.embed_model, "model": installed.model}
    place = save_settings(settings)
    if as_json:
        print_json({**settings, "reasons": installed.reasons, "config": str(place)})
        return
    for name, value in settings.items():
        click.echo(f"{name:12} {clean(value)}")
    note(f"Remembered in {place}. Next: rag ingest FOLDER")
