"""Embedding models: the contract every runtime fulfils, and finding them. One file a runtime, registered by its name.

A runtime file offers ``open_model(model: str, options: Options) -> Embedder``, where `model` is what stands after the
colon of ``runtime:model``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from ingest.models.runtimes import open_named

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user may set of an embedder; 0 leaves the choice to the runtime.

    `dimension` shortens the vectors of a model that was trained for it. `processes` bounds the child processes that
    embed documents, `threads` the threads of each. The last three are for models of a server, and those of the same
    name in the settings.
    """

    dimension: int = 0
    processes: int = 0
    threads: int = 0
    base_url: str = ""
    api_key: str = ""
    allow_remote: bool = False


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What decides whether two vectors may be compared; the same whatever runtime made them.

    `weights` is the SHA-256 of the published weights, or of the file when it does not name them.
    """

    weights: str
    architecture: str
    pooling: str
    document_prefix: str
    question_prefix: str
    dimension: int
    label: str

    def to_json(self) -> str:
        """Canonical JSON: the key under which the index keeps this model's vectors."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a model reads it: its unit vector (d,), its words, and a unit vector for each of them (n, w).

    A word's vector is the mean of those of its tokens as they stand in this text, before pooling; `w` is the model's
    width, whatever its vectors are shortened to.
    """

    vector: Vectors
    words: tuple[str, ...]
    vectors: Vectors


class Embedder(Protocol):
    """A model that turns text into unit vectors: a context manager, not to be shared by threads."""

    @property
    def name(self) -> str:
        """As it stands in the settings: ``runtime:model``."""

    @property
    def identity(self) -> ModelIdentity: ...

    @property
    def dimension(self) -> int: ...

    @property
    def leaves_machine(self) -> str:
        """The host that texts are sent to; "" when they stay on this machine."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, float32 (n, d), one for each text, in order; a text over the model's limit is read in windows."""

    def embed_question(self, text: str) -> Vectors:
        """The unit vector of a question, float32 (d,)."""

    def read(self, texts: Sequence[str], *, question: bool = False) -> list[Reading] | None:
        """What `embed_documents` (`embed_question`) gives, with the words; None where the runtime shows no tokens."""

    def readable_share(self, text: str) -> float:
        """The share of the text's tokens that are neither unknown nor single characters: 0 for text without tokens.

        Low where the model was not trained on the text's script, so that its ranking means nothing there.
        """

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_embedder(name: str, options: Options | None = None) -> Embedder:
    """The embedder that ``runtime:model`` names, ready to use.

    Raises UsageError for an unknown runtime or an option the model does not allow, MissingError when its library or
    model is missing, ModelError when the model cannot be used.
    """
    embedder: Embedder = open_named(__name__, name, "an embedding model", options or Options())
    return embedder


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows scaled to length 1; a row of zeros stays so."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
