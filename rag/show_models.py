"""The models on this machine, as ``rag models list`` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from rag.screen import clean, note
from rag.settings import load_settings


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model file that is here; `name` is what the settings take."""

    name: str
    purpose: str
    bytes: int
    used: bool


def find_models() -> list[LocalModel]:
    """The model files in the models folder, by name."""
    from ingest.model_files import models_folder

    settings = load_settings()
    used = {settings.embed_model: "embedding", settings.model: "instruct"}
    names = {f"llamacpp:{path}": path for path in sorted(models_folder().glob("*.gguf"))}
    return [LocalModel(name, used.get(name, ""), path.stat().st_size, name in used) for name, path in names.items()]


def show_models(models: Sequence[LocalModel]) -> None:
    """A line a model."""
    for model in models:
        click.echo(f"{clean(model.name)}  {model.bytes / 1e6:.0f} MB  {model.purpose if model.used else 'not in use'}")
    if not models:
        note("No model is here yet. Run: rag setup")
