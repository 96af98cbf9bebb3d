"""A GGUF model that makes one vector, or one score, of a whole text.

One text at a time through one small context, because llama.cpp runs attention over everything in a batch: 90 texts
packed into one batch were 12 times slower than one after the other. A context as large as the model's limit, so that no
text is cut.
"""

from __future__ import annotations

import ctypes

from index.errors import DamagedError
from ingest.models.llamacpp.library import Model


class PooledModel:
    """`limit` bounds the tokens of a text (0: what the model was trained for); `pooling` is llama.cpp's number of a way
    of pooling, None as the file says. `head` and `tail` are the tokens the model puts around every text."""

    def __init__(self, path: str, *, limit: int, pooling: int | None) -> None:
        self.model = Model(path)
        self._library = library = self.model.library
        self.limit = min(limit or 1 << 30, library.llama_model_n_ctx_train(self.model.handle))
        # n_ubatch below the length of a text would abort the process, n_batch would cut the text.
        self._context = self.model.context(
            n_ctx=self.limit,
            n_batch=self.limit,
            n_ubatch=self.limit,
            embeddings=True,
            **({} if pooling is None else {"pooling_type": pooling}),
        )
        self.pooling = int(library.llama_pooling_type(self._context))
        self._memory = library.llama_get_memory(self._context)  # None in encoders, which keep nothing between texts
        self._batch = library.llama_batch_init(self.limit, 0, 1)
        for position in range(self.limit):
            self._batch.pos[position] = position
            self._batch.n_seq_id[position] = 1
            self._batch.seq_id[position][0] = 0
            self._batch.logits[position] = 1
        self.head, self.tail = self._ends()

    def use_threads(self, count: int) -> None:
        self._library.llama_set_n_threads(self._context, count, count)

    def read(self, tokens: list[int], size: int) -> bytes:
        """The `size` numbers that the model makes of `tokens`, 32-bit floats; zeros for no tokens."""
        if not tokens:
            return bytes(4 * size)
        if self._memory:
            self._library.llama_memory_clear(self._memory, True)
        ctypes.memmove(self._batch.token, (self._library.llama_token * len(tokens))(*tokens), 4 * len(tokens))
        self._batch.n_tokens = len(tokens)
        code = self._library.llama_decode(self._context, self._batch)
        numbers = None if code else self._library.llama_get_embeddings_seq(self._context, 0)
        if not numbers:
            raise DamagedError(f"llama.cpp could not read a text of {len(tokens)} tokens (code {code}).", "")
        return ctypes.string_at(numbers, 4 * size)

    def _ends(self) -> tuple[list[int], list[int]]:
        bare = self.model.tokens("a", special=False)
        full = self.model.tokens("a", special=True)
        for start in range(len(full) - len(bare) + 1):
            if full[start : start + len(bare)] == bare:
                return full[:start], full[start + len(bare) :]
        return [], []
