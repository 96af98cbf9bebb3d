"""Models on the screen: what is here, what the catalogue knows, what suits, and what a new precision gains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from rag.screen import clean, note

if TYPE_CHECKING:
    from rag.catalogue import Model
    from rag.catalogue.local import LocalModel
    from rag.catalogue.pull import Pulled
    from rag.catalogue.recommendation import Candidate, Recommendation
    from rag.catalogue.requantise import Gain


def show_models(models: Sequence[LocalModel]) -> None:
    """A line a model that is here."""
    for model in models:
        click.echo(f"{clean(model.name)}  {model.bytes / 1e6:.0f} MB  {model.used or 'not in use'}")
    if not models:
        note("No model is here yet. Run: rag setup")
    else:
        note("More: rag models list --all")


def show_catalogue(models: Sequence[Model]) -> None:
    """A line a model of the catalogue."""
    for model in models:
        form = model.forms[0]
        size = model.size(form, form.precisions[0])
        languages = "many languages" if "*" in model.languages else " ".join(model.languages)
        runtimes = ", ".join(dict.fromkeys(entry.runtime for entry in model.forms))
        click.echo(
            f"{model.name:24} {model.purpose:9} {size / 1e9:6.2f} GB  {form.precisions[0]:7} {model.licence:16}"
            f" {runtimes:13} {languages}"
        )
    note("A row: rag models show MODEL. Fetch one: rag models pull MODEL")


def show_model(model: Model) -> None:
    """Everything the catalogue knows of one model, and where it was read."""
    from rag.catalogue.memory import estimate_memory

    click.echo(f"{model.label} ({model.name}): {model.purpose}, {model.parameters / 1e9:.2f} billion parameters")
    click.echo(f"licence    {model.licence}")
    click.echo(f"languages  {'many' if '*' in model.languages else ', '.join(model.languages)}")
    click.echo(f"context    {model.context:,} tokens")
    if model.quirks:
        click.echo(f"note       {model.quirks}")
    for form in model.forms:
        click.echo(f"{form.runtime}  {form.repository or 'comes with pip'}{'' if form.loads_here else '  (not here)'}")
        for precision in form.precisions:
            memory = estimate_memory(model, form, precision)
            name = next((file.name for file in form.files if file.precision == precision), "")
            click.echo(
                f"  {precision:7} {memory.weights / 1e9:6.2f} GB, in memory {memory.total / 1e9:6.2f} GB with"
                f" {memory.tokens:,} tokens  {name}"
            )
        for source in form.read_from:
            click.echo(f"  read from {source}")
    for source in model.read_from:
        click.echo(f"read from {source}")


def show_recommendation(found: Recommendation) -> None:
    """The reasoning, then every candidate with its figures, then the commands."""
    for reason in found.reasons:
        click.echo(reason)
    click.echo()
    for row in found.candidates:
        click.echo(_line(row))
    for chosen in (found.embedding, found.instruct):
        if chosen:
            note(f"rag models pull {chosen.model} --runtime {chosen.runtime} --precision {chosen.precision}")


def show_pulled(pulled: Pulled, purpose: str) -> None:
    """Where the model is, and how it is used."""
    click.echo(pulled.name)
    setting = "embed_model" if purpose == "embedding" else "model"
    note(f'To use it, set {setting} = "{pulled.name}" in your config.toml, or RAG_{setting.upper()}.')


def show_gain(gain: Gain) -> None:
    """Size and speeds before and after."""
    click.echo(gain.name)
    click.echo(f"size             {gain.bytes[0] / 1e6:10,.0f} → {gain.bytes[1] / 1e6:,.0f} MB")
    for name, (before, after) in (("prompt tokens/s", gain.prompt), ("written tokens/s", gain.writing)):
        if before and after:
            click.echo(f"{name:16} {before:10,.0f} → {after:,.0f}  ({after / before:.2f} times)")
    note(f'To use it, set model (or embed_model) = "{gain.name}" in your config.toml.')


def _line(row: Candidate) -> str:
    speed = f"{row.writing_speed:6.1f} tokens/s" if row.writing_speed else " " * 15
    verdict = "fits" if row.fits else f"does not fit: {row.why_not}"
    return f"{row.model:24} {row.precision:7} {row.runtime:9} {row.memory.total / 1e9:6.2f} GB {speed}  {verdict}"
