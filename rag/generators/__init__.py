"""Instruct models: the contract every runtime fulfils, and finding them. One file a runtime, registered by its name.

A runtime file offers ``open_model(model: str, settings: Settings) -> Generator``, where `model` is what stands after
the colon of ``runtime:model``.
"""

from __future__ import annotations

from collections.abc import Generator as PythonGenerator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from ingest.models.runtimes import open_named

if TYPE_CHECKING:
    from rag.settings import Settings


ChatMessage = Mapping[str, str]  # "role": "system", "user" or "assistant"; "content": its text


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a model may write: marks ``[k]`` with k from 1 to `citations`, and inside quotation marks only words that
    stand so in one of `quotable`, begin to end of a word. With `choices` the whole answer is one of them; a server's
    model cannot be held to that, and what it writes is checked like any other answer."""

    citations: int
    quotable: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What the last generation did: why it ended ("stop", "length", "cancelled"), tokens read and written, seconds.

    `prefix` tells where the stable begin of the prompt came from: "evaluated", "file" or "memory". `prompt_tokens` are
    those that were evaluated: neither a begin that was kept, nor what the prompt before had in common with this one.
    """

    finish: str
    prompt_tokens: int
    tokens: int
    first_token: float
    seconds: float
    prefix: str = ""


class Generator(Protocol):
    """A model that answers chat messages. Not to be shared by threads. Use it as a context manager or close it."""

    @property
    def name(self) -> str:
        """As it stands in the settings: ``runtime:model``."""

    @property
    def label(self) -> str:
        """The model as a person calls it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of the languages it lists, or that its vocabulary was made for."""

    @property
    def context_tokens(self) -> int:
        """The most tokens of prompt and answer together."""

    @property
    def parameters(self) -> int:
        """How many numbers the model has learned; 0 where that is not known."""

    @property
    def last_run(self) -> Run | None: ...

    @property
    def leaves_machine(self) -> str:
        """The host that prompts are sent to; "" when they stay on this machine."""

    def count_tokens(self, text: str) -> int: ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        constraint: Constraint | None = None,
    ) -> PythonGenerator[str, None, None]:
        """The answer in pieces as it is written, always the likeliest token; closing the iterator ends the model's
        work.

        Raises UsageError when the messages do not fit the context.
        """

    def cancel(self) -> None:
        """End the generation under way, from any thread; its iterator ends soon after."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_generator(settings: Settings) -> Generator:
    """The generator that ``settings.model`` names as ``runtime:model``; it loads while the caller goes on.

    Raises UsageError for an unknown runtime, MissingError when its library or model is missing, ModelError when the
    file is not a usable model.
    """
    generator: Generator = open_named(__name__, settings.model, "an instruct model", settings)
    return generator
