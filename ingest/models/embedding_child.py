"""The child's side of an embedder: texts come in, and the vectors of their windows go out, whatever library reads them.

The other side is `ingest.models.child_embedder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from ingest.models.windows import batch_windows, split_windows
from ingest.worker import Handler, Message, Payload

# Windows a batch: enough to fill a graphics processor with models of this size; more gains nothing on a processor, and
# padding to the longest of them costs time.
BATCH = 16


class EmbeddingModel(Protocol):
    """A loaded model. `head` and `tail` are the token ids around every text, `limit` the most tokens of a window."""

    head: list[int]
    tail: list[int]
    limit: int
    dimension: int
    pooling: str

    def use_threads(self, count: int) -> None: ...

    def tokens(self, text: str) -> list[int]:
        """Token ids without head and tail."""

    def embed(self, windows: Sequence[list[int]]) -> Any:
        """The vectors of one batch of windows, (n, dimension), not yet of unit length."""

    def count_pieces(self, text: str) -> dict[str, int]:
        """How many `tokens` the text has, how many are `unknown`, and how many are a `single` character."""


def serve_embedding(open_model: Callable[[Payload], EmbeddingModel]) -> Handler:
    """The handler of ingest.worker for `open`, `embed` and `pieces` requests."""
    models: list[EmbeddingModel] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [model := open_model(request)]
            yield {"dimension": model.dimension, "pooling": model.pooling}, []
        elif request["do"] == "embed":
            models[0].use_threads(request["threads"])
            texts = [_cut(models[0], request["prefix"], blob.decode()) for blob in blobs]
            vectors = _embed(models[0], [window for text in texts for window in text], cancelled)
            if vectors is not None:
                yield {"tokens": [[len(window) for window in text] for text in texts]}, [vectors]
        else:
            yield models[0].count_pieces(blobs[0].decode()), []

    return handle


def _cut(model: EmbeddingModel, prefix: str, text: str) -> list[list[int]]:
    """The token ids of `prefix` + `text`, or of equal parts of a text over the limit, each with the prefix."""
    whole = [*model.head, *model.tokens(prefix + text), *model.tail]
    if len(whole) <= model.limit:
        return [whole]
    return split_windows([*model.head, *model.tokens(prefix)], model.tokens(text), model.tail, model.limit)


def _embed(model: EmbeddingModel, windows: Sequence[list[int]], cancelled: Callable[[], bool]) -> bytes | None:
    """The vectors of `windows` in their order, 32-bit floats; None when that was cancelled."""
    import numpy as np

    rows = np.zeros((len(windows), model.dimension), np.float32)
    for places in batch_windows(windows, BATCH):
        if cancelled():
            return None
        rows[places] = model.embed([windows[place] for place in places])
    return rows.tobytes()
