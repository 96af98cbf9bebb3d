"""Exceptions and conditions that a statement leaves out: "unless the manager agrees", 試用期間中を除き.

A rule without its exception says more than the rule. What a source excepts is looked for in the statement by its words,
so that a statement about the exception itself is not held to it.
"""

from __future__ import annotations

import re
from collections.abc import Set

from rag.checking.home import Home
from rag.checking.languages import is_japanese
from rag.checking.numerals import NUMBER_WORDS

_LEFT_OUT = 0.5  # share of the words of an exception from which a statement has it, in other words perhaps
_STATED = 0.5  # share of the words beside it from which a statement is about what it bears on
_NEAR = 4  # words beside an English exception that say what it bears on

# "Free for orders above 50 euros", "allowed on flights of more than eight hours".
_BOUNDED = (
    r"(?:for|on|in) \w+(?: \w+)? "
    r"(?:above|over|below|under|exceeding|(?:of|with) (?:(?:more|less|fewer) than|at (?:least|most)))"
    rf"(?= \S*\d| (?:{NUMBER_WORDS})\b)"
)
# An English exception goes on to the end of its clause and bears on what stands before it, or behind it where it opens
# the sentence; a Japanese one begins with its clause and bears on the one that follows: 北海道を除く本土が長雨に入る.
_ENGLISH = re.compile(
    r"\b(?:unless|except(?: for| that| when| if| where| in)?|other than|(?<!as )(?<!even )if|provided that|as long as"
    r"|only (?:if|when|where|while|in|on|at|during|for|with|after|before|between|until|to|from|by)"
    rf"|{_BOUNDED}"
    r"|after (?:complet|pass)\w+|in case|in the event (?:of|that)|provided(?! (?:by|with|for|to))|subject to|upon"
    r"|with (?:the )?(?:prior |written |express )*(?:consent|approval|permission))\b[^;:.]*?(?=,|;|:|\.(?:\s|$)|$|\))",
    re.I,
)
_JAPANESE = re.compile(
    r"を除(?:き|く|いて|いた)|以外(?:は|に|の|で|を)|[でしがの]?ない限り|に限(?:り|る|って)|(?:場合|とき)(?:は|に|には|(?=、))"
    r"|(?<!実)際(?:は|には)|(?<!例え)(?<!たとえ)(?<![言い]え)(?<=[えけせてねべめれげ])ば、|たら、|なら(?![なびずぬい])"
)
EXCEPTS = re.compile("except|other than|を除|以外", re.I)
_ADDED = re.compile(r"\bexcept\b|を除|以外", re.I)  # "other than the centre, where …" is how people ask
_EXCLUDES = re.compile("exclud|not includ|but not|除外|対象外", re.I)  # the same in other words
_ALONE = re.compile(r"\bonly\b|のみ|だけ|しか|に限", re.I)  # nobody except the manager: the manager only
_DENIES = re.compile(r"\b(?:not|no|never|none|cannot)\b|n't\b|な[いくけ]|ませ|ず(?:に|、)|禁", re.I)
_CLAUSE = re.compile("、?[^、。]*")


def left_out_proviso(statement: str, keys: Set[str], home: Home) -> str:
    """Return the exception in a sentence of the source that a statement about the rest does not have, mostly none.

    `keys` are those of the statement.
    """
    japanese = is_japanese(statement)
    pattern = _JAPANESE if japanese else _ENGLISH
    if pattern.search(statement):
        return ""
    as_denied = bool(_DENIES.search(statement)) is bool(_DENIES.search(home.sentence))
    for found in pattern.finditer(home.text, home.start, home.end):
        start = _clause_start(home, found.start()) if japanese else found.start()
        excepted, concerned = _keys(home, start, found.end()), _concerned(home, found, japanese)
        told = excepted & (keys | {home.tokens[j].key for j in home.matched})
        left_out = len(told) < _LEFT_OUT * len(excepted)
        # Who says that 本館 can be used, where the source says 本館以外は, says the contrary; so it is of two denials.
        turned = not left_out and as_denied and EXCEPTS.search(found.group())
        stated = concerned & keys if japanese else len(concerned & keys) > _STATED * len(concerned)
        if excepted and (turned or (left_out and stated)):
            return home.text[start : found.end()].strip()
    return ""


def added_exception(statement: str, home: Home) -> str:
    """Return the words by which a statement excepts something and the source does not: 部長以外は of 部長は."""
    found = _ADDED.search(statement)
    told = home.sentence + home.exception
    if (
        found is None
        or EXCEPTS.search(told)
        or _EXCLUDES.search(told)
        or (_DENIES.search(statement) and _ALONE.search(told))
    ):
        return ""
    return found.group()


def _clause_start(home: Home, at: int) -> int:
    return max(home.start, *(home.text.rfind(mark, home.start, at) + 1 for mark in "、。"))


def _concerned(home: Home, found: re.Match[str], japanese: bool) -> set[str]:
    """What an exception bears on."""
    if japanese:
        clause = _CLAUSE.match(home.text, found.end(), home.end)
        return _keys(home, *clause.span()) if clause else set()
    before = [j for j in home.inside if home.tokens[j].end <= found.start()]
    behind = [j for j in home.inside if home.tokens[j].start >= found.end()]
    near = before[-_NEAR:] or behind[:_NEAR]
    comma = home.text.rfind(",", home.start, found.start())
    # Of "hotels are paid, and taxis are paid only after ten" it bears on the taxis.
    own = [j for j in near if home.tokens[j].start > comma]
    return {home.tokens[j].key for j in own or near}


def _keys(home: Home, start: int, end: int) -> set[str]:
    return {home.tokens[j].key for j in home.inside if start <= home.tokens[j].start < end}
