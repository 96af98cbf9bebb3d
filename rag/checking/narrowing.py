"""What narrows the subject of a source's sentence: "Part-time employees", "Rooms without a window", 入社した社員.

A statement about employees is not borne out by a sentence about part-time employees. Only common nouns are held to
this, where they are what the sentence is about: a name stays the same however it is described.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from rag.checking.home import Home
from rag.checking.languages import is_japanese
from rag.checking.vocabulary import PREPOSITIONS

# Without a comma such a clause says which ones are meant.
_RELATIVE = re.compile(r" (?:who|whose|that|which)\b", re.I)
# So does a preposition behind a noun without an article: "Visitors to the shop", "Invoices above 1,000 euros".
_PREPOSITION = re.compile(rf" (?:{PREPOSITIONS}|aged|exceeding)\b", re.I)
_BARE = re.compile(r"(?:(?:all|any|every|each|some|most) )?", re.I)
_ARTICLE = re.compile(r"[^\W_]+\s*$")  # or another word that says which; before a stop there is the last sentence
_EACH = re.compile(r"\b(?:all|any|each|every|no)\s+$", re.I)
_OPENING = 12  # characters
_ADVERB = re.compile("hence|thus|therefore|moreover|meanwhile|instead|today|here|[a-z]+ly", re.I)
_SUBJECT = re.compile(r"(?:に(?:は|も)|は|が|も)")
_ATTRIBUTE = re.compile(  # behind a verb, noun or value that describes: 入社した, 窓のある, 未開封の, 10万円を超える
    r"(?:し|さ|せ)?(?:れ|られ)?(?:た|る|ている|ていた|ない|なかった)|[のがを](?:ある|ない|あった|する|した|持つ|有する)"
    r"|(?:を超える|を超えた|(?:以上|以下|未満|以内|以降|以前|超|済み|中)?の)"
)
_WIDE = re.compile("[各全同本両諸当]|[ぁ-ゖ]+")  # each of them, all of them, the same: 各社員, 全社員
_FORMAL = re.compile("こと|もの|ため|場合|とき|際|時")  # stand for what is described: 書くこと


def left_out_narrowing(statement: str, keys: Collection[str], home: Home) -> str:
    """Return a subject of a source's sentence with what narrows it, where the statement, with these keys, has not."""
    read = _japanese if is_japanese(statement) else _english
    there = home.tokens
    for head, narrowing in read(home):
        stated = narrowing in home.followed if there[narrowing].value else there[narrowing].key in keys
        if not stated and head in home.alone and not (there[head].name or there[head].value or there[head].verb):
            first, last = sorted((head, narrowing))
            return home.text[there[first].start : there[last].end]
    return ""


def _english(home: Home) -> Iterator[tuple[int, int]]:
    """The first noun with the word before it, if each is meant or it is a plural without an article, or with what
    stands behind it.
    """
    text, there, inside = home.text, home.tokens, home.inside
    for before, head in pairwise(inside[:2]):
        word, between = there[before], text[there[before].end : there[head].start]
        opening = text[max(home.start, word.start - _OPENING) : word.start]
        widely = _EACH.search(opening) or (not _ARTICLE.search(opening) and there[head].surface.endswith("s"))
        described = re.fullmatch(r"-\w+ ", between) or (between == " " and not word.light)
        plain = not (word.name or word.value or _ADVERB.fullmatch(word.surface))
        if widely and described and plain:
            yield head, before
    for head, behind in pairwise(inside[:3]):
        if _RELATIVE.match(text, there[head].end) and not (there[behind].name or there[behind].value):
            yield head, behind
    for head, behind in pairwise(inside[:2]):
        if _BARE.fullmatch(text[home.start : there[head].start]) and _PREPOSITION.match(text, there[head].end):
            yield head, behind


def _japanese(home: Home) -> Iterator[tuple[int, int]]:
    """Each noun before は, が and the like, with the word before it in its compound, or what describes it."""
    text, there, inside = home.text, home.tokens, home.inside
    for before, head in pairwise(inside):
        between, compound = text[there[before].end : there[head].start], not (there[before].name or there[before].value)
        described = _ATTRIBUTE.fullmatch(between) or (
            not between and compound and not _WIDE.fullmatch(there[before].surface)
        )
        if described and _SUBJECT.match(text, there[head].end) and not _FORMAL.fullmatch(there[head].surface):
            yield head, before
