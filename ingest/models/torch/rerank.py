"""The child that scores passages for a question with a cross-encoder of sentence-transformers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from index.errors import ModelError
from ingest.models.torch.library import count_positions, load_model
from ingest.worker import Handler, Message, Payload

BATCH = 16
SHORTEST = 16  # characters: a passage is not cut further, however long the question


def serve() -> Handler:
    """The handler of ingest.worker for `open` and `score` requests."""
    models: list[_Reranking] = []

    def handle(request: Payload, blobs: list[bytes], _: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Reranking(request["path"])]
            yield {}, []
        else:
            question, *passages = (blob.decode() for blob in blobs)
            yield {"scores": models[0].score(question, passages, request["threads"])}, []

    return handle


class _Reranking:
    def __init__(self, path: str) -> None:
        import torch

        self._model = load_model("CrossEncoder", path)
        self._raw = torch.nn.Identity()  # the number itself; a sigmoid would make all good passages equal
        if self._model.num_labels != 1:
            raise ModelError(f"{path} does not give one score.", "Name a reranking model.")
        positions = count_positions(self._model.config)
        self._limit = min(filter(None, (self._model.tokenizer.model_max_length, positions)))

    def score(self, question: str, passages: list[str], threads: int) -> list[float]:
        """The model's numbers, higher is better: of a long passage, that of its best window."""
        import torch

        torch.set_num_threads(threads)
        windows = [self._windows(question, passage) for passage in passages]
        pairs = [(question, window) for passage in windows for window in passage]
        numbers = iter(
            self._model.predict(
                pairs, batch_size=BATCH, show_progress_bar=False, activation_fn=self._raw, convert_to_numpy=True
            ).tolist()
        )
        return [max(next(numbers) for _ in passage) for passage in windows]

    def _windows(self, question: str, passage: str) -> list[str]:
        """The passage, or its halves, and theirs, until each fits with the question."""
        if len(self._model.tokenizer(question, passage)["input_ids"]) <= self._limit or len(passage) < 2 * SHORTEST:
            return [passage]
        middle = len(passage) // 2
        space = passage.rfind(" ", SHORTEST, middle) + 1
        cut = space or middle
        return [*self._windows(question, passage[:cut]), *self._windows(question, passage[cut:])]
