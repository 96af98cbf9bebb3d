"""A model as it is published on a model hub: a folder of config.json, tokenizer.json and safetensors files.

It is on this machine or it is missing: either a folder the user names, or a repository that another program has put
into the hub's cache, whose layout is huggingface_hub's (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from index.errors import MissingError, ModelError
from ingest.models.embedding_families import FAMILIES, Family, find_family
from ingest.models.model_files import file_sha256
from ingest.models.safetensors_header import count_parameters, read_tensors

# The hub's own libraries look for the network unless told not to, and are told before they are imported: in the
# environment of the process that imports them.
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
# The hub's names of architectures, and those of GGUF by which the families are known.
ARCHITECTURES = {
    "nomic_bert": "nomic-bert",
    "xlm-roberta": "bert",
    "modernbert": "modern-bert",
    "gemma3_text": "gemma-embedding",
}
# sentence-transformers' ways of pooling, in both forms it has written them, by llama.cpp's names.
_POOLING = {"mean": "mean", "mean_tokens": "mean", "cls": "cls", "cls_token": "cls", "lasttoken": "last"}


@dataclass(frozen=True)
class HubFolder:
    """`name` is what the model is called: the repository, or the folder."""

    path: Path
    name: str
    config: Mapping[str, Any]

    @property
    def architecture(self) -> str:
        """As GGUF files name it."""
        kind = str(self.config.get("model_type", ""))
        return ARCHITECTURES.get(kind, kind)

    def find_weights(self) -> tuple[Path, ...]:
        """The safetensors files; raises MissingError when there are none (other formats may run code)."""
        files = tuple(sorted(self.path.glob("*.safetensors")))
        if not files:
            raise MissingError(
                f"{self.path} holds no weights as safetensors.",
                "Other formats are not loaded, because they may run code: fetch the model as safetensors or GGUF.",
            )
        return files

    def parameters(self) -> int:
        """How many numbers the model has learned; raises ModelError when a file of weights is not whole."""
        tensors = {name: tensor for file in self.find_weights() for name, tensor in read_tensors(file).items()}
        quantization = self.config.get("quantization")
        return count_parameters(tensors, quantization if isinstance(quantization, dict) else {})

    def sha256(self) -> str:
        """The SHA-256 of the weights; of their files' hashes in order of name when there are several."""
        hashes = [file_sha256(file) for file in self.find_weights()]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()

    @cached_property
    def family(self) -> Family:
        """The family of the embedding model, with the prefixes it publishes when the family is not a known one."""
        family = find_family(self.architecture, self.name, str(self.config.get("_name_or_path", "")))
        if family in FAMILIES:
            return family
        prompts = self.read("config_sentence_transformers.json").get("prompts") or {}
        return replace(
            family,
            document_prefix=prompts.get("document") or prompts.get("passage") or "",
            question_prefix=prompts.get("query") or "",
        )

    @cached_property
    def pooling(self) -> str:
        """How token vectors become one: "mean", "cls", "last", or "" when the folder does not say."""
        content = self.read("1_Pooling/config.json")
        chosen = [key.removeprefix("pooling_mode_") for key, value in content.items() if value is True]
        return _POOLING.get(str(content.get("pooling_mode", "".join(chosen))), "")

    @property
    def token_limit(self) -> int:
        """The longest text in tokens that the folder says it was made for; 0 when it does not."""
        limit = self.read("sentence_bert_config.json").get("max_seq_length")
        return limit if isinstance(limit, int) else 0

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file of the folder; empty when there is none. Raises ModelError when it is not an object."""
        path = self.path / name
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise ModelError(f"{path} cannot be read: {error}.", "Fetch the model again.") from error
        if not isinstance(content, dict):
            raise ModelError(f"{path} does not hold an object.", "Fetch the model again.")
        return content


def open_folder(model: str) -> HubFolder:
    """The folder at the path `model`, or of the repository "owner/name" in the hub's cache on this machine.

    Raises MissingError when neither is here, ModelError when it is not a model's folder.
    """
    path, name = _find(model)
    folder = HubFolder(path, name, HubFolder(path, name, {}).read("config.json"))
    if not folder.config:
        raise ModelError(f"{path} is not a model: it has no config.json.", "Name the folder that holds config.json.")
    return folder


def hub_cache() -> Path:
    """The folder where huggingface_hub keeps what it has fetched."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(user_cache).expanduser() / "huggingface" / "hub"


def _find(model: str) -> tuple[Path, str]:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, folder.resolve().name
    if folder.exists():
        raise ModelError(f"{folder} is a file, not a model folder.", "GGUF files run in llamacpp.")
    if model.count("/") == 1 and not model.startswith((".", "~", "/")):
        repository = hub_cache() / f"models--{model.replace('/', '--')}"
        try:
            revision = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
        except OSError:
            revision = ""
        snapshot = repository / "snapshots" / revision
        if revision and ".." not in revision and snapshot.is_dir():
            return snapshot, model.partition("/")[2]
        raise MissingError(
            f"The model {model} is neither a folder nor in the cache {hub_cache()}.",
            f"Run `rag models pull {model}`, or name a folder.",
        )
    raise MissingError(f"There is no model folder {folder}.", "Check the path.")
