"""How much memory a model takes: its weights, and the keys and values of the tokens it looks back at.

Keys and values: two vectors of `head_dim` numbers for each token, layer and key-value head, in half precision, or in 8
bits where even half of the usual context would not fit into what is free. Models with sliding windows (Gemma 3,
gpt-oss) could keep less, but our contexts keep all of it (llama.cpp's `swa_full`).
"""

from __future__ import annotations

from dataclasses import dataclass

from index.errors import UsageError
from ingest.models.gguf_header import GgufHeader
from rag.catalogue import Form, Model
from rag.decoding.instruct_child import CONTEXT

# By llama.cpp's name of the type; Q8_0 keeps blocks of 32 numbers in 34 bytes, and a head has to be whole blocks.
BYTES_A_NUMBER = {"f16": 2.0, "q8_0": 34 / 32}
BLOCK = 32
FREE = 0.9  # of what is free; the rest is for what is computed on the way, and for what others ask for meanwhile
ENCODERS = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "modern-bert", "gemma-embedding"})


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the weights and of keys and values; `tokens` is how many the latter are for, `kv` their type."""

    weights: int
    cache: int
    tokens: int
    kv: str = "f16"

    @property
    def total(self) -> int:
        return self.weights + self.cache


def cache_bytes(layers: int, kv_heads: int, head_dim: int, tokens: int, kv: str = "f16") -> int:
    """Bytes of the keys and values of `tokens` tokens."""
    return round(2 * layers * kv_heads * head_dim * BYTES_A_NUMBER[kv] * tokens)


def estimate_memory(model: Model, form: Form, precision: str, tokens: int = CONTEXT, kv: str = "f16") -> Memory:
    """What a model of the catalogue takes once it is loaded, for a context of at most `tokens` tokens."""
    tokens = min(tokens, model.context)
    cache = cache_bytes(model.layers, model.kv_heads, model.head_dim, tokens, kv)
    return Memory(model.size(form, precision), cache, tokens, kv)


def estimate_file_memory(header: GgufHeader, tokens: int = CONTEXT, kv: str = "f16") -> Memory:
    """The same for a GGUF file, from its own header."""
    tokens = min(tokens, header.number("context_length", tokens))
    if header.architecture in ENCODERS:
        return Memory(header.size, 0, tokens, kv)
    cache = cache_bytes(header.number("block_count"), _kv_heads(header), head_dim(header), tokens, kv)
    return Memory(header.size, cache, tokens, kv)


def choose_memory(header: GgufHeader, free: int, kv: str = "") -> Memory:
    """The keys and values that fit into `free` bytes beside the weights; 0 when nobody knows how many are free.

    `kv` is their type, "" leaves it to what fits. Raises UsageError for one that is none.

    Half precision if it can be, else half of the tokens, which our prompts still fit into, else those in 8 bits. The
    whole context in 8 bits takes more than half of it in half precision and is slow: tests/bench/kv.py printed .45 of
    the speed of reading and .82 of that of writing (SmolLM2-135M, 1,000 tokens, two threads of an Intel Xeon).
    """
    if kv:
        if kv not in BYTES_A_NUMBER:
            raise UsageError(f"{kv!r} is no kv_type.", f"Known: {', '.join(BYTES_A_NUMBER)}.")
        return estimate_file_memory(header, kv=kv)
    choices = [estimate_file_memory(header), estimate_file_memory(header, CONTEXT // 2)]
    if head_dim(header) % BLOCK == 0:
        choices.append(estimate_file_memory(header, CONTEXT // 2, "q8_0"))
    return next((memory for memory in choices if not free or memory.total <= FREE * free), choices[-1])


def _kv_heads(header: GgufHeader) -> int:
    return header.number("attention.head_count_kv", header.number("attention.head_count"))


def head_dim(header: GgufHeader) -> int:
    """How many numbers one head of the attention compares; 0 where the header does not say."""
    heads = header.number("attention.head_count")
    return header.number("attention.key_length") or (header.number("embedding_length") // heads if heads else 0)
