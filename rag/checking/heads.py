"""A statement about what only describes the subject of a source: "Acme resigned" by "The CEO of Acme resigned".

The head of a subject is what the sentence is about: CEO, and of 製品の送料 the 送料. Where a statement has in its place
what the source has only behind it (English) or before it (Japanese), it says something of another thing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from rag.checking.home import Home
from rag.checking.languages import is_japanese
from rag.checking.neighbours import list_things
from rag.checking.tokens import Token
from rag.checking.vocabulary import AUXILIARIES, DETERMINERS, PREPOSITIONS

_DESCRIBES = re.compile(rf" (?:{PREPOSITIONS})(?: (?:{DETERMINERS}))* $", re.I)
_DETERMINERS = re.compile(rf"\s*(?:(?:{DETERMINERS}) )*", re.I)
_PREDICATE = re.compile(rf" (?:(?:{AUXILIARIES}|not|be) )*")
# "The city of Oslo" is Oslo, and "members of the club" are told of by "the club".
_SAME_THING = re.compile(
    r"(?:city|town|village|state|county|province|island|kingdom|republic|district|area|region|territory|company"
    r"|members?|majority|part|number|group|series|rest|whole|both|all|each|name|kind|type|use|end|beginning)",
    re.I,
)
_TOPIC = re.compile(r"(?:に|で)?(?:は|が|も)")
_JAPANESE_SAME = re.compile("全員|皆|全て|全体|場合|とき|時|際|方|ほう|うち|中|名前|名称|こと|もの|ため|様子|一種|一つ")


def left_out_head(
    statement: str, said: Sequence[Token], keys: Collection[str], home: Home, follows: Mapping[int, int]
) -> str:
    """Return the subject of a source of which a statement has only what describes it, mostly nothing.

    `follows` are the tokens of the source by those of the statement.
    """
    read = _japanese if is_japanese(statement) else _english
    return read(statement, said, keys, home, follows)


def _english(
    statement: str, said: Sequence[Token], keys: Collection[str], home: Home, follows: Mapping[int, int]
) -> str:
    there, text = home.tokens, home.text
    for end, after in pairwise(range(len(said))):
        last, verb = follows.get(end, -1), follows.get(after, -1)
        start = end  # of a subject of several words: "rear cover"
        while start and follows.get(start - 1) == last - (end - start) - 1 and _gap(said, start, statement) == " ":
            start -= 1
        first = last - (end - start)
        if verb != last + 1 or not {first - 1, verb} <= set(home.inside):
            continue
        says = _PREDICATE.fullmatch(gap := _gap(there, verb, text)) and (gap != " " or there[verb].finite)
        head, opens = there[first - 1], _DETERMINERS.fullmatch(_gap(said, start, statement))
        plain = not (head.value or head.verb or head.key in keys or _SAME_THING.fullmatch(head.surface))
        if says and opens and plain and _DESCRIBES.fullmatch(_gap(there, first, text)):
            return text[head.start : there[last].end]
    return ""


def _gap(tokens: Sequence[Token], i: int, text: str) -> str:
    """What stands before a token, behind the one before it."""
    return text[tokens[i - 1].end if i else 0 : tokens[i].start]


def _japanese(
    statement: str, said: Sequence[Token], keys: Collection[str], home: Home, follows: Mapping[int, int]
) -> str:
    there, text = home.tokens, home.text
    for thing in list_things(said, statement):
        at = follows.get(thing[-1], -1)
        if at not in home.inside or not _TOPIC.match(statement, said[thing[-1]].end):
            continue
        if not text.startswith("の", there[at].end):
            continue
        head = next((run for run in list_things(there[at + 1 : at + 6], text)), None)
        if head is None or there[at + 1].start != there[at].end + 1:
            continue
        words = [there[at + 1 + j] for j in head]
        plain = not any(w.value or w.key in keys or _JAPANESE_SAME.fullmatch(w.surface) for w in words)
        if plain and _TOPIC.match(text, words[-1].end):
            return text[there[at].start : words[-1].end]
    return ""
