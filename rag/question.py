"""What a question is about and what kind of thing it asks for.

Words that say only how it is asked ("how many", "what is the name of", 何という) are left out; the others count by
their inverse document frequency in the collection. The kind of answer it asks for (a date, a number, a name, …) is read
off its question word, in the manner of Li and Roth ("Learning Question Classifiers", 2002).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from index.words import STOP_WORDS as FUNCTION_WORDS
from index.words import normalize, stem, terms

KINDS = ("when", "number", "who", "why", "name")

# Words that say how something is asked, not what about; beside the function words of `index.words`.
_ASKING_WORDS = """
    about also being call called describe done during far gave get give given gives having kind known lie list long many
    may mean means might much must name named no not old refer refers shall some such tell term type us whose between
    何処 何れ 如何 どう なぜ 何故 いくつ 幾つ 其れ 此れ せる 様 者 為 時 所 年 人 方 名 と
    教える 下さる 知る 等 さん 何年 何人 名前 幾 幾ら どれ どのような どのくらい いつ頃 西暦 人物 場所 アルファベット
    良い 良く 御 よう 際 つく 関する 貰う 取れる 頂く 欲しい 可能 行う 起きる 起こる
"""
STOP_WORDS = FUNCTION_WORDS | frozenset(stem(word) for word in _ASKING_WORDS.split())

_ASKS = {
    "when": re.compile(
        r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade|time|era)\b"
        r"|いつ|何年|何月|何日|何時|何世紀|年代|西暦|時期|期限|締め切り",
        re.I,
    ),
    "number": re.compile(
        r"\bhow (?:many|much|old|long|far|tall|big|large|often|high|fast|deep|wide|late|early)\b"
        r"|\bwhat (?:percent|percentage|number|amount|size|fraction|proportion|population|rate|price|cost)\b"
        r"|いくつ|いくら|何[人個回本度歳種倍冊位割件枚台社円日分つ%％]|何(?:メートル|キロ|か国|ヶ|パーセント)|ど[れの]くらい",
        re.I,
    ),
    "who": re.compile(
        r"\b(?:who(?:m|se)?|where)\b|\b(?:what|which) (?:country|city|state|place|region|town|office)\b"
        r"|誰|だれ|何という人|人物|どこ|の名前",
        re.I,
    ),
    "why": re.compile(r"\bwhy\b|なぜ|どうして|理由|原因", re.I),
    "name": re.compile(
        r"\b(?:called|known as|named|name of|name for|term|nickname|referred to|stands? for)\b"
        r"|(?:何|なん)と(?:呼|い|言|称)|何という|別名|名称|名前|[呼略通]称",
        re.I,
    ),
}
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half|twice"
    "|third|single|several"
)
_TELLS = {
    "when": re.compile(
        rf"\b(?:1[0-9]|20)\d\d\b|\b(?:{_MONTHS}|{_DAYS}|today)\b|\d(?:st|nd|rd|th) century|\d+s\b|\d{{4}}-\d\d"
        r"|[0-9０-９一二三四五六七八九十]+(?:年|月|日|世紀|時)"
    ),
    "number": re.compile(
        rf"\d+|\b(?:{_NUMBER_WORDS})\b|[一二三四五六七八九十百千万]+(?:人|つ|個|回|度|倍|種|本|円|歳|割|日|年|件|枚|台|社)",
        re.I,
    ),
    "who": re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]+"),
    "why": re.compile(
        r"because|due to|since|in order to|reason|cause|so that|result|ため|ので|から|理由|原因|により", re.I
    ),
    "name": re.compile(
        r"\b(?:called|known as|named|termed|name|nicknamed|refers? to|referred to|abbreviated|stands for)\b"
        r"|と呼|という|といい|と称|とも|別名|名称|[呼略通]称",
        re.I,
    ),
}
_LEANS_BACK = re.compile(
    r"(?:It|He|She|They|This|That|These|Those|His|Her|Their|Its|Such|The (?:latter|former|same))\b"
    r"|これ|それ|この|その|彼|彼女|同[社氏国年法日]|また|さらに|なお|ここ|そこ|こう|そう|しかし|ただし|一方"
)
# A rule's exception in a sentence of its own: 但し書き.
_TAKES_BACK = re.compile(
    r"ただし|但し|この限りでは?ない"
    r"|(?:However, )?(?:this|these|the foregoing|the above)(?: \w+){0,2} (?:does|do|shall|will) not apply|Exceptions?\b"
    r"|Provided(?:, however,)? that\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: every term, those that say what it is about with their idf, and what it asks for.

    `kinds` holds at most one of "when", "number", "who" and "why" (the first that fits), and "name" when it
    asks what something is called.
    """

    text: str
    terms: frozenset[str]
    idf: Mapping[str, float]
    numbers: frozenset[str]
    kinds: frozenset[str]

    def share(self, found: Iterable[str]) -> float:
        """The share of the question's idf that the terms `found` hold, 0 to 1."""
        total = sum(self.idf.values())
        return sum(self.idf[term] for term in set(found) if term in self.idf) / total if total else 0.0


def take_apart(text: str, idf: Callable[[str], float]) -> Question:
    """Return the question `text` with the idf of its words; a question of stop words only keeps them."""
    every = terms(text)
    told = [term for term in every if term not in STOP_WORDS] or every
    fitting = [kind for kind, asks in _ASKS.items() if asks.search(text)]
    # Only the first question word counts: "When did the man who …" asks for a date.
    kinds = {kind for kind in fitting if kind == "name"} | set([kind for kind in fitting if kind != "name"][:1])
    return Question(
        text=text,
        terms=frozenset(every),
        idf={term: idf(term) for term in told},
        numbers=frozenset(re.findall(r"\d+", normalize(text))),
        kinds=frozenset(kinds),
    )


def tells(kind: str, sentence: str, question: Question) -> bool:
    """Return whether `sentence` holds something of that kind that the question does not already say."""
    if kind in ("why", "name"):
        return _TELLS[kind].search(sentence) is not None
    if kind == "number":
        return any(match[0] not in question.numbers for match in _TELLS[kind].finditer(normalize(sentence)))
    return any(match[0] not in question.text for match in _TELLS[kind].finditer(sentence))


def leans_back(sentence: str) -> bool:
    """Return whether a sentence begins with a word that stands for something said before it."""
    return _LEANS_BACK.match(sentence) is not None


def takes_back(sentence: str) -> bool:
    """Return whether a sentence begins as an exception from the one before it."""
    return _TAKES_BACK.match(sentence) is not None
