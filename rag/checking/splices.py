"""The beginning of one part of a source's sentence with the end of another: "the fan moves air" of two machines.

"The pump moves water, the fan moves air" has all the words of "the pump moves air", and so has "approved in Japan and
withdrawn in Canada" of "withdrawn in Japan". Nothing is parsed: parts lie between commas and what joins them, and what
tells is that a statement goes over from the one to the other, past what the other begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations

from rag.checking.exchanges import is_deed, is_thing
from rag.checking.home import Home
from rag.checking.tokens import Matches, Token
from rag.checking.values import exclude
from rag.checking.vocabulary import PREPOSITIONS

_BORDER = re.compile(r"[,;:()、；：（）]|\b(?:and|but|while|whereas|although|yet)\b", re.I)
_PREPOSITION = re.compile(rf"\b(?:{PREPOSITIONS})\b", re.I)
_MOST = 12  # parts of one sentence: more are a list or a table

Part = Sequence[int]


def spliced(said: Sequence[Token], matches: Matches, home: Home) -> tuple[str, str] | None:
    """Return what a statement begins with and what the source's sentence says behind another beginning, or None."""
    parts = list(_parts(home))
    here = [frozenset(j for j, _ in ms).intersection(home.inside) for ms in matches]
    if not 2 <= len(parts) <= _MOST or not all(here):
        return None
    # What the sentence begins with, as its subject, may be that of each part.
    for shared in range(len(said)):
        if shared and (shared > len(parts[0]) or parts[0][shared - 1] not in here[shared - 1]):
            break
        begins = [parts[0][shared:], *parts[1:]]
        for own, other in permutations(filter(None, begins), 2):
            if found := _cross(said[shared:], here[shared:], own, other, home):
                return found
    return None


def _parts(home: Home) -> Iterator[Part]:
    borders = [m.span() for m in _BORDER.finditer(home.text, home.start, home.end)]
    for (_, start), (end, _) in pairwise([(home.start, home.start), *borders, (home.end, home.end)]):
        if part := [j for j in home.inside if start <= home.tokens[j].start < end]:
            yield part


def _cross(
    said: Sequence[Token], here: Sequence[frozenset[int]], own: Part, other: Part, home: Home
) -> tuple[str, str] | None:
    """What a statement begins with as `own` does, and what it goes on with from within `other`."""
    count = 0
    while count < min(len(said), len(own)) and own[count] in here[count]:
        count += 1
    keys = {token.key for token in said if not token.value}
    rest = here[count:]
    if not rest or not 0 < count < len(own) or home.tokens[own[count]].key in keys:
        return None
    # Behind the last part's verb Japanese leaves nothing: 甲はAが、乙はBが行う.
    governing = {home.inside[-1]} if home.tokens[home.inside[-1]].verb else set()
    if not all(places.intersection(other) or places & governing for places in rest):
        return None
    first = next((i for i, places in enumerate(here[:count]) if places.isdisjoint(other)), None)
    last = next((i for i, places in enumerate(rest, count) if places.isdisjoint((*own, *governing))), None)
    if first is None or last is None:
        return None
    begun = min(j for places in rest for j in places.intersection(other))
    passed = [home.tokens[j] for j in other[: other.index(begun)] if home.tokens[j].key not in keys]
    if not any(_tells(token, said[:count]) for token in passed) or _opens_otherwise(own, other, home):
        return None
    return said[first].surface, said[last].surface


def _tells(token: Token, begun: Sequence[Token]) -> bool:
    """Whether a part that begins with this is of something else."""
    if value := token.value:
        return any(exclude(value, known.value) for known in begun if known.value)
    return token.name or is_deed(token) or (is_thing(token) and not token.surface.endswith("ly"))


def _opens_otherwise(own: Part, other: Part, home: Home) -> bool:
    """Whether only `other` opens with a preposition: "and after the war moved"."""
    opens = [
        _PREPOSITION.search(home.text, home.tokens[part[0] - 1].end if part[0] else 0, home.tokens[part[0]].end)
        for part in (own, other)
    ]
    return opens[1] is not None and opens[0] is None
