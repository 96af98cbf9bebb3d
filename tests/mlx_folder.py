"""Turns a GGUF file of architecture llama into the folder mlx-lm reads, with the same weights in 32 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from tiny_models import write_json, write_safetensors

_LAYER = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
_OTHERS = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def write_mlx_folder(source: Path, folder: Path) -> Path:
    """`folder` with the weights, configuration, tokenizer and chat template of the GGUF file `source`."""
    folder.mkdir(parents=True)
    reader = gguf.GGUFReader(source)
    tensors = {
        _name(tensor.name): gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        for tensor in reader.tensors
    }
    write_safetensors(folder / "model.safetensors", tensors)

    def value(key: str, default: Any = None) -> Any:
        field = reader.get_field(key)
        return default if field is None else field.contents()

    pieces, kinds = value("tokenizer.ggml.tokens"), value("tokenizer.ggml.token_type")
    heads = value("llama.attention.head_count")
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    merges = [merge for merge in value("tokenizer.ggml.merges") if merge.replace(" ", "") in vocabulary]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    write_json(
        folder,
        {
            "config.json": {
                "model_type": "llama",
                "hidden_size": value("llama.embedding_length"),
                "intermediate_size": value("llama.feed_forward_length"),
                "num_hidden_layers": value("llama.block_count"),
                "num_attention_heads": heads,
                "num_key_value_heads": value("llama.attention.head_count_kv", heads),
                "rms_norm_eps": value("llama.attention.layer_norm_rms_epsilon"),
                "rope_theta": value("llama.rope.freq_base", 10_000.0),
                "rope_traditional": True,  # GGUF keeps the rows of queries and keys in the order of pairs
                "max_position_embeddings": value("llama.context_length"),
                "vocab_size": len(pieces),
                "tie_word_embeddings": "lm_head.weight" not in tensors,
                "eos_token_id": value("tokenizer.ggml.eos_token_id"),
            },
            "tokenizer_config.json": {
                "bos_token": pieces[value("tokenizer.ggml.bos_token_id")],
                "eos_token": {"content": pieces[value("tokenizer.ggml.eos_token_id")]},
                "chat_template": value("tokenizer.chat_template"),
            },
            "tokenizer.json": {
                "version": "1.0",
                "added_tokens": [
                    {"id": place, "content": piece, **flags}
                    for place, (piece, kind) in enumerate(zip(pieces, kinds, strict=True))
                    if kind == 3
                ],
                "normalizer": None,
                "pre_tokenizer": {
                    "type": "Sequence",
                    "pretokenizers": [*([digits] if value("tokenizer.ggml.pre") == "smollm" else []), bytes_only],
                },
                "post_processor": None,
                "decoder": bytes_only,
                "model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
            },
        },
    )
    return folder


def _name(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    if stem in _OTHERS:
        return f"{_OTHERS[stem]}.{suffix}"
    _, layer, part = stem.split(".")
    return f"model.layers.{layer}.{_LAYER[part]}.{suffix}"
