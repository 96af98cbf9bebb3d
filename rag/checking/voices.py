"""The roles of English words beside a verb, by its voice and their order, and by the prepositions before them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.checking.frames import Frame
from rag.checking.tokens import Token, root
from rag.checking.vocabulary import DETERMINERS, IRREGULAR, PREPOSITIONS

# A clause ends at punctuation and at these words; "and" may join two subjects or two objects.
_BORDER = re.compile(
    r"[,;:()\"“”—–?!]|\b(?:or|but|nor|that|which|who|whom|whose|where|when|while|whereas|because|as|if|unless|since"
    r"|although|though|than|so)\b",
    re.I,
)
_BE = re.compile(r"\b(?:is|are|was|were|be|been|being|gets?|got)\b[^,;:]*$", re.I)
_BY = re.compile(r"\s*by\b", re.I)
_PREPOSITION = re.compile(rf"\b({PREPOSITIONS})\b(?: (?:{DETERMINERS}))*\s*$", re.I)
ARTICLES = re.compile(r"\b(?:the|a|an|its|his|her|their)\b", re.I)
_NOUN = re.compile(r"\b(?:the|an?) $", re.I)  # before a word, makes it a noun: the strike
_OPENING = 12  # characters: what opens a sentence before its first word, as in "In the"
# Whom something was sent to or taken from did not send or take it.
_CONTRARY = frozenset((frozenset(("agent", "to")), frozenset(("agent", "from"))))
# Words that say the same from either side; whoever meets somebody was met.
_BOTH_WAYS = """
meet marry divorce merge border adjoin resemble equal identical same similar different differ compete agree collaborate
cooperate cooperation collaboration partnership alliance correspond contrast adjacent neighbour neighbor relate related
connect overlap intersect share trade join unite link combine mix alternate
"""
MUTUAL = frozenset(map(root, _BOTH_WAYS.split()))
_NO_VERBS = frozenset(["man", "woman", "child", "foot", "tooth", "mouse", "long", "wide", "deep", "strong", "high"])
_VERBS = frozenset(root(base) for base in IRREGULAR.values() if base not in _NO_VERBS)


def list_verbs(tokens: Iterable[Token]) -> frozenset[str]:
    """Return the keys of what is a verb by its form, or is the base of an irregular one."""
    found = {t.key for t in tokens if (t.verb or t.key in _VERBS) and not t.name and not t.value}
    return frozenset(found) - MUTUAL


def list_frames(tokens: Sequence[Token], text: str, verbs: frozenset[str]) -> list[Frame]:
    """Return what stands on each side of each verb, and what has a preposition; `verbs` are keys."""
    verbal = [
        token.key in verbs and not token.name and not _NOUN.search(_before(i, tokens, text))
        for i, token in enumerate(tokens)
    ]
    verbs_at = (i for i, verb in enumerate(verbal) if verb)
    found = [Frame(i, frozenset(_participants(i, tokens, text, verbal)), _CONTRARY) for i in verbs_at]
    return found + list(_prepositions(tokens, text, verbal))


def _goes_on(i: int, step: int, tokens: Sequence[Token]) -> bool:
    return 0 <= i + step < len(tokens) and tokens[i + step].sentence == tokens[i].sentence


def _before(i: int, tokens: Sequence[Token], text: str) -> str:
    """What stands between a word and the one before it, or the sentence's beginning."""
    return (
        _between(i, -1, tokens, text)
        if _goes_on(i, -1, tokens)
        else text[max(0, tokens[i].start - _OPENING) : tokens[i].start]
    )


def _between(i: int, step: int, tokens: Sequence[Token], text: str) -> str:
    first, second = (tokens[i], tokens[i + 1]) if step > 0 else (tokens[i - 1], tokens[i])
    return text[first.end : second.start]


def _reach(i: int, step: int, tokens: Sequence[Token], text: str, verbal: Sequence[bool]) -> Iterator[int]:
    """The words from a verb to the border of its clause, or to the next verb."""
    while _goes_on(i, step, tokens) and not _BORDER.search(_between(i, step, tokens, text)):
        i += step
        if verbal[i]:
            return
        yield i


def _participants(i: int, tokens: Sequence[Token], text: str, verbal: Sequence[bool]) -> Iterator[tuple[int, str]]:
    """Who does it ("agent") and what else is there ("other"), where the voice of a verb is known."""
    before = [j for j in _subject(sorted(_reach(i, -1, tokens, text, verbal)), tokens, text) if _takes_part(tokens[j])]
    behind = list(_reach(i, 1, tokens, text, verbal))
    at = i
    while _goes_on(at, -1, tokens) and tokens[at - 1].key.endswith("ly"):
        at -= 1
    follows = text[tokens[i].end : tokens[i + 1].start] if i + 1 < len(tokens) else ""
    auxiliary = _before(at, tokens, text)
    form = tokens[i].surface.lower()
    passive = _BY.match(follows) or (_BE.search(auxiliary) and not form.endswith("ing"))
    if not passive and _PREPOSITION.search(follows):
        return  # of "the value added of an actor" and "it grew from a seed" neither is clear
    yield from ((j, "other" if passive else "agent") for j in before)
    marks = {"by": "agent" if passive else "", "to": "to", "from": "from"}
    role = other = "" if passive else "other"
    for j in behind:
        if found := _PREPOSITION.search(text[tokens[j - 1].end : tokens[j].start]):
            role = marks.get(found[1].lower(), other)
        if role and _takes_part(tokens[j]):
            yield j, role


def _subject(before: Sequence[int], tokens: Sequence[Token], text: str) -> Iterator[int]:
    """What stands before a verb without what has a preposition there: of "In Paris the king" only the king."""
    free = True
    for j in before:
        gap = _before(j, tokens, text)
        if found := _PREPOSITION.search(gap):
            free = found[1].lower() == "of" and free
        elif gap.strip() or (j and tokens[j - 1].value):
            free = True
        if free:
            yield j


def _takes_part(token: Token) -> bool:
    return not token.value and not token.light


def _prepositions(tokens: Sequence[Token], text: str, verbal: Sequence[bool]) -> Iterator[Frame]:
    """A frame a sentence: the preposition before each word and before the ones that follow it directly."""
    roles: dict[int, set[tuple[int, str]]] = {}
    marked = ""
    for i, token in enumerate(tokens):
        gap = _before(i, tokens, text)
        if found := _PREPOSITION.search(gap):
            marked = found.group(1).lower()
        elif not _goes_on(i, -1, tokens) or ARTICLES.sub("", gap).strip() or verbal[i - 1]:
            marked = ""
        if marked and not verbal[i]:
            roles.setdefault(token.sentence, set()).add((i, marked))
    return (Frame(None, frozenset(marks)) for marks in roles.values() if len(marks) > 1)
