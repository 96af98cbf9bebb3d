"""The child that runs an instruct model with mlx-lm: the prompt in steps, then the likeliest allowed token.

mlx-lm (https://github.com/ml-explore/mlx-lm) has the architectures; its own generation is not used, because it reads
chat templates with transformers' rights and knows neither our constraints nor a prompt's kept begin.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from index.errors import DamagedError, RagError, UsageError
from ingest.models.hub_folder import HubFolder, open_folder
from ingest.worker import Handler, Message, Payload
from rag.decoding.choose import decode
from rag.decoding.template import Piece, render_prompt
from rag.decoding.vocabulary import Vocabulary

CONTEXT = 4096  # tokens, as with llama.cpp: our prompts are a few hundred
STEP = 64  # tokens of the prompt between two looks at whether it was cancelled


def serve() -> Handler:
    """The handler of ingest.worker for `open`, `count` and `generate` requests."""
    models: list[_Instruct] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Instruct(open_folder(request["path"]))]
            yield {"context": models[0].context_tokens}, []
        elif request["do"] == "count":
            yield {"tokens": len(models[0].vocabulary.tokens(blobs[0].decode(), markup=False))}, []
        else:
            yield from models[0].generate(request, cancelled)

    return handle


class _Instruct:
    def __init__(self, folder: HubFolder) -> None:
        self.vocabulary = Vocabulary(folder)
        self._model = _load_model(folder)
        self._caches = importlib.import_module("mlx_lm.models.cache")
        self.context_tokens = min(CONTEXT, _context(folder))
        self._cache = self._caches.make_prompt_cache(self._model)
        self._kept: list[int] = []  # the prefix that stands in the cache
        self._read = 0  # tokens that the cache holds
        self._last: Any = None  # the logits after the last token read
        self._cancelled: Callable[[], bool] = lambda: False
        render_prompt(self.vocabulary.template, [{"role": "user", "content": ""}])  # compiled before it is needed

    def generate(self, request: Payload, cancelled: Callable[[], bool]) -> Iterator[Message]:
        start = time.perf_counter()
        self._cancelled = cancelled
        prefix, rest = self._tokenise(request["messages"])
        if len(prefix) + len(rest) + request["max_tokens"] > self.context_tokens:
            raise UsageError(
                f"The question and its sources are {len(prefix) + len(rest)} tokens, too many for this model"
                f" ({self.context_tokens} with the answer).",
                "Lower prompt_tokens, or use a model with a longer context.",
            )
        origin = self._restore(prefix)
        done = {"prompt_tokens": len(rest) + (len(prefix) if origin == "evaluated" else 0), "prefix": origin}
        kept, self._kept = self._kept, []  # until it is known that the cache holds what was counted
        finish, count, first = "cancelled", 0, 0.0
        if origin != "cancelled" and self.evaluate(rest):
            for step in decode(self, request, cancelled):
                count, finish, text = step
                first = first or time.perf_counter() - start
                if text:
                    yield {"text": text}, []
        self._kept = kept
        seconds = time.perf_counter() - start
        yield {"run": {**done, "finish": finish, "tokens": count, "first_token": first, "seconds": seconds}}, []

    def logits(self) -> Any:
        return self._last

    def ends(self, token: int) -> bool:
        return token in self.vocabulary.ends

    def piece(self, token: int) -> bytes:
        return self.vocabulary.piece(token)

    def evaluate(self, tokens: list[int]) -> bool:
        """Read `tokens` in steps, the last alone, because only its logits are wanted; False when cancelled."""
        import mlx.core as mx
        import numpy as np

        edges = [*range(0, len(tokens) - 1, STEP), len(tokens) - 1, len(tokens)]
        for start, end in pairwise(edges):
            if self._cancelled():
                return False
            if end > start:
                logits = self._model(mx.array([tokens[start:end]]), cache=self._cache)
                self._read += end - start
                if end < len(tokens):
                    mx.eval([layer.state for layer in self._cache])
                else:
                    self._last = np.array(logits[0, -1].astype(mx.float32))
        return True

    def _restore(self, prefix: list[int]) -> str:
        """Put the prefix into the cache: what stands there is cut back to it, or it is evaluated. Returns which."""
        beyond = self._read - len(prefix)
        if prefix and prefix == self._kept and self._caches.trim_prompt_cache(self._cache, beyond) == beyond:
            self._read = len(prefix)
            return "memory"
        self._cache = self._caches.make_prompt_cache(self._model)
        self._kept, self._read = [], 0
        if not prefix:
            return "evaluated"
        if not self.evaluate(prefix):
            return "cancelled"
        self._kept = prefix
        return "evaluated"

    def _tokenise(self, messages: Sequence[dict[str, str]]) -> tuple[list[int], list[int]]:
        vocabulary = self.vocabulary
        prefix, rest = render_prompt(vocabulary.template, messages, begin=vocabulary.begin, end=vocabulary.end)
        head = self._tokens(prefix)
        if head[: len(vocabulary.head)] != vocabulary.head:
            head = [*vocabulary.head, *head]
        return head, self._tokens(rest)

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [token for piece in pieces for token in self.vocabulary.tokens(piece.text, markup=piece.markup)]


def _load_model(folder: HubFolder) -> Any:
    """Raises DamagedError with what mlx-lm says; a model that brings its own program is refused unread."""
    assert folder.weights
    if "model_file" in folder.config:
        raise DamagedError(
            f"{folder.path} wants to run a program of its own, which is never done.", "Name another model."
        )
    try:
        model, _ = importlib.import_module("mlx_lm.utils").load_model(folder.path)
    except RagError:
        raise
    except Exception as error:  # mlx-lm raises whatever its models raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise DamagedError(f"mlx-lm cannot load {folder.path}: {reason}.", "Fetch the model again.") from error
    return model


def _context(folder: HubFolder) -> int:
    config = folder.config.get("text_config") or folder.config
    found = config.get("max_position_embeddings")
    return found if isinstance(found, int) and found > 0 else CONTEXT
