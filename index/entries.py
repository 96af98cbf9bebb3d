"""What the word index keeps of a passage and of a whole document: terms, shingles, and the context they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

from index.types import Passage
from index.words import Words, read_words, whole_titles


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one entry; `terms` and `shingles` are of text and context, `context` is of the latter alone."""

    terms: tuple[str, ...]
    shingles: tuple[str, ...]
    context: tuple[str, ...]


def passage_entry(passage: Passage, text: Words) -> Entry:
    """The entry of a passage, whose own text was read as `text`."""
    context = _read([*_place(passage), *_inside(passage)])
    titles = whole_titles((*_names(passage), *passage.chunk.heading))
    return Entry(context.terms + text.terms, context.shingles + text.shingles, (*context.terms, *titles))


def document_entry(passages: Sequence[Passage], texts: Sequence[Words]) -> Entry:
    """The entry of the document that `passages` make up, with every heading and table header once."""
    first = passages[0]
    parts = [_read([*_place(first), *chain.from_iterable(map(_inside, passages))]), *texts]
    return Entry(
        tuple(chain.from_iterable(part.terms for part in parts)),
        tuple(chain.from_iterable(part.shingles for part in parts)),
        (*_read(_place(first)).terms, *whole_titles(_names(first))),
    )


def _names(passage: Passage) -> tuple[str, str]:
    return passage.title, PurePosixPath(passage.path).stem


def _place(passage: Passage) -> list[str]:
    """Where a document is and what it is called: its folders and file, but for the source's name; title; date."""
    return [*PurePosixPath(passage.path).with_suffix("").parts[1:], passage.title, passage.date or ""]


def _inside(passage: Passage) -> list[str]:
    """Where a passage stands in its document: headings, and what its chunk shows with it."""
    return [*passage.chunk.heading, *(span.text for span in passage.chunk.context)]


def _read(lines: Sequence[str]) -> Words:
    """The words of lines, equal ones once."""
    return read_words("\n".join(dict.fromkeys(lines)))
