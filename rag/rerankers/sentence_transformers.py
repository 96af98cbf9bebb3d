"""Cross-encoders as published for sentence-transformers: a local folder, or "owner/name" in the hub's cache here."""

from __future__ import annotations

from index.platform import usable_cores
from ingest.models.hub_folder import open_folder
from ingest.models.model_child import ModelChild
from ingest.models.torch.library import ENVIRONMENT, check_folder, require_library
from rag.child_reranker import ChildReranker
from rag.settings import Settings

TARGET = "ingest.models.torch.rerank:serve"


def open_model(model: str, settings: Settings) -> ChildReranker:
    """`model` is a folder, or a repository in the cache."""
    require_library()
    child = ModelChild(TARGET, library="sentence-transformers", environment=ENVIRONMENT)
    with child.starting():
        folder = open_folder(model)
        check_folder(folder)
    opening = {"do": "open", "path": str(folder.path)}
    return ChildReranker(f"sentence-transformers:{model}", child, opening, settings.threads or usable_cores())
