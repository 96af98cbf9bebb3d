"""The child that embeds texts with a model of sentence-transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from index.errors import ModelError
from ingest.models.embedding_child import serve_embedding
from ingest.models.torch.library import count_positions, load_model
from ingest.models.windows import find_ends
from ingest.worker import Handler, Payload


def serve() -> Handler:
    """The handler of ingest.worker for this runtime."""
    return serve_embedding(_Embedding)


class _Embedding:
    def __init__(self, request: Payload) -> None:
        self._model = load_model("SentenceTransformer", request["path"])
        self._model.eval()
        self._tokenizer = self._model.tokenizer
        if self._tokenizer is None:
            raise ModelError(f"{request['path']} does not read text.", "Name an embedding model for text.")
        self.pooling: str = request["pooling"]
        positions = count_positions(self._model[0].auto_model.config)
        self.limit = min(filter(None, (request["limit"], self._model.max_seq_length, positions)))
        self.head, self.tail = find_ends(self.tokens("a"), list(self._tokenizer("a")["input_ids"]))
        self.dimension = int(self.embed([self.head + self.tail]).shape[1])

    def use_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def embed(self, windows: Sequence[list[int]]) -> Any:
        import torch

        features = self._tokenizer.pad({"input_ids": windows}, return_tensors="pt")
        if "token_type_ids" in self._tokenizer.model_input_names:
            features["token_type_ids"] = torch.zeros_like(features["input_ids"])
        with torch.inference_mode():
            placed = {name: tensor.to(self._model.device) for name, tensor in features.items()}
            return self._model(placed)["sentence_embedding"].float().cpu().numpy()

    def count_pieces(self, text: str) -> dict[str, int]:
        tokens = self.tokens(text)
        known = [token for token in tokens if token != self._tokenizer.unk_token_id]
        pieces = [self._tokenizer.decode([token]).strip().removeprefix("##") for token in known]
        single = sum(len(piece) <= 1 for piece in pieces)
        return {"tokens": len(tokens), "unknown": len(tokens) - len(known), "single": single}
