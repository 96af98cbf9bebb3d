"""The child that re-quantises a GGUF file and measures how fast this machine reads with it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator
from typing import Any

from index.errors import ModelError
from ingest.models.llamacpp.library import Model, load_library
from ingest.worker import Handler, Message, Payload

# llama.cpp's numbers of the formats a file can be written in (enum llama_ftype).
FORMATS = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18, "BF16": 32}
PROMPT_TOKENS = 192  # about a passage, and about a prompt of ours


def serve() -> Handler:
    """The handler of ingest.worker for `quantise` and `measure` requests."""

    def handle(request: Payload, _: list[bytes], __: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "quantise":
            quantise(request["source"], request["target"], request["format"])
            yield {}, []
        else:
            yield {"tokens": PROMPT_TOKENS, "seconds": measure(request["path"], request["rounds"])}, []

    return handle


def quantise(source: str, target: str, precision: str) -> None:
    """Write the model of `source` to `target` in another precision, also from one that is quantised already."""
    library = load_library()
    parameters = library.llama_model_quantize_default_params()
    parameters.ftype = FORMATS[precision]
    parameters.allow_requantize = True
    code = library.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters))
    if code:
        raise ModelError(f"llama.cpp could not write {source} as {precision} (code {code}).", "")


def measure(path: str, rounds: int) -> float:
    """Seconds one thread takes to read PROMPT_TOKENS tokens: the least of `rounds`, as other programs only add."""
    model = Model(path)
    context = open_context(model, PROMPT_TOKENS, threads=1)
    # One more, because the first also reads the weights from the disk.
    return min(read_tokens(model, context, PROMPT_TOKENS) for _ in range(rounds + 1))


def writes(model: Model) -> bool:
    """Whether a model decodes, as llama.cpp has it: also BERT, but no encoder of T5."""
    library = model.library
    return bool(library.llama_model_has_decoder(model.handle)) and not library.llama_model_has_encoder(model.handle)


def open_context(model: Model, tokens: int, threads: int) -> Any:
    """A context for so many tokens, all in one batch."""
    return model.context(
        n_ctx=tokens,
        n_batch=tokens,
        n_ubatch=tokens,
        n_threads=threads,
        n_threads_batch=threads,
        embeddings=not writes(model),
    )


def read_tokens(model: Model, context: Any, count: int, *, after: int = 0) -> float:
    """Seconds it takes to read `count` tokens, `after` so many; without any, what the context keeps is forgotten.

    They are spread over the vocabulary: the time does not depend on which tokens they are.
    """
    library = model.library
    memory = library.llama_get_memory(context)
    if memory and not after:
        library.llama_memory_clear(memory, True)
    size = library.llama_vocab_n_tokens(model.vocabulary)
    tokens = (library.llama_token * count)(*(997 * (after + place) % size for place in range(count)))
    start = time.perf_counter()
    code = library.llama_decode(context, library.llama_batch_get_one(tokens, count))
    library.llama_synchronize(context)
    if code:
        raise ModelError(f"llama.cpp could not run the model (code {code}).", "Name another model.")
    return time.perf_counter() - start
