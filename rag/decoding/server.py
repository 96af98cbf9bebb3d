"""The child that runs an instruct model: prompt in two batches, then the likeliest allowed token until the end.

Prefix and rest are always evaluated apart, kept or not, because other batch borders change greedy answers.
"""

from __future__ import annotations

import ctypes
import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from index.errors import DamagedError, UsageError
from ingest.models.llamacpp.library import Model, read_version
from ingest.models.model_files import file_sha256, models_folder
from ingest.worker import Handler, Message, Payload
from rag.decoding.choose import decode
from rag.decoding.prefix import keep_prefix, load_prefix, prefix_key
from rag.decoding.template import Piece, render_prompt

CONTEXT = 4096  # tokens: our prompts are a few hundred; more costs memory (rag/catalogue/memory.py)
BATCH = 512
ABORTED = 2  # what llama_decode returns when the abort callback said so
# Above this size a single token takes long enough that Ctrl-C must not wait for it. Below it, asking 500 times a token
# would cost more than the wait.
LARGE = 1_000_000_000


def serve() -> Handler:
    """The handler of ingest.worker for `open`, `count` and `generate` requests."""
    models: list[_Instruct] = []

    def handle(request: Payload, blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        if request["do"] == "open":
            models[:] = [_Instruct(request)]
            yield {"context": models[0].context_tokens}, []
        elif request["do"] == "count":
            yield {"tokens": len(models[0].model.tokens(blobs[0].decode(), special=False))}, []
        else:
            yield from models[0].generate(request, cancelled)

    return handle


class _Instruct:
    def __init__(self, request: Payload) -> None:
        path = Path(request["path"])
        self.model = Model(request["path"])
        self._library = library = self.model.library
        self._template: str = request["template"]
        self._threads: tuple[int, int] = (request["threads"], request["prompt_threads"])
        self.context_tokens = min(CONTEXT, library.llama_model_n_ctx_train(self.model.handle))
        self._context = self.model.context(
            n_ctx=self.context_tokens,
            n_batch=min(BATCH, self.context_tokens),
            n_ubatch=min(BATCH, self.context_tokens),
            n_threads=self._threads[0],
            n_threads_batch=self._threads[1],
        )
        adapter = self._add_adapter(request["lora"])
        self._memory = library.llama_get_memory(self._context)
        self._size = library.llama_vocab_n_tokens(self.model.vocabulary)
        self._large = path.stat().st_size > LARGE
        self._identity = [file_sha256(path), adapter, read_version(), "flash auto", "KV f16", str(self.context_tokens)]
        # What the first answer needs is imported and compiled now, while the caller still searches.
        importlib.import_module("numpy")
        render_prompt(self._template, [{"role": "user", "content": ""}])
        self._kept: list[int] = []  # the prefix that stands in the context's memory
        self._kept_state = b""

    def generate(self, request: Payload, cancelled: Callable[[], bool]) -> Iterator[Message]:
        start = time.perf_counter()
        prefix, rest = self._tokenise(request["messages"])
        if len(prefix) + len(rest) + request["max_tokens"] > self.context_tokens:
            raise UsageError(
                f"The question and its sources are {len(prefix) + len(rest)} tokens, too many for this model"
                f" ({self.context_tokens} with the answer).",
                "Lower prompt_tokens, or use a model with a longer context.",
            )
        watch = self._library.ggml_abort_callback(lambda _: cancelled())
        self._library.llama_set_abort_callback(self._context, watch, None)
        origin, state = self._restore(prefix)
        done = {"prompt_tokens": len(rest) + (len(prefix) if origin == "evaluated" else 0), "prefix": origin}
        finish, count, first = "cancelled", 0, 0.0
        if origin != "cancelled" and self.evaluate(rest):
            if not self._large:
                self._library.llama_set_abort_callback(self._context, self._library.ggml_abort_callback(), None)
            for step in decode(self, request, cancelled):
                count, finish, text = step
                first = first or time.perf_counter() - start
                if text:
                    yield {"text": text}, []
        seconds = time.perf_counter() - start
        yield {"run": {**done, "finish": finish, "tokens": count, "first_token": first, "seconds": seconds}}, []
        self._library.llama_set_abort_callback(self._context, self._library.ggml_abort_callback(), None)
        if state:
            keep_prefix(self._folder(), prefix_key(self._identity, prefix), state)

    def logits(self) -> Any:
        import numpy as np

        pointer = self._library.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._size,))

    def ends(self, token: int) -> bool:
        return bool(self._library.llama_vocab_is_eog(self.model.vocabulary, token))

    def piece(self, token: int) -> bytes:
        return self.model.piece(token)

    def _tokenise(self, messages: Sequence[dict[str, str]]) -> tuple[list[int], list[int]]:
        library, vocabulary = self._library, self.model.vocabulary
        begin = library.llama_vocab_bos(vocabulary)
        texts = [self._text(token) for token in (begin, library.llama_vocab_eos(vocabulary))]
        prefix, rest = render_prompt(self._template, messages, begin=texts[0], end=texts[1])
        head = self._tokens(prefix)
        if library.llama_vocab_get_add_bos(vocabulary) and begin >= 0 and head[:1] != [begin]:
            head.insert(0, begin)
        return head, self._tokens(rest)

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [
            token for piece in pieces for token in self.model.tokens(piece.text, special=False, markup=piece.markup)
        ]

    def _text(self, token: int) -> str:
        return self._library.llama_vocab_get_text(self.model.vocabulary, token).decode() if token >= 0 else ""

    def _restore(self, prefix: list[int]) -> tuple[str, bytes]:
        """Put the prefix into the context's memory: from there, from its file, or by evaluating it.

        Returns which, and the state when it is worth keeping.
        """
        library = self._library
        if prefix == self._kept and library.llama_memory_seq_rm(self._memory, 0, len(prefix), -1):
            return "memory", b""
        known = (
            self._kept_state
            if prefix == self._kept
            else load_prefix(self._folder(), prefix_key(self._identity, prefix))
        )
        library.llama_memory_clear(self._memory, True)
        self._kept = []
        if known:
            data = (ctypes.c_uint8 * len(known)).from_buffer_copy(known)
            if library.llama_state_seq_set_data(self._context, data, len(known), 0) == len(known):
                self._kept, self._kept_state = prefix, known
                return "file", b""
            library.llama_memory_clear(self._memory, True)
        if not self.evaluate(prefix):
            return "cancelled", b""
        size = library.llama_state_seq_get_size(self._context, 0)
        data = (ctypes.c_uint8 * size)()
        written = library.llama_state_seq_get_data(self._context, data, size, 0)
        self._kept, self._kept_state = prefix, bytes(data[:written])
        return "evaluated", self._kept_state

    def evaluate(self, tokens: list[int]) -> bool:
        """Read `tokens` in batches; False when it was cancelled meanwhile."""
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            array = (self._library.llama_token * len(part))(*part)
            code = self._library.llama_decode(self._context, self._library.llama_batch_get_one(array, len(part)))
            if code == ABORTED:
                self._kept = []
                return False
            if code:
                raise DamagedError(
                    f"llama.cpp could not read the prompt (code {code}).", "Try a smaller prompt_tokens."
                )
        return True

    def _add_adapter(self, path: str) -> str:
        """Load a LoRA adapter into the context; its hash, because states depend on it."""
        if not path:
            return ""
        library = self._library
        adapter = library.llama_adapter_lora_init(self.model.handle, path.encode())
        if not adapter:
            raise DamagedError(f"{path} is not a LoRA adapter for this model.", "Leave `lora` out, or name another.")
        adapters = (library.llama_adapter_lora_p_ctypes * 1)(adapter)
        library.llama_set_adapters_lora(self._context, adapters, 1, (ctypes.c_float * 1)(1.0))
        return file_sha256(Path(path))

    @staticmethod
    def _folder() -> Path:
        return models_folder() / "prefixes"
