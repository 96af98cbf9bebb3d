"""How much memory a model takes: its weights, and the keys and values of the tokens it looks back at.

Keys and values: two vectors of `head_dim` half-precision numbers for each token, layer and key-value head. Models with
sliding windows (Gemma 3, gpt-oss) could keep less, but our contexts keep all of it (llama.cpp's `swa_full`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ingest.models.gguf_header import GgufHeader
from rag.catalogue import Form, Model
from rag.decoding.instruct_child import CONTEXT

BYTES_A_NUMBER = 2  # keys and values are kept in F16
ENCODERS = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "modern-bert", "gemma-embedding"})


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the weights and of keys and values; `tokens` is how many the latter are for."""

    weights: int
    cache: int
    tokens: int

    @property
    def total(self) -> int:
        return self.weights + self.cache


def cache_bytes(layers: int, kv_heads: int, head_dim: int, tokens: int) -> int:
    """Bytes of the keys and values of `tokens` tokens."""
    return 2 * layers * kv_heads * head_dim * BYTES_A_NUMBER * tokens


def estimate_memory(model: Model, form: Form, precision: str, tokens: int = CONTEXT) -> Memory:
    """What a model of the catalogue takes once it is loaded, for a context of at most `tokens` tokens."""
    tokens = min(tokens, model.context)
    return Memory(
        model.size(form, precision), cache_bytes(model.layers, model.kv_heads, model.head_dim, tokens), tokens
    )


def estimate_file_memory(header: GgufHeader, tokens: int = CONTEXT) -> Memory:
    """The same for a GGUF file, from its own header."""
    tokens = min(tokens, header.number("context_length", tokens))
    if header.architecture in ENCODERS:
        return Memory(header.size, 0, tokens)
    heads = header.number("attention.head_count")
    width = header.number("embedding_length")
    head_dim = header.number("attention.key_length") or (width // heads if heads else 0)
    kv_heads = header.number("attention.head_count_kv", heads)
    return Memory(header.size, cache_bytes(header.number("block_count"), kv_heads, head_dim, tokens), tokens)
