#!/usr/bin/env python3
"""Run a scoring program with a part of retrieval left out, to see what that part adds.

    python tests/bench/without.py PART SCORE retrieval SET … --data DIR [--limit N]

PART is "nothing", "context" (chunks are embedded and indexed by their text alone, without title, headings, file names
and what is shown with them), "words" (of Japanese, pairs of characters stand in the place of dictionary words) or
"pairs" (dictionary words alone). All behind it is the scoring program and its arguments; the embedding model is that of
RAG_EMBED_MODEL.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index import entries, japanese
from index.types import Chunk
from ingest import pipeline, vectors


def leave_out(part: str) -> None:
    """Put what finds nothing in the place of a part, for this process."""
    if part == "context":
        entries._place = entries._inside = lambda passage: []
        entries.whole_titles = lambda names: []
        pipeline.embedding_input = vectors.embedding_input = _text_alone
    elif part == "words":
        japanese.words, japanese.pairs = japanese.pairs, _nothing
    elif part == "pairs":
        japanese.pairs = _nothing
    elif part != "nothing":
        sys.exit(f"{part} cannot be left out: context, words, pairs or nothing.")


def _nothing(text: str) -> list[str]:
    return []


def _text_alone(title: str, chunk: Chunk) -> str:
    return chunk.text


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    leave_out(sys.argv[1])
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
