"""Whether a sentence tells of the opposite case of what is asked about: of full-time staff, not part-time.

Two words of one pair of the table (`rag.checking.opposites`) said of the same thing cannot both be true. So a sentence
that has one before a word, where the question has the other before the same word and the sentence does not, tells of
another case. Opposites alone do not show it: who lost is told by who won, what is less by what is more.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from rag.checking.opposites import opposites
from rag.checking.tokens import tokens


def is_other_case(question: str, sentence: str) -> bool:
    """Return whether `sentence` says the opposite of a word that qualifies another in `question`, of that other."""
    other = _other_cases(question)
    if not other:
        return False
    said = _pairs(sentence)
    return any(asked not in said and not said.isdisjoint(contrary) for asked, contrary in other)


@lru_cache(maxsize=16)
def _other_cases(question: str) -> tuple[tuple[tuple[str, str], frozenset[tuple[str, str]]], ...]:
    """Each pair of neighbouring words of a question whose first has opposites, and the same pair with each of them.

    A question that names both cases asks for either.
    """
    keys = {token.key for token in tokens(question)}
    return tuple(
        ((qualifier, word), frozenset((contrary, word) for contrary in opposites(qualifier)))
        for qualifier, word in _pairs(question)
        if opposites(qualifier) and keys.isdisjoint(opposites(qualifier))
    )


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """The key of each word but a verb, and of the word after it."""
    return frozenset((one.key, other.key) for one, other in pairwise(tokens(text)) if not one.verb)
