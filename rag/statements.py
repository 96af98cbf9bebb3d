"""What a model writes, statement by statement: where each ends, what it cites, and what the check says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from index.types import Quote
from ingest.sentences import split_sentences
from rag.answer import Statement
from rag.checking import Readings, check, says_little

_MARK = re.compile(r"\s*\[(\d{1,2})\]")
_LEAST = 2  # characters of a statement; less is a stray mark


def split_statements(pieces: Iterable[str]) -> Iterator[str]:
    """Sentences as soon as the next one has begun, with the marks that follow them; the last one when writing ends."""
    text = ""
    for piece in pieces:
        text += piece
        sentences = split_sentences(text)
        if len(sentences) > 1:
            # The last sentence may still grow, and a mark after a full stop belongs to the one before.
            for start, end in sentences[:-1]:
                yield text[start:end]
            text = text[sentences[-1][0] :]
    for start, end in split_sentences(text):
        yield text[start:end]


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
    if len(plain) < _LEAST or _repeats(question, plain):
        return None
    stated = f"{question} {plain}" if says_little(plain) else plain
    ordered = sorted(sources, key=lambda quote: quote.n not in cited)
    verdicts = []
    for quote in ordered:
        verdict = check(stated, [_words(quote)], readings)
        if verdict.verdict == "supported":
            return Statement(plain, "supported", (quote.n,), verdict.reasons)
        verdicts.append(verdict)
    together = check(stated, [_words(quote) for quote in sources], readings)
    if together.verdict == "supported":
        return Statement(plain, "supported", tuple(quote.n for quote in sources), together.reasons)
    return Statement(plain, together.verdict, tuple(cited), together.reasons)


def _words(quote: Quote) -> str:
    return " ".join((*quote.heading, *(span.text for span in quote.context), quote.text))


def _repeats(question: str, text: str) -> bool:
    """Whether the model only says the question again."""
    return _bare(text) == _bare(question)


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
