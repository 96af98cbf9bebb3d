"""A small language model that reads a text together with what is asked of it, and says yes or no.

`rag setup` makes it of the bundled instruct model (see ingest/models/adapters); it lies beside the embedding model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from index.platform import usable_cores
from ingest.models.adapters import GLOSSED, READER, load_adapter
from ingest.models.llamacpp.child import Child
from rag.glosses import gloss

AT_ONCE = 3  # texts, each on a processor of its own: as many passages as a question is read with
TARGET = "ingest.models.llamacpp.judge:serve"


def find_reader(embed_model: str) -> Path | None:
    """The reader beside the embedding model that ``runtime:model`` names; None where there is none."""
    runtime, _, path = embed_model.partition(":")
    if runtime != "llamacpp":
        return None
    reader = Path(path).expanduser().parent / READER
    return reader if reader.is_file() else None


class CrossEncoder:
    """The reader in a process of its own, not to be shared by threads.

    Raises ModelError when llama.cpp cannot use the file.
    """

    def __init__(self, path: Path) -> None:
        self._child = Child(TARGET)
        opening = {"do": "open", "path": str(path), "contexts": min(AT_ONCE, usable_cores())}
        try:
            self._width = int(self._child.open(opening)["dimension"])
        except BaseException:
            self.close()
            raise

    def judge(self, name: str, asked: str, texts: Sequence[str]) -> list[float]:
        """The log odds that the adapter `name` says yes of each text; what is too long for it is cut."""
        import numpy as np

        if not texts:
            return []
        adapter = load_adapter(name)
        request = {"do": "judge", "adapter": str(adapter.path), "layout": asdict(adapter.layout)}
        read = map(gloss, (asked, *texts)) if name == GLOSSED else (asked, *texts)
        _, blobs = self._child.call(request, [text.encode("utf-8", "replace") for text in read])
        means = [np.frombuffer(blob, np.float32).reshape(-1, self._width).mean(axis=0) for blob in blobs]
        return adapter.log_odds(np.stack(means))

    def close(self) -> None:
        self._child.close()
