"""The models that are here: in the models folder or named by the settings, and removed from that folder only."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError, UsageError
from ingest.user_folders import models_folder
from rag.settings import Settings

OF_FILES = ("llamacpp:", "mlx:", "sentence-transformers:")  # runtimes whose models are named by their place


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that is here; `name` is what the settings take, `used` what they use it for, "" for nothing."""

    name: str
    path: Path
    bytes: int
    used: str


def find_local(settings: Settings, folder: Path | None = None) -> list[LocalModel]:
    """GGUF files and repositories in the models folder, and the models in use that lie elsewhere, by name."""
    folder = folder or models_folder()
    named = {"embedding": settings.embed_model, "instruct": settings.model, "reranker": settings.reranker}
    used = {_place(name): purpose for purpose, name in named.items() if name}
    found = [(f"llamacpp:{path}", path) for path in folder.glob("*.gguf")]
    found += [(f"mlx:{path.parent}", path.parent) for path in folder.glob("*--*/config.json")]
    inside = {path.resolve() for _, path in found}
    elsewhere = {name: _place(name) for name in named.values() if name.startswith(OF_FILES)}
    found += [(name, path) for name, path in elsewhere.items() if path not in inside]
    there = sorted((name, path) for name, path in found if path.exists())  # no link to what is gone
    return [LocalModel(name, path, _size(path), used.get(path.resolve(), "")) for name, path in there]


def remove_model(name: str, settings: Settings, *, even_used: bool = False, folder: Path | None = None) -> LocalModel:
    """Delete a model of the models folder: by its name in the settings, or its file's name.

    Raises UsageError when it is not one of them, or is in use and `even_used` is not said.
    """
    folder = folder or models_folder()
    here = find_local(settings, folder)
    wanted = name.partition(":")[2] if name.startswith(OF_FILES) else name
    found = next((model for model in here if wanted in (str(model.path), model.path.name)), None)
    if found is None or found.path.resolve().parent != folder.resolve():
        known = ", ".join(m.path.name for m in here if m.path.resolve().parent == folder.resolve()) or "none"
        raise UsageError(f"{name} is not a model in {folder}.", f"There are: {known}.")
    if found.used and not even_used:
        raise UsageError(
            f"{found.path.name} is your {found.used} model.", "Choose another one first, or add --even-used."
        )
    try:
        shutil.rmtree(found.path) if found.path.is_dir() else found.path.unlink()
    except OSError as error:
        raise StoreError(f"{found.path} cannot be removed: {error}.", "Check its permissions.") from error
    return found


def _place(name: str) -> Path:
    """Where it lies, whichever way it is written."""
    return Path(name.partition(":")[2]).expanduser().resolve()


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
