"""Teach the first layers of a language model to judge a text, and write what they learnt as a small adapter.

The reader's GGUF file is a "llama" (RMS norms, grouped queries, rotated neighbours, SwiGLU: Touvron et al., "LLaMA",
2023). It is read into torch in the layout of llama.cpp, so that an adapter of low rank beside each matrix (Hu et al.,
"LoRA", 2021) is taught in the layout in which llama.cpp adds it. Only the adapters and the linear unit behind the mean
of the last tokens are taught.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ingest.models.adapters import ARCHITECTURE, FOLDER

RANK, SCALE = 16, 2.0
BATCH = 16
RATE = 4e-4
WARMING = 40  # steps
MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def prepare(threads: int) -> None:
    """Let torch have Intel's matrix registers where there are any, and so many threads, and begin by the same chance.

    The registers are asked for now: once llama.cpp's library is loaded they are refused, and a step takes far longer.
    Here that library only looks words up.
    """
    torch.ones(64, 64, dtype=torch.bfloat16) @ torch.ones(64, 64, dtype=torch.bfloat16)
    torch.set_num_threads(threads)
    torch.manual_seed(7)
    random.seed(7)


@dataclass(frozen=True)
class Pair:
    """A text and what is asked of it as tokens; the answer is read off those from `tail` on, and weighs `weight`."""

    tokens: tuple[int, ...]
    tail: int
    right: bool
    weight: float = 1.0


class Adapted(nn.Module):
    """A frozen matrix, and the adapter beside it."""

    def __init__(self, matrix: Any) -> None:
        super().__init__()
        self.matrix = matrix
        out, into = matrix.shape
        self.a = nn.Parameter(torch.randn(RANK, into) * into**-0.5)
        self.b = nn.Parameter(torch.zeros(out, RANK))

    def forward(self, x: Any) -> Any:
        # Scaled where it is narrow and summed within the product: nothing as wide as the output is made once more.
        low = functional.linear(x, (self.a * SCALE).to(x.dtype)).flatten(0, -2)
        plain = functional.linear(x, self.matrix).flatten(0, -2)
        return torch.addmm(plain, low, self.b.to(x.dtype).T).unflatten(0, x.shape[:-1])


class Llama(nn.Module):
    """The model in bfloat16, every matrix of its layers with an adapter; and the unit behind it."""

    def __init__(self, path: Path) -> None:
        import gguf

        super().__init__()
        reader = gguf.GGUFReader(path)

        def number(key: str, default: float = 0) -> Any:
            field = reader.fields.get(f"{ARCHITECTURE}.{key}")
            return default if field is None else field.contents()

        weights = {
            tensor.name: torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type)).to(torch.bfloat16)
            for tensor in reader.tensors
        }
        self.heads, self.shared = number("attention.head_count"), number("attention.head_count_kv")
        self.small = float(number("attention.layer_norm_rms_epsilon"))
        self.turns = float(number("rope.freq_base", 10_000.0))  # llama.cpp's default
        self.words, self.last = weights["token_embd.weight"], weights["output_norm.weight"]
        self.norms = []
        self.layers = nn.ModuleList()
        for layer in range(number("block_count")):
            block = {name: Adapted(weights[f"blk.{layer}.{name}.weight"]) for name in MATRICES}
            self.layers.append(nn.ModuleDict(block))
            self.norms.append([weights[f"blk.{layer}.{name}.weight"] for name in ("attn_norm", "ffn_norm")])
        self.head = nn.Linear(self.words.shape[1], 1)
        nn.init.zeros_(self.head.weight)

    def adapters(self) -> dict[str, Adapted]:
        """By llama.cpp's names of the matrices."""
        return {f"blk.{n}.{name}.weight": layer[name] for n, layer in enumerate(self.layers) for name in MATRICES}

    def states(self, tokens: Any) -> Any:
        """The last layer's vector of each token, (n, length, width); a token sees those before it."""
        x = self.words[tokens]
        length, width = tokens.shape[1], x.shape[2] // self.heads
        sine, cosine = self._turning(length, width)
        later = torch.full((length, length), float("-inf"), dtype=x.dtype).triu(1)
        for layer, (first, second) in zip(self.layers, self.norms, strict=True):
            y = self._norm(x, first)
            q, k, v = (self._split(layer[name](y)) for name in ("attn_q", "attn_k", "attn_v"))
            q, k = _turn(q, sine, cosine), _turn(k, sine, cosine)
            # The queries of heads that share keys, together: torch's own attention is slower here.
            together = (len(q), self.shared, -1, length, width)
            nearness = (q.view(together).flatten(2, 3) * width**-0.5) @ k.transpose(2, 3)
            shares = (nearness.unflatten(2, (-1, length)) + later).softmax(-1).flatten(2, 3)
            seen = (shares @ v).unflatten(2, (-1, length)).flatten(1, 2)
            x = x + layer["attn_output"](seen.transpose(1, 2).flatten(2))
            y = self._norm(x, second)
            x = x + layer["ffn_down"](functional.silu(layer["ffn_gate"](y)) * layer["ffn_up"](y))
        return self._norm(x, self.last)

    def score(self, pairs: Sequence[Pair]) -> Any:
        """Log odds that the answer is yes, a tensor (n,)."""
        longest = max(len(pair.tokens) for pair in pairs)
        tokens = torch.tensor([[*pair.tokens, *[0] * (longest - len(pair.tokens))] for pair in pairs])
        places = torch.arange(longest)
        shares = torch.stack(
            [((places >= p.tail) & (places < len(p.tokens))) / (len(p.tokens) - p.tail) for p in pairs]
        )
        return self.head((self.states(tokens).float() * shares[:, :, None]).sum(1)).squeeze(1)

    def score_all(self, pairs: Sequence[Pair]) -> np.ndarray:
        found = np.zeros(len(pairs))
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].tokens))
        with torch.inference_mode():
            for start in range(0, len(order), 2 * BATCH):
                some = order[start : start + 2 * BATCH]
                found[some] = self.score([pairs[i] for i in some]).numpy()
        return found

    def _norm(self, x: Any, weight: Any) -> Any:
        return functional.rms_norm(x, (x.shape[-1],), weight, self.small)

    def _split(self, x: Any) -> Any:
        """By heads: (n, heads, length, width of one)."""
        return x.unflatten(2, (-1, self.words.shape[1] // self.heads)).transpose(1, 2)

    def _turning(self, length: int, width: int) -> tuple[Any, Any]:
        speeds = self.turns ** (-torch.arange(0, width, 2) / width)
        angles = torch.arange(length)[:, None] * speeds
        return angles.sin().to(torch.bfloat16), angles.cos().to(torch.bfloat16)


def _turn(x: Any, sine: Any, cosine: Any) -> Any:
    """Each two neighbours turned by their angle (Su et al., "RoFormer", 2021)."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cosine - b * sine, a * sine + b * cosine), dim=-1).flatten(-2)


def teach(model: Llama, pairs: Sequence[Pair], epochs: float, rate: float = RATE) -> None:
    low = [parameter for adapter in model.adapters().values() for parameter in (adapter.a, adapter.b)]
    steps = int(epochs * len(pairs) / BATCH)
    optimizer = torch.optim.AdamW(
        [{"params": low, "lr": rate}, {"params": model.head.parameters(), "lr": 5 * rate}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARMING) * max(0.02, 1 - step / steps)
    )
    began, losses, step = time.time(), [], 0
    while step < steps:
        for some in _batches(pairs)[: steps - step]:
            right = torch.tensor([float(pair.right) for pair in some])
            weights = torch.tensor([pair.weight for pair in some])
            loss = functional.binary_cross_entropy_with_logits(model.score(some), right, weight=weights)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(low, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            step += 1
            if step % 50 == 0:
                print(f"{step} of {steps}, loss {np.mean(losses[-100:]):.4f}, {time.time() - began:.0f} s", flush=True)


def rate_of(name: str, start: str | None) -> float:
    """The rate at which adapter `name` is taught from `start` on: half where it goes on from itself."""
    return RATE / 2 if start == name else RATE


def _batches(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """The pairs in a new order, texts of about one length together."""
    order = random.sample(pairs, len(pairs))
    batches = []
    for start in range(0, len(order), 20 * BATCH):
        some = sorted(order[start : start + 20 * BATCH], key=lambda pair: len(pair.tokens))
        batches += [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
    return random.sample(batches, len(batches))


def begin(model: Llama, name: str) -> None:
    """Make the model's adapters and the unit behind them those that `write` wrote."""
    import gguf

    written = {tensor.name: torch.tensor(tensor.data) for tensor in gguf.GGUFReader(FOLDER / f"{name}.gguf").tensors}
    known = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    with torch.no_grad():
        for matrix, adapter in model.adapters().items():
            for side, values in (("a", adapter.a), ("b", adapter.b)):
                values.copy_(written[f"{matrix}.lora_{side}"].float().reshape(values.shape))
        model.head.weight.copy_(torch.tensor([known["head"]]))
        model.head.bias.fill_(known["bias"])


def write(model: Llama, name: str) -> None:
    """The adapter as llama.cpp reads it, and beside it the unit behind it."""
    import gguf

    writer = gguf.GGUFWriter(FOLDER / f"{name}.gguf", ARCHITECTURE)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", RANK * SCALE)
    for matrix, adapter in model.adapters().items():
        for side, values in (("a", adapter.a), ("b", adapter.b)):
            writer.add_tensor(f"{matrix}.lora_{side}", values.detach().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    head = [round(float(value), 5) for value in model.head.weight.detach().numpy()[0]]
    bias = round(float(model.head.bias.detach().numpy()[0]), 5)
    (FOLDER / f"{name}.json").write_text(json.dumps({"bias": bias, "head": head}) + "\n", encoding="utf-8")
