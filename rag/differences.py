"""Tells when the first quotes give different values for the same thing: two offices, two years."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Quote
from index.words import terms
from rag.checking.values import find_values
from rag.messages import say

COMPARED = 3  # quotes a reader takes in together
ALIKE = 0.5  # share of words in common from which two quotes speak of the same thing; see tests/test_differences.py


def find_difference(quotes: Sequence[Quote], language: str) -> str:
    """A sentence that names the values and where they stand, or ""."""
    first, *others = quotes[:COMPARED]
    return ""
