"""What a question asks the index for: its terms, the names in it, and what it wants letter by letter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.characters import UNSPACED, is_unspaced, normalize
from index.words import STOP_WORDS, read_words, runs, split_words, terms

_QUOTED = re.compile(r'"([^"]{2,200})"|“([^”]{2,200})”|「([^」]{2,200})」|『([^』]{2,200})』')
_SPACE = re.compile(r"\s+")
_BREAK = re.compile(rf"(?<=[{UNSPACED}])\s+(?=[{UNSPACED}])")  # a line's end in scripts without spaces


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the word index and the fusion read it.

    `titles` are the runs of terms that may be a whole title, `names` those of `terms` that were typed as names, `codes`
    its identifiers, `phrases` what stood in quotation marks, in the form of `fold`. `exactness` is the share of the
    terms that belong to either; `unspaced` tells a question in Japanese or the like.
    """

    terms: tuple[str, ...]
    shingles: tuple[str, ...]
    titles: tuple[str, ...]
    names: tuple[str, ...]
    codes: tuple[str, ...]
    phrases: tuple[str, ...]
    exactness: float
    unspaced: bool


def read_query(text: str) -> Query:
    """Return what a question asks for; one of nothing but stop words keeps them."""
    words = read_words(text)
    typed = split_words(text)
    shouted = text.isupper()
    # Typed in capitals, IT and WHO are names.
    kept = {t for word in typed if word.isupper() and len(word) > 1 and not shouted for t in terms(word)}
    asked = tuple(term for term in words.terms if term not in STOP_WORDS or term in kept) or words.terms
    names = [t for word in typed[1:] if word[:1].isupper() and not shouted for t in terms(word) if t in asked]
    codes = [word.casefold() for word in typed if is_code(word)]
    phrases = [fold(next(filter(None, groups))) for groups in _QUOTED.findall(text)]
    exact = {t for part in (*codes, *phrases) for t in terms(part)}
    return Query(
        terms=asked,
        shingles=words.shingles,
        titles=tuple(runs(words.terms)),
        names=tuple(names),
        codes=tuple(codes),
        phrases=tuple(phrases),
        exactness=sum(term in exact for term in asked) / max(1, len(asked)),
        unspaced=is_unspaced(text),
    )


def is_code(word: str) -> bool:
    """Return whether a word is an identifier: letters with digits, or numbers with more than one mark."""
    return (any(c.isalpha() for c in word) and any(c.isdecimal() for c in word)) or bool(
        re.search(r"\d[.-]\d+[.-]\d", word)
    )


def fold(text: str) -> str:
    """Return a text for comparing letter by letter: one form of each character, small letters, single blanks.

    Between characters of scripts without spaces there is none.
    """
    return _SPACE.sub(" ", _BREAK.sub("", normalize(text).casefold())).strip()
