"""Models small enough to be made in a test: random weights in the shape of the real ones, the same on every run."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np

WORDS = re.findall(
    r"\S+",
    """search_document search_query : . , ? ! the a an of to in and or is are was for with on by at as from
    leave day days year office staff employee employees pay may must not new old red blue fox dog cat s ing ed
    0 1 2 3 4 5 6 7 8 9 一 二""",
)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def word_pieces() -> dict[str, int]:
    """A WordPiece vocabulary: special tokens, single letters, letters inside words, and some words."""
    entries = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *(w for w in WORDS if w not in LETTERS)]
    return {piece: number for number, piece in enumerate(dict.fromkeys(entries))}


def write_nomic_bert(
    path: Path,
    *,
    name: str = "nomic-embed-text-v1.5",
    dimension: int = 128,
    tokens: int = 64,
    precision: str = "F32",
) -> Path:
    """A random model of architecture nomic-bert (2 layers, 4 heads) with its matrices in `precision`."""
    writer = gguf.GGUFWriter(path, "nomic-bert")
    writer.add_name(name)
    writer.add_context_length(tokens)
    writer.add_embedding_length(dimension)
    writer.add_feed_forward_length(2 * dimension)
    writer.add_block_count(2)
    writer.add_head_count(4)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_rope_freq_base(1000.0)
    writer.add_file_type(0)
    vocabulary = word_pieces()
    writer.add_tokenizer_model("bert")
    writer.add_token_list([_gguf_piece(piece) for piece in vocabulary])
    writer.add_token_types([3 if piece in SPECIAL else 1 for piece in vocabulary])
    writer.add_token_type_count(2)
    for kind, piece in (("bos", "[CLS]"), ("eos", "[SEP]"), ("sep", "[SEP]"), ("unk", "[UNK]"), ("pad", "[PAD]")):
        getattr(writer, f"add_{kind}_token_id")(vocabulary[piece])
    random = np.random.default_rng(7)

    def add(tensor: str, *shape: int) -> None:
        values = random.normal(0, 0.2, shape).astype(np.float32)
        stored = gguf.GGMLQuantizationType["F32" if tensor.startswith("token_types") else precision]
        writer.add_tensor(tensor, gguf.quantize(values, stored), raw_dtype=stored)

    def add_norm(tensor: str) -> None:
        writer.add_tensor(f"{tensor}.weight", np.ones(dimension, np.float32))
        writer.add_tensor(f"{tensor}.bias", np.zeros(dimension, np.float32))

    add("token_embd.weight", len(vocabulary), dimension)
    add("token_types.weight", 2, dimension)
    add_norm("token_embd_norm")
    for layer in range(2):
        add(f"blk.{layer}.attn_qkv.weight", 3 * dimension, dimension)
        add(f"blk.{layer}.attn_output.weight", dimension, dimension)
        add_norm(f"blk.{layer}.attn_output_norm")
        add(f"blk.{layer}.ffn_up.weight", 2 * dimension, dimension)
        add(f"blk.{layer}.ffn_gate.weight", 2 * dimension, dimension)
        add(f"blk.{layer}.ffn_down.weight", dimension, 2 * dimension)
        add_norm(f"blk.{layer}.layer_output_norm")
    return _finish(writer, path)


def write_llama(
    path: Path, *, seed: int = 7, languages: tuple[str, ...] = ("en",), tokens: int = 512, heads: int = 2
) -> Path:
    """A random instruct model of architecture llama: bytes as tokens, a ChatML template, 64 dimensions, 2 layers."""
    size, hidden = 64, 128
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    if languages:
        writer.add_array("general.languages", list(languages))
    writer.add_context_length(tokens)
    writer.add_embedding_length(size)
    writer.add_feed_forward_length(hidden)
    writer.add_block_count(2)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(size // heads)
    writer.add_file_type(0)
    pieces = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *_byte_letters()]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(pieces)
    writer.add_token_types([3, 3, 3, *([1] * 256)])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(seed)

    def add(tensor: str, *shape: int) -> None:
        writer.add_tensor(tensor, random.normal(0, 0.3, shape).astype(np.float32))

    add("token_embd.weight", len(pieces), size)
    add("output.weight", len(pieces), size)
    writer.add_tensor("output_norm.weight", np.ones(size, np.float32))
    for layer in range(2):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{part}.weight", size, size)
        add(f"blk.{layer}.ffn_gate.weight", hidden, size)
        add(f"blk.{layer}.ffn_up.weight", hidden, size)
        add(f"blk.{layer}.ffn_down.weight", size, hidden)
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(size, np.float32))
    return _finish(writer, path)


def write_bert_published(weights: Path, tokenizer: Path, config: dict[str, float]) -> None:
    """A random BERT as it is published: safetensors and a tokenizer.json, in the shape of `config`."""
    random = np.random.default_rng(3)
    size, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    vocabulary = word_pieces()
    tensors = {
        "embeddings.word_embeddings.weight": (len(vocabulary), size),
        "embeddings.position_embeddings.weight": (int(config["max_position_embeddings"]), size),
        "embeddings.token_type_embeddings.weight": (2, size),
        "embeddings.LayerNorm.weight": (size,),
        "embeddings.LayerNorm.bias": (size,),
        "pooler.dense.weight": (size, size),
    }
    shapes = {
        "attention.self.query": (size, size),
        "attention.self.key": (size, size),
        "attention.self.value": (size, size),
        "attention.output.dense": (size, size),
        "attention.output.LayerNorm": (size,),
        "intermediate.dense": (inner, size),
        "output.dense": (size, inner),
        "output.LayerNorm": (size,),
    }
    for layer in range(int(config["num_hidden_layers"])):
        for part, shape in shapes.items():
            tensors[f"encoder.layer.{layer}.{part}.weight"] = shape
            tensors[f"encoder.layer.{layer}.{part}.bias"] = shape[:1]
    values = {
        name: random.normal(1.0 if "LayerNorm.weight" in name else 0.0, 0.2, shape).astype("<f4")
        for name, shape in tensors.items()
    }
    write_safetensors(weights, values)
    write_word_piece_tokenizer(tokenizer)


def write_safetensors(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """32-bit floats in the format of https://huggingface.co/docs/safetensors."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, values in tensors.items():
        end = place + 4 * values.size
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [place, end]}
        place = end
    head = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values, "<f4").data)


def write_word_piece_tokenizer(path: Path) -> None:
    """A tokenizer.json as published for BERT, with the vocabulary of `word_pieces`."""
    vocabulary = word_pieces()
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    first, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
    begin, end = ({"SpecialToken": {"id": piece, "type_id": 0}} for piece in ("[CLS]", "[SEP]"))
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": vocabulary[piece], "content": piece, **flags} for piece in SPECIAL],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, first, end],
            "pair": [begin, first, end, second, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {
                piece: {"id": piece, "ids": [vocabulary[piece]], "tokens": [piece]} for piece in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    }
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


TINY_BERT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
}


def write_bert_folder(folder: Path) -> Path:
    """A random BERT as sentence-transformers publishes its models: mean pooling, prefixes, at most 64 tokens."""
    folder.mkdir(parents=True)
    write_bert_published(folder / "model.safetensors", folder / "tokenizer.json", TINY_BERT)
    write_json(
        folder,
        {
            "config.json": {
                **TINY_BERT,
                "architectures": ["BertModel"],
                "model_type": "bert",
                "hidden_act": "gelu",
                "pad_token_id": 0,
                "type_vocab_size": 2,
                "vocab_size": len(word_pieces()),
            },
            "tokenizer_config.json": tokenizer_config(64),
            "modules.json": [
                {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            ],
            "1_Pooling/config.json": {"word_embedding_dimension": 64, "pooling_mode_mean_tokens": True},
            "sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": False},
            "config_sentence_transformers.json": {"prompts": {"query": "the : ", "document": "of : "}},
        },
    )
    return folder


def tokenizer_config(tokens: int) -> dict[str, object]:
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": tokens,
        **dict(zip(names, SPECIAL, strict=True)),
    }


def write_json(folder: Path, files: dict[str, object]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")


def _gguf_piece(piece: str) -> str:
    if piece in SPECIAL:
        return piece
    return piece[2:] if piece.startswith("##") else "\u2581" + piece


def _byte_letters() -> list[str]:
    """The letter GPT-2's vocabulary writes for each byte: itself where printable, else one from 256 upwards."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    further = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(further)) for byte in range(256)]


def _finish(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
