"""The quotes of an answer: the words of the documents that bear on the question, as few of them as will do.

A quote is a sentence, table row, list item or code line, or a run of neighbouring sentences of one passage. It grows by
a neighbour only where each further word is worth reading, that is, adds enough probability that the answer is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.duplicates import said
from index.places import locate
from index.search import Ranked
from index.types import Kind, Quote, Span
from index.words import terms
from ingest.chunk import measure
from rag.languages import language_of
from rag.question import leans_back, takes_back
from rag.relevance import Sentence, Weighed

# Chosen so that the first quote of SQuAD 2 and JSQuAD stays within 32 words or 70 characters, three within 90 or 200
# (context counted), with the most answers in them.
WORTH = {"en": 0.009, "ja": 0.0095}  # probability that a further word must add; two Japanese characters make one
NEARLY = 0.4  # of the best sentence's probability: among those, the one that says it in fewer words comes first
LONGEST = 3  # sentences of a quote
BEFORE = 15.0  # words of a sentence that is brought for a pronoun's sake; a longer one says more than who "it" is

_PROSE = (Kind.TEXT, Kind.ITEM, Kind.NOTE)


@dataclass(slots=True)
class _Run:
    """Neighbouring sentences, by their numbers in `Weighed.sentences`."""

    first: int
    last: int
    probability: float


def select_quotes(weighed: Weighed, text_of: Callable[[str], str], *, limit: int) -> list[Quote]:
    """Return at most `limit` quotes, best first, numbered from 1; `text_of` gives the text of the document at a path.

    What several documents say in the same words is one quote, with the other paths in `also`.
    """
    quotes: list[Quote] = []
    alike: list[tuple[str, ...]] = []
    for run in _runs(weighed):
        sentences = weighed.sentences[run.first : run.last + 1]
        hit = weighed.ranked[sentences[0].rank]
        chunk = hit.passage.chunk
        start, end = sentences[0].start, sentences[-1].end
        text = chunk.text[start - chunk.start : end - chunk.start]
        words = said(text)
        twin = next((i for i, other in enumerate(alike) if other == words and words), None)
        if twin is not None:
            others = (hit.passage.path, *hit.also)
            also = dict.fromkeys((*quotes[twin].also, *(path for path in others if path != quotes[twin].path)))
            quotes[twin] = replace(quotes[twin], also=tuple(also))
            continue
        if len(quotes) == limit:
            break
        context = tuple(_context(weighed, run, text, text_of))
        quotes.append(_quote(len(quotes) + 1, hit, start, end, text, context, run.probability))
        alike.append(words)
    return quotes


def _quote(
    number: int, hit: Ranked, start: int, end: int, text: str, context: tuple[Span, ...], probability: float
) -> Quote:
    passage = hit.passage
    place = locate(passage.chunk.blocks, passage.page_labels, passage.chunk.text, passage.chunk.start, start, end)
    return Quote(
        n=number,
        path=passage.path,
        file=passage.file,
        page=place.page,
        page_label=place.page_label,
        lines=place.lines,
        where=place.where,
        heading=passage.chunk.heading,
        modified=passage.modified,
        start=start,
        end=end,
        text=text,
        context=context,
        also=hit.also,
        score=probability,
    )


def _runs(weighed: Weighed) -> Iterator[_Run]:
    """Yield disjoint runs of sentences, the likeliest to answer in the fewest words first.

    An exception in a sentence of its own goes with the rule, whatever it is worth.
    """
    free = weighed.probabilities.copy()
    lengths = np.array([max(measure(sentence.text), 1.0) for sentence in weighed.sentences])
    worth = WORTH[language_of(weighed.question.text)]
    while len(free) and free.max() >= 0:
        good = np.flatnonzero(free >= NEARLY * free.max())
        seed = int(good[np.argmax(free[good] - worth * lengths[good])])
        run = _Run(seed, seed, float(free[seed]))
        free[seed] = -1.0
        while run.last - run.first + 1 < LONGEST:
            gains = {
                i: free[i] / lengths[i]
                for i in (run.first - 1, run.last + 1)
                if 0 <= i < len(free) and free[i] >= worth * lengths[i] and _are_neighbours(weighed.sentences, seed, i)
            }
            if not gains:
                break
            added = max(gains, key=gains.__getitem__)
            run = _Run(min(run.first, added), max(run.last, added), run.probability + float(free[added]))
            free[added] = -1.0
        after = run.last + 1
        follows = after < len(free) and free[after] >= 0 and _are_neighbours(weighed.sentences, seed, after)
        if follows and takes_back(weighed.sentences[after].text):
            run = _Run(run.first, after, run.probability + float(free[after]))
            free[after] = -1.0
        yield run


def _are_neighbours(sentences: Sequence[Sentence], one: int, other: int) -> bool:
    return (
        sentences[one].rank == sentences[other].rank
        and sentences[one].kind in _PROSE
        and sentences[other].kind is sentences[one].kind
    )


def lead_of(quote: Quote) -> str:
    """What a quoted list item goes on with ("The tenant shall not:"), "" for a quote that stands by itself."""
    leads = (span.text for span in quote.context if span.end <= quote.start)
    return " ".join(" ".join(text.split()) for text in leads if text.rstrip().endswith((":", "：")))


def _context(weighed: Weighed, run: _Run, text: str, text_of: Callable[[str], str]) -> Iterator[Span]:
    """Yield the ranges a reader needs to understand the quote on its own, in the order of the document."""
    first = weighed.sentences[run.first]
    passage = weighed.ranked[first.rank].passage
    chunk = passage.chunk
    if first.kind is Kind.ROW or (first.kind is Kind.ITEM and first.lead):
        yield from first.lead
        return
    if first.kind not in (Kind.TEXT, Kind.ITEM):
        return
    back = leans_back(text)
    before = weighed.sentences[run.first - 1] if run.first else None
    if back and before is not None and before.rank == first.rank and measure(before.text) <= BEFORE:
        yield Span(before.start, before.end, before.text)
    elif back or language_of(text) == "ja":
        # Japanese leaves out a subject that the heading has named, where English puts a pronoun.
        heading = chunk.heading[-1] if chunk.heading else passage.title
        if heading and not frozenset(terms(heading)) <= frozenset(terms(text)):
            # A heading stands before its chunk, a title may stand inside it: the subject among a mail's first lines.
            until = chunk.start if chunk.heading else first.start
            yield from find_heading(heading, until, text_of(passage.path))


def find_heading(heading: str, before: int, text: str) -> Iterator[Span]:
    """Yield the last place before position `before` where `heading` stands, whatever its white space; none, nothing."""
    pattern = re.compile(r"\s+".join(map(re.escape, heading.split())))
    places = [match.span() for match in pattern.finditer(text, 0, before)]
    yield from (Span(start, end, text[start:end]) for start, end in places[-1:])
