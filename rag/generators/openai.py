"""Instruct models of an OpenAI-compatible server on this machine (Ollama, LM Studio …): ``openai:qwen3:4b``."""

from __future__ import annotations

import re
import time
from collections.abc import Generator as PythonGenerator
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Self

from index.errors import UsageError
from ingest.models.openai_server import ANSWER_SECONDS, Server
from rag.decoding.enforce import Enforcer
from rag.decoding.text_stream import Stops, overlap
from rag.generators import ChatMessage, Constraint, Run
from rag.settings import Settings

# What Ollama gives a model unless told otherwise; it cuts a longer prompt without a word, so ours stay below.
CONTEXT = 4096
BYTES_A_TOKEN = 3  # one Japanese character; of English, tokens have four to five
THINKING = ("<think>", "</think>")
# The size in a model's name: qwen3:0.6b, SmolLM2-135M-Instruct; not the bits of 4bit, the 7b of 8x7b, or a version.
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)([mb])(?![a-z0-9])", re.I)


def open_model(model: str, settings: Settings) -> ServedGenerator:
    """`model` is the server's name of it."""
    return ServedGenerator(model, settings)


class ServedGenerator:
    """A server tells neither its model's languages nor its tokens: it is taken to read what we read, tokens are
    estimated on the high side."""

    languages = ("en", "ja")
    context_tokens = CONTEXT

    def __init__(self, model: str, settings: Settings) -> None:
        self.name = f"openai:{model}"
        self.label = model
        self.last_run: Run | None = None
        self._server = Server(settings.base_url, settings.api_key, settings.allow_remote)
        self._cancelled = False

    @property
    def leaves_machine(self) -> str:
        return self._server.leaves_machine

    @property
    def parameters(self) -> int:
        """As the model's name says it (qwen3:0.6b), because a server does not; 0 where the name says nothing."""
        found = _SIZE.search(self.label)
        return round(float(found[1]) * {"m": 1e6, "b": 1e9}[found[2].lower()]) if found else 0

    def count_tokens(self, text: str) -> int:
        return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        constraint: Constraint | None = None,
    ) -> PythonGenerator[str, None, None]:
        start = time.perf_counter()
        self.last_run, self._cancelled = None, False
        prompt = sum(self.count_tokens(message["content"]) for message in messages)
        if prompt + max_tokens > self.context_tokens:
            raise UsageError(
                f"The question and its sources are about {prompt} tokens, too many for a server's usual context"
                f" ({self.context_tokens} with the answer).",
                "Lower prompt_tokens.",
            )
        body = {
            "model": self.label,
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
            **({"stop": list(stop)} if stop else {}),
            # Servers that know it do not let the model think aloud; an answer of two sentences gains nothing from it.
            **({} if self.leaves_machine else {"chat_template_kwargs": {"enable_thinking": False}}),
        }
        thoughts, stops, enforcer = _Thoughts(), Stops(stop), Enforcer(constraint)
        finish, pieces, first, stopped, heard = "", 0, 0.0, False, start
        with closing(self._server.stream("/chat/completions", body)) as events:
            for event in events:
                try:
                    choice = (event.get("choices") or [{}])[0]
                    finish = choice.get("finish_reason") or finish
                    text = _text(choice)
                except (AttributeError, LookupError, TypeError) as error:
                    raise self._server.unlike() from error
                now = time.perf_counter()
                if not text:
                    if now - heard > ANSWER_SECONDS:  # events without text may come for ever
                        raise self._server.too_late()
                    continue
                pieces, heard = pieces + 1, now
                first = first or now - start
                text, stopped = stops.add(thoughts.remove(text))
                if shown := enforcer.add(text):
                    yield shown
                if stopped:
                    break
                if pieces >= max_tokens:  # a server that heeds it has ended by now; another may never end
                    finish = "length"
                    break
        if not (finish or stopped or self._cancelled or self._server.ended):
            raise self._server.cut_off()
        tail = "" if stopped else stops.rest() + thoughts.rest()
        if shown := enforcer.add(tail) + enforcer.rest():
            yield shown
        seconds = time.perf_counter() - start
        finish = "cancelled" if self._cancelled else "length" if finish == "length" and not stopped else "stop"
        self.last_run = Run(finish, prompt, pieces, first, seconds)

    def cancel(self) -> None:
        self._cancelled = True
        self._server.cancel()

    def close(self) -> None:
        self.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Thoughts:
    """Leaves out what a model writes between the marks of thinking."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False

    def remove(self, text: str) -> str:
        text, shown = self._held + text, ""
        while True:
            mark = THINKING[self._inside]
            before, found, after = text.partition(mark)
            if not found:
                break
            shown += "" if self._inside else before
            text, self._inside = after, not self._inside
        keep = overlap(text, mark)
        self._held = text[len(text) - keep :]
        return shown if self._inside else shown + text[: len(text) - keep]

    def rest(self) -> str:
        held, self._held = self._held, ""
        return "" if self._inside else held


def _text(choice: dict[str, Any]) -> str:
    """The new text of an event, or the whole answer of a server that does not stream."""
    part = choice.get("delta") or choice.get("message") or {}
    text = part.get("content") or ""
    if not isinstance(text, str):
        raise TypeError
    return text
