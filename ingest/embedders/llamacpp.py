"""Embedding models as GGUF files, run by llama.cpp in child processes: ``llamacpp:/models/bge-m3-Q8_0.gguf``.

Documents go to several processes of one thread each: for small models that is faster than one process with several
threads, which wait for one another after every operation.
"""

from __future__ import annotations

from pathlib import Path

from index.platform import physical_memory, usable_cores
from ingest.embedders import Options
from ingest.models.child_embedder import ChildEmbedder
from ingest.models.embedding_families import Family, find_family
from ingest.models.gguf_header import POOLING, GgufHeader, read_header
from ingest.models.llamacpp.child import Child

TARGET = "ingest.models.llamacpp.embed:serve"

# Texts a request: large enough that the pipe costs nothing, small enough that the processes finish together.
PACK = 8


def open_model(model: str, options: Options) -> LlamaCppEmbedder:
    """`model` is the path of a GGUF file."""
    return LlamaCppEmbedder(Path(model).expanduser(), options)


class LlamaCppEmbedder(ChildEmbedder):
    def __init__(self, path: Path, options: Options) -> None:
        first = Child(TARGET)
        with first.starting():
            header = read_header(path)
        family = find_family(header.architecture, header.name, path.name)
        super().__init__(
            f"llamacpp:{path}",
            first,
            lambda: Child(TARGET),
            {
                "do": "open",
                "path": str(path),
                "limit": family.tokens,
                "pooling": _pooling_number(header, family),
            },
            family,
            options,
            architecture=header.architecture,
            weights=header.vectors_sha256,
            threads=options.threads or usable_cores(),
            processes=options.processes or _count_processes(header.size),
            pack=PACK,
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
