"""Instruct models in MLX's format, run by mlx-lm in a child process: a folder, or "owner/name" in the hub's cache.

For Apple silicon; on other processors it is right but slow.
"""

from __future__ import annotations

from index.errors import UsageError
from ingest.models.hub_folder import open_folder
from ingest.models.mlx.library import ENVIRONMENT, require_library
from ingest.models.model_child import ModelChild
from rag.decoding.child_generator import ChildGenerator
from rag.settings import Settings

TARGET = "rag.decoding.mlx_model:serve"


def open_model(model: str, settings: Settings) -> ChildGenerator:
    """`model` is a folder with MLX or published weights, or a repository in the cache."""
    require_library("mlx", "mlx_lm", "tokenizers")
    if model.endswith(".gguf"):
        raise UsageError("mlx-lm reads folders, not GGUF files.", f"Write llamacpp:{model}")
    if settings.lora:
        raise UsageError("Adapters are for llamacpp.", "Leave `lora` out, or fuse it into the model (`mlx_lm.fuse`).")
    child = ModelChild(TARGET, library="mlx-lm", environment=ENVIRONMENT)
    with child.starting():
        folder = open_folder(model)
        parameters = folder.parameters()
    opening = {"do": "open", "path": str(folder.path)}
    return ChildGenerator(f"mlx:{model}", folder.name, child, opening, parameters=parameters)
