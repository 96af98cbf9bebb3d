"""A GGUF file is a stranger's: what is right in it is read, what is wrong is named, and nothing else happens."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import TEMPLATE, write_llama, write_nomic_bert

from index.errors import MissingError, ModelError
from ingest.models.gguf_header import read_header


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def key(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def tensor(name: str, *shape: int, kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


ARCHITECTURE = key("general.architecture", 8, text("llama"))


def gguf_bytes(
    keys: list[bytes] | None = None, tensors: list[bytes] | None = None, *, version: int = 3, data: int = 0
) -> bytes:
    """A GGUF file in bytes, with `data` bytes of weights behind the padding."""
    keys = [ARCHITECTURE] if keys is None else keys
    tensors = tensors or []
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(keys)) + b"".join(keys) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + bytes(data)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "model.gguf"
        path.write_bytes(content)
        return path

    return write


def test_reads_what_an_embedding_model_says_of_itself(tmp_path: Path) -> None:
    header = read_header(write_nomic_bert(tmp_path / "a.gguf"))
    assert header.architecture == "nomic-bert"
    assert header.name == "nomic-embed-text-v1.5"
    assert header.pooling == "mean"
    assert header.tokenizer == "bert"
    assert header.number("context_length") == 64
    assert header.number("embedding_length") == 128
    assert header.precisions == ("F32",)
    assert header.size == (tmp_path / "a.gguf").stat().st_size


def test_reads_what_an_instruct_model_says_of_itself(tmp_path: Path) -> None:
    header = read_header(write_llama(tmp_path / "a.gguf", languages=("en", "ja")))
    assert header.languages == ("en", "ja")
    assert header.chat_template == TEMPLATE
    assert header.pooling == ""


def test_counts_the_weights(written: Callable[[bytes], Path]) -> None:
    path = written(gguf_bytes(tensors=[tensor("a", 64, 2), tensor("b", 32, kind=2, offset=512)], data=530))
    header = read_header(path)
    assert header.parameters == 64 * 2 + 32
    assert header.precisions == ("F32", "Q4_0")


def test_a_file_without_a_name_has_its_own(written: Callable[[bytes], Path]) -> None:
    assert read_header(written(gguf_bytes())).name == "model"


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.gguf"):
        read_header(tmp_path / "nowhere.gguf")


HUGE = struct.pack("<Q", 1 << 62)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "middle of its header"),
        (b"PK\x03\x04" + bytes(64), "does not begin with GGUF"),
        (gguf_bytes(version=7), "version is 7"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "version is"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 0), "tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 40), "keys"),
        (gguf_bytes([]), "no architecture"),
        (gguf_bytes([ARCHITECTURE, ARCHITECTURE]), "stands in it twice"),
        (gguf_bytes([text("x") + struct.pack("<I", 8) + HUGE]), "bytes of text"),
        (gguf_bytes([key("x", 9, struct.pack("<I", 8) + HUGE)]), "entries"),
        (gguf_bytes([key("x", 9, struct.pack("<IQ", 9, 1))]), "unknown kind 9"),
        (gguf_bytes([key("x", 99, b"")]), "unknown kind 99"),
        (gguf_bytes([key("x", 8, struct.pack("<Q", 2) + b"\xff\xfe")]), "not UTF-8"),
        (gguf_bytes([ARCHITECTURE, key("general.alignment", 4, struct.pack("<I", 33))]), "alignment"),
        (gguf_bytes(tensors=[tensor("a", 8), tensor("a", 8)], data=64), "stands in it twice"),
        (gguf_bytes(tensors=[tensor("a", 1 << 50)]), "values"),
        (gguf_bytes(tensors=[tensor("a", 1, 1, 1, 1, 1)]), "dimensions"),
        (gguf_bytes(tensors=[tensor("a", 8, offset=4)], data=64), "not aligned"),
        (gguf_bytes(tensors=[tensor("a", 33, kind=2)], data=64), "not aligned"),
        (gguf_bytes(tensors=[tensor("a", 8)], data=31), "1 bytes early"),
    ],
)
def test_what_is_wrong_is_named(written: Callable[[bytes], Path], content: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        read_header(written(content))
    assert "model.gguf" in caught.value.message
    assert caught.value.next


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = write_nomic_bert(tmp_path_factory.mktemp("gguf") / "tiny.gguf", dimension=16)
    return path.with_name("changed.gguf"), path.read_bytes()


@given(data=st.data())
def test_every_shortened_file_is_refused(tiny: tuple[Path, bytes], data: st.DataObject) -> None:
    path, content = tiny
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 32))])
    with pytest.raises(ModelError):
        read_header(path)


@given(data=st.data())
def test_a_changed_byte_is_read_or_refused_but_never_a_surprise(tiny: tuple[Path, bytes], data: st.DataObject) -> None:
    path, content = tiny
    place = data.draw(st.integers(0, 4_000))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    try:
        read_header(path)
    except ModelError as error:
        assert "changed.gguf" in error.message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with a path")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.gguf")
    with pytest.raises(MissingError, match="is not a file"):
        read_header(tmp_path / "model.gguf")
