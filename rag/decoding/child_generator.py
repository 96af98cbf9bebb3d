"""An instruct model in a child process: what every runtime with local weights shares.

The child answers ``open`` (with its `context` in tokens), ``count`` (the tokens of a text) and ``generate`` (pieces of
text, and last what the run was).
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Generator as PythonGenerator
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Self

from index.errors import RagError
from ingest.models.model_child import ModelChild
from ingest.worker import Payload, WorkerError
from rag.generators import ChatMessage, Constraint, Run

SECONDS_TO_STOP = 0.15  # a child that has not stopped by then is ended

# A vocabulary that was made for Japanese needs less than a token a character for this; one that was not, two to three.
JAPANESE = "年次有給休暇の申請は、人事部に書面で提出してください。"


class ChildGenerator:
    """`child` is this generator's to close; `listed` is what the model says of its languages, as model cards do."""

    leaves_machine = ""

    def __init__(
        self,
        name: str,
        label: str,
        child: ModelChild,
        opening: Payload,
        *,
        listed: Sequence[str] = (),
        parameters: int = 0,
    ) -> None:
        self.name = name
        self.label = label
        self.parameters = parameters
        self.last_run: Run | None = None
        self._child = child
        self._opening = opening
        self._listed = listed
        # The model loads while the caller searches; whoever needs it first waits for it.
        self._failure: RagError | None = None
        self._loading: threading.Thread | None = threading.Thread(target=self._load, daemon=True)
        self._loading.start()

    @cached_property
    def languages(self) -> tuple[str, ...]:
        named = {re.split("[-_]", language.strip().lower())[0] for language in self._listed}
        if codes := sorted(name for name in named if len(name) == 2):  # "multilingual" names none
            return tuple(codes)
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
        except RagError:
            finished = True  # the work has ended, and where the child did, a new one would load the model to be asked
            raise
        finally:
            replies.close()  # tells the child to stop
            if not finished:
                self._stop()

    def cancel(self) -> None:
        self._child.cancel()

    def close(self) -> None:
        self._child.close()  # so that loading ends, too
        if self._loading:
            self._loading.join()
            self._loading = None
            self._child.close()  # where loading had not begun, it started the process again

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self) -> None:
        try:
            self._child.open(self._opening)
        except RagError as error:
            self._failure = error

    def _ready(self) -> ModelChild:
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
