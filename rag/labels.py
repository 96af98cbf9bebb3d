"""``rag label``: names for documents, by which searches can be restricted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import UsageError
from index.globs import match_paths

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase


def label(kb: KnowledgeBase, pattern: str, name: str, *, remove: bool = False) -> list[str]:
    """Give what matches `pattern` the label `name`, now and later, or take it away; the documents it matches now.

    Raises UsageError when nothing matches, or the label is not there to be taken away.
    """
    paths = match_paths(pattern, kb.index.store.document_ids())
    if remove:
        if pattern not in kb.index.labels.patterns([name]):
            raise UsageError(f"{pattern} does not have the label {name} of itself.", "See: rag label")
    elif not paths:
        raise UsageError(f"No document matches {pattern}.", "See: rag list")
    with kb.index.store.session("rag label"):
        change = kb.index.labels.remove if remove else kb.index.labels.add
        change(name, [pattern])
    return paths


def labels(kb: KnowledgeBase) -> dict[str, list[str]]:
    """The patterns of each label."""
    with kb.index.store.reading():
        return kb.index.labels.all()
