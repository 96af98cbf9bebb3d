"""Further quotes where a search found too few: what stands around the found passages, then how other documents begin.

By words alone nothing is found that has no word of the question. Two quotes more are seldom what was asked for, but
they show what the documents hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.search import Ranked, Within
from index.types import Quote
from rag.quotes import select_quotes
from rag.relevance import weigh_sentences
from rag.retrieval import Retriever

LEAST = 3  # quotes of an answer, where the documents have as many
READ = 10  # passages that are looked through for them; what several say in the same words is one quote


def add_surroundings(
    quotes: Sequence[Quote], question: str, ranked: Sequence[Ranked], retriever: Retriever, within: Within
) -> list[Quote]:
    """The quotes and, with a score of 0, as many others as make LEAST."""
    found = list(quotes)
    if len(found) < LEAST:
        weighed = weigh_sentences(question, _read_around(ranked, retriever, within), retriever)
        new = select_quotes(weighed, retriever.index.store.text, limit=LEAST - len(found))
        found += [replace(quote, n=n, score=0.0) for n, quote in enumerate(new, len(found) + 1)]
    return found


def _read_around(ranked: Sequence[Ranked], retriever: Retriever, within: Within) -> list[Ranked]:
    """READ passages that were not found, those next to found ones first."""
    store = retriever.index.store
    found = [hit.passage.id for hit in ranked]
    documents = set(store.documents_of(found).values())
    allowed = retriever.index.documents_within(within)
    others = sorted(store.all_chunk_ids() if allowed is None else store.chunk_ids(allowed))
    beside = sorted(set(store.chunk_ids(documents)) & set(others), key=lambda chunk: (_distance(chunk, found), chunk))
    wanted = [chunk for chunk in dict.fromkeys([*beside, *others]) if chunk not in found][:READ]
    passages = store.passages(wanted)
    return [Ranked(passages[chunk], 0.0) for chunk in wanted]


def _distance(chunk: int, found: Sequence[int]) -> int:
    return min(abs(chunk - other) for other in found)
