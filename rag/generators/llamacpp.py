"""Instruct models as GGUF files, run by llama.cpp in a child process: ``llamacpp:/models/Qwen3-4B-Q4_K_M.gguf``."""

from __future__ import annotations

from pathlib import Path

from index.platform import available_memory, usable_cores
from ingest.models.gguf_header import read_header
from ingest.models.llamacpp.child import Child
from rag.catalogue.memory import choose_memory
from rag.decoding.child_generator import ChildGenerator
from rag.settings import Settings

TARGET = "rag.decoding.llamacpp_model:serve"

# Below this size a token is computed faster by one thread than by several that wait for one another.
ONE_THREAD = 300_000_000


def open_model(model: str, settings: Settings) -> ChildGenerator:
    """`model` is the path of a GGUF file; raises UsageError for a `kv_type` that is none."""
    path = Path(model).expanduser()
    child = Child(TARGET)
    with child.starting():
        header = read_header(path)
    cores = settings.threads or usable_cores()
    memory = choose_memory(header, available_memory(), settings.kv_type)
    opening = {
        "do": "open",
        "path": str(path),
        "lora": settings.lora,
        "template": header.chat_template,
        "context": memory.tokens,
        "kv": memory.kv,
        "threads": 1 if header.size < ONE_THREAD and not settings.threads else cores,
        "prompt_threads": cores,
    }
    return ChildGenerator(
        f"llamacpp:{path}", path.stem, child, opening, listed=header.languages, parameters=header.parameters
    )
