"""An instruct model in mlx-lm, inside its child process: the prompt in steps, and its begin kept in memory.

mlx-lm (https://github.com/ml-explore/mlx-lm) has the architectures; its own generation is not used, because it reads
chat templates with transformers' rights and knows neither our constraints nor a prompt's kept begin.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from index.errors import ModelError, RagError
from ingest.models.hub_folder import HubFolder, open_folder
from ingest.worker import Handler
from rag.decoding.instruct_child import CONTEXT, serve_instruct
from rag.decoding.parts import Part, Reading, count_shared, part_prompt
from rag.decoding.template import EMPTY, Piece, render_prompt
from rag.decoding.vocabulary import Vocabulary

STEP = 64  # tokens of the prompt between two looks at whether it was cancelled


def serve() -> Handler:
    """The handler of ingest.worker for this runtime."""
    return serve_instruct(lambda request: _Instruct(open_folder(request["path"])))


class _Instruct:
    def __init__(self, folder: HubFolder) -> None:
        self.vocabulary = Vocabulary(folder)
        self._model = _load_model(folder)
        self._caches = importlib.import_module("mlx_lm.models.cache")
        self.context_tokens = min(CONTEXT, _context(folder))
        self._cache = self._caches.make_prompt_cache(self._model)
        self._parts: list[Part] = []  # of the prompt that stands in the cache
        self._read = 0  # tokens that the cache holds
        self._last: Any = None  # the logits after the last token read
        self._behind_prompt: Any = None  # those behind the prompt
        self._cancelled: Callable[[], bool] = lambda: False
        self.tokenise(EMPTY)  # the template is compiled before it is needed

    def count_tokens(self, text: str) -> int:
        return len(self.vocabulary.tokens(text, markup=False))

    def read_prompt(self, parts: list[Part], cancelled: Callable[[], bool]) -> Reading | None:
        self._cancelled = cancelled
        same = count_shared(self._parts, parts)
        if not same or not self._cut_back(parts[:same]):
            same = 0
            self._cache, self._read = self._caches.make_prompt_cache(self._model), 0
        self._parts = parts[:same]
        for part in parts[same:]:
            if not self.evaluate(part):
                return None
            self._parts = parts[: len(self._parts) + 1]
            self._behind_prompt = self._last
        self._last = self._behind_prompt
        return Reading("memory" if same else "evaluated", sum(map(len, parts[same:])))

    def end_run(self) -> None:
        self._cancelled = lambda: False

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

        parts, self._parts = self._parts, []  # until it is known that the cache holds what was counted
        edges = [*range(0, len(tokens) - 1, STEP), len(tokens) - 1, len(tokens)]
        for start, end in pairwise(edges):
            if self._cancelled():
                self._parts = parts
                return False
            if end > start:
                logits = self._model(mx.array([tokens[start:end]]), cache=self._cache)
                self._read += end - start
                if end < len(tokens):
                    mx.eval([layer.state for layer in self._cache])
                else:
                    self._last = np.array(logits[0, -1].astype(mx.float32))
        self._parts = parts
        return True

    def _cut_back(self, parts: list[Part]) -> bool:
        """Leave only these parts in the cache; False where the model cannot."""
        length = sum(map(len, parts))
        beyond = self._read - length
        self._read = length
        return bool(self._caches.trim_prompt_cache(self._cache, beyond) == beyond)

    def tokenise(self, messages: Sequence[dict[str, str]]) -> list[Part]:
        vocabulary = self.vocabulary
        prefix, rest = render_prompt(vocabulary.template, messages, begin=vocabulary.begin, end=vocabulary.end)
        head = self._tokens(prefix)
        if head[: len(vocabulary.head)] != vocabulary.head:
            head = [*vocabulary.head, *head]
        return part_prompt(head, self._tokens(rest[:1]), self._tokens(rest[1:]), vocabulary.piece)

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [token for piece in pieces for token in self.vocabulary.tokens(piece.text, markup=piece.markup)]


def _load_model(folder: HubFolder) -> Any:
    """Raises ModelError with what mlx-lm says; a model that brings its own program is refused unread."""
    folder.find_weights()
    if "model_file" in folder.config:
        raise ModelError(
            f"{folder.path} wants to run a program of its own, which is never done.", "Name another model."
        )
    try:
        model, _ = importlib.import_module("mlx_lm.utils").load_model(folder.path)
    except RagError:
        raise
    except Exception as error:  # mlx-lm raises whatever its models raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelError(f"mlx-lm cannot load {folder.path}: {reason}.", "Fetch the model again.") from error
    return model


def _context(folder: HubFolder) -> int:
    config = folder.config.get("text_config") or folder.config
    found = config.get("max_position_embeddings")
    return found if isinstance(found, int) and found > 0 else CONTEXT
