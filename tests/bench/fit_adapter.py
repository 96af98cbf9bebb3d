#!/usr/bin/env python3
"""Teach an embedding model to read a question together with a passage, and write it as a small adapter.

    python tests/bench/fit_adapter.py --data DIR --model all-MiniLM-L6-v2.BF16.gguf [--epochs 3] [--write]

The model becomes a cross-encoder (Nogueira and Cho, "Passage Re-ranking with BERT", 2019): question and passage in one
text, the mean of its last layer through one linear unit, taught by cross-entropy whether the passage holds the answer.
Only an adapter of low rank is taught (Hu et al., "LoRA", 2021), which llama.cpp adds to the weights at hand. What
teaches are the passages that the product itself finds: with the answer, of the same question once its document is left
out, of SQuAD 2's questions without an answer, and of other sets. A quarter of SQuAD 2's articles and a third of the
others teach nothing: tests/bench/fit_evidence.py weighs the adapter on them, and the figures printed are of them.
Needs torch and transformers; it took 20 minutes on one processor beside other work, after the questions were asked.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from cases import JAPANESE, SETS, Case, collect, is_taught  # noqa: E402

from ingest.models.adapters import FOLDER, PAIR_TOKENS, lay_pair  # noqa: E402
from rag.relevance import list_passages  # noqa: E402

TAUGHT_BY = [name for name in SETS if name not in JAPANESE]  # the model reads no Japanese
FOREIGN = 250  # questions of each other set
RANK, SCALE = 16, 2.0
BATCH = 16
TAUGHT = 3  # best sentences of a question that teach
RATE = 3e-4  # with 1e-3 nothing was learned
WARMING = 60  # steps
# Of each kind, so that neither outweighs: how much a passage of it weighs, and how many of them teach.
WEIGHTS = {"own": 1.0, "withheld": 0.7, "adversarial": 0.35, "foreign": 0.2}
SHARES = {"own": 0.25, "withheld": 1.0, "adversarial": 0.5, "foreign": 1.0}
# What llama.cpp calls the matrices of a layer, and transformers.
MATRICES = {
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
}


@dataclass(frozen=True)
class Pair:
    """A question and one of its passages as tokens, whether it holds the answer, and what the case was."""

    tokens: tuple[int, ...]
    right: bool
    kind: str
    case: int
    place: int


def lay_pairs(cases: Sequence[Case], tokenize: Any, ends: tuple[list[int], list[int]]) -> Iterator[Pair]:
    for number, case in enumerate(cases):
        asked = tokenize(case.weighed.question.text)
        for place, (sentence, passage) in enumerate(list_passages(case.weighed, TAUGHT)):
            tokens = tuple(lay_pair(asked, tokenize(passage), *ends))
            yield Pair(tokens, case.kind == "own" and bool(case.gold[sentence]), case.kind, number, place)


def choose_pairs(pairs: Sequence[Pair], cases: Sequence[Case]) -> list[Pair]:
    """Those that teach: every right one, and a share of the wrong ones, the best of a question without an answer."""
    chance = random.Random(7)
    chosen = []
    for pair in pairs:
        if not is_taught(cases[pair.case].article):
            continue
        wrong = pair.kind == "own" or pair.place == 0
        if pair.right or (wrong and chance.random() < SHARES[pair.kind]):
            chosen.append(pair)
    return chosen


# ---------------------------------------------------------------- the model


def load_bert(path: Path) -> Any:
    """The GGUF file's weights as a model of transformers, in bfloat16."""
    import gguf
    import torch
    from transformers import BertConfig, BertModel

    from ingest.models.bert_names import gguf_name

    weights = {}
    for tensor in gguf.GGUFReader(path).tensors:
        values = torch.from_numpy(np.array(tensor.data))
        if tensor.tensor_type == gguf.GGMLQuantizationType.BF16:
            values = values.view(torch.uint8).contiguous().view(torch.bfloat16)
        weights[tensor.name] = values.float().reshape([int(size) for size in tensor.shape][::-1])
    words, width = weights["token_embd.weight"].shape
    layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blk."))
    config = BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=weights["blk.0.ffn_up.weight"].shape[0],
    )
    model = BertModel(config, add_pooling_layer=False)
    named = {name: weights[str(gguf_name(name))].reshape(old.shape) for name, old in model.state_dict().items()}
    model.load_state_dict(named)
    return model.to(torch.bfloat16)


def add_adapters(model: Any) -> dict[str, Any]:
    """Put an adapter beside every matrix of every layer, freeze all else; the adapters by llama.cpp's names."""
    import torch
    from torch import nn

    class Adapted(nn.Module):
        def __init__(self, base: Any) -> None:
            super().__init__()
            self.base = base
            self.a = nn.Parameter(torch.randn(RANK, base.in_features) * base.in_features**-0.5)
            self.b = nn.Parameter(torch.zeros(base.out_features, RANK))

        def forward(self, x: Any) -> Any:
            low = nn.functional.linear(x, self.a.to(x.dtype))
            return self.base(x) + nn.functional.linear(low, self.b.to(x.dtype)) * SCALE

    for parameter in model.parameters():
        parameter.requires_grad = False
    adapters = {}
    for number, layer in enumerate(model.encoder.layer):
        for short, long in MATRICES.items():
            owner, _, name = long.rpartition(".")
            owner = layer.get_submodule(owner)
            adapters[f"blk.{number}.{short}"] = adapted = Adapted(getattr(owner, name))
            setattr(owner, name, adapted)
    return adapters


class Reader:
    """The model with its adapters and the unit behind them."""

    def __init__(self, path: Path) -> None:
        import torch

        self.model = load_bert(path)
        self.adapters = add_adapters(self.model)
        self.head = torch.nn.Linear(self.model.config.hidden_size, 1)
        torch.nn.init.zeros_(self.head.weight)

    def score(self, texts: Sequence[Sequence[int]]) -> Any:
        """Log odds that each text's passage holds the answer, a tensor (n,)."""
        import torch

        longest = max(map(len, texts))
        tokens = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts])
        mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
        states = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        weights = mask[:, :, None].float()
        return self.head((states * weights).sum(1) / weights.sum(1)).squeeze(1)

    def score_all(self, pairs: Sequence[Pair]) -> np.ndarray:
        import torch

        self.model.eval()
        found = np.zeros(len(pairs))
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].tokens))
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                some = order[start : start + 64]
                found[some] = self.score([pairs[i].tokens for i in some]).numpy()
        self.model.train()
        return found


def teach(reader: Reader, pairs: Sequence[Pair], epochs: int) -> None:
    import torch

    low = [parameter for adapter in reader.adapters.values() for parameter in (adapter.a, adapter.b)]
    steps = epochs * len(pairs) // BATCH
    optimizer = torch.optim.AdamW(
        [{"params": low, "lr": RATE}, {"params": reader.head.parameters(), "lr": 5 * RATE}], weight_decay=0.01
    )
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARMING) * max(0.02, 1 - step / steps)
    )
    reader.model.train()
    began, losses, step = time.time(), [], 0
    while step < steps:
        for some in _batches(pairs):
            if step == steps:
                break
            right = torch.tensor([float(pair.right) for pair in some])
            weights = torch.tensor([1.0 if pair.right else WEIGHTS[pair.kind] for pair in some])
            scores = reader.score([pair.tokens for pair in some])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, right, weight=weights)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(low, 1.0)
            optimizer.step()
            rate.step()
            losses.append(loss.item())
            step += 1
            if step % 50 == 0:
                print(f"{step} of {steps}, loss {np.mean(losses[-100:]):.4f}, {time.time() - began:.0f} s", flush=True)


def _batches(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """The pairs in a new order, texts of about one length together."""
    order = random.sample(pairs, len(pairs))
    batches = []
    for start in range(0, len(order), 20 * BATCH):
        some = sorted(order[start : start + 20 * BATCH], key=lambda pair: len(pair.tokens))
        batches += [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
    return random.sample(batches, len(batches))


# ---------------------------------------------------------------- what comes of it


def describe(cases: Sequence[Case], pairs: Sequence[Pair], scores: np.ndarray) -> Iterator[str]:
    """For each set, of articles that taught nothing: how many are refused by the adapter's best score alone."""
    best: dict[int, float] = {}
    for pair, score in zip(pairs, scores, strict=True):
        best[pair.case] = max(float(score), best.get(pair.case, -np.inf))
    for name in TAUGHT_BY:
        of = [(cases[number].kind, score) for number, score in best.items() if cases[number].data == name]
        border = np.quantile([score for kind, score in of if kind == "own"], 0.05)
        shares = {
            kind: np.mean([score < border for other, score in of if other == kind])
            for kind in ("withheld", "foreign", "adversarial")
            if any(other == kind for other, _ in of)
        }
        yield f"{name}: {len(of)} questions; refused " + ", ".join(f"{k} {v:.3f}" for k, v in shares.items())


def write(reader: Reader, model: Path) -> None:
    """The adapter as llama.cpp reads it, and beside it what else is needed to use it."""
    import gguf

    from ingest.models.gguf_header import read_header

    stem = model.name.partition(".")[0]
    writer = gguf.GGUFWriter(FOLDER / f"{stem}.gguf", "bert")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", RANK * SCALE)
    for name, adapter in reader.adapters.items():
        for side, values in (("a", adapter.a), ("b", adapter.b)):
            writer.add_tensor(f"{name}.weight.lora_{side}", values.detach().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    head = [round(float(value), 5) for value in reader.head.weight.detach().numpy()[0]]
    bias = round(float(reader.head.bias.detach().numpy()[0]), 5)
    known = {"weights": read_header(model).vectors_sha256(), "bias": bias, "head": head}
    (FOLDER / f"{stem}.json").write_text(json.dumps(known) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="the embedding model, a GGUF file")
    parser.add_argument("--limit", type=int, default=3000, help="questions of a kind of a set")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="more than there are idle processors is far slower")
    parser.add_argument("--cases", type=Path, help="a file in which the questions asked are kept for the next time")
    parser.add_argument("--write", action="store_true", help=f"write the files in {FOLDER.name}/")
    options = parser.parse_args()
    if options.cases and options.cases.exists():
        cases = pickle.loads(options.cases.read_bytes())  # noqa: S301  # our own file
    else:
        cases = collect(options.data, TAUGHT_BY, options.limit, FOREIGN, unanswerable=True)
        if options.cases:
            options.cases.write_bytes(pickle.dumps(cases))

    import torch

    from ingest.models.llamacpp.pooled import PooledModel

    torch.set_num_threads(options.threads)
    torch.manual_seed(7)
    random.seed(7)
    tokens = PooledModel(str(options.model), limit=PAIR_TOKENS, pooling=None)
    pairs = list(lay_pairs(cases, lambda text: tokens.model.tokens(text, special=False), (tokens.head, tokens.tail)))
    chosen = choose_pairs(pairs, cases)
    print(f"{len(chosen)} pairs teach, {sum(pair.right for pair in chosen)} of them right", flush=True)
    reader = Reader(options.model)
    teach(reader, chosen, options.epochs)
    if options.write:
        write(reader, options.model)
    unseen = [pair for pair in pairs if not is_taught(cases[pair.case].article)]
    for line in describe(cases, unseen, reader.score_all(unseen)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
