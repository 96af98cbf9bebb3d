"""Does a sentence offer what the question asks to be named: so many of a thing, a person, a place?

Stricter than the kinds of `rag.question`: "how many offices" wants a number close before "offices", 何党 a word that
ends in 党, 誰 a name that Sudachi knows as a person's.
"""

from __future__ import annotations

import re
from functools import lru_cache

from index.characters import is_unspaced, normalize
from index.words import terms
from rag.question import STOP_WORDS, Question

TYPES = ("counted", "person", "place")

_NEAR = 4  # words between a number and what it counts: "20 paid working days"
_HOW_MANY = re.compile(r"\bhow (?:many|much) (?:\w+ )?\w+", re.I)
_YEAR_ASKED = re.compile(r"\b(?:what|which) year\b|\bwhen\b", re.I)
_YEAR = re.compile(r"\b(?:1\d{3}|20\d\d)s?\b")
_PERCENT_ASKED = re.compile(r"\bpercent", re.I)
_PERCENT = re.compile(r"\d\s*(?:%|percent)")
_NUMBER = re.compile(
    r"[$£€]?(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?"
    r"|million|billion|half|several|single|both)%?",
    re.I,
)
_WORD = re.compile(r"[\w.,%$£€-]+")
_PERSON_ASKED = re.compile(r"\bwho(?:m|se)?\b", re.I)
_PERSON = re.compile(r"\b[A-Z][a-z]+(?: (?:[A-Z]\.|of|de|von|van|the))? [A-Z]\w+")
_PLACE_ASKED = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:country|city|state|place|region|town|province|continent|river|county|area"
    r"|location|island)\b",
    re.I,
)
_PLACE = re.compile(
    r"\b(?:in|at|from|to|near|of|into|across|around|through|on) (?:the )?(?-i:(?P<name>[A-Z]\w+))", re.I
)
# What 何 is asked with: units that follow a number, and endings of names.
_UNITS = "年月日時世紀人個回本度歳種倍冊位割件枚台社円代号条章巻番分つ"
_COUNTER = re.compile(
    rf"何(世紀|メートル|キロ|センチ|[かカヶ]国|パーセント|戦争|条約|事件|[{_UNITS}%語党権県州国系型族科属目層部区市町村省庁"
    r"法教派色線駅城湖川山島海])"
)
_KANJI_NUMBER = "[0-9一二三四五六七八九十百千万億.,]+"
_JA_PERSON_ASKED = re.compile("誰|だれ|人物|人名|何者|作者|監督|創設者|初代")
_JA_PLACE_ASKED = re.compile("どこ|何処|場所|どの(?:国|都市|州|県|地域|街|町|市)|何(?:国|県|州|市)|首都|都市")


def offers(question: Question, sentence: str) -> tuple[bool, bool, bool]:
    """Return for each of TYPES whether it is asked for and the sentence has one that the question does not name."""
    return _offers_japanese(question, sentence) if is_unspaced(question.text) else _offers_english(question, sentence)


def _offers_english(question: Question, sentence: str) -> tuple[bool, bool, bool]:
    asked = question.text
    counted = False
    if many := _HOW_MANY.search(asked):
        counted = _counts(question, many[0], sentence)
    elif _YEAR_ASKED.search(asked):
        counted = any(year not in asked for year in _YEAR.findall(sentence))
    elif _PERCENT_ASKED.search(asked):
        counted = _PERCENT.search(sentence) is not None
    person = bool(_PERSON_ASKED.search(asked)) and any(name not in asked for name in _PERSON.findall(sentence))
    place = bool(_PLACE_ASKED.search(asked)) and any(m["name"] not in asked for m in _PLACE.finditer(sentence))
    return counted, person, place


def _counts(question: Question, asked: str, sentence: str) -> bool:
    """Return whether a number that the question does not have stands close before a word of `asked`."""
    wanted = {term for term in terms(asked) if term not in STOP_WORDS}
    words = [word.strip(".,") for word in _WORD.findall(sentence)]
    return any(
        _NUMBER.fullmatch(word) and word not in question.numbers and _meets(wanted, words[i + 1 : i + 1 + _NEAR])
        for i, word in enumerate(words)
    )


def _meets(wanted: set[str], words: list[str]) -> bool:
    return any(term in wanted for word in words for term in terms(word))


def _offers_japanese(question: Question, sentence: str) -> tuple[bool, bool, bool]:
    asked, text = normalize(question.text), normalize(sentence)
    counted = False
    if counter := _COUNTER.search(asked):
        unit = counter[1]
        before = _KANJI_NUMBER if unit in _UNITS or len(unit) > 1 or unit == "%" else r"\w"
        counted = any(m[0] not in asked for m in re.finditer(before + re.escape(unit), text))
    person = bool(_JA_PERSON_ASKED.search(asked)) and any(name not in asked for name in _names(text, "人名"))
    place = bool(_JA_PLACE_ASKED.search(asked)) and any(name not in asked for name in _names(text, "地名"))
    return counted, person, place


@lru_cache(maxsize=256)
def _names(text: str, kind: str) -> tuple[str, ...]:
    from index.japanese import morphemes

    return tuple(morpheme.surface for morpheme in morphemes(text) if morpheme.named == kind)
