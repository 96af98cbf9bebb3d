"""Passages on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.globs import match_paths
from index.types import Hit, Quote
from index.weights import describe_weights
from rag.languages import language_of
from rag.messages import say
from rag.screen import Piece, note, one_line, show

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

SHOWN_CHARACTERS = 300  # of a passage: enough to see whether it is the right one


def show_hits(kb: KnowledgeBase, question: str, hits: Sequence[Hit], explain: bool) -> None:
    """Each passage with its place and the other documents that hold it, best first; `explain` adds its ranks."""
    language = language_of(question)
    for number, hit in enumerate(hits, 1):
        show(*headline(number, hit), hang=4)
        for span in hit.context:
            show(f"    {one_line(span.text)}", style="dim")
        text = " ".join(hit.text.split())
        show(f"    {text[:SHOWN_CHARACTERS]}{'…' if len(text) > SHOWN_CHARACTERS else ''}")
        if hit.also:
            show(f"    {say('also', language, paths=', '.join(hit.also))}", style="dim")
        if explain:
            ranks = ", ".join(f"{leg} rank {rank}" for leg, rank in hit.ranks.items())
            show(f"    score {hit.score:.3f}: {ranks}", style="dim")
    if explain:
        show(say("shares", language, words=1 - kb.retriever.share, meaning=kb.retriever.share), style="dim")
        with kb.index.reading():
            weights = kb.index.weights()
        for name, learned in (describe_weights(weights) if weights else {}).items():
            show(f"{name}: {learned}", style="dim")
    if not hits:
        note(say("no_passage", language))
    if kb.retriever.reranking:
        note(say("seconds_reranker", language, seconds=kb.retriever.reranking))


def show_slips(slips: Mapping[str, str], question: str) -> None:
    """Say which words of the question were read as others."""
    for typed, read in slips.items():
        note(say("slip", language_of(question), typed=typed, read=read))


def mode_of(kb: KnowledgeBase, hits: Sequence[Hit], mode: str) -> str:
    """The mode that was searched in: by words where search by meaning alone was asked for, and nothing has a vector."""
    by_words = not kb.settings.embed_model or (hits and not any("dense" in hit.ranks for hit in hits))
    return "lexical" if mode == "dense" and by_words else mode


def show_scope(kb: KnowledgeBase, question: str, within: Sequence[str]) -> None:
    """Say when no document is among those that a search is restricted to."""
    if not within:
        return
    with kb.index.store.reading():
        paths = kb.index.store.document_ids()
    if not match_paths(within, paths):
        note(say("no_document", language_of(question), patterns=", ".join(within)))


def show_limits(kb: KnowledgeBase, question: str, mode: str = "hybrid") -> None:
    """Say when the search had less to go on than it should; by words alone it needs no embedding model."""
    language = language_of(question)
    with kb.index.reading():
        waiting, behind = kb.count_waiting(), kb.index.behind()
    if not kb.settings.embed_model:
        if mode != "lexical":
            note(say("no_dense" if mode == "dense" else "no_vectors", language))
    elif waiting:
        note(say("waiting", language, count=waiting))
    if unread := kb.retriever.unread:
        note(say("unread", language, why=unread))
    for leg, count in behind.items():
        note(say(f"{leg}_behind", language, count=count))


def headline(number: int, hit: Hit | Quote) -> list[Piece]:
    """``[1] docs/hr/leave.md › Annual leave, line 14``, the path a link to the file."""
    link = Path(hit.file).as_uri() + (f"#page={hit.page}" if hit.page else "")
    place = "".join(f" › {heading}" for heading in hit.heading[-2:]) + (f", {hit.where}" if hit.where else "")
    return [Piece(f"[{number}] ", "bold"), Piece(hit.path, "cyan", link), Piece(place)]
