"""What a model writes, statement by statement: where each ends, what it cites, and what the check says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from index.types import Quote
from ingest.sentences import split_sentences
from rag.answer import Statement
from rag.checking import Readings, check, says_little, stands_in
from rag.checking.messages import reason

_MARK = re.compile(r"\s*\[(\d{1,2})\]")
_LEADING_MARKS = re.compile(r"(?:\[\d{1,2}\]\s*)+(?:\[\d{0,2}$)?|\[\d{0,2}$")
_ANNOUNCES = (":", "：")  # "The answer is:" says only that something follows
_LEAST = 2  # characters of a statement; less is a stray mark


def split_statements(pieces: Iterable[str]) -> Iterator[str]:
    """Sentences as soon as the next one has begun, with the marks that follow them; the last one when writing ends.

    What was said before is left out: a small model that has nothing more to say says it again and again.
    """
    said: set[str] = set()
    for sentence in _split(pieces):
        if (words := _bare(_MARK.sub("", sentence))) not in said:
            said.add(words)
            yield sentence


def _split(pieces: Iterable[str]) -> Iterator[str]:
    text = ""
    for piece in pieces:
        text += piece
        # The last sentence may still grow, and a mark after a full stop belongs to the one before.
        *done, (start, _) = _sentences(text) or [(0, 0)]
        yield from (text[begin:end] for begin, end in done)
        text = text[start:]
    yield from (text[begin:end] for begin, end in _sentences(text))


def _sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text stand, each with the marks behind its full stop, the last of which may be begun."""
    found: list[tuple[int, int]] = []
    for start, end in split_sentences(text):
        marks = _LEADING_MARKS.match(text, start, end) if found else None
        if marks:
            found[-1] = (found[-1][0], start + len(marks[0].rstrip()))
            start = marks.end()
        if start < end:
            found.append((start, end))
    return found


def check_statement(
    question: str, text: str, sources: Sequence[Quote], readings: Readings | None = None
) -> Statement | None:
    """A statement with its verdict, and the marks of the sources that bear it out; None when nothing is stated.

    A mark of the model counts when that source bears the statement out; otherwise the sources are tried one by one,
    then all together, because a small model's marks mean little. A bare answer ("1990.", "In Paris") states something
    only together with its question, and so it is checked. `readings` are the embedding model's, as in `check`.
    """
    cited = [int(n) for n in _MARK.findall(text)]
    plain = " ".join(_MARK.sub("", text).split())
    if len(plain) < _LEAST or plain.endswith(_ANNOUNCES) or _repeats(question, plain):
        return None
    bare = says_little(plain)
    stated = f"{question} {plain}" if bare else plain
    ordered = sorted(sources, key=lambda quote: quote.n not in cited)
    for quote in ordered:
        verdict = check(stated, [words_of(quote)], readings)
        # The question's words stand in what it found: they bear out nothing by themselves ("It is dangerous.", "No.").
        if verdict.verdict == "supported" and (not bare or stands_in(plain, words_of(quote))):
            return Statement(plain, "supported", (quote.n,), verdict.reasons)
    together = check(stated, [words_of(quote) for quote in sources], readings)
    if together.verdict != "supported":
        return Statement(plain, together.verdict, tuple(cited), together.reasons)
    if bare and not stands_in(plain, "\n\n".join(words_of(quote) for quote in sources)):
        return Statement(plain, "unchecked", tuple(cited), (reason("far", plain),))
    return Statement(plain, "supported", tuple(quote.n for quote in sources), together.reasons)


def words_of(quote: Quote) -> str:
    """What a quote says, with what it needs to be understood, each on lines of its own.

    A heading has no full stop, and the sentence behind it would not begin as one.
    """
    return "\n".join((*quote.heading, *(span.text for span in quote.context), quote.text))


def _repeats(question: str, text: str) -> bool:
    """Whether the model only says the question again."""
    return _bare(text) == _bare(question)


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
