"""Whether MLX is here, and how its processes are started."""

from __future__ import annotations

import importlib.util

from index.errors import MissingError

# mlx-lm brings huggingface_hub and transformers, which look for the network unless told not to.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


def require_library(*names: str) -> None:
    """Raise MissingError when one of the libraries of the extra is not installed."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise MissingError(f"{name} is not installed.", "Run `pip install 'tebiki-rag[mlx]'`.")
