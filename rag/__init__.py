"""Answers questions from your own documents, on your own machine.

import rag

with rag.open("my.kb") as kb:
    kb.ingest(["./docs"])
    answer = kb.ask("How many days of leave do I get?")
    print(answer.text, answer.quotes[0].where)

rag.check("Staff get 20 days.", sources=["Full-time employees receive 20 days of leave."])
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from ingest.network import SWITCHES

# Read before any library loads libgomp: waiting threads that spin keep llama.cpp from its cores. And the switches that
# keep libraries from looking for anything on a network.
for _name, _value in {"OMP_WAIT_POLICY": "passive", **SWITCHES}.items():
    os.environ.setdefault(_name, _value)

if TYPE_CHECKING:
    from index.errors import RagError as RagError
    from index.types import Hit as Hit
    from index.types import Quote as Quote
    from ingest.report import IngestReport as IngestReport
    from rag.answer import Answer as Answer
    from rag.checking import Check as Check
    from rag.configured_check import check as check
    from rag.knowledge_base import KnowledgeBase as KnowledgeBase
    from rag.knowledge_base import open_knowledge_base

    open = open_knowledge_base

_HOMES = {
    "Answer": "rag.answer",
    "Check": "rag.checking",
    "Hit": "index.types",
    "IngestReport": "ingest.report",
    "KnowledgeBase": "rag.knowledge_base",
    "Quote": "index.types",
    "RagError": "index.errors",
    "check": "rag.configured_check",
    "open": "rag.knowledge_base",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """Load a part when it is first used, so that ``import rag`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), "open_knowledge_base" if name == "open" else name)
    globals()[name] = value
    return value
