"""Read and check the header of a GGUF file before its bytes reach C++.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (magic, version, two counts, key-value pairs,
tensor descriptions, padding, tensors). Every size in it is a stranger's, so each is bounded by what the file can
hold.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from index.errors import MissingError, ModelError
from ingest.models.model_files import file_sha256

Value = int | float | str | bool | tuple["int | float | str | bool", ...]

MAGIC = b"GGUF"
# Bounds far above any published model (thousands of tensors, dozens of keys, hundreds of thousands of words), far below
# harm.
MAX_TENSORS = 100_000
MAX_KEYS = 10_000
MAX_KEY_BYTES = 65_535  # from the specification
MAX_NAME_BYTES = 64  # GGML_MAX_NAME
MAX_TEXT_BYTES = 16 << 20
MAX_ENTRIES = 1 << 24
KEPT_ENTRIES = 64  # longer arrays (the vocabulary) are walked and checked, not kept

# gguf.md's value types: 8 is a string, 9 an array; the others by the letter of `struct`.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# Where a GGUF file of ours names the published weights it was made from (rag/setup/bert_gguf.py writes it).
SOURCE_KEY = "tebiki.source.sha256"

# Kinds of numbers that keep a vector's direction, so that files in them are one model: tests/test_embedders.py compares
# each with 32 bits.
FAITHFUL = {"F32", "F16", "BF16", "Q8_0"}

POOLING = {0: "none", 1: "mean", 2: "cls", 3: "last", 4: "rank"}

# Quantisations by ggml's number: name, values a block, bytes a block.
_BLOCKS = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    20: ("IQ4_NL", 32, 18),
    23: ("IQ4_XS", 256, 136),
    30: ("BF16", 1, 2),
    39: ("MXFP4", 32, 17),
}
_MAX_KIND = 64  # kinds not in the table are newer or rarer: their place is checked, their size is not


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says of itself; `metadata` holds every value but long arrays."""

    path: Path
    version: int
    size: int
    metadata: Mapping[str, Value]
    parameters: int
    precisions: tuple[str, ...]  # the kinds its weights are stored in ("BF16", "Q4_0" …), the most frequent first

    @property
    def architecture(self) -> str:
        return self._text("general.architecture")

    @property
    def name(self) -> str:
        return self._text("general.name") or self.path.stem

    @property
    def languages(self) -> tuple[str, ...]:
        found = self.metadata.get("general.languages", ())
        return tuple(str(entry) for entry in found) if isinstance(found, tuple) else ()

    @property
    def tokenizer(self) -> str:
        return self._text("tokenizer.ggml.model")

    @property
    def chat_template(self) -> str:
        return self._text("tokenizer.chat_template")

    @property
    def pooling(self) -> str:
        """How token vectors become one: "mean", "cls", "last", "rank" or "none"; "" when the file does not say."""
        found = self.metadata.get(f"{self.architecture}.pooling_type")
        return POOLING.get(found, "") if isinstance(found, int) else ""

    def number(self, key: str, default: int = 0) -> int:
        """The whole number under `<architecture>.<key>`, such as "context_length"."""
        found = self.metadata.get(f"{self.architecture}.{key}", default)
        return found if isinstance(found, int) else default

    def vectors_sha256(self) -> str:
        """The SHA-256 by which its vectors are known: of the published weights if it names them, else of the file."""
        source = self.metadata.get(SOURCE_KEY)
        faithful = isinstance(source, str) and set(self.precisions) <= FAITHFUL
        return str(source) if faithful else file_sha256(self.path)

    def _text(self, key: str) -> str:
        found = self.metadata.get(key, "")
        return found if isinstance(found, str) else ""


def read_header(path: Path) -> GgufHeader:
    """Read the header of `path` and check that every tensor it describes lies inside the file.

    Raises MissingError when there is no such file, ModelError naming the file and what is wrong with it.
    """
    if path.exists() and not path.is_file():  # to open a pipe would wait for who writes into it
        raise MissingError(f"{path} is not a file.", "Name a GGUF file.")
    try:
        with path.open("rb") as file:
            return _Reader(file, path).header()
    except FileNotFoundError as error:
        raise MissingError(f"There is no model file {path}.", "Check the path, or run `rag setup`.") from error
    except OSError as error:
        raise MissingError(f"{path} cannot be read: {error.strerror or error}.", "Check the file.") from error


class _Reader:
    """A cursor over a GGUF file that never believes a size."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self._size = os.fstat(file.fileno()).st_size
        self._at = 0

    def header(self) -> GgufHeader:
        if self._take(4) != MAGIC:
            raise self._damaged("it does not begin with GGUF")
        version = self._scalar("I")
        if version not in (2, 3):
            raise self._damaged(f"its version is {version}, and 2 and 3 are known")
        tensors = self._count("Q", MAX_TENSORS, "tensors")
        keys = self._count("Q", MAX_KEYS, "keys")
        metadata: dict[str, Value] = {}
        for _ in range(keys):
            key = self._text(MAX_KEY_BYTES)
            if key in metadata:
                raise self._damaged(f"the key {key!r} stands in it twice")
            metadata[key] = self._value()
        if not isinstance(metadata.get("general.architecture"), str):
            raise self._damaged("it names no architecture")
        parameters, precisions = self._tensors(tensors, metadata)
        return GgufHeader(self._path, version, self._size, metadata, parameters, precisions)

    def _tensors(self, count: int, metadata: Mapping[str, Value]) -> tuple[int, tuple[str, ...]]:
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 16 or alignment & (alignment - 1):
            raise self._damaged(f"its alignment is {alignment!r}")
        names: set[str] = set()
        weights: dict[str, int] = {}
        end = 0
        for _ in range(count):
            name = self._text(MAX_NAME_BYTES)
            if name in names:
                raise self._damaged(f"the tensor {name!r} stands in it twice")
            names.add(name)
            values = 1
            for _ in range(self._count("I", 4, "dimensions")):
                values *= self._count("Q", 1 << 40, "values")
            kind = self._count("I", _MAX_KIND, "tensor kinds")
            offset: int = self._scalar("Q")
            label, block, size = _BLOCKS.get(kind, (f"kind {kind}", 1, 0))
            if offset % alignment or values % block:
                raise self._damaged(f"the tensor {name!r} is not aligned")
            weights[label] = weights.get(label, 0) + values
            end = max(end, offset + values // block * size)
        start = -(-self._at // alignment) * alignment
        if count and start + end > self._size:
            raise self._damaged(f"it ends {start + end - self._size:,} bytes early")
        return sum(weights.values()), tuple(sorted(weights, key=lambda label: -weights[label]))

    def _value(self) -> Value:
        kind = self._scalar("I")
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])  # type: ignore[no-any-return]
        if kind == _STRING:
            return self._text(MAX_TEXT_BYTES)
        if kind == _ARRAY:
            return self._array()
        raise self._damaged(f"it holds a value of the unknown kind {kind}")

    def _array(self) -> Value:
        kind = self._scalar("I")
        count = self._count("Q", MAX_ENTRIES, "entries")
        if kind in _SCALARS:
            form = struct.Struct("<" + _SCALARS[kind])
            data = self._take(form.size * count)
            return tuple(entry for (entry,) in form.iter_unpack(data)) if count <= KEPT_ENTRIES else ()
        if kind != _STRING:
            raise self._damaged(f"it holds an array of the unknown kind {kind}")
        if count <= KEPT_ENTRIES:
            return tuple(self._text(MAX_TEXT_BYTES) for _ in range(count))
        self._skip_texts(count)
        return ()

    def _skip_texts(self, count: int) -> None:
        """Walk over `count` strings; a loop of its own because a vocabulary has 30,000 to 500,000 of them."""
        read, length, left = self._file.read, struct.Struct("<Q"), self._size - self._at
        for _ in range(count):
            if left < length.size:
                raise self._damaged("it ends in the middle of its header")
            (size,) = length.unpack(read(length.size))
            left -= length.size + size
            if size > MAX_TEXT_BYTES or left < 0:
                raise self._damaged(f"it claims {size:,} bytes of text")
            read(size)
        self._at = self._size - left

    def _text(self, limit: int) -> str:
        data = self._take(self._count("Q", limit, "bytes of text"))
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._damaged("it holds text that is not UTF-8") from error

    def _count(self, form: str, limit: int, what: str) -> int:
        number: int = self._scalar(form)
        if number > limit:
            raise self._damaged(f"it claims {number:,} {what}")
        return number

    def _scalar(self, form: str):  # type: ignore[no-untyped-def]  # int, float or bool, as the letter says
        form = "<" + form
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, size: int) -> bytes:
        if size > self._size - self._at:
            raise self._damaged("it ends in the middle of its header")
        self._at += size
        return self._file.read(size)

    def _damaged(self, reason: str) -> ModelError:
        return ModelError(
            f"{self._path} is not a usable GGUF model: {reason}.",
            "Fetch the file again (`rag setup`, `rag models pull`), or name another model.",
        )
