"""Rerankers: models that read a question and a passage together. One file a runtime, registered by its name.

A runtime file offers ``open_model(model: str, settings: Settings) -> Reranker``, where `model` is what stands after the
colon of ``runtime:model``. Without the setting `reranker` none is used: on a processor, one passage costs as much as
embedding it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, Self

from ingest.models.runtimes import open_named

if TYPE_CHECKING:
    from rag.settings import Settings


class Reranker(Protocol):
    """A model that scores passages for a question: a context manager, not to be shared by threads."""

    @property
    def name(self) -> str:
        """As it stands in the settings: ``runtime:model``."""

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """A number for each passage, in order: its log odds, or what is higher for a better passage of a question."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_reranker(settings: Settings) -> Reranker:
    """The reranker that ``settings.reranker`` names as ``runtime:model``, ready to use.

    Raises UsageError for an unknown runtime, MissingError when its library or model is missing, ModelError when the
    model cannot be used.
    """
    reranker: Reranker = open_named(__name__, settings.reranker, "a reranker", settings)
    return reranker
