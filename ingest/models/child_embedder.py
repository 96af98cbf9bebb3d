"""An embedder whose model lives in child processes: what every runtime with local weights shares.

The child answers ``open`` (with its dimension, its pooling, and whether it runs on a graphics processor and shows the
vectors of its tokens), ``embed`` (the vector of each window and its tokens, see ingest/models/windows.py), ``pieces``
(how a text falls into tokens), and where it shows them ``read`` (the vector of each token, and what it stands for).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Self

from ingest.embedders import ModelIdentity, Options, Reading
from ingest.models.embedding_families import Family, choose_dimension
from ingest.models.model_child import ModelChild
from ingest.models.windows import join_tokens, join_windows, pool, shorten
from ingest.worker import Payload

if TYPE_CHECKING:
    from ingest.embedders import Vectors


class ChildEmbedder:
    """Documents go to `processes` children, each with its share of `threads`, in packs of `pack` texts.

    `first` is the first child, started or not, and now this embedder's to close; `make_child` makes further ones.
    `weights` gives the SHA-256 by which the index knows the model; it is asked after the child has opened it.
    """

    leaves_machine = ""

    def __init__(
        self,
        name: str,
        first: ModelChild,
        make_child: Callable[[], ModelChild],
        opening: Payload,
        family: Family,
        options: Options,
        *,
        architecture: str,
        weights: Callable[[], str],
        threads: int,
        processes: int = 1,
        pack: int = 64,
    ) -> None:
        self.name = name
        self._make_child = make_child
        self._opening = opening
        self._family = family
        self._threads = threads
        self._processes = processes
        self._pack = pack
        self._children = [first]
        try:
            description = self._children[0].open(opening)
            if description.get("gpu"):
                self._processes = 1  # they would wait for the same device
            self._whole = int(description["dimension"])
            self._shows_tokens = bool(description.get("tokens"))
            self.dimension = choose_dimension(family, self._whole, options.dimension)
            self.identity = ModelIdentity(
                weights=weights(),
                architecture=architecture,
                pooling=description["pooling"],
                document_prefix=family.document_prefix,
                question_prefix=family.question_prefix,
                dimension=self.dimension,
                label=family.label,
            )
        except BaseException:
            self.close()
            raise

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        # The longest first: at the end short ones are left, so that no process waits long for another.
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        packs = [[texts[i] for i in order[start : start + self._pack]] for start in range(0, len(texts), self._pack)]
        children = self._open_children(min(self._processes, len(packs)))
        threads = max(1, self._threads // len(children))
        free = list(children)

        def embed(pack: Sequence[str]) -> Vectors:
            child = free.pop()  # as many threads as children, so one is free
            try:
                return self._embed(child, self.identity.document_prefix, pack, threads)
            finally:
                free.append(child)

        if len(children) < 2:
            rows = [embed(pack) for pack in packs]
        else:
            with ThreadPoolExecutor(len(children)) as pool:
                rows = list(pool.map(embed, packs))
        found = np.zeros((len(texts), self.dimension), np.float32)
        if rows:
            found[order] = np.concatenate(rows)
        return found

    def embed_question(self, text: str) -> Vectors:
        # A question of a few tokens gains nothing from a second thread and loses when the other core is busy.
        vector: Vectors = self._embed(self._children[0], self.identity.question_prefix, [text], 1)[0]
        return vector

    def read(self, texts: Sequence[str], *, question: bool = False) -> list[Reading] | None:
        import numpy as np

        if not self._shows_tokens:
            return None
        prefix = self.identity.question_prefix if question else self.identity.document_prefix
        request = {"do": "read", "prefix": prefix, "threads": 1 if question else self._threads}
        reply, (data,) = self._children[0].call(request, [text.encode("utf-8", "replace") for text in texts])
        states = np.frombuffer(data, np.float32).reshape(-1, self._whole)
        readings, at = [], 0
        for windows in reply["pieces"]:
            pooled, start = [], at
            for pieces in windows:
                pooled.append(pool(states[at : at + len(pieces)], self.identity.pooling))
                at += len(pieces)
            counts = [[len(pieces) for pieces in windows]]
            [vector] = shorten(join_windows(np.stack(pooled), counts), self._family, self.dimension)
            readings.append(Reading(vector, *join_tokens(list(chain(*windows)), states[start:at])))
        return readings

    def readable_share(self, text: str) -> float:
        counts, _ = self._children[0].call({"do": "pieces"}, [text.encode("utf-8", "replace")])
        unread = counts["unknown"] + (0 if self._family.characters else counts["single"])
        return 1 - unread / counts["tokens"] if counts["tokens"] else 0.0

    def close(self) -> None:
        for child in self._children:
            child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_children(self, count: int) -> list[ModelChild]:
        """The first `count` children (one at least), started together."""
        new = [self._make_child() for _ in range(count - len(self._children))]
        for child in new:
            child.start()
        self._children += new
        for child in new:
            child.open(self._opening)
        return self._children[: max(1, count)]

    def _embed(self, child: ModelChild, prefix: str, texts: Sequence[str], threads: int) -> Vectors:
        import numpy as np

        blobs = [text.encode("utf-8", "replace") for text in texts]
        reply, (data,) = child.call({"do": "embed", "prefix": prefix, "threads": threads}, blobs)
        windows = np.frombuffer(data, np.float32).reshape(-1, self._whole)
        return shorten(join_windows(windows, reply["tokens"]), self._family, self.dimension)
