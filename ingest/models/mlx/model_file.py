"""Reads an encoder and its tokenizer: from a GGUF file, which llama.cpp can read too, or from a published folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from index.errors import ModelError
from ingest.models.bert_names import gguf_name
from ingest.models.hub_folder import open_folder
from ingest.models.mlx.bert import Encoder
from ingest.models.windows import WORD_START, find_ends

ARCHITECTURES = ("bert", "nomic-bert")


@dataclass(frozen=True, slots=True)
class Loaded:
    """`head` and `tail` are the token ids that stand around every text; `limit` is the most tokens of a window."""

    encoder: Encoder
    tokenizer: Tokenizer
    head: list[int]
    tail: list[int]
    limit: int
    dimension: int
    pooling: str


def load(path: Path) -> Loaded:
    """Raises ModelError when the model is of another architecture or not whole."""
    try:
        loaded = _load_folder(path) if path.is_dir() else _load_gguf(path)
    except (KeyError, ValueError, RuntimeError, TypeError) as error:
        raise ModelError(f"MLX cannot load {path}: {error}.", "Fetch the model again, or use llamacpp.") from error
    if not loaded.pooling:
        raise ModelError(f"{path} gives no vector for a whole text.", "Name an embedding model.")
    return loaded


def _load_gguf(path: Path) -> Loaded:
    tensors, found = mx.load(str(path), format="gguf", return_metadata=True)
    metadata = {key: value.tolist() if isinstance(value, mx.array) else value for key, value in found.items()}
    architecture = metadata["general.architecture"]
    _check_architecture(path, architecture)
    if metadata.get("tokenizer.ggml.model") != "bert":
        raise ModelError(f"{path} has no WordPiece vocabulary.", "Use llamacpp.")
    width = metadata[f"{architecture}.embedding_length"]
    encoder = Encoder(
        tensors,
        layers=metadata[f"{architecture}.block_count"],
        heads=metadata[f"{architecture}.attention.head_count"],
        epsilon=metadata[f"{architecture}.attention.layer_norm_epsilon"],
        rope_base=metadata.get(f"{architecture}.rope.freq_base", 10_000.0),
    )
    vocabulary = {_published_piece(piece): place for place, piece in enumerate(metadata["tokenizer.ggml.tokens"])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    # llama.cpp reads every WordPiece vocabulary as an uncased one.
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return Loaded(
        encoder,
        tokenizer,
        [vocabulary["[CLS]"]],
        [vocabulary["[SEP]"]],
        metadata[f"{architecture}.context_length"],
        width,
        {1: "mean", 2: "cls", 3: "last"}.get(metadata.get(f"{architecture}.pooling_type", 1), ""),
    )


def _load_folder(path: Path) -> Loaded:
    folder = open_folder(str(path))
    _check_architecture(path, folder.architecture)
    config = folder.config
    tensors: dict[str, Any] = {}
    for file in folder.find_weights():
        named = {gguf_name(name): tensor for name, tensor in mx.load(str(file)).items()}
        tensors.update({name: tensor for name, tensor in named.items() if name})
    encoder = Encoder(
        tensors,
        # nomic-bert's published configuration uses GPT-2's keys.
        layers=config.get("num_hidden_layers") or config["n_layer"],
        heads=config.get("num_attention_heads") or config["n_head"],
        epsilon=config.get("layer_norm_eps") or config["layer_norm_epsilon"],
        rope_base=config.get("rotary_emb_base", 1000.0),
    )
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    head, tail = find_ends(tokenizer.encode("a", add_special_tokens=False).ids, tokenizer.encode("a").ids)
    positions = config.get("max_position_embeddings") or config["n_positions"]
    return Loaded(
        encoder,
        tokenizer,
        head,
        tail,
        min(filter(None, (positions, folder.token_limit))),
        config.get("hidden_size") or config["n_embd"],
        folder.pooling or "mean",
    )


def _check_architecture(path: Path, architecture: str) -> None:
    if architecture not in ARCHITECTURES:
        raise ModelError(
            f"{path} is of the architecture {architecture}, and the MLX runtime embeds with BERT and nomic-bert.",
            "Use llamacpp for this model.",
        )


def _published_piece(piece: str) -> str:
    """GGUF files mark the first piece of a word; published vocabularies mark the others, by ##."""
    if piece.startswith(WORD_START):
        return piece.removeprefix(WORD_START)
    special = len(piece) > 2 and piece.startswith("[") and piece.endswith("]")
    return piece if special else f"##{piece}"
