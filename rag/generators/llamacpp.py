"""Instruct models as GGUF files, run by llama.cpp in a child process: ``llamacpp:/models/Qwen3-4B-Q4_K_M.gguf``."""

from __future__ import annotations

from pathlib import Path

from index.errors import UsageError
from index.platform import available_memory, usable_cores
from ingest.models.gguf_header import GgufHeader, read_header
from ingest.models.llamacpp.child import Child
from rag.catalogue.memory import ENCODERS, choose_memory, head_dim
from rag.decoding.child_generator import ChildGenerator
from rag.settings import Settings

TARGET = "rag.decoding.llamacpp_model:serve"

# Below this size a token is computed faster by one thread than by several that wait for one another.
ONE_THREAD = 300_000_000

# From this size of an attention head flash attention is worth it on a processor. Below, it reads long prompts faster,
# but a short question took 3.6 times as long, a written token 1.5 to 1.8 times: tests/bench/attention.py.
WIDE_HEADS = 128


def check_writes(header: GgufHeader) -> None:
    """Raise UsageError for a model that only reads, as embedding models do."""
    if header.architecture in ENCODERS:
        raise UsageError(
            f"{header.path} is an embedding model and writes nothing.", "Name an instruct model: rag setup"
        )


def open_model(model: str, settings: Settings) -> ChildGenerator:
    """`model` is the path of a GGUF file; raises UsageError when it does not write, or for no `kv_type`."""
    path = Path(model).expanduser()
    child = Child(TARGET)
    with child.starting():
        header = read_header(path)
        check_writes(header)
        memory = choose_memory(header, available_memory(), settings.kv_type)
    cores = settings.threads or usable_cores()
    opening = {
        "do": "open",
        "path": str(path),
        "lora": settings.lora,
        "template": header.chat_template,
        "context": memory.tokens,
        "kv": memory.kv,
        "flash": head_dim(header) >= WIDE_HEADS,
        "threads": 1 if header.size < ONE_THREAD and not settings.threads else cores,
        "prompt_threads": cores,
    }
    return ChildGenerator(
        f"llamacpp:{path}", path.stem, child, opening, listed=header.languages, parameters=header.parameters
    )
