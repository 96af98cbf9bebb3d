"""Lists of documents on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from index.globs import match_paths
from index.store import Listing
from rag.screen import clean, counted, show


def select_documents(documents: Sequence[Listing], patterns: Sequence[str]) -> list[Listing]:
    """Those whose path matches one of the patterns; all without patterns."""
    if not patterns:
        return list(documents)
    wanted = set(match_paths(patterns, [document.path for document in documents]))
    return [document for document in documents if document.path in wanted]


def show_documents(documents: Sequence[Listing]) -> None:
    """A line a document: path, pages, chunks, time, title."""
    for document in documents:
        pages = f"{counted(document.pages, 'page')}, " if document.pages else ""
        facts = f"{pages}{counted(document.chunks, 'chunk')}, {document.modified}"
        show(f"{document.path}  ({facts})  {document.title}", hang=4)
        for warning in document.warnings:
            show(f"    warning: {warning}")


def show_labels(labels: Mapping[str, Sequence[str]]) -> None:
    """A line for each label and what has it."""
    for name, paths in labels.items():
        for path in paths:
            click.echo(f"{clean(name)}  {clean(path)}")
