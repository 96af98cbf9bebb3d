"""The child that scores passages for a question with a GGUF reranker: a classifier over both, read together.

The pair stands as its models were trained on it: BERT's ``[CLS] question [SEP] passage [SEP]``, XLM-RoBERTa's
``<s> question </s></s> passage </s>``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from index.errors import ModelError
from ingest.models.llamacpp.pooled import PooledModel
from ingest.models.windows import split_windows
from ingest.worker import Handler, Message, Payload

RANK = 4  # LLAMA_POOLING_TYPE_RANK


def serve() -> Handler:
    """The handler of ingest.worker for `open` and `score` requests."""
    models: list[_Reranking] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Reranking(request)]
            yield {}, []
            return
        models[0].pooled.use_threads(request["threads"])
        question, *passages = (blob.decode() for blob in blobs)
        scores = []
        for passage in passages:
            if cancelled():
                return
            scores.append(models[0].score(question, passage))
        yield {"scores": scores}, []

    return handle


class _Reranking:
    def __init__(self, request: Payload) -> None:
        self.pooled = PooledModel(request["path"], limit=0, pooling=RANK)
        self._model = self.pooled.model
        self._seam = self.pooled.tail * request["seams"]
        if self._model.library.llama_model_n_cls_out(self._model.handle) != 1:
            raise ModelError(f"{request['path']} does not give one score.", "Name a reranking model.")

    def score(self, question: str, passage: str) -> float:
        """The classifier's number, higher is better: of a long passage, that of its best window."""
        asked = self._model.tokens(question, special=False)[: self.pooled.limit // 2]  # a question is never that long
        head = [*self.pooled.head, *asked, *self._seam]
        windows = split_windows(head, self._model.tokens(passage, special=False), self.pooled.tail, self.pooled.limit)
        return float(max(struct.unpack("<f", number)[0] for number in self.pooled.read(windows, 1)))
