"""Keep the first layers of a GGUF language model: what a reader needs that writes nothing."""

from __future__ import annotations

from pathlib import Path

from ingest.models.adapters import ARCHITECTURE
from ingest.models.gguf_header import SOURCE_KEY


def keep_first_layers(source: Path, target: Path, layers: int, source_sha256: str) -> None:
    """Write `target`, the model of `source` with only its first `layers`, every tensor of them as it was.

    `source` is of architecture "llama". The words and the norm behind the last layer stay. What is written is of the
    architecture that llama.cpp has for vectors: the same, but that it does not compare each token with all the words it
    could write, which a reader does not want to know. A token still sees only those before it. `source_sha256` names
    the published weights.
    """
    import gguf

    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, ARCHITECTURE)
    writer.add_string(SOURCE_KEY, source_sha256)
    writer.add_causal_attention(True)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", SOURCE_KEY):
            continue
        element = field.types[-1] if field.types[0] is gguf.GGUFValueType.ARRAY else None
        value = field.contents()
        if name == "llama.block_count":
            value = min(layers, value)
        writer.add_key_value(name.replace("llama.", f"{ARCHITECTURE}.", 1), value, field.types[0], element)
    for tensor in reader.tensors:
        number = tensor.name.split(".")[1] if tensor.name.startswith("blk.") else ""
        if tensor.name != "output.weight" and (not number or int(number) < layers):
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
