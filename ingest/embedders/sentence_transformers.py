"""Embedding models as published for sentence-transformers: a local folder, or "owner/name" in the hub's cache here.

PyTorch runs in a child process, offline, and only with weights as safetensors.
"""

from __future__ import annotations

from index.errors import ModelError
from index.platform import usable_cores
from ingest.embedders import Options
from ingest.models.child_embedder import ChildEmbedder
from ingest.models.hub_folder import open_folder
from ingest.models.model_child import ModelChild
from ingest.models.torch.library import ENVIRONMENT, check_folder, require_library

TARGET = "ingest.models.torch.embed:serve"


def open_model(model: str, options: Options) -> ChildEmbedder:
    """`model` is a folder, or a repository in the cache."""
    require_library()
    child = _make_child()
    with child.starting():
        folder = open_folder(model)
        check_folder(folder)
        pooling = folder.pooling or folder.family.pooling
        if not pooling and not (folder.path / "modules.json").exists():
            raise ModelError(
                f"{folder.path} is not an embedding model: it does not say how it pools.",
                "Name an embedding model of sentence-transformers.",
            )
    limits = [limit for limit in (folder.family.tokens, folder.token_limit) if limit]
    return ChildEmbedder(
        f"sentence-transformers:{model}",
        child,
        _make_child,
        {"do": "open", "path": str(folder.path), "limit": min(limits, default=0), "pooling": pooling},
        folder.family,
        options,
        architecture=folder.architecture,
        weights=folder.sha256,
        threads=options.threads or usable_cores(),
    )


def _make_child() -> ModelChild:
    return ModelChild(TARGET, library="sentence-transformers", environment=ENVIRONMENT)
