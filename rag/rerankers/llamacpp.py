"""Rerankers as GGUF files of BERT or XLM-RoBERTa in llama.cpp: ``llamacpp:/models/bge-reranker-v2-m3-Q8_0.gguf``."""

from __future__ import annotations

from pathlib import Path

from index.errors import ModelError
from index.platform import usable_cores
from ingest.models.gguf_header import read_header
from ingest.models.llamacpp.child import Child
from rag.child_reranker import ChildReranker
from rag.settings import Settings

TARGET = "ingest.models.llamacpp.rerank:serve"

# How often the end mark stands between question and passage, by the tokenizer as GGUF files call it: BERT's WordPiece,
# XLM-RoBERTa's SentencePiece.
SEAMS = {"bert": 1, "t5": 2}


def open_model(model: str, settings: Settings) -> ChildReranker:
    """`model` is the path of a GGUF file."""
    path = Path(model).expanduser()
    child = Child(TARGET)
    with child.starting():
        header = read_header(path)
        if header.tokenizer not in SEAMS or header.pooling != "rank":
            raise ModelError(
                f"{path} is not a reranker of BERT or XLM-RoBERTa.", "Name a file such as bge-reranker-v2-m3-Q8_0.gguf."
            )
    opening = {"do": "open", "path": str(path), "seams": SEAMS[header.tokenizer]}
    return ChildReranker(f"llamacpp:{path}", child, opening, settings.threads or usable_cores())
