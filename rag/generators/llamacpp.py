"""Instruct models as GGUF files, run by llama.cpp in a child process: ``llamacpp:/models/Qwen3-4B-Q4_K_M.gguf``."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator as PythonGenerator
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Self

from index.errors import RagError
from index.platform import usable_cores
from ingest.gguf_header import read_header
from ingest.llamacpp.child import Child
from ingest.worker import WorkerError
from rag.generators import ChatMessage, Constraint, Run
from rag.settings import Settings

TARGET = "rag.decoding.server:serve"

# Below this size a token is computed faster by one thread than by several that wait for one another.
ONE_THREAD = 300_000_000
SECONDS_TO_STOP = 0.15  # a child that has not stopped by then is ended

# A vocabulary that was made for Japanese needs less than a token a character for this; one that was not, two to three.
JAPANESE = "年次有給休暇の申請は、人事部に書面で提出してください。"


def open_model(model: str, settings: Settings) -> LlamaCppGenerator:
    """`model` is the path of a GGUF file."""
    return LlamaCppGenerator(Path(model).expanduser(), settings)


class LlamaCppGenerator:
    leaves_machine = ""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.name = f"llamacpp:{path}"
        self.label = path.stem
        self.last_run: Run | None = None
        self._child = Child(TARGET)
        self._child.start()
        try:
            self._header = read_header(path)
        except BaseException:
            self._child.close()
            raise
        cores = settings.threads or usable_cores()
        self._opening = {
            "do": "open",
            "path": str(path),
            "lora": settings.lora,
            "template": self._header.chat_template,
            "threads": 1 if self._header.size < ONE_THREAD and not settings.threads else cores,
            "prompt_threads": cores,
        }
        # The model loads while the caller searches; whoever needs it first waits for it.
        self._failure: RagError | None = None
        self._loading: threading.Thread | None = threading.Thread(target=self._load, daemon=True)
        self._loading.start()

    @cached_property
    def languages(self) -> tuple[str, ...]:
        listed = tuple(sorted({language.strip().lower()[:2] for language in self._header.languages}))
        if listed:
            return listed
        return ("en", "ja") if self.count_tokens(JAPANESE) <= len(JAPANESE) else ("en",)

    @property
    def context_tokens(self) -> int:
        return int(self._ready().description["context"])

    def count_tokens(self, text: str) -> int:
        reply, _ = self._ready().call({"do": "count"}, [text.encode("utf-8", "replace")])
        return int(reply["tokens"])

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        constraint: Constraint | None = None,
    ) -> PythonGenerator[str, None, None]:
        request = {
            "do": "generate",
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "stop": list(stop),
            "constraint": asdict(constraint) if constraint else None,
        }
        self.last_run = None
        replies = self._ready().stream(request)
        finished = False
        try:
            for reply, _ in replies:
                if "run" in reply:
                    self.last_run = Run(**reply["run"])
                else:
                    yield reply["text"]
            finished = True
        finally:
            replies.close()  # tells the child to stop
            if not finished:
                self._stop()

    def cancel(self) -> None:
        self._child.cancel()

    def close(self) -> None:
        if self._loading:
            self._loading.join()
            self._loading = None
        self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self) -> None:
        try:
            self._child.open(self._opening)
        except RagError as error:
            self._failure = error

    def _ready(self) -> Child:
        """The child with the model loaded; raises what loading raised."""
        if self._loading:
            self._loading.join()
            self._loading = None
        if self._failure:
            raise self._failure
        return self._child

    def _stop(self) -> None:
        """Wait until the child has let its work go, but not for long."""
        with contextlib.suppress(WorkerError):
            self._child.ask({"do": "count"}, [b""], seconds=SECONDS_TO_STOP)
