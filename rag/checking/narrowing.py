"""What narrows the subject of a source's sentence: "Part-time employees", "Rooms that have no window", 入社した社員.

A statement about employees is not borne out by a sentence about part-time employees. Only common nouns are held to
this, where they are what the sentence is about: a name stays the same however it is described.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from index.words import is_unspaced
from rag.checking.home import Home
from rag.checking.tokens import Token

# Without a comma such a clause says which ones are meant.
_RELATIVE = re.compile(r" (?:who|whose|that|which)\b", re.I)
_ARTICLE = re.compile(r"[^\W_]+\s*$")  # or another word that says which; before a stop there is the last sentence
_OPENING = 12  # characters
_ADVERB = re.compile("hence|thus|therefore|moreover|meanwhile|instead|today|here|[a-z]+ly", re.I)
_SUBJECT = re.compile(r"(?:に(?:は|も)|は|が|も)")
_ATTRIBUTE = re.compile(  # behind a verb or noun that describes: 入社した, 窓のある
    r"(?:し|さ|せ)?(?:れ|られ)?(?:た|る|ている|ていた|ない|なかった)|[のがを](?:ある|ない|あった|する|した|持つ|有する)"
)
_WIDE = re.compile("[各全同本両諸当]|[ぁ-ゖ]+")  # each of them, all of them, the same: 各社員, 全社員
_FORMAL = re.compile("こと|もの|ため|場合|とき|際|時")  # stand for what is described: 書くこと


def left_out_narrowing(statement: str, keys: Collection[str], home: Home) -> str:
    """Return a subject of a source's sentence with what narrows it, where the statement, with these keys, has not."""
    read = _japanese if is_unspaced(statement) else _english
    there = home.tokens
    for head, narrowing in read(home.text, there, home.inside):
        plain = not any(t.name or t.value for t in (there[head], there[narrowing])) and not there[head].verb
        if plain and head in home.alone and there[narrowing].key not in keys:
            first, last = sorted((head, narrowing))
            return home.text[there[first].start : there[last].end]
    return ""


def _english(text: str, there: Sequence[Token], inside: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first noun with the word before it, if it is a plural without an article, or with a clause behind it."""
    for before, head in pairwise(inside[:2]):
        start = there[before].start
        opens = not _ARTICLE.search(text[max(0, start - _OPENING) : start]) and not _ADVERB.fullmatch(
            there[before].surface
        )
        plural = there[head].surface.endswith("s")
        between = text[there[before].end : there[head].start]
        if opens and plural and (re.fullmatch(r"-\w+ ", between) or (between == " " and not there[before].light)):
            yield head, before
    for head, behind in pairwise(inside[:3]):
        if not there[head].verb and _RELATIVE.match(text, there[head].end):
            yield head, behind


def _japanese(text: str, there: Sequence[Token], inside: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each noun before は, が and the like, with the word before it in its compound, or what describes it."""
    for before, head in pairwise(inside):
        between = text[there[before].end : there[head].start]
        described = _ATTRIBUTE.fullmatch(between) or (not between and not _WIDE.fullmatch(there[before].surface))
        if described and _SUBJECT.match(text, there[head].end) and not _FORMAL.fullmatch(there[head].surface):
            yield head, before
