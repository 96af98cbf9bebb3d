"""The bundled models: two small ones fetched as published and made into the form this machine reads fastest.

Of the second, the first layers are kept once more: with an adapter they judge what was found (rag/cross_encoder.py).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from index.files import PIECE, hash_file, write_file
from index.platform import make_private_folder
from ingest.models.adapters import LAYERS, READER
from ingest.models.llamacpp.child import ENVIRONMENT
from ingest.user_folders import models_folder
from ingest.worker import Payload, Worker
from rag.setup.bert_gguf import convert_bert
from rag.setup.fetch import Step, fetch_originals
from rag.setup.first_layers import keep_first_layers
from rag.setup.originals import (
    BUNDLED,
    EMBEDDING_CONFIG,
    EMBEDDING_TOKENIZER,
    EMBEDDING_WEIGHTS,
    INSTRUCT_WEIGHTS,
    Original,
)
from rag.setup.places import Place

MANIFEST = "bundled.json"
TARGET = "rag.setup.tune:serve"
ROUNDS = 5  # the quickest counts, because other programs only take away
STALE_SECONDS = 3600  # younger leftovers may belong to a run in another window

# Precisions worth trying. The embedding ones all keep the vectors (FAITHFUL in ingest/models/gguf_header.py), 4 bits
# would not. The instruct model is published in 4 bits (Q4_1): 4 other bits lose little, and 8 are the answer where Q4_0
# is not faster.
EMBEDDING_PRECISIONS = ("BF16", "F16", "Q8_0")
INSTRUCT_PRECISIONS = ("Q4_0", "Q8_0")


@dataclass(frozen=True, slots=True)
class BundledModel:
    """A model made here: `file` (absolute), its SHA-256 and precision, and the SHA-256 of what it was made from."""

    purpose: str  # "embedding", "instruct" or "reader"
    file: str
    sha256: str
    precision: str
    source: str
    source_sha256: str
    tokens_per_second: int  # prompt speed of one thread, as measured when it was made

    @property
    def name(self) -> str:
        """As it stands in the settings."""
        return f"llamacpp:{self.file}"


def find_bundled(folder: Path | None = None) -> dict[str, BundledModel]:
    """The bundled models that are here already, by purpose ("embedding", "instruct", "reader")."""
    folder = folder or models_folder()
    try:
        entries = json.loads((folder / MANIFEST).read_bytes())["models"]
        models = [BundledModel(**{**entry, "file": str(folder / entry["file"])}) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {model.purpose: model for model in models if Path(model.file).is_file()}


def verify_bundled(folder: Path | None = None) -> list[str]:
    """Sentences about bundled models that are not what was made; none when all is well."""
    found = find_bundled(folder).values()
    return [f"{model.file} was changed or damaged." for model in found if hash_file(Path(model.file)) != model.sha256]


def install_bundled(places: Sequence[Place], folder: Path | None = None) -> Iterator[Step]:
    """Fetch, verify, convert and keep the bundled models; afterwards `find_bundled` gives them.

    The published files are removed when their models are made. An interrupted run is taken up where it stopped. Raises
    MissingError or ModelError when the files cannot be had, StoreError when they cannot be written.
    """
    folder = folder or models_folder()
    make_private_folder(folder)
    found = {} if verify_bundled(folder) else find_bundled(folder)
    if "reader" in found and len(found) == 3:
        yield Step("The bundled models are here already.")
        return
    _clear_stale(folder)
    if not {"embedding", "instruct"} <= found.keys():
        yield from _install_pair(places, folder)
        found = find_bundled(folder)
    yield Step(f"Keeping the first {LAYERS} layers of SmolLM2-135M-Instruct, which judge what was found.")
    reader = _make_reader(found["instruct"], folder)
    _write_manifest(folder, [found["embedding"], found["instruct"], reader])
    yield Step(_told(reader))


def _install_pair(places: Sequence[Place], folder: Path) -> Iterator[Step]:
    originals = folder / "originals"
    yield from fetch_originals(BUNDLED, originals, places)
    # Beside the target, so that 100 MB never land in a small /tmp.
    with tempfile.TemporaryDirectory(prefix=".setup-", dir=folder) as scratch:
        yield Step("Converting all-MiniLM-L6-v2, and measuring which precision this machine reads fastest.")
        weights, tokenizer = originals / EMBEDDING_WEIGHTS.name, originals / EMBEDDING_TOKENIZER.name

        def convert(target: Path, precision: str) -> None:
            convert_bert(
                weights,
                tokenizer,
                EMBEDDING_CONFIG,
                target,
                name="all-MiniLM-L6-v2",
                source_sha256=EMBEDDING_WEIGHTS.sha256,
                precision=precision,
            )

        embedding = _make_fastest("embedding", EMBEDDING_WEIGHTS, EMBEDDING_PRECISIONS, convert, Path(scratch), folder)
        yield Step(_told(embedding))
        yield Step("Re-quantising SmolLM2-135M-Instruct, and measuring the same.")
        published = originals / INSTRUCT_WEIGHTS.name

        def quantise(target: Path, precision: str) -> None:
            _ask_child({"do": "quantise", "source": str(published), "target": str(target), "format": precision})

        instruct = _make_fastest("instruct", INSTRUCT_WEIGHTS, INSTRUCT_PRECISIONS, quantise, Path(scratch), folder)
        yield Step(_told(instruct))
    _write_manifest(folder, [embedding, instruct])
    for original in BUNDLED:
        (originals / original.name).unlink()
    with contextlib.suppress(OSError):  # something lies in it that is not ours, such as Finder's .DS_Store
        originals.rmdir()


def _make_fastest(
    purpose: str,
    source: Original,
    precisions: Sequence[str],
    make: Callable[[Path, str], None],
    scratch: Path,
    folder: Path,
) -> BundledModel:
    """Make the model in each precision, and keep in `folder` the one this machine reads fastest."""
    stem = source.name.split(".")[0]
    made = {precision: scratch / f"{stem}.{precision}.gguf" for precision in precisions}
    speeds: dict[str, float] = {}
    for precision, file in made.items():
        make(file, precision)
        reply = _ask_child({"do": "measure", "path": str(file), "rounds": ROUNDS})
        speeds[precision] = reply["tokens"] / reply["seconds"]
    best = max(speeds, key=lambda precision: speeds[precision])
    target = folder / made[best].name
    written = _keep(made[best], target)
    for file in made.values():
        file.unlink()
    return BundledModel(purpose, str(target), written, best, source.name, source.sha256, round(speeds[best]))


def _make_reader(instruct: BundledModel, folder: Path) -> BundledModel:
    """Keep the first layers of the instruct model in a file of their own, beside it."""
    target = folder / READER
    with tempfile.TemporaryDirectory(prefix=".setup-", dir=folder) as scratch:
        made = Path(scratch) / READER
        keep_first_layers(Path(instruct.file), made, LAYERS, instruct.source_sha256)
        reply = _ask_child({"do": "measure", "path": str(made), "rounds": ROUNDS})
        written = _keep(made, target)
    speed = round(reply["tokens"] / reply["seconds"])
    return replace(instruct, purpose="reader", file=str(target), sha256=written, tokens_per_second=speed)


def _keep(made: Path, target: Path) -> str:
    """Copy a finished file to where it stays, and return its SHA-256."""
    with made.open("rb") as stream:
        return write_file(target, iter(lambda: stream.read(PIECE), b""))


def _clear_stale(folder: Path) -> None:
    """Remove what a killed run left."""
    for leftover in [*folder.glob(".setup-*"), *folder.glob(".*.tmp")]:
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _ask_child(request: Payload) -> Payload:
    """The reply of a process of its own: llama.cpp frees everything with it, and may crash."""
    with Worker(TARGET, environment=ENVIRONMENT) as worker:
        return worker.call(request)[0]


def _write_manifest(folder: Path, models: Sequence[BundledModel]) -> None:
    entries = [{**asdict(model), "file": Path(model.file).name} for model in models]
    write_file(folder / MANIFEST, [json.dumps({"models": entries}, indent=1).encode()])


def _told(model: BundledModel) -> str:
    return f"{Path(model.file).name} is ready: {model.tokens_per_second:,} tokens a second with one thread."
