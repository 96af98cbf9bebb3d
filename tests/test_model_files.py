"""A bad model file costs a child process and is an error message, whatever llama.cpp makes of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tiny_models import write_llama

from index.errors import DamagedError, MissingError, RagError
from rag.generators import open_generator
from rag.settings import Settings


def opened(path: Path) -> str:
    """What becomes of a model that is asked for one token: "" when it gives it, else the error's sentence."""
    try:
        with open_generator(Settings(model=f"llamacpp:{path}")) as model:
            "".join(model.generate([{"role": "user", "content": "Why?"}], max_tokens=1))
    except (DamagedError, MissingError) as error:
        assert error.next
        return error.message
    return ""


def test_a_good_file_opens(tmp_path: Path) -> None:
    assert opened(write_llama(tmp_path / "good.gguf")) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<|im_start|>", b"<|im_start|\xff"),  # a token that is no text
        (b"blk.1.attn_q.weight", b"blk.1.attn_X.weight"),  # a tensor that is not there
        (b"llama.block_count", b"llama.block_coun_"),  # a key that is not there
        (b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00llama", None),
    ],
)
def test_a_file_whose_header_is_well_formed_but_wrong_is_an_error(
    tmp_path: Path, before: bytes, after: bytes | None
) -> None:
    path = write_llama(tmp_path / "bad.gguf")
    data = path.read_bytes()
    assert data.count(before), before
    path.write_bytes(data.replace(before, before[:-5] + b"llamX" if after is None else after))
    assert opened(path) or after == b"<|im_start|\xff"  # llama.cpp takes tokens as bytes


def test_a_repeated_token_ends_the_child_and_not_this_process(tmp_path: Path) -> None:
    path = write_llama(tmp_path / "twice.gguf")
    data, token = path.read_bytes(), b"<|im_start|>"
    end = b"\x0a\x00\x00\x00\x00\x00\x00\x00<|im_end|>"
    assert end in data
    start = b"\x0c\x00\x00\x00\x00\x00\x00\x00" + token
    path.write_bytes(data.replace(end, start[:8] + token, 1) + bytes(32))
    told = opened(path)
    assert told and "twice.gguf" in told


@pytest.mark.slow
def test_damaged_bytes_open_or_are_refused(tmp_path: Path) -> None:
    """Two dozen files, each with some bytes of its header or weights changed at random."""
    data = write_llama(tmp_path / "good.gguf").read_bytes()
    randomness = random.Random(11)
    ends = {"opened": 0, "refused": 0}
    for number in range(24):
        broken = bytearray(data)
        reach = (
            len(data) if number % 2 else 20_000
        )  # the vocabulary and the tensors' descriptions lie in the first part
        for _ in range(randomness.randint(1, 8)):
            broken[randomness.randrange(min(reach, len(data)))] = randomness.randrange(256)
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(broken)
        try:
            ends["refused" if opened(path) else "opened"] += 1
        except RagError as error:
            raise AssertionError(f"{number}: {error!r}") from error
    print(f"\n24 damaged model files: {ends}, this process never ended")
    assert ends["refused"] >= 3
