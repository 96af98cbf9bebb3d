"""A value that is said of a part or for each of several: "7 of the 40 invoices", "12 euros per user", 1人あたり3,000円.

Without that the value says more: 40 invoices, 12 euros in all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.checking.home import Home
from rag.checking.languages import is_japanese
from rag.checking.tokens import Matches, Token

_UNIT = re.compile(r" (?:per|for each|for every|an?|each|every) ([a-z]+)")
_UNITS = re.compile(rf"(?:{_UNIT.pattern})+")
_OF = re.compile(r" (?:out )?of (?:the |its |their |all |our )*")
_JAPANESE_OF = re.compile("中、?|のうち、?|の内、?")
_EACH = re.compile(r"(?:1|一)?[^\d、。]{1,4}(?:あたり|当たり|当り|につき|ごとに)(?:、|月額|年額|日額|毎月|毎年)*$")
_STATED = re.compile(rf"{_EACH.pattern}|(?:1|一)[^\d、。]{{1,3}}(?:に|、)?$")  # 1回に5冊, 1日200円
_LONGEST = 14  # characters of the longest of these


def left_out_part(statement: str, said: Sequence[Token], matches: Matches, home: Home) -> str:
    """Return a value of a source's sentence with what a statement leaves out of it, so that it says more, or ""."""
    there, text = home.tokens, home.text
    japanese = is_japanese(statement)
    of = _JAPANESE_OF if japanese else _OF
    for j, k in pairwise(home.inside):
        if there[j].value and there[k].value and of.fullmatch(text[there[j].end : there[k].start]):
            whole, part = (j, k) if japanese else (k, j)
            if whole in home.matched and part not in home.matched:
                return text[there[j].start : there[k].end]
    for i, token in enumerate(said):
        for j in {j for j, _ in matches[i] if token.value and j in home.inside}:
            if japanese:
                each = _EACH.search(text, max(home.start, there[j].start - _LONGEST), there[j].start)
                if each and not _STATED.search(statement, max(0, token.start - _LONGEST), token.start):
                    return each.group() + there[j].surface
            else:
                units, stated = _units(text, there[j].end), _units(statement, token.end)
                if stated and stated < units:
                    found = _UNITS.match(text, there[j].end)
                    return there[j].surface + (found.group() if found else "")
    return ""


def _units(text: str, at: int) -> set[str]:
    found = _UNITS.match(text, at)
    return set(_UNIT.findall(found.group())) if found else set()
