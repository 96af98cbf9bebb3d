"""The encoder: BERT, and nomic-bert, which differs in its positions and its feed-forward part.

BERT: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019: learned positions, GELU, each
norm after its residual. nomic-bert: Nussbaum et al., "Nomic Embed: Training a Reproducible Long Context Text Embedder",
arXiv:2402.01613: rotary positions (Su et al., "RoFormer", arXiv:2104.09864) in halves, SwiGLU (Shazeer, "GLU Variants
Improve Transformer", arXiv:2002.05202), no biases. Which of the two a file holds is seen from its tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn

QUANTISED_GROUP = 32  # values that share a scale in Q4_0, Q4_1 and Q8_0, as mx.load hands them over


class Encoder:
    """The layers over `tensors`, which have the names of GGUF files (``blk.0.attn_q.weight``).

    `heads` divide the width; `epsilon` is the norms', `rope_base` that of the rotary positions.
    """

    def __init__(
        self, tensors: Mapping[str, mx.array], *, layers: int, heads: int, epsilon: float, rope_base: float
    ) -> None:
        self._tensors = {name: _widen(tensor) for name, tensor in tensors.items()}
        self._layers = layers
        self._heads = heads
        self._epsilon = epsilon
        self._rope_base = rope_base

    def encode(self, windows: Sequence[Sequence[int]], pooling: str) -> mx.array:
        """One vector a window of token ids, (n, width), not of unit length; `pooling` is "mean", "cls" or "last"."""
        length = max(map(len, windows))
        tokens = mx.array([[*window, *[0] * (length - len(window))] for window in windows])
        lengths = mx.array([len(window) for window in windows])
        real = mx.arange(length)[None] < lengths[:, None]
        states = self._states(tokens, real)
        if pooling == "cls":
            return states[:, 0]
        if pooling == "last":
            return states[mx.arange(len(windows)), lengths - 1]
        return (states * real[..., None]).sum(axis=1) / lengths[:, None]

    def _states(self, tokens: mx.array, real: mx.array) -> mx.array:
        states = self._look_up("token_embd", tokens)
        if "token_types.weight" in self._tensors:
            states = states + self._tensors["token_types.weight"][0]
        if "position_embd.weight" in self._tensors:
            states = states + self._tensors["position_embd.weight"][: tokens.shape[1]]
        states = self._norm("token_embd_norm", states)
        mask = real[:, None, None, :]
        for layer in range(self._layers):
            place = f"blk.{layer}"
            states = self._norm(f"{place}.attn_output_norm", states + self._attend(place, states, mask))
            states = self._norm(f"{place}.layer_output_norm", states + self._feed_forward(place, states))
        return states

    def _attend(self, place: str, states: mx.array, mask: mx.array) -> mx.array:
        if f"{place}.attn_qkv.weight" in self._tensors:
            parts = mx.split(self._apply(f"{place}.attn_qkv", states), 3, axis=-1)
        else:
            parts = [self._apply(f"{place}.attn_{part}", states) for part in "qkv"]
        batch, length, width = states.shape
        size = width // self._heads
        query, key, value = (part.reshape(batch, length, self._heads, size).transpose(0, 2, 1, 3) for part in parts)
        if "position_embd.weight" not in self._tensors:
            query, key = (
                mx.fast.rope(part, size, traditional=False, base=self._rope_base, scale=1.0, offset=0)
                for part in (query, key)
            )
        mixed = mx.fast.scaled_dot_product_attention(query, key, value, scale=size**-0.5, mask=mask)
        return self._apply(f"{place}.attn_output", mixed.transpose(0, 2, 1, 3).reshape(batch, length, width))

    def _feed_forward(self, place: str, states: mx.array) -> mx.array:
        inner = self._apply(f"{place}.ffn_up", states)
        if f"{place}.ffn_gate.weight" in self._tensors:
            inner = nn.silu(self._apply(f"{place}.ffn_gate", states)) * inner
        else:
            inner = nn.gelu(inner)
        return self._apply(f"{place}.ffn_down", inner)

    def _apply(self, name: str, states: mx.array) -> mx.array:
        """The linear map `name`."""
        weight = self._tensors[f"{name}.weight"]
        if f"{name}.scales" in self._tensors:
            result = mx.quantized_matmul(states, weight, transpose=True, **self._quantisation(name))
        else:
            result = states @ weight.T
        bias = self._tensors.get(f"{name}.bias")
        return result if bias is None else result + bias

    def _look_up(self, name: str, tokens: mx.array) -> mx.array:
        weight = self._tensors[f"{name}.weight"]
        if f"{name}.scales" not in self._tensors:
            return weight[tokens]
        how = self._quantisation(name)
        return mx.dequantize(
            weight[tokens], **{**how, "scales": how["scales"][tokens], "biases": how["biases"][tokens]}
        )

    def _quantisation(self, name: str) -> dict[str, Any]:
        scales = self._tensors[f"{name}.scales"]
        bits = self._tensors[f"{name}.weight"].shape[-1] // scales.shape[-1]  # words of 32 bits, groups of 32 values
        return {
            "scales": scales,
            "biases": self._tensors[f"{name}.biases"],
            "group_size": QUANTISED_GROUP,
            "bits": bits,
        }

    def _norm(self, name: str, states: mx.array) -> mx.array:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return mx.fast.layer_norm(states, weight, bias, self._epsilon)


def _widen(tensor: mx.array) -> mx.array:
    """Numbers of 16 bits as 32: these models are small, and their vectors have to be those of any other runtime."""
    return tensor.astype(mx.float32) if tensor.dtype in (mx.float16, mx.bfloat16) else tensor
