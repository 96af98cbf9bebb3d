"""Whether MLX is here, and how its processes are started."""

from __future__ import annotations

import importlib.util

from index.errors import MissingError
from ingest.models.hub_folder import OFFLINE

ENVIRONMENT = OFFLINE  # mlx-lm brings huggingface_hub and transformers


def require_library(*names: str) -> None:
    """Raise MissingError when one of the libraries of the extra is not installed."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise MissingError(f"{name} is not installed.", "Run `pip install 'tebiki-rag[mlx]'`.")
