"""``rag models``."""

from __future__ import annotations

import click


@click.group("models", short_help="Models on this machine.")
def models_command() -> None:
    """Models on this machine.

    \b
    Example:
      rag models list
    """


@models_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_models(as_json: bool) -> None:
    """The models that are here, and which of them are in use."""
    from rag.screen import print_json
    from rag.show_models import find_models, show_models

    models = find_models()
    print_json({"models": models}) if as_json else show_models(models)
