"""How PyTorch is started: offline, on the best device there is, in the precision that device is fast in."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from index.errors import MissingError, ModelError, RagError
from index.platform import instruction_sets
from ingest.models.hub_folder import OFFLINE, HubFolder

ENVIRONMENT = {**OFFLINE, "OMP_WAIT_POLICY": "passive"}  # as in ingest/models/llamacpp/child.py

# Instruction sets with products of 16-bit brain floats (x86's two, ARM's one): with them half the bits are read for the
# same vectors; without them every product is converted first, which is slower than 32 bits.
FAST_BF16 = {"avx512_bf16", "amx_bf16", "bf16"}


def require_library() -> None:
    """Raise MissingError when the libraries of the extra are not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("sentence_transformers", "torch")):
        raise MissingError(
            "sentence-transformers is not installed.", "Run `pip install 'tebiki-rag[sentence-transformers]'`."
        )


def check_folder(folder: HubFolder) -> None:
    """Raise MissingError or ModelError when a part of the model would be loaded through pickle."""
    folder.find_weights()
    modules = [part for part in folder.path.iterdir() if part.is_dir()]
    for module in modules:
        if (module / "pytorch_model.bin").exists() and not (module / "model.safetensors").exists():
            raise ModelError(
                f"{module} holds its weights in a format that may run code.",
                "Fetch the model with safetensors, or as GGUF.",
            )


def load_model(kind: str, path: str) -> Any:
    """The class `kind` of sentence_transformers ("SentenceTransformer", "CrossEncoder") with the model in `path`.

    Raises ModelError with what the library says.
    """
    try:
        device, precision = _choose_device()
        return getattr(importlib.import_module("sentence_transformers"), kind)(
            path,
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"torch_dtype": precision, "use_safetensors": True},
        )
    except RagError:
        raise
    except Exception as error:  # transformers raises whatever its thousand models raise
        if "trust_remote_code" in str(error):
            raise ModelError(
                f"{path} wants to run a program of its own, which is never done.", "Use the model as GGUF."
            ) from error
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelError(f"sentence-transformers cannot load {path}: {reason}.", "Fetch the model again.") from error


def count_positions(config: Any) -> int:
    """The most tokens a text may have by the model's configuration, 0 where it does not say.

    RoBERTa's positions begin after its padding's.
    """
    positions = int(getattr(config, "max_position_embeddings", 0))
    return positions - config.pad_token_id - 1 if "roberta" in config.model_type else positions


def _choose_device() -> tuple[str, Any]:
    """The device's name and the type of its numbers."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if torch.backends.mps.is_available():
        return "mps", torch.float32
    return "cpu", torch.bfloat16 if FAST_BF16 & instruction_sets() else torch.float32
