"""What the models of a check read: single sentences with their words, and a statement together with its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from index.errors import RagError
from index.weights import READABLE

if TYPE_CHECKING:
    from ingest.embedders import Reading

Judge = Callable[[str, Sequence[str]], "list[float] | None"]


class Reader(Protocol):
    """What of an embedding model (`ingest.embedders.Embedder`) is needed here."""

    def read(self, texts: Sequence[str]) -> list[Reading] | None:
        """Each text with its words and their unit vectors; None where the runtime shows no words."""

    def readable_share(self, text: str) -> float:
        """The share of the text that the model has words for, 0 to 1."""


class Readings:
    """Texts as one model reads them, the last few hundred kept: the sources of an answer are read once for it.

    `find_reader` is called when the first text is to be read, and once; None stands for no model. `judge` gives the log
    odds that each of some texts bears a statement out (`rag.cross_encoder`); None where no model can.
    """

    KEPT = 256  # sentences; about 20 words of 384 floats each, so some 8 MB

    def __init__(self, find_reader: Callable[[], Reader | None], judge: Judge | None = None) -> None:
        self._find = find_reader
        # The sources of a statement are tried one by one and then together: the nearest sentences are often the same.
        self._judge = lru_cache(self.KEPT)(judge) if judge else None
        self._reader: Reader | None = None
        self._asked = False
        self._kept: dict[str, Reading] = {}
        self._lock = Lock()  # a model is not to be shared by threads

    def read(self, texts: Sequence[str]) -> list[Reading] | None:
        """The readings of the texts; None without a model, or where it cannot read them or shows no words."""
        with self._lock:
            try:
                if not self._asked:
                    self._asked = True
                    self._reader = self._find()
                return self._read(self._reader, texts) if self._reader else None
            except RagError:
                self._reader = None  # a model that failed is as good as none: words decide
                return None

    def _read(self, reader: Reader, texts: Sequence[str]) -> list[Reading] | None:
        if missing := [text for text in dict.fromkeys(texts) if text not in self._kept]:
            if reader.readable_share(" ".join(missing)) < READABLE:
                return None
            found = reader.read(missing)
            if found is None:
                return None
            self._kept.update(zip(missing, found, strict=True))
        readings = [self._kept[text] for text in texts]
        for text in list(self._kept)[: -self.KEPT]:
            del self._kept[text]
        return readings

    def judge(self, statement: str, text: str) -> float | None:
        """The log odds that the text bears the statement out; None without a model that reads both together."""
        with self._lock:
            try:
                odds = self._judge(statement, (text,)) if self._judge else None
            except RagError:
                self._judge = odds = None
            return odds[0] if odds else None
