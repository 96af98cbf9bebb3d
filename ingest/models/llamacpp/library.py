"""The llama.cpp library through the C functions of llama-cpp-python: loading, tokens, contexts.

Its high-level class is not used: it imports numpy, jinja2, diskcache and multiprocessing before the first question, and
hides the batch sizes, the flash attention and the state functions that matter here.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import re
import sys
import types
from collections import deque
from functools import cache
from typing import Any

from index.errors import MissingError, ModelError
from index.platform import withhold_amx

LOG_WARNING = 3  # GGML_LOG_LEVEL_WARN; what is below it tells of normal loading
FLASH_AUTO, FLASH_OFF = -1, 0  # llama_flash_attn_type; auto: on, unless the model or device cannot


@cache
def load_library() -> Any:
    """The module of llama.cpp's C functions; what the library reports from warnings up goes to stderr.

    Raises MissingError when llama-cpp-python is not installed or was built for another machine.
    """
    specification = importlib.util.find_spec("llama_cpp")
    if specification is None or not specification.submodule_search_locations:
        raise MissingError("llama-cpp-python is not installed.", "Run `pip install llama-cpp-python`.")
    # An empty package in place of llama_cpp/__init__.py, which would import the high-level class.
    package = types.ModuleType("llama_cpp")
    package.__path__ = list(specification.submodule_search_locations)
    package.__spec__ = specification
    sys.modules["llama_cpp"] = package
    try:
        library = importlib.import_module("llama_cpp.llama_cpp")
    except (OSError, RuntimeError, AttributeError) as error:
        raise MissingError(
            f"llama-cpp-python cannot be loaded: {error}.",
            "Run `pip install --force-reinstall --no-cache-dir llama-cpp-python`.",
        ) from error
    # GCC 12.2's `_tile_loadconfig` tells the compiler of 8 of the 64 bytes that it reads, so the rest is never written,
    # and compiled so, the AMX code ends the process with every quantised model. Without AMX it takes AVX-512.
    if b"AMX_INT8 = 1" in library.llama_print_system_info():
        withhold_amx()
    library.llama_log_set(_log_callback(library), None)
    library.llama_backend_init()
    return library


_said: deque[str] = deque(maxlen=20)  # the library's last warnings and errors


@cache
def _log_callback(library: Any) -> Any:
    def report(level: int, text: bytes, _: object) -> None:
        if level >= LOG_WARNING:
            _said.append(text.decode("utf-8", "replace"))
            sys.stderr.write(_said[-1])

    return library.llama_log_callback(report)


def read_version() -> str:
    """The version of llama-cpp-python: states kept by one version are not read by another."""
    from importlib.metadata import version

    return version("llama-cpp-python")


class Model:
    """A loaded GGUF file with its vocabulary."""

    def __init__(self, path: str) -> None:
        self.library = load_library()
        parameters = self.library.llama_model_default_params()
        # Every layer on the graphics processor when this build has one; the default of 0 leaves it idle.
        self.on_gpu = bool(self.library.llama_supports_gpu_offload())
        parameters.n_gpu_layers = 999 if self.on_gpu else 0
        self.handle = self.library.llama_model_load_from_file(path.encode(), parameters)
        if not self.handle:
            reasons = re.findall(r"error loading model: (.+)", "".join(_said))
            raise ModelError(
                f"llama.cpp cannot load {path}: {reasons[-1] if reasons else 'it does not say why'}.",
                "Fetch the file again, or update llama-cpp-python if the model is newer.",
            )
        self.vocabulary = self.library.llama_model_get_vocab(self.handle)

    def tokens(self, text: str, *, special: bool, markup: bool = False) -> list[int]:
        """Token ids; `special` adds the begin and end tokens, `markup` reads text such as "<|im_end|>" as one token."""
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            buffer = (self.library.llama_token * size)()
            count = self.library.llama_tokenize(self.vocabulary, data, len(data), buffer, size, special, markup)
            if count >= 0:
                return list(buffer[:count])
            size = -count

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; control tokens stand for none."""
        buffer = ctypes.create_string_buffer(64)
        count = self.library.llama_token_to_piece(self.vocabulary, token, buffer, len(buffer), 0, False)
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = self.library.llama_token_to_piece(self.vocabulary, token, buffer, len(buffer), 0, False)
        return buffer.raw[:count]

    def context(self, *, flash: bool = True, **values: Any) -> Any:
        """A context, with flash attention where the model allows it; `values` are fields of llama_context_params."""
        parameters = self.library.llama_context_default_params()
        parameters.flash_attn_type = FLASH_AUTO if flash else FLASH_OFF
        parameters.no_perf = True
        for name, value in values.items():
            setattr(parameters, name, value)
        context = self.library.llama_init_from_model(self.handle, parameters)
        if not context:
            raise ModelError("llama.cpp cannot prepare this model.", "Choose a smaller context, or another model.")
        return context

    def adapt(self, context: Any, path: str) -> None:
        """Add the LoRA adapter at `path` to the weights as `context` reads them."""
        adapter = self.library.llama_adapter_lora_init(self.handle, path.encode())
        if not adapter:
            raise ModelError(
                f"{path} is not a LoRA adapter for this model.",
                "Leave `lora` out or name another; if it came with this program, install the program again.",
            )
        adapters = (self.library.llama_adapter_lora_p_ctypes * 1)(adapter)
        self.library.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0))
