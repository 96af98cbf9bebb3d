"""The child that embeds texts with a GGUF model: one text (or window of it) at a time through one small context.

One by one, because llama.cpp runs attention over everything in a batch: 90 texts packed into one batch were 12 times
slower than one after the other. A context as large as the model's limit, so that no text is cut.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from index.errors import DamagedError
from ingest.gguf_header import POOLING
from ingest.llamacpp.library import Model
from ingest.windows import split_windows
from ingest.worker import Handler, Message, Payload

WORD_START = "\u2581"  # how the vocabularies of WordPiece and SentencePiece mark the begin of a word


def serve() -> Handler:
    """The handler of ingest.worker for `open`, `embed` and `pieces` requests."""
    models: list[_Embedding] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Embedding(request)]
            yield models[0].description(), []
        elif request["do"] == "embed":
            models[0].use_threads(request["threads"])
            counts: list[list[int]] = []
            vectors: list[bytes] = []
            for blob in blobs:
                if cancelled():
                    return
                windows = models[0].windows(request["prefix"], blob.decode())
                counts.append([len(window) for window in windows])
                vectors.extend(models[0].embed(window) for window in windows)
            yield {"tokens": counts}, [b"".join(vectors)]
        else:
            yield models[0].count_pieces(blobs[0].decode()), []

    return handle


class _Embedding:
    def __init__(self, request: Payload) -> None:
        self._model = Model(request["path"])
        self._library = library = self._model.library
        handle = self._model.handle
        self._limit = min(request["limit"] or 1 << 30, library.llama_model_n_ctx_train(handle))
        # n_ubatch below the length of a text would abort the process, n_batch would cut the text.
        self._context = self._model.context(
            n_ctx=self._limit,
            n_batch=self._limit,
            n_ubatch=self._limit,
            embeddings=True,
            **({} if request["pooling"] is None else {"pooling_type": request["pooling"]}),
        )
        if library.llama_pooling_type(self._context) not in (1, 2, 3):  # mean, cls, last
            raise DamagedError(
                f"{request['path']} is not an embedding model: it gives no vector for a whole text.",
                "Name an embedding model, or the model's pooling in the catalogue.",
            )
        self._dimension = library.llama_model_n_embd_out(handle)
        self._memory = library.llama_get_memory(self._context)  # None in encoders, which keep nothing between texts
        self._batch = library.llama_batch_init(self._limit, 0, 1)
        for position in range(self._limit):
            self._batch.pos[position] = position
            self._batch.n_seq_id[position] = 1
            self._batch.seq_id[position][0] = 0
            self._batch.logits[position] = 1
        self._head, self._tail = self._ends()

    def description(self) -> dict[str, Any]:
        return {
            "dimension": self._dimension,
            "limit": self._limit,
            "pooling": POOLING[self._library.llama_pooling_type(self._context)],
            "gpu": self._model.on_gpu,
        }

    def use_threads(self, count: int) -> None:
        self._library.llama_set_n_threads(self._context, count, count)

    def windows(self, prefix: str, text: str) -> list[list[int]]:
        """The token ids of `prefix` + `text`, or of equal parts of a text over the limit, each with the prefix."""
        whole = self._model.tokens(prefix + text, special=True)
        if len(whole) <= self._limit:
            return [whole]
        head = self._head + (self._model.tokens(prefix, special=False) if prefix else [])
        body = self._model.tokens(text, special=False)
        return split_windows(head, body, self._tail, self._limit)

    def embed(self, tokens: list[int]) -> bytes:
        """The pooled vector of one window: 32-bit floats, not yet of unit length."""
        if not tokens:
            return bytes(4 * self._dimension)
        if self._memory:
            self._library.llama_memory_clear(self._memory, True)
        ctypes.memmove(self._batch.token, (self._library.llama_token * len(tokens))(*tokens), 4 * len(tokens))
        self._batch.n_tokens = len(tokens)
        code = self._library.llama_decode(self._context, self._batch)
        vector = None if code else self._library.llama_get_embeddings_seq(self._context, 0)
        if not vector:
            raise DamagedError(f"llama.cpp could not embed a text of {len(tokens)} tokens (code {code}).", "")
        return ctypes.string_at(vector, 4 * self._dimension)

    def count_pieces(self, text: str) -> dict[str, int]:
        """How many tokens `text` has, how many of them are unknown, and how many are a single character."""
        unknown = single = 0
        tokens = self._model.tokens(text, special=False)
        for token in tokens:
            attributes = self._library.llama_vocab_get_attr(self._model.vocabulary, token)
            if attributes & 1:  # LLAMA_TOKEN_ATTR_UNKNOWN
                unknown += 1
            elif len(self._model.piece(token).decode("utf-8", "replace").strip(" " + WORD_START)) <= 1:
                single += 1
        return {"tokens": len(tokens), "unknown": unknown, "single": single}

    def _ends(self) -> tuple[list[int], list[int]]:
        """The tokens the model puts before and after every text."""
        bare = self._model.tokens("a", special=False)
        full = self._model.tokens("a", special=True)
        for start in range(len(full) - len(bare) + 1):
            if full[start : start + len(bare)] == bare:
                return full[:start], full[start + len(bare) :]
        return [], []
