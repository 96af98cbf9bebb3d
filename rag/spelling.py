"""Slips of the pen in a question: words that no document has, one letter away from a word that documents have.

They are looked for as in Norvig, "How to Write a Spelling Corrector" (2007): of all words that one letter less, more,
other or exchanged with its neighbour makes, the one that most passages hold. The words it may not touch are ours: what
is a word of its own, or may be a name, is left as it was typed, for it is another thing than what is spelt like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from index.query import read_query
from index.search import Index
from index.words import split_words, stem, terms
from rag.glosses import english_words

# Letters of a word that has few neighbours by chance: in the questions of SQuAD 2 and STICI that had one, names of six
# letters were as often other names (Hinton is not Hilton), longer ones hardly ever.
LEAST, LEAST_NAME = 6, 7
MOST = 8  # unknown words that are looked up, each at some 400 spellings; a question has one or two
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# A word that stands alone: not in a path, an address, an option or an identifier.
_WORD = re.compile(r"(?<![\w@./\\:'’-])[A-Za-z]+(?![\w@/\\:-]|\.\w)")


@dataclass(frozen=True, slots=True)
class Spelt:
    """A question as the documents spell it; `slips` are the words that were typed otherwise, and what was read."""

    text: str
    slips: Mapping[str, str] = field(default_factory=dict)


def spell_alike(question: str, index: Index) -> Spelt:
    """The question with its slips mended by the words of the index.

    What stands in quotation marks is left as it is, and a question of several words of which the index knows less than
    half: it is in another language, or about something else. So is every question while words of passages are missing.
    """
    query = read_query(question)
    exact = {term for phrase in query.phrases for term in terms(phrase)}
    unknown = [term for term in query.terms if not index.words.frequency(term)]
    if not unknown or len(unknown) > max(1, len(query.terms) / 2) or index.words.behind():
        return Spelt(question)
    mended = set(unknown[:MOST]) - exact
    slips: dict[str, str] = {}
    for match in _WORD.finditer(question):
        word, term = match[0], stem(match[0].casefold())
        if term not in mended or not _may_be_slip(word) or term in english_words():
            continue
        if found := find_neighbour(word.casefold(), index):
            slips[word] = _in_case_of(word, found)
    return Spelt(_WORD.sub(lambda match: slips.get(match[0], match[0]), question), slips) if slips else Spelt(question)


def _may_be_slip(word: str) -> bool:
    """Whether a word is long enough, and in the case of a word or a name: others are abbreviations or identifiers."""
    least = LEAST_NAME if word[0].isupper() else LEAST
    return len(word) >= least and (word.islower() or word.istitle())


def find_neighbour(word: str, index: Index) -> str | None:
    """The word, as a passage spells it, that is one slip from `word`, up to its ending, and that most passages hold."""
    slips = slips_of(word)
    often = {term: index.words.frequency(term) for term in map(stem, slips)}
    nearest = max(often, key=lambda term: (often[term], term))
    hits = index.words.search(replace(read_query(""), terms=(nearest,)), 1) if often[nearest] else []
    alike = [
        found
        for passage in index.store.passages([number for number, _ in hits]).values()
        for found in split_words("\n".join((passage.title, *passage.chunk.heading, passage.chunk.text)))
        if stem(found.casefold()) == nearest
    ]
    return min(alike, key=lambda found: found.casefold() not in slips, default=None)


def _in_case_of(typed: str, found: str) -> str:
    """A word as documents spell it, with a capital where one was typed, if it is no more than one."""
    if not (found.islower() or found.istitle()):
        return found
    return found.capitalize() if typed.istitle() else found.casefold()


def slips_of(word: str) -> frozenset[str]:
    """Every word that is one slip from `word` in small letters, but for slips of the first letter, which are rare."""
    return frozenset(_each_slip(word)) - {word}


def _each_slip(word: str) -> Iterator[str]:
    for place in range(1, len(word) + 1):
        before, after = word[:place], word[place:]
        for letter in _LETTERS:
            yield before + letter + after
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
