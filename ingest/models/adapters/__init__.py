"""Adapters by which the first layers of a small language model judge a text, as a cross-encoder.

An adapter is a GGUF file that llama.cpp adds to the weights of the reader (`READER`), and a JSON file with the linear
unit behind it. What is asked of a text stands before it and once more after it: a model that reads from left to right
then knows what to look for in the text, and has read both where it is asked again (Springer et al., "Repetition
Improves Language Model Embeddings", 2024). The unit reads the mean of the last layer over what is asked the second time
(Nogueira and Cho, "Passage Re-ranking with BERT", 2019). `tests/bench/fit_adapter.py` and, for "supports",
`tests/bench/fit_support.py` make both files and say what taught them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.embedders import Vectors

FOLDER = Path(__file__).parent
# The file that `rag setup` makes beside the bundled models, and how many of the 30 layers of SmolLM2-135M it keeps:
# about half, because a question waits for them. Chosen for time, not tuned. The name does not end in .gguf: it is no
# model that anybody can choose.
READER, LAYERS = "SmolLM2-135M.reader", 16
ARCHITECTURE = "llama-embed"  # as llama.cpp calls a "llama" that gives vectors
TEXT_TOKENS, ASKED_TOKENS = 150, 60  # a sentence between its neighbours, and a question; what is longer is cut
MOST_TOKENS = 320  # of all, with the words around and between them


@dataclass(frozen=True, slots=True)
class Layout:
    """The words before what is asked, those between it and the text, those before it is asked again, and the last."""

    opening: str
    reading: str
    asking: str
    closing: str


# What the adapter of each name was taught to judge. Does the text answer a question? "answers" reads English, "glossed"
# Japanese as `rag.glosses` puts it, word for word in English. Does it bear a statement out? "supports", in English.
ANSWERS, GLOSSED, SUPPORTS = "answers", "glossed", "supports"
LAYOUTS: Mapping[str, Layout] = {
    **dict.fromkeys((ANSWERS, GLOSSED), Layout("Question:", "\nText:", "\nQuestion:", "\nAnswer:")),
    SUPPORTS: Layout("Statement:", "\nText:", "\nStatement:", "\nTrue:"),
}


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter: its GGUF file, and the unit that makes the log odds of a mean of vectors."""

    path: Path
    layout: Layout
    head: tuple[float, ...]
    bias: float

    def log_odds(self, vectors: Vectors) -> list[float]:
        """The log odds that the answer is yes, from the means (n, d)."""
        import numpy as np

        found: list[float] = (vectors @ np.array(self.head, np.float32) + self.bias).tolist()
        return found


@cache
def load_adapter(name: str) -> Adapter:
    """The adapter of that name in LAYOUTS."""
    known = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return Adapter(FOLDER / f"{name}.gguf", LAYOUTS[name], tuple(known["head"]), known["bias"])


def lay_out(layout: Layout, text: str, asked: str, tokenize: Callable[[str], Sequence[int]]) -> tuple[list[int], int]:
    """The tokens of a text and of what is asked of it, and the place from which on the unit reads their vectors."""
    question = tokenize(f" {asked}")[:ASKED_TOKENS]
    before = [*tokenize(layout.opening), *question, *tokenize(layout.reading), *tokenize(f" {text}")[:TEXT_TOKENS]]
    before += tokenize(layout.asking)
    return [*before, *question, *tokenize(layout.closing)], len(before)
