"""The child that embeds texts with MLX, in batches of windows of about the same length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.models.mlx.model_file import load
from ingest.models.windows import batch_windows, split_windows
from ingest.worker import Handler, Message, Payload

BATCH = 16  # windows at once: enough to fill a graphics processor with models of this size


def serve() -> Handler:
    """The handler of ingest.worker for `open`, `embed` and `pieces` requests."""
    models: list[_Embedding] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Embedding(request)]
            yield models[0].description(), []
        elif request["do"] == "embed":
            windows = [models[0].windows(request["prefix"], blob.decode()) for blob in blobs]
            data = models[0].embed([window for text in windows for window in text], cancelled)
            yield {"tokens": [[len(window) for window in text] for text in windows]}, [data]
        else:
            yield models[0].count_pieces(blobs[0].decode()), []

    return handle


class _Embedding:
    def __init__(self, request: Payload) -> None:
        self._loaded = load(Path(request["path"]))
        self._limit = min(request["limit"] or self._loaded.limit, self._loaded.limit)

    def description(self) -> dict[str, Any]:
        return {"dimension": self._loaded.dimension, "limit": self._limit, "pooling": self._loaded.pooling}

    def windows(self, prefix: str, text: str) -> list[list[int]]:
        """The token ids of `prefix` + `text`, or of equal parts of a text over the limit, each with the prefix."""
        head, tail = self._loaded.head, self._loaded.tail
        whole = head + self._tokens(prefix + text) + tail
        if len(whole) <= self._limit:
            return [whole]
        return split_windows(head + self._tokens(prefix), self._tokens(text), tail, self._limit)

    def embed(self, windows: Sequence[list[int]], cancelled: Callable[[], bool]) -> bytes:
        """The vectors of `windows` in their order, 32-bit floats."""
        import numpy as np

        rows = np.zeros((len(windows), self._loaded.dimension), np.float32)
        for places in batch_windows(windows, BATCH):
            if cancelled():
                break
            rows[places] = self._loaded.encoder.encode([windows[place] for place in places], self._loaded.pooling)
        return rows.tobytes()

    def count_pieces(self, text: str) -> dict[str, int]:
        """How many tokens `text` has, how many of them are unknown, and how many are a single character."""
        pieces = self._loaded.tokenizer.encode(text, add_special_tokens=False).tokens
        known = [piece for piece in pieces if piece != "[UNK]"]
        single = sum(len(piece.removeprefix("##")) <= 1 for piece in known)
        return {"tokens": len(pieces), "unknown": len(pieces) - len(known), "single": single}

    def _tokens(self, text: str) -> list[int]:
        return list(self._loaded.tokenizer.encode(text, add_special_tokens=False).ids)
