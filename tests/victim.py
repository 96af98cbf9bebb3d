"""A process of its own that works on a knowledge base, to be killed: `python victim.py FOLDER VERSION`.

It brings `PATHS` documents to their texts of a version, and writes the name of each to its output once it is committed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from corpus import make_document, make_origin, store_document
from numpy.typing import NDArray

from index.search import Index, Meaning, Scope, search

os.environ.setdefault("OMP_NUM_THREADS", "1")  # FAISS's threads wait for each other far longer than they work here
PATHS = 8
LARGE = 40
IDENTITY = '{"model": "victim"}'
LABEL = "farm"
WITHIN = (None, "docs/[3-5].txt", Scope(labels=(LABEL,)))
QUESTIONS = ("wombat burrows", "generation of the harbour", "invoice 17")


def paragraphs(number: int, version: int) -> list[str]:
    """What document `number` says in a version; half of the documents change from one to the next."""
    told = version - (version + number) % 2
    return [
        f"The wombat of farm {number} digs burrows in season {told}.",
        f"Invoice {number + told} of the harbour is due in generation {told}.",
        f"Nothing else is known of place {number}. " * (1 + told % 3),
    ]


def embed(text: str) -> NDArray[np.float32]:
    """A unit vector that depends on the text alone."""
    row = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(16).astype(np.float32)
    vector: NDArray[np.float32] = row / np.linalg.norm(row)
    return vector


@contextlib.contextmanager
def opened(folder: Path, **how: bool) -> Iterator[Index]:
    index = Index(folder, identity=IDENTITY, **how)
    try:
        yield index
    finally:
        index.close()


def work(folder: Path, version: int, committed: Callable[[str], object], count: int = PATHS) -> None:
    """Bring the knowledge base to a version, a transaction a document, then its vectors and parts."""
    with opened(folder) as index, index.store.session("victim"):
        known = index.store.origins()
        if not index.labels.all():
            index.labels.add(LABEL, ["docs/1.txt", "docs/2.txt"])
        for number in range(count):
            path, document = f"docs/{number}.txt", make_document(*paragraphs(number, version))
            mark = str(zlib.crc32(document.text.encode()))
            if path in known and known[path].sha256 == mark:
                continue
            store_document(index.store, make_origin(path, mark), document)
            committed(f"{path} {mark}\n")
        embed_all(index)
        index.refresh()


def embed_all(index: Index) -> None:
    """Give every chunk its vector."""
    model = index.table.model_id(IDENTITY)
    while waiting := index.table.waiting(model, 10):
        passages = index.store.passages([chunk for _, chunk in waiting])
        vectors = np.stack([embed(passages[chunk].chunk.text) for _, chunk in waiting])
        index.table.add_vectors(model, [key for key, _ in waiting], vectors)


def answers(index: Index) -> list[tuple[str, int, float]]:
    """What a few questions find, by words and by meaning, and a sum of every text; equal scores in any order."""
    found = []
    with index.reading():
        for question in QUESTIONS:
            meaning = Meaning(embed(question), 1.0)
            for mode in ("hybrid", "lexical", "dense"):
                for within in WITHIN if mode == "hybrid" else WITHIN[:1]:
                    ranked = search(index, question, lambda m=meaning: m, k=50, mode=mode, within=within)  # type: ignore[misc]
                    # FAISS and numpy differ in the seventh digit.
                    found += sorted((hit.passage.path, hit.passage.chunk.start, round(hit.score, 3)) for hit in ranked)
        for path in sorted(index.store.document_ids()):
            found.append((path, zlib.crc32(index.store.text(path).encode()), 0.0))
    return found


def mend(folder: Path, version: int, committed: Callable[[str], object]) -> None:
    """`rag repair --apply`."""
    from index.repair import repair

    repair(folder, apply=True)


def forget(folder: Path, version: int, committed: Callable[[str], object]) -> None:
    """`rag forget` of the first document."""
    import rag

    with rag.open(folder) as kb:
        kb.forget("docs/0.txt")


def work_large(folder: Path, version: int, committed: Callable[[str], object]) -> None:
    work(folder, version, committed, LARGE)


def open_once(folder: Path, version: int, committed: Callable[[str], object]) -> None:
    """What every command does first."""
    with opened(folder):
        pass


VERBS = {"open": open_once, "work": work, "large": work_large, "mend": mend, "forget": forget}

if __name__ == "__main__":
    os.write(1, b"begin -\n")
    work(Path(sys.argv[1]), int(sys.argv[2]), lambda line: os.write(1, line.encode()))
