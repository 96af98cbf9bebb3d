"""The part of ``rag doctor`` that looks at models: each is here and whole, and they fit into the memory together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import RagError, UsageError
from ingest.models.gguf_header import GgufHeader, read_header
from ingest.models.hub_folder import open_folder
from rag.cross_encoder import find_reader
from rag.doctor import Check
from rag.generators.llamacpp import check_writes
from rag.settings import Settings

# The setting, what it names, and whether questions want one.
KINDS = (
    ("embed_model", "embedding model", True),
    ("model", "instruct model", True),
    ("reranker", "reranker", False),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What stands behind a model's name: a description, and the bytes it takes in memory (0: elsewhere)."""

    text: str
    bytes: int


def check_models(settings: Settings, *, offline: bool) -> Iterator[Check]:
    """Each model that the settings name, then their memory; `offline` leaves out what runs behind a server."""
    needed = 0
    for setting, subject, wanted in KINDS:
        name = getattr(settings, setting)
        if not name:
            if wanted:
                yield Check(subject, False, "none chosen", "Choose and fetch models: rag setup")
            continue
        if offline and name.startswith("openai:"):
            yield Check(subject, True, f"{name}: not looked for, because a server is not reached without a network")
            continue
        try:
            found = _look_at(name, settings)
            if setting == "model" and name.startswith("llamacpp:"):
                check_writes(read_header(Path(name.partition(":")[2]).expanduser()))
                if settings.lora:
                    read_header(Path(settings.lora))
        except RagError as error:
            yield Check(subject, False, error.message, error.next)
            continue
        needed += found.bytes
        yield Check(subject, True, f"{name} ({found.text})")
    if reader := find_reader(settings.embed_model):
        try:
            needed += _look_at_made(reader).size
            yield Check("reader", True, f"{reader}: reads question and passage together")
        except RagError as error:
            yield Check("reader", False, error.message, error.next)
    yield from _check_memory(needed)


def _check_memory(needed: int) -> Iterator[Check]:
    from rag.machine import read_machine

    memory = read_machine().memory
    if needed and memory:
        found = f"the models take about {needed / 1e9:.1f} of {memory / 1e9:.1f} GB"
        yield Check("memory", needed < memory, found, "Choose smaller models: rag models recommend")


def _look_at(name: str, settings: Settings) -> Found:
    """Raises what is wrong with the model called ``runtime:model``."""
    runtime, _, model = name.partition(":")
    looks: dict[str, Callable[[str], Found]] = {
        "llamacpp": lambda file: _look_at_file(file, settings.kv_type),
        "mlx": _look_at_mlx,
        "sentence-transformers": _look_at_torch,
        "openai": lambda served: _look_at_server(served, settings),
        "hashing": lambda size: Found(f"{size} dimensions, without a model", 0),
    }
    if not model or runtime not in looks:
        raise UsageError(f"{name} does not name a model.", f"Write runtime:model, with one of: {', '.join(looks)}.")
    return looks[runtime](model)


def _look_at_file(model: str, kv: str) -> Found:
    """`kv` is the type of keys and values, "" for what would be chosen now."""
    from index.platform import available_memory
    from rag.catalogue.memory import choose_memory

    header = _look_at_made(Path(model).expanduser())
    memory = choose_memory(header, available_memory(), kv)
    kept = ", keys and values in 8 bits" if memory.cache and memory.kv != "f16" else ""
    return Found(f"{header.architecture}, {header.size / 1e6:.0f} MB{kept}", memory.total)


def _look_at_made(path: Path) -> GgufHeader:
    """The header of a GGUF file; raises what is wrong with it, also where setup made it and it has changed since."""
    from rag.setup.bundled import find_bundled, verify_bundled

    header = read_header(path)
    if str(path) in (made.file for made in find_bundled(path.parent).values()):
        for finding in verify_bundled(path.parent):
            if str(path) in finding:
                raise UsageError(finding, "Make it again: rag setup --bundled")
    return header


def _look_at_mlx(model: str) -> Found:
    from ingest.models.mlx.library import require_library

    require_library("mlx", "tokenizers")
    return _look_at_file(model, "f16") if model.endswith(".gguf") else _look_at_folder(model)


def _look_at_torch(model: str) -> Found:
    from ingest.models.torch.library import check_folder, require_library

    require_library()
    check_folder(open_folder(model))
    return _look_at_folder(model)


def _look_at_folder(model: str) -> Found:
    """A folder's description; raises ModelError when its weights are not whole."""
    folder = open_folder(model)
    size = sum(file.stat().st_size for file in folder.find_weights())
    return Found(f"{folder.architecture}, {folder.parameters() / 1e6:,.0f} million parameters", size)


def _look_at_server(model: str, settings: Settings) -> Found:
    from ingest.models.openai_server import Server

    server = Server(settings.base_url, settings.api_key, settings.allow_remote)
    served = server.list_models()
    if model not in served:
        raise UsageError(
            f"The server at {server.base_url} has no model {model}.", f"It has: {', '.join(served) or 'none'}."
        )
    return Found(f"at {server.base_url}", 0)
