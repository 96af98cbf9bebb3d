"""The child that judges texts with the first layers of a language model and an adapter.

The other side is `rag.cross_encoder`. Texts go to several contexts of one thread each, over the same weights: that is
faster than one with several threads, which wait for one another after every operation.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from index.errors import ModelError
from ingest.models.adapters import MOST_TOKENS, Layout, lay_out
from ingest.models.llamacpp.library import Model
from ingest.models.llamacpp.pooled import NO_POOLING
from ingest.worker import Handler, Message, Payload


def serve() -> Handler:
    """The handler of ingest.worker for `open` and `judge` requests; the vectors go out as 32-bit floats."""
    models: list[_Judging] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Judging(request["path"], request["contexts"])]
            yield {"dimension": models[0].width}, []
            return
        asked, *texts = (blob.decode() for blob in blobs)
        layout = Layout(**request["layout"])
        yield {}, models[0].read(request["adapter"], layout, texts, asked)

    return handle


class _Judging:
    def __init__(self, path: str, contexts: int) -> None:
        self._model = Model(path)
        self.width = int(self._model.library.llama_model_n_embd_out(self._model.handle))
        self._count = contexts
        self._free: dict[str, SimpleQueue[_Context]] = {}  # by adapter

    def read(self, adapter: str, layout: Layout, texts: Sequence[str], asked: str) -> list[bytes]:
        """For each text the vectors of the tokens of what is asked of it, one after another."""
        if adapter not in self._free:
            free: SimpleQueue[_Context] = SimpleQueue()
            for _ in range(self._count):
                free.put(_Context(self._model, adapter))
            self._free[adapter] = free
        contexts = self._free[adapter]

        def read_one(text: str) -> bytes:
            tokens, tail = lay_out(layout, text, asked, lambda part: self._model.tokens(part, special=False))
            context = contexts.get()
            try:
                return context.read(tokens)[4 * self.width * tail :]
            finally:
                contexts.put(context)

        with ThreadPoolExecutor(self._count) as pool:
            return list(pool.map(read_one, texts))


class _Context:
    """The model with an adapter, for one text at a time."""

    def __init__(self, model: Model, adapter: str) -> None:
        self._library = model.library
        size: dict[str, Any] = {"n_ctx": MOST_TOKENS, "n_batch": MOST_TOKENS, "n_ubatch": MOST_TOKENS}
        self._handle: Any = model.context(
            **size, n_threads=1, n_threads_batch=1, embeddings=True, pooling_type=NO_POOLING
        )
        model.adapt(self._handle, adapter)
        self._width = int(model.library.llama_model_n_embd_out(model.handle))
        self._batch = model.library.llama_batch_init(MOST_TOKENS, 0, 1)
        for place in range(MOST_TOKENS):
            self._batch.n_seq_id[place] = 1
            self._batch.seq_id[place][0] = 0
            self._batch.pos[place] = place
            self._batch.logits[place] = 1

    def read(self, tokens: Sequence[int]) -> bytes:
        """The vector of every token."""
        if memory := self._library.llama_get_memory(self._handle):
            self._library.llama_memory_clear(memory, True)
        for place, token in enumerate(tokens):
            self._batch.token[place] = token
        self._batch.n_tokens = len(tokens)
        if code := self._library.llama_decode(self._handle, self._batch):
            raise ModelError(f"llama.cpp could not judge a text of {len(tokens)} tokens (code {code}).", "")
        numbers = self._library.llama_get_embeddings(self._handle)
        if not numbers:
            raise ModelError(f"llama.cpp gave nothing for a text of {len(tokens)} tokens.", "")
        return ctypes.string_at(numbers, 4 * self._width * len(tokens))
