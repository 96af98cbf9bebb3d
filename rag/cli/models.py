"""``rag models``: what is here, what there is, what suits, and getting it."""

from __future__ import annotations

from pathlib import Path

import click

from rag.cli.options import debug_option, json_option, languages_option, open_kb


@click.group("models")
def models_command() -> None:
    """Models on this machine, and the catalogue of models to fetch.

    \b
    Examples:
      rag models list                    what is here
      rag models recommend               what suits this machine, and why
      rag models pull qwen3-4b           fetch one
      rag models quantize FILE --to Q4_0
    """


@models_command.command("list")
@click.option("--all", "everything", is_flag=True, help="The whole catalogue.")
@json_option
@debug_option
def list_models(everything: bool, as_json: bool) -> None:
    """The models that are here and which of them are in use, or with --all the catalogue.

    \b
    Examples:
      rag models list
      rag models list --all
    """
    from rag.catalogue import load_catalogue
    from rag.catalogue.local import find_local
    from rag.screen import print_json
    from rag.settings import load_settings
    from rag.show_models import show_catalogue, show_models

    if everything:
        catalogue = load_catalogue()
        print_json({"catalogue": catalogue}) if as_json else show_catalogue(catalogue)
        return
    models = find_local(load_settings())
    print_json({"models": models}) if as_json else show_models(models)


@models_command.command("show")
@click.argument("model")
@json_option
@debug_option
def show_model_command(model: str, as_json: bool) -> None:
    """One model of the catalogue: forms, files, memory, licence, and where each fact was read.

    \b
    Example:
      rag models show qwen3-4b
    """
    from rag.catalogue import find_model
    from rag.screen import print_json
    from rag.show_models import show_model

    found = find_model(model)
    print_json({"model": found}) if as_json else show_model(found)


@models_command.command("recommend")
@languages_option("A language of the documents, e.g. ja.")
@click.option("--purpose", "purposes", multiple=True, type=click.Choice(["embedding", "instruct"]))
@json_option
@debug_option
def recommend_models(languages: tuple[str, ...], purposes: tuple[str, ...], as_json: bool) -> None:
    """What suits this machine and these documents, with the reasoning. Measures this machine for ten seconds.

    Without --language, the languages of the knowledge base here count, or of this system where it is empty.

    \b
    Examples:
      rag models recommend
      rag models recommend --language ja --purpose instruct
    """
    from rag.catalogue.recommendation import recommend
    from rag.screen import print_json
    from rag.show_models import show_recommendation

    found = recommend(languages or _guess_languages(), purposes=purposes or ("embedding", "instruct"))  # type: ignore[arg-type]
    print_json(found) if as_json else show_recommendation(found)


def _guess_languages() -> tuple[str, ...]:
    from index.errors import RagError
    from rag.document_languages import read_languages
    from rag.setup.choice import guess_languages

    try:
        with open_kb(None) as base:
            return read_languages(base) or guess_languages()
    except RagError:  # there is none here, or none that may be read
        return guess_languages()


@models_command.command("pull")
@click.argument("model")
@click.option("--runtime", default="", metavar="NAME", help="llamacpp (GGUF) or mlx.")
@click.option("--precision", default="", metavar="NAME", help="One that `rag models show MODEL` lists.")
@json_option
@debug_option
def pull_command(model: str, runtime: str, precision: str, as_json: bool) -> None:
    """Fetch a model of the catalogue. Interrupt it and run it again: it goes on where it stopped.

    \b
    Examples:
      rag models pull qwen3-4b
      rag models pull qwen3-4b --precision Q8_0
      rag models pull qwen3-4b --runtime mlx
    """
    from ingest.network import lift
    from rag.catalogue import find_model
    from rag.catalogue.pull import pull_model
    from rag.screen import print_json
    from rag.show_models import show_pulled
    from rag.show_steps import show_steps

    lift()
    pulled = show_steps(pull_model(model, runtime=runtime, precision=precision))
    if pulled:
        print_json(pulled) if as_json else show_pulled(pulled, find_model(model).purpose)


@models_command.command("rm")
@click.argument("model")
@click.option("--even-used", is_flag=True, help="Also when the settings name it.")
@json_option
@debug_option
def rm_command(model: str, even_used: bool, as_json: bool) -> None:
    """Delete a model from the models folder; nothing outside it is ever touched.

    \b
    Example:
      rag models rm Qwen3-4B-Q4_K_M.gguf
    """
    from rag.catalogue.local import remove_model
    from rag.screen import note, print_json
    from rag.settings import load_settings

    removed = remove_model(model, load_settings(), even_used=even_used)
    print_json({"removed": removed}) if as_json else note(f"Removed: {removed.path} ({removed.bytes / 1e6:.0f} MB)")


@models_command.command("quantize")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "precision", default="Q4_0", show_default=True, metavar="NAME")
@json_option
@debug_option
def quantize_command(file: Path, precision: str, as_json: bool) -> None:
    """Write a GGUF model in another precision beside the others, and measure what that gains here.

    \b
    Examples:
      rag models quantize Qwen3-4B-Q8_0.gguf
      rag models quantize ~/models/x.gguf --to Q4_K_M
    """
    from ingest.user_folders import models_folder
    from rag.catalogue.requantise import requantise
    from rag.screen import print_json
    from rag.show_models import show_gain
    from rag.show_steps import show_steps

    source = file if file.exists() else models_folder() / file
    gain = show_steps(requantise(source, precision))
    if gain:
        print_json(gain) if as_json else show_gain(gain)
