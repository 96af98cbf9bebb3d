"""The child's side of an instruct model: a prompt is read and its answer written, whatever library computes it.

The other side is `rag.decoding.child_generator`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from index.errors import UsageError
from ingest.worker import Handler, Message, Payload
from rag.decoding.choose import TokenSource, decode
from rag.decoding.parts import Part, Reading

CONTEXT = 4096  # tokens: our prompts are a few hundred; more costs memory (rag/catalogue/memory.py)


class InstructModel(TokenSource, Protocol):
    """A loaded model."""

    context_tokens: int

    def count_tokens(self, text: str) -> int: ...

    def tokenise(self, messages: Sequence[dict[str, str]]) -> list[Part]: ...

    def read_prompt(self, parts: list[Part], cancelled: Callable[[], bool]) -> Reading | None:
        """Read what is not kept of a prompt; None when that was cancelled. `cancelled` holds until `end_run`."""

    def end_run(self) -> None:
        """Do what is left after a run, once the answer is out."""


def serve_instruct(open_model: Callable[[Payload], InstructModel]) -> Handler:
    """The handler of ingest.worker for `open`, `count` and `generate` requests."""
    models: list[InstructModel] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [open_model(request)]
            yield {"context": models[0].context_tokens}, []
        elif request["do"] == "count":
            yield {"tokens": models[0].count_tokens(blobs[0].decode())}, []
        else:
            yield from _generate(models[0], request, cancelled)
            models[0].end_run()

    return handle


def _generate(model: InstructModel, request: Payload, cancelled: Callable[[], bool]) -> Iterator[Message]:
    """The answer in pieces, and last the fields of `rag.generators.Run`."""
    start = time.perf_counter()
    parts = model.tokenise(request["messages"])
    length = sum(map(len, parts))
    if length + request["max_tokens"] > model.context_tokens:
        raise UsageError(
            f"The question and its sources are {length} tokens, too many for this model"
            f" ({model.context_tokens} with the answer).",
            "Lower prompt_tokens, or use a model with a longer context.",
        )
    finish, count, first = "cancelled", 0, 0.0
    reading = model.read_prompt(parts, cancelled)
    if reading:
        for step in decode(model, request, cancelled):
            count, finish, text = step
            first = first or time.perf_counter() - start
            if text:
                yield {"text": text}, []
    run = {
        "finish": finish,
        "prompt_tokens": reading.tokens if reading else 0,
        "tokens": count,
        "first_token": first,
        "seconds": time.perf_counter() - start,
        "prefix": reading.origin if reading else "",
    }
    yield {"run": run}, []
