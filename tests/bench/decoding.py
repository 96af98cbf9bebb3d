"""What a written token costs with the constraint and the checks, beside the bare runtime.

    python tests/bench/decoding.py FOLDER QUESTION --models DIR [--tokens N]

The bundled instruct model is made to write freely, as larger ones do (by itself it only chooses among statements, which
computes fewer tokens than are written). Its prompt and constraint are those of the question; every statement is checked
against the sources as it ends. The bare runtime is llama-cpp-python's own class with the same file, prompt and threads.
They write in turn, seven times; printed are the medians of what a token after the first takes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundled import take_bundled

import rag
from index.platform import usable_cores, withhold_amx
from rag.checking import Readings
from rag.generators import Constraint, Generator
from rag.prompt import build_messages, fence
from rag.retrieval import Retriever
from rag.statements import check_statement, split_statements

ROUNDS = 7
BUDGET = 400  # tokens of sources: what is taken where the machine's speed is not known yet
CONTEXT = 4096  # tokens, as ours


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("question")
    parser.add_argument("--models", type=Path, required=True, help="a folder that `rag setup --bundled` filled")
    parser.add_argument("--tokens", type=int, default=80)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as home:
        found = measure(args, scratch, take_bundled(args.models, home))
    median = {name: statistics.median(seconds) for name, seconds in found.items()}
    for name, seconds in median.items():
        print(
            f"{name:32} {1000 * seconds:6.2f} ms a token   {seconds / median['bare runtime']:5.3f} of the bare runtime"
        )
    return 0


def measure(args: argparse.Namespace, scratch: str, settings: dict[str, str]) -> dict[str, list[float]]:
    """Seconds a token of each way, one of every round that counts."""
    with rag.open(scratch, **settings) as kb:
        kb.ingest([args.folder])
        quotes = kb.ask(args.question, generate=False).quotes
        generator = kb.generator
        assert generator is not None
        messages, sources = build_messages(
            args.question, quotes, "en", budget=BUDGET, count_tokens=generator.count_tokens
        )
        constraint = Constraint(len(sources), tuple(map(fence, sources)))
        bare = open_bare(settings["model"].partition(":")[2])
        ways: dict[str, Callable[[], float]] = {
            "bare runtime": lambda: time_bare(bare, messages, args.tokens),
            "ours, free": lambda: time_ours(generator, messages, args.tokens, None, args.question, [], None),
            "ours, constrained and checked": lambda: time_ours(
                generator, messages, args.tokens, constraint, args.question, sources, kb.retriever
            ),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(ROUNDS + 1):
            for name, run in ways.items():
                seconds = run()
                if number:  # the first round warms all of them up
                    found[name].append(seconds)
    return found


def open_bare(model: str) -> Any:
    from llama_cpp import Llama

    withhold_amx()  # as ingest/models/llamacpp/library.py does; else it may crash
    # One thread for tokens, as rag/generators/llamacpp.py takes for so small a model.
    cores = usable_cores()
    return Llama(model, n_ctx=CONTEXT, n_threads=1, n_threads_batch=cores, verbose=False)


def time_bare(llama: Any, messages: list[dict[str, str]], tokens: int) -> float:
    """Seconds a token after the first."""
    llama.reset()
    times = []
    for event in llama.create_chat_completion(messages, stream=True, max_tokens=tokens, temperature=0.0):
        if event["choices"][0]["delta"].get("content"):
            times.append(time.perf_counter())
    return (times[-1] - times[0]) / (len(times) - 1)


def time_ours(
    generator: Generator,
    messages: list[dict[str, str]],
    tokens: int,
    constraint: Constraint | None,
    question: str,
    sources: list[rag.Quote],
    retriever: Retriever | None,
) -> float:
    """Seconds a token after the first, until the last statement was checked."""
    # Of this answer, as `ask` has them.
    readings = Readings(lambda: retriever.embedder, retriever.judge_statement) if retriever else None
    start = time.perf_counter()
    for text in split_statements(generator.generate(messages, max_tokens=tokens, constraint=constraint)):
        if readings:
            check_statement(question, text, sources, readings)
    end = time.perf_counter()
    run = generator.last_run
    assert run is not None
    return (end - start - run.first_token) / (run.tokens - 1)


if __name__ == "__main__":
    sys.exit(main())
