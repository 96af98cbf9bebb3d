"""A bad model file costs a child process and is an error message, whatever llama.cpp makes of it."""

from __future__ import annotations

import random
import subprocess
import sys
import types
from pathlib import Path

import pytest
from system_calls import only_linux
from tiny_models import write_llama

from index.errors import MissingError, RagError
from ingest.models.llamacpp import library
from rag.generators import open_generator
from rag.settings import Settings


def opened(path: Path) -> str:
    """What becomes of a model that is asked for one token: "" when it gives it, else the error's sentence."""
    try:
        with open_generator(Settings(model=f"llamacpp:{path}")) as model:
            "".join(model.generate([{"role": "user", "content": "Why?"}], max_tokens=1))
    except MissingError as error:
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


@pytest.mark.parametrize(("told", "withheld"), [(b"AVX512 = 1 | AMX_INT8 = 1 | ", 1), (b"AVX512 = 1 | ", 0)])
def test_a_build_with_amx_is_kept_from_it_before_its_first_model(
    told: bytes, withheld: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    names = ("llama_log_callback", "llama_log_set", "llama_backend_init")
    build = types.ModuleType("llama_cpp.llama_cpp")
    for name in names:
        setattr(build, name, lambda *_, name=name: calls.append(name))
    build.__dict__["llama_print_system_info"] = lambda: told
    found = types.SimpleNamespace(submodule_search_locations=["/"])
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda _: found)
    monkeypatch.setattr(library.importlib, "import_module", lambda _: build)
    monkeypatch.setattr(library, "withhold_amx", lambda: calls.append("withhold"))
    monkeypatch.setitem(sys.modules, "llama_cpp", types.ModuleType("llama_cpp"))
    assert library.load_library.__wrapped__() is build
    assert calls.count("withhold") == withheld
    assert calls[-1] == "llama_backend_init"


WITHHELD = """
import ctypes, platform
from index.platform import instruction_sets, withhold_amx
assert withhold_amx() == ("amx_tile" in instruction_sets())
# arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA), as llama.cpp asks for the registers
assert platform.machine() != "x86_64" or ctypes.CDLL(None).syscall(158, 0x1023, 18) == -1
"""


@only_linux
def test_the_kernel_refuses_amx_where_it_is_withheld() -> None:
    folder = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", WITHHELD], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
