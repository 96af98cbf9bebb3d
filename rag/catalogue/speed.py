"""The child that measures this machine: how fast it reads a prompt, writes an answer, and reads its memory.

A model's prompt speed is bound by arithmetic, so it scales with the parameters; its writing speed is bound by memory,
because every weight is read once for each token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest.models.llamacpp.child import ENVIRONMENT
from ingest.models.llamacpp.library import Model
from ingest.worker import Handler, Message, Payload, Worker
from rag.setup.tune import open_context, read_tokens, writes

TARGET = "rag.catalogue.speed:serve"
PROMPT_TOKENS = 256  # enough for arithmetic to be the limit, few enough for several rounds of a large model
WRITTEN_TOKENS = 24  # each is timed by itself, and the quickest counts
BLOCK = 256 << 20  # bytes: larger than the caches of any laptop


def serve() -> Handler:
    """The handler of ingest.worker for `speed` and `bandwidth` requests."""

    def handle(request: Payload, _: list[bytes], __: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "bandwidth":
            yield {"bandwidth": measure_bandwidth(request["threads"], request["seconds"])}, []
        else:
            yield measure_speed(request["path"], request["threads"], request["seconds"]), []

    return handle


def ask_speed(path: Path, threads: int, seconds: float) -> Payload:
    """`prompt` and `writing` in tokens a second, measured in a child that may crash."""
    return _ask({"do": "speed", "path": str(path), "threads": threads, "seconds": seconds})


def ask_bandwidth(threads: int, seconds: float) -> float:
    """Bytes this machine reads from its memory in a second, by `threads` threads together."""
    return float(_ask({"do": "bandwidth", "threads": threads, "seconds": seconds})["bandwidth"])


def measure_bandwidth(threads: int, seconds: float) -> float:
    """The best of as many sums over 256 MB as `seconds` allow, at least two; numpy sums without Python's lock."""
    import numpy as np

    parts = np.array_split(np.ones(BLOCK // 8, np.float64), threads)
    best, end, rounds = float("inf"), time.perf_counter() + seconds, 0
    with ThreadPoolExecutor(threads) as pool:
        while rounds < 2 or time.perf_counter() < end:
            start = time.perf_counter()
            list(pool.map(np.sum, parts))
            best, rounds = min(best, time.perf_counter() - start), rounds + 1
    return BLOCK / best


def measure_speed(path: str, threads: int, seconds: float) -> Payload:
    """Load the model of `path` and run it: each figure is the best of as many rounds as `seconds` allow, at least one.

    The best, because other programs only take away.
    """
    model = Model(path)
    length = min(PROMPT_TOKENS, model.library.llama_model_n_ctx_train(model.handle) - WRITTEN_TOKENS)
    context = open_context(model, length + WRITTEN_TOKENS, threads)
    end = time.perf_counter() + seconds
    prompt = written = float("inf")
    rounds = 0
    while rounds < 1 or time.perf_counter() < end:
        prompt = min(prompt, read_tokens(model, context, length))
        if writes(model) and model.library.llama_get_memory(context):  # BERT keeps nothing, and writes nothing
            written = min(written, *(read_tokens(model, context, 1, after=length + n) for n in range(WRITTEN_TOKENS)))
        rounds += 1
    return {"prompt": length / prompt, "writing": 1 / written}  # 0 where nothing was written


def _ask(request: Payload) -> Payload:
    with Worker(TARGET, environment=ENVIRONMENT) as worker:
        return worker.call(request)[0]
