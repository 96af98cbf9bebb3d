"""What a safetensors file says it holds: eight bytes of header length, a JSON header, and the raw tensors.

The format: https://huggingface.co/docs/safetensors. The sizes in it are a stranger's, so each is checked against the
file.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import ModelError

# Bytes of a number of each kind; kinds not in the table are rarer: their place is checked, their size is not.
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
MAX_HEADER = 16 << 20  # a line for each tensor: even of thousands it is a few hundred thousand bytes; more is damage


@dataclass(frozen=True, slots=True)
class Tensor:
    """`kind` as the format names it ("F32", "BF16", "U32" …); its bytes are `start` to `end` of the file."""

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, in its order; raises ModelError when it is not one, or is cut short."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        if not 0 < length <= min(MAX_HEADER, size):
            raise _damaged(path, "it has no header")
        try:
            entries = json.loads(file.read(length))
            found = {name: _read_entry(entry, 8 + length) for name, entry in entries.items() if name != "__metadata__"}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _damaged(path, f"its header cannot be read ({error!r})") from error
    for name, tensor in found.items():
        if not 8 + length <= tensor.start <= tensor.end <= size:
            raise _damaged(path, f"it is cut short in {name}")
        number = BYTES.get(tensor.kind)
        if number and math.prod(tensor.shape) * number != tensor.end - tensor.start:
            raise _damaged(path, f"the shape of {name} is not that of its bytes")
    return found


def count_parameters(tensors: Mapping[str, Tensor], quantization: Mapping[str, Any]) -> int:
    """How many numbers were learned. `quantization` is the part of that name in an MLX model's config.json.

    MLX packs several numbers into each of 32 bits and keeps a scale for every group of them
    (https://ml-explore.github.io/mlx/build/html/python/_autosummary/mlx.core.quantize.html).
    """
    total = 0
    for name, tensor in tensors.items():
        module, _, suffix = name.rpartition(".")
        scales = tensors.get(f"{module}.scales")
        if scales is None:
            total += math.prod(tensor.shape)
        elif suffix == "weight":
            own = quantization.get(module)
            group = (own if isinstance(own, dict) else quantization).get("group_size", 64)  # MLX's default
            total += math.prod(scales.shape) * int(group)
        elif suffix == "bias":  # the layer's own; `scales` and `biases` belong to the packing
            total += math.prod(tensor.shape)
    return total


def _read_entry(entry: Mapping[str, Any], base: int) -> Tensor:
    start, end = entry["data_offsets"]
    return Tensor(str(entry["dtype"]), tuple(map(int, entry["shape"])), base + int(start), base + int(end))


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path} is not a whole safetensors file: {reason}.", "Fetch the model again.")
