"""Tells when quotes of several documents give different values for the same thing: two offices, two years."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.types import Quote
from index.words import normalize, terms
from rag.checking.reading import values
from rag.checking.tokens import tokens
from rag.checking.values import Value, agree, comparable
from rag.messages import say
from rag.table_cells import BAR, split_cells

COMPARED = 3  # quotes: what a reader takes in together

# Share of words in common, numbers left out, from which two quotes speak of the same thing
# (tests/test_differences.py has pairs on both sides).
ALIKE = 0.5

_YEAR = re.compile(r"(?:19|20)\d\d")


def find_difference(question: str, quotes: Sequence[Quote], language: str) -> str:
    """A sentence that names the values, their quotes and years; "" when the first quotes agree."""
    if not quotes:
        return ""
    first, *others = quotes[:COMPARED]
    asked = {token.key for token in tokens(normalize(question)) if token.name}
    rivals = [
        (other, pair)
        for other in others
        if other.path != first.path
        and asked & _named_in(first) == asked & _named_in(other)  # else the question is about one of them
        and (pair := _differing(question, first, other))
    ]
    if not rivals:
        return ""
    named = [_name(first, rivals[0][1][0]), *(_name(other, pair[1]) for other, pair in rivals)]
    return say("differ", language, values=", ".join(named))


def _named_in(quote: Quote) -> set[str]:
    """The words that a quote has, or that stand above it."""
    return {token.key for token in tokens(normalize("\n".join((quote.text, *quote.heading, quote.path))))}


def _differing(question: str, one: Quote, other: Quote) -> tuple[Value, Value] | None:
    """The first two values of the same sort that differ where the words around them are the same.

    Of two table rows they are of the column that the question names most of, or of the only one in which they differ.
    """
    texts = normalize(one.text), normalize(other.text)
    if _likeness(*texts) < ALIKE:
        return None
    found = values(texts[0]), values(texts[1])
    left = [value for value in found[0] if not any(agree(value, match) for match in found[1])]
    right = [value for value in found[1] if not any(agree(value, match) for match in found[0])]
    pairs = [(a, b) for a in left for b in right if comparable(a, b)]
    if not all(BAR in text for text in texts):
        return pairs[0] if pairs else None
    columns: dict[int, tuple[Value, Value]] = {}
    for a, b in pairs:
        if (column := _column(texts[0], a)) == _column(texts[1], b):
            columns.setdefault(column, (a, b))
    header = next((split_cells(span.text) for span in one.context if BAR in span.text), [])
    asked = set(terms(question))
    named = {column: len(asked & set(terms(header[column]))) for column in columns if column < len(header)}
    best = max(named, key=lambda column: named[column], default=None)
    if best is not None and named[best]:
        return columns[best]
    return next(iter(columns.values())) if len(columns) == 1 else None


def _column(row: str, value: Value) -> int:
    return row.count(BAR, 0, value.start)


def _likeness(one: str, other: str) -> float:
    """Jaccard index of the words that hold no digit."""
    left, right = ({term for term in terms(text) if not any(map(str.isdigit, term))} for text in (one, other))
    return len(left & right) / len(left | right) if left and right else 0.0


def _name(quote: Quote, value: Value) -> str:
    years = _YEAR.findall(normalize(" ".join((quote.path, *quote.heading))))
    year = f" ({years[-1]})" if years else ""
    return f"{value.text.strip()} [{quote.n}]{year}"
