"""Embedding models as GGUF files, run by llama.cpp in child processes: ``llamacpp:/models/bge-m3-Q8_0.gguf``.

Documents go to several processes of one thread each: for small models that is faster than one process with several
threads, which wait for one another after every operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from index.platform import physical_memory, usable_cores
from ingest.embedders import ModelIdentity, Options, unit_rows
from ingest.embedding_families import Family, choose_dimension, find_family
from ingest.gguf_header import POOLING, GgufHeader, read_header
from ingest.llamacpp.child import Child
from ingest.model_files import file_sha256

if TYPE_CHECKING:
    from ingest.embedders import Vectors

TARGET = "ingest.llamacpp.embed:serve"

# Texts a request: large enough that the pipe costs nothing, small enough that the processes finish together.
PACK = 8

# Where a GGUF file of ours names the published weights it was made from (rag/setup/bert_gguf.py writes it).
SOURCE_KEY = "tebiki.source.sha256"

# Kinds of numbers that keep a vector's direction (cosine above 0.999 to 32 bits): files in them are one model.
FAITHFUL = {"F32", "F16", "BF16", "Q8_0"}


def open_model(model: str, options: Options) -> LlamaCppEmbedder:
    """`model` is the path of a GGUF file."""
    return LlamaCppEmbedder(Path(model).expanduser(), options)


class LlamaCppEmbedder:
    def __init__(self, path: Path, options: Options) -> None:
        self.name = f"llamacpp:{path}"
        self._threads = options.threads or usable_cores()
        self._children = [Child(TARGET)]
        self._children[0].start()
        try:
            header = read_header(path)
            self._family = find_family(header.architecture, header.name, path.name)
            self._opening = {
                "do": "open",
                "path": str(path),
                "limit": self._family.tokens,
                "pooling": _pooling_number(header, self._family),
            }
            description = self._children[0].open(self._opening)
            self._whole = int(description["dimension"])
            self.dimension = choose_dimension(self._family, self._whole, options.dimension)
            self.identity = _identify(header, self._family, POOLING[description["pooling"]], self.dimension)
            self._processes = 1 if description["gpu"] else options.processes or _count_processes(header.size)
        except BaseException:
            self.close()
            raise

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        packs = [texts[start : start + PACK] for start in range(0, len(texts), PACK)]
        children = self._open_children(min(self._processes, len(packs)))
        threads = max(1, self._threads // max(1, len(children)))
        free = list(children)

        def embed(pack: Sequence[str]) -> Vectors:
            child = free.pop()  # as many threads as children, so one is free
            try:
                return self._embed(child, self.identity.document_prefix, pack, threads)
            finally:
                free.append(child)

        if len(children) < 2:
            rows = [self._embed(self._children[0], self.identity.document_prefix, pack, threads) for pack in packs]
        else:
            with ThreadPoolExecutor(len(children)) as pool:
                rows = list(pool.map(embed, packs))
        return np.concatenate([np.zeros((0, self.dimension), np.float32), *rows])

    def embed_question(self, text: str) -> Vectors:
        # A question of a few tokens gains nothing from a second thread and loses when the other core is busy.
        vector: Vectors = self._embed(self._children[0], self.identity.question_prefix, [text], 1)[0]
        return vector

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

    def _open_children(self, count: int) -> list[Child]:
        """The first `count` children, started together."""
        new = [Child(TARGET) for _ in range(count - len(self._children))]
        for child in new:
            child.start()
        self._children += new
        for child in new:
            child.open(self._opening)
        return self._children[: max(1, count)]

    def _embed(self, child: Child, prefix: str, texts: Sequence[str], threads: int) -> Vectors:
        """Unit rows; the windows of a long text are averaged by their number of tokens."""
        import numpy as np

        blobs = [text.encode("utf-8", "replace") for text in texts]
        reply, (data,) = child.call({"do": "embed", "prefix": prefix, "threads": threads}, blobs)
        windows = unit_rows(np.frombuffer(data, np.float32).reshape(-1, self._whole))
        counts = reply["tokens"]
        weights = np.fromiter((tokens for text in counts for tokens in text), np.float32)[:, None]
        starts = np.cumsum([0, *(len(text) for text in counts[:-1])])
        rows = unit_rows(np.add.reduceat(windows * weights, starts, axis=0))
        if self.dimension == self._whole:
            return rows
        if self._family.centred:
            rows = rows - rows.mean(axis=1, keepdims=True)
        return unit_rows(rows[:, : self.dimension])


def _identify(header: GgufHeader, family: Family, pooling: str, dimension: int) -> ModelIdentity:
    source = header.metadata.get(SOURCE_KEY)
    faithful = isinstance(source, str) and set(header.precisions) <= FAITHFUL
    return ModelIdentity(
        weights=str(source) if faithful else file_sha256(header.path),
        architecture=header.architecture,
        pooling=pooling,
        document_prefix=family.document_prefix,
        question_prefix=family.question_prefix,
        dimension=dimension,
        label=family.label,
    )


def _pooling_number(header: GgufHeader, family: Family) -> int | None:
    """llama.cpp's number of the way of pooling, where the file does not say it: the family's, or the mean in encoders.

    None leaves it to the file; a file that says nothing and reads from left to right is no embedding model.
    """
    encoder = header.metadata.get(f"{header.architecture}.attention.causal") is False
    name = "" if header.pooling else family.pooling or ("mean" if encoder else "")
    return {label: number for number, label in POOLING.items()}.get(name)


def _count_processes(size: int) -> int:
    """One process a core, as long as all their copies of the weights stay below a quarter of the memory."""
    room = (physical_memory() // 4) // max(1, size)
    return max(1, min(usable_cores(), room))
