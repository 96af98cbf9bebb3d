"""A follow-up question made whole: what it leaves out is carried over from the conversation, without a model.

A question leans on the conversation when it points back ("when does it expire?", それはいつまで) or leaves its subject
out ("and for contractors?", 契約社員は？). Then it is asked together with what the last whole question was about.
A word too many costs little, because search weighs words by rarity; without its subject it finds the wrong passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.words import STOP_WORDS as FUNCTION_WORDS
from index.words import terms
from rag.languages import language_of
from rag.question import STOP_WORDS

_PERSON = re.compile(r"\b(?:he|she|him|her|his|hers)\b|彼女?(?!ら|氏)|その人|この人|あの人|同氏", re.I)
# "it" and "there" that stand for nothing: "is it allowed to", "how long does it take to", "is there a".
_EMPTY = re.compile(
    r"\bit(?= (?:takes?|costs?)\b.*\bto\b)"
    r"|\bit(?= (?:allowed|permitted|possible|necessary|required|mandatory|compulsory|forbidden|prohibited|legal"
    r"|acceptable|customary|ok|okay|true)\b.*\b(?:to|that|if)\b)"
    r"|\b(?:is|are|was|were|be) there(?= \w)",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|she|him|his|her|hers|these|those|ones?|there|that one|this one|the same"
    r"|the (?:former|latter))\b"
    r"|\b(?:about|of|for|is|does|did|was|with|after|before|in|do) (?:that|this)\b",
    re.I,
)
_POINTS_BACK_JA = re.compile(
    r"(?:[そこ]れ|(?<!で)あれ|[こあ]の|その(?!他))(?!ら?くらい)|そこ|そちら|こちら|彼|同[氏社じ]|前者|後者|当該|上記"
)
# A name, or a noun with its article: what a later "it" of the same question stands for.
_OWN_SUBJECT = re.compile(
    r"(?<!^)\b[A-Z][\w-]+|\b(?:the|an?|our|my|your|each|every|all)\s+(?!same\b|former\b|latter\b)\w+"
)
_OWN_SUBJECT_JA = re.compile(r"[^\s、。？?それこ]{2,}[はがをのと]")
_PREPOSITIONS = (
    "for|in|at|to|from|with|since|until|on|of|by|under|over|before|after|during|within|without|outside|inside|between"
    "|above|below|near"
)
_CONTINUES = re.compile(
    rf"(?:and|but|or|also|then|so)\b|(?:what|how) about\b|(?:only|same)\b|(?:{_PREPOSITIONS})\b",
    re.I,
)
_CONTINUES_JA = re.compile(r"^(?:では|じゃあ?|なら|あと|また|ちなみに|他に|ほかに)[、,]?")
_ELLIPSIS_JA = re.compile(
    r"(?:(?:(?<!ま)で|に)?[はも]|だと|なら|場合は|について|って|のほうは|の方は)"
    r"(?:(?:どう|いかが)(?:です|でしょう)か|どう(?:なの)?)?[？?。]?$"
)
_ASKS_JA = re.compile(r"何(?!事|処)|いくら|いくつ|いつ|どこ|どれ|どなた|[誰幾]|だれ|なぜ")
_ENDING_JA = re.compile(r"[ぁ-ゟ]{1,2}")  # what the cut leaves of a verb: らえ of もらえます
_OPENERS = re.compile(
    r"(?:(?:and|but|or|also|then|so)\s+)?(?:(?:what|how) about\s+)?(?:only\s+)?"
    rf"(?:(?P<preposition>{_PREPOSITIONS})\s+)?(?:the\s+)?",
    re.I,
)
# "Outside Dublin" and "in London" exchange more than the town; "of annual leave" and "for sick leave" do not.
_EXCHANGED = re.compile(rf"\b(?:{_PREPOSITIONS}) (?=(?:the |an? )?$)", re.I)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)(?:年度?)?")
_KANJI = re.compile("[\u3400-\u9fff]")
SHORT = 5  # words of a question that begins in the middle of a thought
FEW = 2  # words that say something; a whole question has more, or a name
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w-]+(?: (?:(?:of|de|van|von) )?[A-Z][\w-]+)*")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a conversation is about: `question` is the last whole one, `names` those its answer brought."""

    question: str = ""
    names: tuple[str, ...] = ()


def complete(question: str, subject: Subject) -> str:
    """`question` as it can be searched for on its own; unchanged when it says what it is about."""
    if not subject.question or not leans(question):
        return question
    japanese = language_of(question) == "ja"
    if _begins_midway(question, japanese):
        bare = _bare(question, japanese)
        also = f"{bare}の{subject.question}" if japanese and bare else f"{subject.question} {question}"
        return _ask_again(question, subject) or also
    carried = _content(subject.question, question)
    names = [name for name in subject.names if name.casefold() not in question.casefold()]
    if names and _PERSON.search(question):
        carried = names[:1]
    return f"{question} ({'、'.join(carried) if japanese else ' '.join(carried)})" if carried else question


def follow(subject: Subject, question: str, answer: str) -> Subject:
    """The subject after `question` was answered by `answer`.

    A follow-up keeps it, or exchanges a part of it ("and in 2023?"); a whole question is a new one.
    """
    names = tuple(dict.fromkeys(name for name in _NAME.findall(answer) if name.casefold() not in question.casefold()))
    if subject.question and leans(question):
        return Subject(_ask_again(question, subject) or subject.question, names or subject.names)
    return Subject(question, names)


def leans(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    japanese = language_of(question) == "ja"
    if _begins_midway(question, japanese):
        return True
    points = _POINTS_BACK_JA.search(question) if japanese else _POINTS_BACK.search(_EMPTY.sub(_blank, question))
    if not points:
        return not _told(question)
    own = (_OWN_SUBJECT_JA if japanese else _OWN_SUBJECT).search(question, 0, points.start())
    return own is None


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _begins_midway(question: str, japanese: bool) -> bool:
    if japanese:
        rest = _CONTINUES_JA.sub("", question.strip())
        return len(_told(rest)) <= FEW and _ELLIPSIS_JA.search(rest) is not None and not _POINTS_BACK_JA.match(rest)
    if not _CONTINUES.match(question.strip()):
        return False
    points = re.match(r"(?:(?:and|but|so|then)\s+)?(?:what|how) about\b", question.strip(), re.I)
    return points is not None or (len(question.split()) <= SHORT and not _POINTS_BACK.search(question))


def _ask_again(question: str, subject: Subject) -> str | None:
    """The last question, asked of something else; None where it is not clear what that takes the place of."""
    japanese = language_of(question) == "ja"
    if not _begins_midway(question, japanese):
        return None
    former, new = subject.question, _bare(question, japanese)
    place = _counterpart(former, new, japanese)
    if place is None:
        return None
    before, after = former[: place[0]], former[place[1] :]
    opener = _OPENERS.match(question.strip())
    preposition = ((opener and opener["preposition"]) or "").lower()
    if preposition not in ("", "of", "for"):
        before = _EXCHANGED.sub(f"{preposition} ", before)
    return before + new + after


def _bare(question: str, japanese: bool) -> str:
    """What a question that begins midway names: "and for the contractors?" → contractors."""
    if japanese:
        return _ELLIPSIS_JA.sub("", _CONTINUES_JA.sub("", question.strip())).strip(" 、。？?").removesuffix("の")
    return _OPENERS.sub("", question.strip(), count=1).strip(" .?!")


def _counterpart(former: str, new: str, japanese: bool) -> tuple[int, int] | None:
    """Where `former` has what `new` takes the place of: the year, the only name, or what has the same last word (in
    Japanese: the same last character, 課長 and 部長). None where there is no such counterpart."""
    for kind in (_YEAR, _NAME):
        there = list(kind.finditer(former))
        if len(there) == 1 and kind.fullmatch(f"in {new}", 3):  # behind a word: names count inside a sentence only
            return there[0].span()
    for start, end in _runs_ja(former) if japanese else _runs(former, new):
        if former[start:end] != new and _is_alike(former[start:end], new, japanese):
            return start, end
    return None


def _is_alike(old: str, new: str, japanese: bool) -> bool:
    if japanese:
        return len(new) > 1 and old[-1] == new[-1] and _KANJI.fullmatch(new[-1]) is not None
    return len(new.split()) > 1 and terms(old.split()[-1]) == terms(new.split()[-1]) != []


def _runs(former: str, new: str) -> Iterator[tuple[int, int]]:
    """Where as many words stand together as `new` has, each of which says something."""
    words = list(re.finditer(r"(?:[\w'’.&-]|(?<=\d),(?=\d))*\w", former))
    count = len(new.split())
    for i in range(len(words) - count + 1):
        if all(_told(word[0]) for word in words[i : i + count]):
            yield words[i].start(), words[i + count - 1].end()


def _runs_ja(former: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in re.finditer(r"[^はがをにでのへとも、。？?\s]{2,}", former))


def _told(question: str) -> list[str]:
    """The terms that say what a question is about."""
    return [term for term in dict.fromkeys(terms(question)) if term not in STOP_WORDS and term not in FUNCTION_WORDS]


def _content(former: str, question: str) -> list[str]:
    """The words of the former question that say what it was about, as they stood there."""
    here = set(terms(question))
    if language_of(former) == "ja":
        parts = re.split(r"[はがをにでのへとも、。？?\s]|から|まで|です|ます|か$", former)
        parts = [part for part in parts if not _ASKS_JA.search(part) and not _ENDING_JA.fullmatch(part)]
    else:
        parts = re.findall(r"[\w'’.&-]*\w", former)
    kept = [part for part in parts if part and (told := _told(part)) and not set(told) <= here]
    return list(dict.fromkeys(kept))
