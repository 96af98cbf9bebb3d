"""What the benchmarks of speed begin with: the bundled models, this copy of the product, and nobody's settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
sys.path.insert(0, ROOT)

from rag.setup.bundled import find_bundled  # noqa: E402


def take_bundled(models: Path, home: str) -> dict[str, str]:
    """The settings that name both models of a folder that `rag setup --bundled` filled, by their full paths.

    From here on no others hold, here and in the processes of `rag` that are started: RAG_HOME is `home`, every other
    RAG_* is gone, and `python -m rag` runs the product that this file belongs to, from whatever folder.
    """
    found = find_bundled(models.resolve())
    if not {"embedding", "instruct"} <= found.keys():
        raise SystemExit(f"{models} does not hold what `rag setup --bundled` makes.")
    for name in [name for name in os.environ if name.startswith("RAG_")]:
        del os.environ[name]
    os.environ |= {"RAG_HOME": home, "PYTHONPATH": ROOT}
    return {"embed_model": found["embedding"].name, "model": found["instruct"].name}
