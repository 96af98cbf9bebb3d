"""Turn a BERT sentence embedder published as safetensors into a GGUF file of architecture `bert`.

The GGUF layout (tensor names, word pieces with "▁" before a word's first piece) is the one llama.cpp reads:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelError
from ingest.models.bert_names import gguf_name
from ingest.models.gguf_header import SOURCE_KEY
from ingest.models.safetensors_header import read_tensors

if TYPE_CHECKING:
    import numpy as np

_DTYPES = {"F32": "<f4", "F16": "<f2"}


def convert_bert(
    weights: Path,
    tokenizer: Path,
    config: dict[str, Any],
    target: Path,
    *,
    name: str,
    source_sha256: str,
    precision: str,
) -> None:
    """Write `target`, a GGUF with mean pooling and the matrices in `precision` ("F32", "F16", "BF16" or "Q8_0").

    `weights` is a safetensors file, `tokenizer` a tokenizer.json with a WordPiece model, `config` the published
    config.json. Norms, biases and the position and type tables stay in 32 bits: they are small and llama.cpp wants
    them so. Raises ModelError when a file is not what it should be.
    """
    import gguf

    writer = gguf.GGUFWriter(target, "bert")
    writer.add_name(name)
    writer.add_string(SOURCE_KEY, source_sha256)
    writer.add_array("general.languages", ["en"])
    writer.add_license("apache-2.0")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type({"F32": 0, "F16": 1, "Q8_0": 7, "BF16": 32}[precision])
    _add_vocabulary(writer, tokenizer)
    matrix = gguf.GGMLQuantizationType[precision]
    plain = gguf.GGMLQuantizationType.F32
    for tensor_name, tensor in _tensors(weights):
        target_name = gguf_name(tensor_name)
        if target_name is None:
            continue
        small = tensor.ndim < 2 or target_name.startswith(("position_embd", "token_types"))
        kind = plain if small else matrix
        writer.add_tensor(target_name, gguf.quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, tokenizer: Path) -> None:
    import gguf

    try:
        content = json.loads(tokenizer.read_bytes())
        vocabulary: dict[str, int] = content["model"]["vocab"]
        kind = content["model"]["type"]
        special = {entry["content"] for entry in content["added_tokens"] if entry["special"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{tokenizer} is not a tokenizer.json: {error!r}.", "Run `rag setup` again.") from error
    if kind != "WordPiece" or sorted(vocabulary.values()) != list(range(len(vocabulary))):
        raise ModelError(f"{tokenizer} does not hold a complete WordPiece vocabulary.", "Run `rag setup` again.")
    pieces = [""] * len(vocabulary)
    kinds = [int(gguf.TokenType.NORMAL)] * len(vocabulary)
    for word, number in vocabulary.items():
        if word in special:
            pieces[number], kinds[number] = word, int(gguf.TokenType.CONTROL)
        elif word.startswith("##"):
            pieces[number] = word[2:]
        else:
            pieces[number] = "\u2581" + word
    writer.add_tokenizer_model("bert")
    writer.add_token_list(pieces)
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    writer.add_bos_token_id(vocabulary["[CLS]"])
    writer.add_eos_token_id(vocabulary["[SEP]"])
    writer.add_sep_token_id(vocabulary["[SEP]"])
    writer.add_unk_token_id(vocabulary["[UNK]"])
    writer.add_pad_token_id(vocabulary["[PAD]"])
    writer.add_mask_token_id(vocabulary["[MASK]"])


def _tensors(path: Path) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Name and 32-bit values of each floating-point tensor of a safetensors file."""
    import numpy as np

    tensors = read_tensors(path)
    with path.open("rb") as file:
        for name, tensor in tensors.items():
            if tensor.kind in _DTYPES:
                file.seek(tensor.start)
                values = np.frombuffer(file.read(tensor.end - tensor.start), _DTYPES[tensor.kind])
                yield name, values.reshape(tensor.shape).astype(np.float32)
