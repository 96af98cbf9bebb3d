"""A follow-up question made whole: what it leaves out is carried over from the conversation, without a model.

A question leans on the conversation when it points back ("when does it expire?", それはいつまで) or leaves its subject
out ("and for contractors?", 契約社員は？). Then it is asked together with what the last whole question was about.
A word too many costs little, because search weighs words by rarity; without its subject it finds the wrong passage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from index.words import STOP_WORDS as FUNCTION_WORDS
from index.words import terms
from rag.languages import language_of
from rag.question import STOP_WORDS

_PERSON = re.compile(r"\b(?:he|she|him|her|his|hers)\b|彼女?(?!ら|氏)|その人|この人|あの人|同氏", re.I)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|she|him|his|her|hers|these|those|ones?|there|that one|this one|the same"
    r"|the (?:former|latter))\b"
    r"|\b(?:about|of|for|is|does|did|was|with|after|before|in|do) (?:that|this)\b",
    re.I,
)
_POINTS_BACK_JA = re.compile(
    r"[それこあ][れの](?!ら?くらい)|そこ|そちら|その(?!他)|こちら|彼|同[氏社じ]|前者|後者|当該|上記"
)
# A name, or a noun with its article: what a later "it" of the same question stands for.
_OWN_SUBJECT = re.compile(
    r"(?<!^)\b[A-Z][\w-]+|\b(?:the|an?|our|my|your|each|every|all)\s+(?!same\b|former\b|latter\b)\w+"
)
_OWN_SUBJECT_JA = re.compile(r"[^\s、。？?それこ]{2,}[はがをのと]")
_CONTINUES = re.compile(
    r"(?:and|but|or|also|then|so)\b|(?:what|how) about\b|(?:only|same)\b|(?:for|in|at|to|from|with|since|until|on)\b",
    re.I,
)
_CONTINUES_JA = re.compile(r"(?:では|じゃあ?|なら|あと|また|ちなみに|他に|ほかに)[、,]?")
_ELLIPSIS_JA = re.compile(r"(?:は|も|だと|なら|場合は|について|って|のほうは|の方は)[？?。]?$")
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
        # It asks the last question again, of something else.
        return f"{subject.question} {question}"
    carried = _content(subject.question, question)
    names = [name for name in subject.names if name.casefold() not in question.casefold()]
    if names and _PERSON.search(question):
        carried = names[:1]
    return f"{question} ({'、'.join(carried) if japanese else ' '.join(carried)})" if carried else question


def follow(subject: Subject, question: str, answer: str) -> Subject:
    """The subject after `question` was answered by `answer`: a follow-up keeps it, a whole question is a new one."""
    names = tuple(dict.fromkeys(name for name in _NAME.findall(answer) if name.casefold() not in question.casefold()))
    if subject.question and leans(question):
        return replace(subject, names=names or subject.names)
    return Subject(question, names)


def leans(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    japanese = language_of(question) == "ja"
    if _begins_midway(question, japanese):
        return True
    points = (_POINTS_BACK_JA if japanese else _POINTS_BACK).search(question)
    if not points:
        return not _told(question)
    own = (_OWN_SUBJECT_JA if japanese else _OWN_SUBJECT).search(question, 0, points.start())
    return own is None


def _begins_midway(question: str, japanese: bool) -> bool:
    if japanese:
        rest = _CONTINUES_JA.sub("", question.strip())
        return len(_told(rest)) <= FEW and _ELLIPSIS_JA.search(rest) is not None and not _POINTS_BACK_JA.match(rest)
    if not _CONTINUES.match(question.strip()):
        return False
    points = re.match(r"(?:(?:and|but|so|then)\s+)?(?:what|how) about\b", question.strip(), re.I)
    return points is not None or (len(question.split()) <= SHORT and not _POINTS_BACK.search(question))


def _told(question: str) -> list[str]:
    """The terms that say what a question is about."""
    return [term for term in dict.fromkeys(terms(question)) if term not in STOP_WORDS and term not in FUNCTION_WORDS]


def _content(former: str, question: str) -> list[str]:
    """The words of the former question that say what it was about, as they stood there."""
    here = set(terms(question))
    if language_of(former) == "ja":
        parts = re.split(r"[はがをにでのへとも、。？?\s]|から|まで|です|ます|か$", former)
    else:
        parts = re.findall(r"[\w'’.&-]*\w", former)
    kept = [part for part in parts if part and (told := _told(part)) and not set(told) <= here]
    return list(dict.fromkeys(kept))
