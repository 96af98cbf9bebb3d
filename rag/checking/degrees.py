"""What a comparison says of the two it compares: more, less or as much of something.

"Silver is more expensive than tin" has all the words of "silver is as expensive as tin", and to an embedding model
"cheaper" is as near to "more expensive" as "dearer". So a comparison of the same two in the same order has to be by the
same word and of the same degree; of the two in the other order clauses.py tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.checking.home import Home
from rag.checking.numerals import NUMBER_WORDS
from rag.checking.tokens import Token

Degree = Literal["more", "less", "as"]

_COMPARISON = re.compile(
    r"\b(?:(?P<degree>more|less|fewer) (?:\w+ly )?(?P<by>[^\W\d_]+) than|(?P<er>[^\W\d_]{2,}er|worse|less|more) than"
    rf"|(?:as|so) (?P<as>[^\W\d_]+) as)\b(?! (?:\d|(?:{NUMBER_WORDS})\b))",  # of a number it is a bound
    re.I,
)
_EITHER = re.compile(r"\w+er or \w+er\b|\bmore or less\b", re.I)  # a question asks which of the two
_NONE = re.compile(r"(?:rath|oth|ov|whe(?:th)?|eith|neith|ev|nev)er|much|many|well|long|soon|far", re.I)
_LIKE = 4  # letters that two forms of one adjective have in common: easy, easier; dense, denser


def other_degree(statement: str, said: Sequence[Token], home: Home) -> str:
    """Return a comparison by which a statement says another thing of the two than its source's sentence, or ""."""
    stated, sourced = _COMPARISON.search(statement), _COMPARISON.search(home.sentence)
    if (
        not stated
        or not sourced
        or _EITHER.search(statement)
        or _NONE.fullmatch(_word(stated))
        or _NONE.fullmatch(_word(sourced))
    ):
        return ""
    keys = {token.key for token in said if token.end <= stated.start()}
    behind = {token.key for token in said if token.start >= stated.end()}
    at = home.start + sourced.start()
    before = {home.tokens[j].key for j in home.inside if home.tokens[j].end <= at} - behind
    if not keys & before:
        return ""
    same = _alike(_word(stated), _word(sourced)) and _degree(stated) == _degree(sourced)
    return "" if same else stated.group()


def _word(comparison: re.Match[str]) -> str:
    return (comparison["by"] or comparison["er"] or comparison["as"]).lower()


def _degree(comparison: re.Match[str]) -> Degree:
    if comparison["as"]:
        return "as"
    return "less" if (comparison["degree"] or comparison["er"] or "").lower() in ("less", "fewer") else "more"


def _alike(one: str, other: str) -> bool:
    """Whether two words may be forms of one: they begin alike, as far as the shorter one goes."""
    length = min(_LIKE, len(one.removesuffix("er")), len(other.removesuffix("er")))
    return one[:length] == other[:length]
