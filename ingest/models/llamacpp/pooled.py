"""A GGUF model that makes one vector, or one score, of a whole text.

Short texts go together, a long one alone: the matrices of a small model are read best with about a hundred tokens,
while attention runs over everything in a batch, so that many texts packed into one are slower than one after the
other. A context as large as the model's limit, so that no text is cut.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from index.errors import ModelError
from ingest.models.llamacpp.library import Model
from ingest.models.windows import find_ends

TOGETHER = 128  # tokens of texts that are read at once, and at most as many texts as there are sequences
SEQUENCES = 16
NO_POOLING = 0  # LLAMA_POOLING_TYPE_NONE


class PooledModel:
    """`limit` bounds the tokens of a text (0: what the model was trained for); `pooling` is llama.cpp's number of a way
    of pooling, None as the file says. `head` and `tail` are the tokens the model puts around every text."""

    def __init__(self, path: str, *, limit: int, pooling: int | None) -> None:
        self.model = Model(path)
        self._library = library = self.model.library
        self.limit = min(limit or 1 << 30, library.llama_model_n_ctx_train(self.model.handle))
        # A batch that is no multiple of the sequences aborts the process where vectors are pooled.
        self._room = room = -(-max(self.limit, TOGETHER) // SEQUENCES) * SEQUENCES
        self._context = self._open(**({} if pooling is None else {"pooling_type": pooling}))
        self._bare: Any = None  # a further context over the same weights, once one that does not pool is asked for
        self.pooling = int(library.llama_pooling_type(self._context))
        self._batch = library.llama_batch_init(room, 0, 1)
        for place in range(room):
            self._batch.n_seq_id[place] = 1
            self._batch.logits[place] = 1
        self.head, self.tail = find_ends(self.model.tokens("a", special=False), self.model.tokens("a", special=True))

    def use_threads(self, count: int) -> None:
        for context in filter(None, (self._context, self._bare)):
            self._library.llama_set_n_threads(context, count, count)

    def read(self, texts: Sequence[list[int]], size: int) -> Iterator[bytes]:
        """Yield the `size` numbers that the model makes of each text's tokens, 32-bit floats; zeros for no tokens."""
        for pack in _pack_short(texts):
            full = [text for text in pack if text]
            if full:
                self._decode(self._context, full)
            sequence = 0
            for text in pack:
                if not text:
                    yield bytes(4 * size)
                    continue
                numbers = self._library.llama_get_embeddings_seq(self._context, sequence)
                if not numbers:
                    raise ModelError(f"llama.cpp gave nothing for a text of {len(text)} tokens.", "")
                yield ctypes.string_at(numbers, 4 * size)
                sequence += 1

    def read_each(self, texts: Sequence[list[int]], size: int) -> Iterator[bytes]:
        """Yield, for some texts at a time, the `size` numbers of every token before they are pooled, in order."""
        if self._bare is None:
            self._bare = self._open(pooling_type=NO_POOLING)
            count = self._library.llama_n_threads(self._context)
            self._library.llama_set_n_threads(self._bare, count, count)
        for pack in _pack_short([text for text in texts if text]):
            self._decode(self._bare, pack)
            tokens = sum(map(len, pack))
            numbers = self._library.llama_get_embeddings(self._bare)
            if not numbers:
                raise ModelError(f"llama.cpp gave nothing for a text of {tokens} tokens.", "")
            yield ctypes.string_at(numbers, 4 * size * tokens)

    def _open(self, **pooling: Any) -> Any:
        # n_ubatch below the length of a text would abort the process, n_batch would cut the text.
        return self.model.context(
            n_ctx=self._room,
            n_batch=self._room,
            n_ubatch=self._room,
            n_seq_max=SEQUENCES,
            kv_unified=True,  # else every sequence would have its own part of the context
            embeddings=True,
            **pooling,
        )

    def _decode(self, context: Any, texts: Sequence[list[int]]) -> None:
        if memory := self._library.llama_get_memory(context):  # None in encoders, which keep nothing between texts
            self._library.llama_memory_clear(memory, True)
        place = 0
        for sequence, tokens in enumerate(texts):
            for position, token in enumerate(tokens):
                self._batch.token[place] = token
                self._batch.pos[place] = position
                self._batch.seq_id[place][0] = sequence
                place += 1
        self._batch.n_tokens = place
        if code := self._library.llama_decode(context, self._batch):
            raise ModelError(f"llama.cpp could not read a text of {place} tokens (code {code}).", "")


def _pack_short(texts: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """The texts in order, those together that are read at once."""
    pack: list[list[int]] = []
    tokens = 0
    for text in texts:
        if pack and (tokens + len(text) > TOGETHER or len(pack) == SEQUENCES):
            yield pack
            pack, tokens = [], 0
        pack.append(text)
        tokens += len(text)
    if pack:
        yield pack
