"""The child that embeds texts with a model of sentence-transformers, in batches of windows of about the same length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from index.errors import DamagedError
from ingest.models.torch.library import load_model
from ingest.models.windows import batch_windows, split_windows
from ingest.worker import Handler, Message, Payload

# Windows a batch: more gains nothing on a processor, and padding to the longest of them costs time.
BATCH = 16


def serve() -> Handler:
    """The handler of ingest.worker for `open`, `embed` and `pieces` requests."""
    models: list[_Embedding] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Embedding(request)]
            yield models[0].description(), []
        elif request["do"] == "embed":
            windows = [models[0].windows(request["prefix"], blob.decode()) for blob in blobs]
            data = models[0].embed([window for text in windows for window in text], request["threads"], cancelled)
            yield {"tokens": [[len(window) for window in text] for text in windows]}, [data]
        else:
            yield models[0].count_pieces(blobs[0].decode()), []

    return handle


class _Embedding:
    def __init__(self, request: Payload) -> None:
        self._model = load_model("SentenceTransformer", request["path"])
        self._model.eval()
        self._tokenizer = self._model.tokenizer
        if self._tokenizer is None:
            raise DamagedError(f"{request['path']} does not read text.", "Name an embedding model for text.")
        self._pooling: str = request["pooling"]
        self._limit = min(filter(None, (request["limit"], self._model.max_seq_length, self._position_limit())))
        self._head, self._tail = self._ends()
        self._dimension = int(self._forward([self._head + self._tail]).shape[1])

    def description(self) -> dict[str, Any]:
        return {"dimension": self._dimension, "limit": self._limit, "pooling": self._pooling}

    def windows(self, prefix: str, text: str) -> list[list[int]]:
        """The token ids of `prefix` + `text`, or of equal parts of a text over the limit, each with the prefix."""
        whole = self._head + self._tokens(prefix + text) + self._tail
        if len(whole) <= self._limit:
            return [whole]
        return split_windows(self._head + self._tokens(prefix), self._tokens(text), self._tail, self._limit)

    def embed(self, windows: Sequence[list[int]], threads: int, cancelled: Callable[[], bool]) -> bytes:
        """The vectors of `windows` in their order, 32-bit floats."""
        import numpy as np
        import torch

        torch.set_num_threads(threads)
        rows = np.zeros((len(windows), self._dimension), np.float32)
        for places in batch_windows(windows, BATCH):
            if cancelled():
                break
            rows[places] = self._forward([windows[place] for place in places])
        return rows.tobytes()

    def count_pieces(self, text: str) -> dict[str, int]:
        """How many tokens `text` has, how many of them are unknown, and how many are a single character."""
        tokens = self._tokens(text)
        known = [token for token in tokens if token != self._tokenizer.unk_token_id]
        pieces = [self._tokenizer.decode([token]).strip().removeprefix("##") for token in known]
        single = sum(len(piece) <= 1 for piece in pieces)
        return {"tokens": len(tokens), "unknown": len(tokens) - len(known), "single": single}

    def _forward(self, windows: list[list[int]]) -> Any:
        import torch

        features = self._tokenizer.pad({"input_ids": windows}, return_tensors="pt")
        if "token_type_ids" in self._tokenizer.model_input_names:
            features["token_type_ids"] = torch.zeros_like(features["input_ids"])
        with torch.inference_mode():
            placed = {name: tensor.to(self._model.device) for name, tensor in features.items()}
            return self._model(placed)["sentence_embedding"].float().cpu().numpy()

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _ends(self) -> tuple[list[int], list[int]]:
        """The tokens the model puts before and after every text."""
        bare, full = self._tokens("a"), list(self._tokenizer("a")["input_ids"])
        for start in range(len(full) - len(bare) + 1):
            if full[start : start + len(bare)] == bare:
                return full[:start], full[start + len(bare) :]
        return [], []

    def _position_limit(self) -> int:
        """Positions the model has; RoBERTa's begin after its padding's."""
        config = self._model[0].auto_model.config
        positions = getattr(config, "max_position_embeddings", 0)
        return positions - config.pad_token_id - 1 if "roberta" in config.model_type else positions
