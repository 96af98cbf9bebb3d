"""``rag setup`` on the screen: what was chosen, and where it is remembered."""

from __future__ import annotations

from pathlib import Path

import click

from rag.screen import clean, note, print_json
from rag.setup import Installed


def show_installed(installed: Installed, config: Path, as_json: bool) -> None:
    """The two settings and the file they are remembered in."""
    if as_json:
        print_json({**installed.settings, "reasons": installed.reasons, "config": str(config)})
        return
    for name, value in installed.settings.items():
        click.echo(f"{name:12} {clean(value)}")
    note(f"Remembered in {config}. Next: rag ingest FOLDER")


def show_carried(folder: Path, as_json: bool) -> None:
    """Where the files to be carried are, and what to do with them."""
    if as_json:
        print_json({"folder": str(folder)})
    else:
        note(f"Carry {folder} to the other machine, and there run: rag setup --from DIR")
