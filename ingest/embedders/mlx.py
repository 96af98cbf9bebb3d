"""Embedding models of architecture BERT or nomic-bert in MLX: a GGUF file, a folder, or "owner/name" in the hub cache.

For Apple silicon; on other processors it is right but slow. It runs in a child process, because a damaged file ends it.
"""

from __future__ import annotations

from pathlib import Path

from index.platform import usable_cores
from ingest.embedders import Options
from ingest.models.child_embedder import ChildEmbedder
from ingest.models.embedding_families import find_family
from ingest.models.gguf_header import read_header
from ingest.models.hub_folder import open_folder
from ingest.models.mlx.library import ENVIRONMENT, require_library
from ingest.models.model_child import ModelChild

TARGET = "ingest.models.mlx.embed:serve"


def open_model(model: str, options: Options) -> ChildEmbedder:
    """`model` is a GGUF file, a folder, or a repository in the cache."""
    require_library("mlx", "tokenizers")
    child = _make_child()
    with child.starting():
        if model.endswith(".gguf"):
            path = Path(model).expanduser()
            header = read_header(path)
            family = find_family(header.architecture, header.name, path.name)
            architecture, weights = header.architecture, header.vectors_sha256
        else:
            folder = open_folder(model)
            path, family = folder.path, folder.family
            architecture, weights = folder.architecture, folder.sha256
    return ChildEmbedder(
        f"mlx:{model}",
        child,
        _make_child,
        {"do": "open", "path": str(path), "limit": family.tokens},
        family,
        options,
        architecture=architecture,
        weights=weights,
        threads=options.threads or usable_cores(),
    )


def _make_child() -> ModelChild:
    return ModelChild(TARGET, library="MLX", environment=ENVIRONMENT)
