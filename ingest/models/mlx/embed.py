"""The child that embeds texts with MLX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest.models.embedding_child import serve_embedding
from ingest.models.mlx.model_file import load
from ingest.worker import Handler, Payload


def serve() -> Handler:
    """The handler of ingest.worker for this runtime."""
    return serve_embedding(_Embedding)


class _Embedding:
    def __init__(self, request: Payload) -> None:
        loaded = load(Path(request["path"]))
        self.head, self.tail = loaded.head, loaded.tail
        self.limit = min(request["limit"] or loaded.limit, loaded.limit)
        self.dimension = loaded.dimension
        self.pooling = loaded.pooling
        self._encoder = loaded.encoder
        self._tokenizer = loaded.tokenizer

    def use_threads(self, count: int) -> None:
        pass  # MLX has no such setting

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def embed(self, windows: Sequence[list[int]]) -> Any:
        return self._encoder.encode(windows, self.pooling)

    def count_pieces(self, text: str) -> dict[str, int]:
        pieces = self._tokenizer.encode(text, add_special_tokens=False).tokens
        known = [piece for piece in pieces if piece != "[UNK]"]
        single = sum(len(piece.removeprefix("##")) <= 1 for piece in known)
        return {"tokens": len(pieces), "unknown": len(pieces) - len(known), "single": single}
