"""The child that embeds texts with a GGUF model, window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from index.errors import ModelError
from ingest.models.gguf_header import POOLING
from ingest.models.llamacpp.pooled import PooledModel
from ingest.models.windows import WORD_START, split_windows
from ingest.worker import Handler, Message, Payload


def serve() -> Handler:
    """The handler of ingest.worker for `open`, `embed`, `read` and `pieces` requests."""
    models: list[_Embedding] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Embedding(request)]
            yield models[0].description(), []
        elif request["do"] == "embed":
            models[0].pooled.use_threads(request["threads"])
            windows = [models[0].windows(request["prefix"], blob.decode()) for blob in blobs]
            vectors: list[bytes] = []
            for vector in models[0].embed([window for text in windows for window in text]):
                if cancelled():
                    return
                vectors.append(vector)
            yield {"tokens": [[len(window) for window in text] for text in windows]}, [b"".join(vectors)]
        elif request["do"] == "read":
            models[0].pooled.use_threads(request["threads"])
            windows = [models[0].windows(request["prefix"], blob.decode()) for blob in blobs]
            states: list[bytes] = []
            for rows in models[0].read([window for text in windows for window in text]):
                if cancelled():
                    return
                states.append(rows)
            yield {"pieces": [[models[0].pieces(window) for window in text] for text in windows]}, [b"".join(states)]
        else:
            yield models[0].count_pieces(blobs[0].decode()), []

    return handle


class _Embedding:
    def __init__(self, request: Payload) -> None:
        self.pooled = PooledModel(request["path"], limit=request["limit"], pooling=request["pooling"])
        self._model = self.pooled.model
        if self.pooled.pooling not in (1, 2, 3):  # mean, cls, last
            raise ModelError(
                f"{request['path']} is not an embedding model: it gives no vector for a whole text.",
                "Name an embedding model.",
            )
        self._dimension = self._model.library.llama_model_n_embd_out(self._model.handle)

    def description(self) -> dict[str, Any]:
        return {
            "dimension": self._dimension,
            "pooling": POOLING[self.pooled.pooling],
            "gpu": self._model.on_gpu,
            "tokens": True,
        }

    def windows(self, prefix: str, text: str) -> list[list[int]]:
        """The token ids of `prefix` + `text`, or of equal parts of a text over the limit, each with the prefix."""
        whole = self._model.tokens(prefix + text, special=True)
        if len(whole) <= self.pooled.limit:
            return [whole]
        head = self.pooled.head + (self._model.tokens(prefix, special=False) if prefix else [])
        body = self._model.tokens(text, special=False)
        return split_windows(head, body, self.pooled.tail, self.pooled.limit)

    def embed(self, windows: list[list[int]]) -> Iterator[bytes]:
        """The pooled vector of each window: 32-bit floats, not yet of unit length."""
        return self.pooled.read(windows, self._dimension)

    def read(self, windows: list[list[int]]) -> Iterator[bytes]:
        """The vector of every token of the windows, before pooling."""
        return self.pooled.read_each(windows, self._dimension)

    def pieces(self, tokens: list[int]) -> list[str]:
        """What each token stands for; "" for those the model puts around a text."""
        return [self._model.piece(token).decode("utf-8", "replace") for token in tokens]

    def count_pieces(self, text: str) -> dict[str, int]:
        """How many tokens `text` has, how many of them are unknown, and how many are a single character."""
        unknown = single = 0
        tokens = self._model.tokens(text, special=False)
        for token in tokens:
            attributes = self._model.library.llama_vocab_get_attr(self._model.vocabulary, token)
            if attributes & 1:  # LLAMA_TOKEN_ATTR_UNKNOWN
                unknown += 1
            elif len(self._model.piece(token).decode("utf-8", "replace").strip(" " + WORD_START)) <= 1:
                single += 1
        return {"tokens": len(tokens), "unknown": unknown, "single": single}
