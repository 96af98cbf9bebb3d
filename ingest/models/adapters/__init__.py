"""Adapters by which an embedding model reads a question together with a passage, as a cross-encoder.

An adapter is a GGUF file that llama.cpp adds to the weights at hand, and a JSON file that names those weights by the
SHA-256 of ModelIdentity and holds the linear unit behind the mean of the last layer. `tests/bench/fit_adapter.py` makes
both and says what taught them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.embedders import Vectors

FOLDER = Path(__file__).parent
# Tokens of a question and of a passage that are read together: a sentence between its neighbours.
QUESTION_TOKENS, PASSAGE_TOKENS = 60, 110
PAIR_TOKENS = QUESTION_TOKENS + PASSAGE_TOKENS + 8  # and what a model puts around and between them


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter: its GGUF file, and the unit that makes the log odds of the model's pooled vectors."""

    path: Path
    head: tuple[float, ...]
    bias: float

    def log_odds(self, vectors: Vectors) -> list[float]:
        """The log odds that passages answer their question, from the vectors (n, d) of both read together."""
        import numpy as np

        found: list[float] = (vectors @ np.array(self.head, np.float32) + self.bias).tolist()
        return found


@cache
def find_adapter(weights: str) -> Adapter | None:
    """The adapter taught for the weights of that SHA-256; None where there is none."""
    for path in sorted(FOLDER.glob("*.json")):
        known = json.loads(path.read_text("utf-8"))
        if known["weights"] == weights:
            return Adapter(path.with_suffix(".gguf"), tuple(known["head"]), known["bias"])
    return None


def lay_pair(asked: Sequence[int], passage: Sequence[int], head: Sequence[int], tail: Sequence[int]) -> list[int]:
    """The tokens of a question and a passage as BERT reads two texts: [CLS] question [SEP] passage [SEP].

    `head` and `tail` are what the model puts around every text.
    """
    return [*head, *asked[:QUESTION_TOKENS], *tail, *passage[:PASSAGE_TOKENS], *tail]
