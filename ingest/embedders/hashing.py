"""An embedder without a model: signed counts of hashed words (Weinberger et al., "Feature Hashing", ICML 2009).

For tests where meaning does not matter: the same on every machine, and equal words make near vectors. ``hashing:384``
has 384 dimensions. Japanese is cut into pairs of characters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from index.errors import UsageError
from ingest.embedders import ModelIdentity, Options, unit_rows

if TYPE_CHECKING:
    from ingest.embedders import Vectors

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|[^\W{_CJK}]+")
_PAIRED = re.compile(rf"[{_CJK}]")


def open_model(model: str, options: Options) -> HashingEmbedder:
    """`model` is the number of dimensions, 1 to 65,536."""
    if not model.isdecimal() or not 0 < int(model) <= 65_536:
        raise UsageError(f"hashing:{model} does not give a number of dimensions.", "Write hashing:384.")
    return HashingEmbedder(options.dimension or int(model))


class HashingEmbedder:
    leaves_machine = ""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.name = f"hashing:{dimension}"
        self.identity = ModelIdentity("", "hashing", "sum", "", "", dimension, self.name)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in _words(text):
                place, sign = _hash_word(word, self.dimension)
                row[place] += sign
        return unit_rows(rows)

    def embed_question(self, text: str) -> Vectors:
        vector: Vectors = self.embed_documents([text])[0]
        return vector

    def read(self, texts: Sequence[str], *, question: bool = False) -> None:
        return None

    def readable_share(self, text: str) -> float:
        return 1.0 if _WORD.search(text) else 0.0

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.casefold()):
        if len(word) > 2 and _PAIRED.match(word):
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        else:
            yield word


@lru_cache(maxsize=100_000)
def _hash_word(word: str, dimension: int) -> tuple[int, int]:
    number = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    return (number >> 1) % dimension, 1 if number & 1 else -1
