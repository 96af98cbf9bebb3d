"""For what a value holds: 20 kg per person, 10 euros a day, 年に20日, 週に1回.

The two halves of a rate stand apart, and words such as "person" and 年 are too common to be compared by themselves: by
its value alone, 20 days a year would bear out 20 days a month.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.words import stem
from rag.checking.languages import is_japanese
from rag.checking.numerals import DIGITS, ENGLISH_BELOW_100, digits, english
from rag.checking.units import MONTHS, SECONDS, unit_of
from rag.checking.values import Value
from rag.checking.vocabulary import AUXILIARIES, DETERMINERS, PREPOSITIONS

_SPANS = "second|minute|hour|day|night|week|fortnight|month|quarter|year|head"
# No word of these describes a span: "per person a year", "per family on day one", "per visitor last year".
_JOINING = f"and|or|per|last|next|{PREPOSITIONS}|{DETERMINERS}|{AUXILIARIES}"
# "A" only before what time and people are counted by; a year is one whether "calendar" stands before it or not.
_PER = re.compile(
    rf"\b(?:(?:per|each|every)|(?<=[\w%] )an?(?= (?:{_SPANS})\b)) (?P<unit>"
    rf"(?:(?P<digits>{DIGITS}) |(?P<words>{ENGLISH_BELOW_100}) |(?P<second>other|second) )?"
    rf"(?:(?!(?:{_JOINING})\b)[^\W\d_]+ ){{0,2}}(?P<span>{_SPANS})s?\b|[^\W\d_]+)",
    re.I,
)
_END = re.compile("[,.;:]")  # of a clause
_REACH = 40  # characters behind the value in which it is said
_JAPANESE_PER = re.compile(
    r"(?<![\d一二三四五六七八九十数])(?P<unit>年|月|週|日|時間?|分|秒|人|名|件|回|台|個|世帯|家族|部屋|室|社)"
    r"(?:間?(?:に(?:つき)?|あたり|当たり|当り|毎に|ごとに)|(?<=[年月週])間|(?<=(?<![一-鿿])[年月週]))(?:最大|最低|約|計|合計|通算|のべ|延べ)?\Z"
)
_LONGEST = 12  # characters of the longest of them
_SAME = {"annum": "year", "capita": "person", "people": "person", "head": "person", "名": "人"}
_LASTING = {"fortnight": (SECONDS, 14 * 86400.0), "quarter": (MONTHS, 3.0)}

# What a value holds for, as it is written and in a form that compares.
Rate = tuple[str, object]


def other_rate(stated: Value, statement: str, sourced: Sequence[Value], text: str) -> tuple[str, str] | None:
    """Return for what the statement says a value holds, and for what the sources do, where the two differ.

    Of "per user per month" either may be left out.
    """
    mine = _rates(stated, statement)
    theirs = [_rates(value, text) for value in sourced]
    if not mine or not all(theirs) or any({key for _, key in mine} & {key for _, key in rates} for rates in theirs):
        return None
    return mine[0][0], theirs[0][0][0]


def _rates(value: Value, text: str) -> list[Rate]:
    """All that a value is said to be per."""
    if is_japanese(text):
        found = _JAPANESE_PER.search(text, max(0, value.start - _LONGEST), value.start)
        return [(found["unit"], _SAME.get(found["unit"], found["unit"]))] if found else []
    end = _END.search(text, value.end, value.end + _REACH)
    return [_rate(m) for m in _PER.finditer(text, value.end, end.start() if end else value.end + _REACH)]


def _rate(found: re.Match[str]) -> Rate:
    """What a value holds for; a time by how long it lasts, so that every three months are each quarter."""
    unit = (found["span"] or found["unit"]).lower()
    lasting = _LASTING.get(unit) or unit_of(_SAME.get(unit, unit))
    if lasting is None or lasting[0] not in (SECONDS, MONTHS):
        return found["unit"], stem(_SAME.get(unit, unit))
    count = digits(found["digits"]) if found["digits"] else english(found["words"]) if found["words"] else 1.0
    return found["unit"], (lasting[0], lasting[1] * (2.0 if found["second"] else count))
