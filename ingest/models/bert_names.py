"""What the tensors of BERT and nomic-bert are called on model hubs, and what llama.cpp calls them in GGUF files."""

from __future__ import annotations

_EMBEDDINGS = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.LayerNorm": "token_embd_norm",
    "emb_ln": "token_embd_norm",
}
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
    # nomic-bert
    "attn.Wqkv": "attn_qkv",
    "attn.out_proj": "attn_output",
    "norm1": "attn_output_norm",
    "mlp.fc11": "ffn_up",
    "mlp.fc12": "ffn_gate",
    "mlp.fc2": "ffn_down",
    "norm2": "layer_output_norm",
}


def gguf_name(name: str) -> str | None:
    """llama.cpp's name of a published tensor; None for the pooler and the position ids, which an embedder lacks."""
    module, _, suffix = name.removeprefix("bert.").rpartition(".")
    if module in _EMBEDDINGS:
        return f"{_EMBEDDINGS[module]}.{suffix}"
    for layers in ("encoder.layer.", "encoder.layers."):
        if module.startswith(layers):
            layer, _, part = module.removeprefix(layers).partition(".")
            return f"blk.{layer}.{_LAYER[part]}.{suffix}" if part in _LAYER else None
    return None
