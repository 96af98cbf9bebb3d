"""Two words that have changed places, all else being as it was: "Sales in Europe exceeded sales in Asia".

Roles (`rag.checking.roles`) need a predicate that is understood. Here everything from the one word to the other has to
be the same, letter by letter, so that nothing needs to be.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from rag.checking.home import Home
from rag.checking.languages import is_japanese
from rag.checking.neighbours import in_order
from rag.checking.tokens import Token

# Between the members of a list, which have no order: "tea, coffee and cake".
_LISTED = re.compile(r"[\s,;/・、]*(?:\b(?:and|or)\b|と|や|および|及び|または|又は)?[\s,]*", re.I)


def swapped(said: Sequence[Token], statement: str, home: Home) -> tuple[str, str] | None:
    """Return two words of the statement that have each other's place in the source's sentence, or None."""
    there = [home.tokens[j] for j in home.inside]
    places = _places(said, there)
    ordered = in_order(said, statement)
    for one, at in places.items():
        for other in range(one + 1, len(said)):
            behind = places.get(other)
            if behind is None or at - behind != other - one:
                continue
            kept = all(places.get(n) == behind + n - one for n in range(one + 1, other))
            if not kept or _differ(said[one : other + 1], statement, there[behind : at + 1], home.text, ordered):
                continue
            rest = statement[said[other].end :], home.text[there[at].end : home.end]
            if is_japanese(statement) and rest[0].strip("。 ") != rest[1].strip("。 "):
                continue  # the verb's form tells who does it: 教えた, 教えてもらった
            return said[one].surface, said[other].surface
    return None


def _places(said: Sequence[Token], there: Sequence[Token]) -> dict[int, int]:
    """Where each word of the statement stands in the sentence; what is said twice, the first and the second time."""
    free: dict[str, list[int]] = defaultdict(list)
    for place, token in enumerate(there):
        free[_key(token)].append(place)
    found = {}
    for n, token in enumerate(said):
        if free[_key(token)]:
            found[n] = free[_key(token)].pop(0)
    return found


def _key(token: Token) -> str:
    return token.surface.lower() if token.value else token.key


def _differ(said: Sequence[Token], statement: str, there: Sequence[Token], text: str, ordered: bool) -> bool:
    """Whether anything but the first and the last of these tokens differs, or all of it is a list in any order."""
    stated = [statement[a.end : b.start].casefold() for a, b in pairwise(said)]
    sourced = [text[a.end : b.start].casefold() for a, b in pairwise(there)]
    return stated != sourced or (not ordered and all(_LISTED.fullmatch(gap) for gap in stated))
