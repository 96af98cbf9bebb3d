"""Things and deeds that a statement has put in the place of others, word for word around them, however the rest goes.

Where the source says "Receipts must be handed in", "Invoices must be handed in by Friday" speaks of another thing, and
where the committee approved the budget, that it criticized it is another deed. To an embedding model the two are near
to each other: for deeds this is decided by words, for things by what reads statement and source together.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from ingest.sentences import split_sentences
from rag.checking.tokens import FAMILY, Matches, Token

# Behind one of these a form of a verb is a thing, or said of one: "the painting", "a retired sailor".
_ARTICLE = re.compile(r"\b(?:an?|the|this|that|these|those|each|every|its|their|his|her|our|your|my)\s+\Z", re.I)
# Of a customer, which 客 is by itself: お客様が.
_POLITE, _PERSON = re.compile("[おご]$"), re.compile("^(?:様|さん|者)")
_LONGEST = 8  # characters of the longest of them, and of the space behind it


def is_thing(token: Token) -> bool:
    """Whether a token is neither a value nor a name nor a verb nor a word of wide meaning."""
    return not (token.value or token.name or token.verb or token.light)


def is_deed(token: Token) -> bool:
    """Whether a token is a verb that says what was done."""
    return token.verb and not (token.value or token.name or token.light)


def exchanged_things(
    said: Sequence[Token], stands: Sequence[Token], matches: Matches, statement: str, text: str
) -> Iterator[Token]:
    """The things and deeds stated that stand in no source, where a source has another between the same words.

    `matches` are for each token of the statement those of the source; both neighbours have to be the same, or the
    beginning or end of the sentence, and so has what stands between.
    """
    taken = {j for ms in matches for j, like in ms if like >= FAMILY}
    stated_spans, spans = split_sentences(statement), split_sentences(text)
    sourced: dict[tuple[str, str], list[int]] = {}
    for j, token in enumerate(stands):
        if j not in taken and (is_thing(token) or is_deed(token)):
            sourced.setdefault(_gaps(stands, j, text, spans), []).append(j)
    for i, token in enumerate(said):
        if not matches[i] and _describes_otherwise(said, stands, matches, i, taken, statement, text):
            yield token
        elif all(like < FAMILY for _, like in matches[i]) and (is_thing(token) or is_deed(token)):
            places = sourced.get(_gaps(said, i, statement, stated_spans), ())
            if any(
                _does(stands[j], text) is _does(token, statement)
                and all(_alike(said, stands, matches, i, j, step) for step in (-1, 1))
                for j in places
            ):
                yield token


def _describes_otherwise(
    said: Sequence[Token],
    stands: Sequence[Token],
    matches: Matches,
    i: int,
    taken: Collection[int],
    statement: str,
    text: str,
) -> bool:
    """Whether a thing stands directly before a word that has another before it in the source: the legal department."""
    head = i + 1
    # Without an article it may be the question's own word for it: "which mountain range", of a transverse one.
    beside = (
        head < len(said) and statement[said[i].end : said[head].start] == " " and _follows_article(said[i], statement)
    )
    if not (beside and _may_describe(said[i]) and is_thing(said[head])):
        return False
    places = [place for place, like in matches[head] if like >= FAMILY and place]
    return bool(places) and all(
        text[stands[j - 1].end : stands[j].start] == " " and j - 1 not in taken and _may_describe(stands[j - 1])
        for j in places
    )


def _may_describe(token: Token) -> bool:
    return is_thing(token) or (is_deed(token) and token.surface.endswith("ing"))  # the purchasing department


def _gaps(tokens: Sequence[Token], i: int, text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """What stands between a token and the ones before and after it in its sentence, or the sentence's ends.

    Behind a deed it is nothing: there Japanese has the endings, which go with the verb (書いた, 読んだ).
    """
    token, (start, end) = tokens[i], spans[tokens[i].sentence]
    before, after = _neighbour(tokens, i, -1), _neighbour(tokens, i, 1)
    left = text[tokens[before].end if before is not None else start : token.start]
    right = text[token.end : tokens[after].start if after is not None else end]
    left, right = left.casefold().strip(), right.casefold().strip(" .。")
    return _POLITE.sub("", left), "" if _does(token, text) else _PERSON.sub("", right)


def _does(token: Token, text: str) -> bool:
    """Whether a token of the text says there what was done."""
    return is_deed(token) and not _follows_article(token, text)


def _follows_article(token: Token, text: str) -> bool:
    return _ARTICLE.search(text, max(0, token.start - _LONGEST), token.start) is not None


def _neighbour(tokens: Sequence[Token], i: int, step: int) -> int | None:
    there = 0 <= i + step < len(tokens) and tokens[i + step].sentence == tokens[i].sentence
    return i + step if there else None


def _alike(said: Sequence[Token], stands: Sequence[Token], matches: Matches, i: int, j: int, step: int) -> bool:
    """Whether the neighbours on one side are the same, or there is none on either."""
    stated, sourced = _neighbour(said, i, step), _neighbour(stands, j, step)
    if stated is None or sourced is None:
        return stated is sourced
    return any(place == sourced and like >= FAMILY for place, like in matches[stated])
