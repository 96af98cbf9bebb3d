"""``rag repair``: the mended knowledge base gets the vectors that were lost, where there is an embedding model."""

from __future__ import annotations

import contextlib

from index.errors import MissingError, UsageError
from index.repair import Repair, repair
from rag.knowledge_base import open_knowledge_base
from rag.settings import find_knowledge_base
from rag.trust import check_trust


def mend(kb: str | None, *, apply: bool) -> Repair:
    """Mend the knowledge base in force, or only say what that takes."""
    folder = find_knowledge_base(kb)
    check_trust(folder)
    result = repair(folder.resolve(), apply=apply)
    if apply and result.findings:
        # Where no model can be used the repair is done all the same: who asks is told, and vectors come with an ingest.
        cannot = contextlib.suppress(MissingError, UsageError)
        with open_knowledge_base(folder, create=False) as base, cannot:
            base.embed()
    return result
