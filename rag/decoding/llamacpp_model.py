"""An instruct model in llama.cpp, inside its child process: the prompt in parts, and its begin kept as a state."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.errors import ModelError
from ingest.models.llamacpp.library import Model, read_version
from ingest.models.model_files import file_sha256
from ingest.user_folders import models_folder
from ingest.worker import Handler, Payload
from rag.decoding.instruct_child import serve_instruct
from rag.decoding.parts import Part, Reading, count_shared, part_prompt
from rag.decoding.prefix import keep_prefix, load_prefix, prefix_key
from rag.decoding.template import EMPTY, Piece, render_prompt

BATCH = 512  # tokens computed at once, as llama.cpp does by itself; more takes memory and reads no faster
ABORTED = 2  # what llama_decode returns when the abort callback said so
# Above this size a single token takes long enough that Ctrl-C must not wait for it. Below it, asking 500 times a token
# would cost more than the wait.
LARGE = 1_000_000_000
KV_TYPES = {"f16": 1, "q8_0": 8}  # ggml_type


def serve() -> Handler:
    """The handler of ingest.worker for this runtime."""
    return serve_instruct(_Instruct)


class _Instruct:
    def __init__(self, request: Payload) -> None:
        path = Path(request["path"])
        self.model = Model(request["path"])
        self._library = library = self.model.library
        self._template: str = request["template"]
        self._threads: tuple[int, int] = (request["threads"], request["prompt_threads"])
        self.context_tokens = min(request["context"], library.llama_model_n_ctx_train(self.model.handle))
        self._wants_flash = request["flash"] or self.model.on_gpu
        kv = request["kv"]
        try:
            self._context = self._make_context(kv)
        except ModelError:
            # 8-bit values need flash attention, which not every model and device has.
            kv = "f16"
            self._context = self._make_context(kv)
        adapter = self._add_adapter(request["lora"])
        self._memory = library.llama_get_memory(self._context)
        self._size = library.llama_vocab_n_tokens(self.model.vocabulary)
        self._large = path.stat().st_size > LARGE
        self._identity = [
            file_sha256(path),
            adapter,
            read_version(),
            "flash auto" if self._takes_flash(kv) else "flash off",
            f"KV {kv}",
            str(self.context_tokens),
        ]
        # What the first answer needs is imported and compiled now, while the caller still searches.
        importlib.import_module("numpy")
        self.tokenise(EMPTY)
        self._parts: list[Part] = []  # of the prompt that stands in the context's memory
        self._state_of: Part = []  # the begin of a prompt whose state this is
        self._state = b""
        self._unsaved = ""  # the key of that state while it is in no file yet
        self._behind_prompt: Any = None  # the logits there
        self._at_prompt = False  # whether nothing was evaluated behind it

    def _takes_flash(self, kv: str) -> bool:
        return self._wants_flash or kv != "f16"

    def _make_context(self, kv: str) -> Any:
        return self.model.context(
            flash=self._takes_flash(kv),
            n_ctx=self.context_tokens,
            n_batch=min(BATCH, self.context_tokens),
            n_ubatch=min(BATCH, self.context_tokens),
            n_threads=self._threads[0],
            n_threads_batch=self._threads[1],
            type_k=KV_TYPES[kv],
            type_v=KV_TYPES[kv],
        )

    def count_tokens(self, text: str) -> int:
        return len(self.model.tokens(text, special=False))

    def read_prompt(self, parts: list[Part], cancelled: Callable[[], bool]) -> Reading | None:
        self._watch(cancelled)
        origin: str | None = "memory"
        same = count_shared(self._parts, parts)
        if not same or not self._cut_back(parts[:same]):
            origin, same = self._restore(parts[0]), 1
        if origin is None:
            return None
        self._parts = parts[:same]
        for part in parts[same:]:
            if not self.evaluate(part):
                return None
            self._parts = parts[: len(self._parts) + 1]
            self._behind_prompt = self.logits().copy()
        self._at_prompt = True
        if not self._large:
            self._watch(None)
        read = parts[0 if origin == "evaluated" else same :]
        return Reading(origin, sum(map(len, read)))

    def end_run(self) -> None:
        self._watch(None)
        if self._unsaved:
            keep_prefix(self._folder(), self._unsaved, self._state)
            self._unsaved = ""

    def logits(self) -> Any:
        import numpy as np

        if self._at_prompt:
            return self._behind_prompt
        pointer = self._library.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._size,))

    def ends(self, token: int) -> bool:
        return bool(self._library.llama_vocab_is_eog(self.model.vocabulary, token))

    def piece(self, token: int) -> bytes:
        return self.model.piece(token)

    def tokenise(self, messages: Sequence[dict[str, str]]) -> list[Part]:
        library, vocabulary = self._library, self.model.vocabulary
        begin = library.llama_vocab_bos(vocabulary)
        texts = [self._text(token) for token in (begin, library.llama_vocab_eos(vocabulary))]
        prefix, rest = render_prompt(self._template, messages, begin=texts[0], end=texts[1])
        head = self._tokens(prefix)
        if library.llama_vocab_get_add_bos(vocabulary) and begin >= 0 and head[:1] != [begin]:
            head.insert(0, begin)
        return part_prompt(head, self._tokens(rest[:1]), self._tokens(rest[1:]), self.piece)

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [
            token for piece in pieces for token in self.model.tokens(piece.text, special=False, markup=piece.markup)
        ]

    def _text(self, token: int) -> str:
        return self._library.llama_vocab_get_text(self.model.vocabulary, token).decode() if token >= 0 else ""

    def _watch(self, cancelled: Callable[[], bool] | None) -> None:
        """Have llama.cpp ask `cancelled` while it computes, or nobody."""
        callback = self._library.ggml_abort_callback
        self._watching = callback(lambda _: cancelled()) if cancelled else callback()
        self._library.llama_set_abort_callback(self._context, self._watching, None)

    def _cut_back(self, parts: list[Part]) -> bool:
        """Leave only these parts in the context's memory; False where the model cannot."""
        return bool(self._library.llama_memory_seq_rm(self._memory, 0, sum(map(len, parts)), -1))

    def _restore(self, prefix: Part) -> str | None:
        """Put the begin into the empty memory, from its state or by evaluating it; None when that was cancelled."""
        library = self._library
        key = prefix_key(self._identity, prefix)
        held = prefix == self._state_of
        known = self._state if held else load_prefix(self._folder(), key)
        library.llama_memory_clear(self._memory, True)
        self._parts = []
        if known:
            data = (ctypes.c_uint8 * len(known)).from_buffer_copy(known)
            if library.llama_state_seq_set_data(self._context, data, len(known), 0) == len(known):
                self._state_of, self._state = prefix, known
                return "memory" if held else "file"
            library.llama_memory_clear(self._memory, True)
        if not self.evaluate(prefix):
            return None
        size = library.llama_state_seq_get_size(self._context, 0)
        data = (ctypes.c_uint8 * size)()
        written = library.llama_state_seq_get_data(self._context, data, size, 0)
        self._state_of, self._state, self._unsaved = prefix, bytes(data[:written]), key
        return "evaluated"

    def evaluate(self, tokens: list[int]) -> bool:
        """Read `tokens` in batches; False when it was cancelled meanwhile."""
        self._at_prompt = False
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            array = (self._library.llama_token * len(part))(*part)
            code = self._library.llama_decode(self._context, self._library.llama_batch_get_one(array, len(part)))
            if code == ABORTED:
                return False
            if code:
                raise ModelError(f"llama.cpp could not read the prompt (code {code}).", "Try a smaller prompt_tokens.")
        return True

    def _add_adapter(self, path: str) -> str:
        """Load a LoRA adapter into the context; its hash, because states depend on it."""
        if not path:
            return ""
        self.model.adapt(self._context, path)
        return file_sha256(Path(path))

    @staticmethod
    def _folder() -> Path:
        return models_folder() / "prefixes"
