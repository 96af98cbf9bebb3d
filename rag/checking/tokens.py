"""A text as the units that checking compares: content words by their root, names, and values, with what is negated.

Function words, question words and inflections are left out; they differ between a statement and its source without a
difference in meaning. Negation is a mark on the word it bears on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.words import UNSPACED, is_unspaced, normalize, stem
from ingest.sentences import split_sentences
from rag.checking import synonyms
from rag.checking.reading import values
from rag.checking.values import Value
from rag.checking.vocabulary import EMPTY_WORDS, IRREGULAR, LIGHT_WORDS, NEGATORS, STOP_WORDS


@dataclass(frozen=True, slots=True)
class Token:
    """A content word, name or value. `key` is what two texts have in common; `sentence` counts from 0."""

    key: str
    start: int
    end: int
    surface: str
    sentence: int = 0
    name: bool = False
    negated: bool = False
    verb: bool = False  # in Japanese by its part of speech, in English by its form
    light: bool = False
    value: Value | None = None

    @property
    def finite(self) -> bool:
        """Whether it may be what an English clause says of its subject: a verb, and no -ing form."""
        return self.verb and not self.surface.endswith("ing")


# For each token of a statement the tokens of the sources that may say the same, by index, with their likeness: 1 for
# the same word, FAMILY for one of its family (exit, exits), less for words with a part in common.
Matches = Sequence[Sequence[tuple[int, float]]]
FAMILY = 0.7

# Codes: ERR-4012, v1.0.21; 3D; snake_case; 10.0.0.1
_CODE = (
    r"[A-Za-z]+[-_./]?\d[A-Za-z0-9_]*(?:[-_.][A-Za-z0-9_]+)*"
    r"|\d+[A-Za-z_][A-Za-z0-9_]*|[A-Za-z]+(?:_[A-Za-z\d]+)+|\d+(?:\.\d+)+"
)
# U.S., e.g.: one word however it is dotted, so that US is the same.
_DOTTED = r"[A-Za-z](?:\.[A-Za-z])+(?!\w)\.?"
_LATIN = re.compile(
    rf"(?P<dotted>(?<!\w){_DOTTED})|(?P<code>(?<![^\W{UNSPACED}]){_CODE})|(?P<word>[^\W\d_{UNSPACED}]+(?:['’][^\W\d_{UNSPACED}]+)?)|(?P<punct>[.,;:!?()\"“”—–])"
)


# "Not until 1990" denies the time before and not the event, "not true that …" what follows: there the mark goes.
_CARRIES = re.compile(r"[^.;]{0,120}?\buntil\b|\s+(?:true|correct|right|the case)\s+that\b", re.I)
_EITHER_WAY = re.compile(r"\bor not(?=\s*(?:[),.;]|$)|\s+(?:is|are|was|were)\b)|\bwhether or not\b", re.I)
_DENIES = re.compile(r"(?:false|untrue|wrong|den(?:y|ies|ied)|refut(?:e|es|ed))\s+that\b", re.I)


_BOUND = re.compile(
    r"\b(?:(?:no|not)\s)?(?:(?:more|less|fewer|greater) than|at (?:least|most)|over|above|under|below)\s+$", re.I
)
_LONGEST = 16  # characters of the longest of them


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text in reading order; positions are those of the normalised text."""
    text = normalize(text)
    found = [Token(_value_key(v), v.start, v.end, v.text, value=v) for v in values(text)]
    taken = bytearray(len(text))
    for token in found:
        taken[token.start : token.end] = b"\1" * (token.end - token.start)
    begins = {}
    for token in found:
        # What bounds a value is read with it: "over 500" and "more than 500" have the same words.
        bounded = _BOUND.search(text, max(0, token.start - _LONGEST), token.start)
        begins[token.start] = bounded.start() if bounded else token.start
        taken[begins[token.start] : token.start] = b"\1" * (token.start - begins[token.start])
    spans = split_sentences(text)
    words, denied = _latin(text, taken, [start for start, _ in spans])
    found = [replace(t, negated=True) if denied & set(range(begins[t.start], t.end)) else t for t in found] + words
    if is_unspaced(text):
        found += _japanese(text, taken)
    found.sort(key=lambda t: t.start)
    ends = [end for _, end in spans] + [len(text) + 1]
    placed, at = [], 0
    for token in found:
        while token.start >= ends[at]:
            at += 1
        placed.append(replace(token, sentence=at, light=token.key in _LIGHT and not token.name))
    return placed


def _value_key(value: Value) -> str:
    """Values have no key but "first", whose opposite is no value: "last"."""
    return "first" if value.text.lower() == "first" else "#"


def _latin(text: str, taken: bytearray, starts: Sequence[int]) -> tuple[list[Token], set[int]]:
    """The words that are not part of a value, and where a value is denied; sentences begin at `starts`."""
    found: list[Token] = []
    denied: set[int] = set()
    negator = -1  # where the last negator's reach begins: the next content word from there on is denied
    late = False
    opening = True  # at the start of a sentence, where a capital says nothing
    ahead = list(reversed(starts))
    for m in _LATIN.finditer(text):
        word = m.group()
        while ahead and ahead[-1] <= m.start():  # a mark of a list or of a quotation may stand before the first word
            ahead.pop()
            opening = True
        if m.lastgroup == "punct":
            # Behind "Mr." a capital is a name's, behind "1." it may open a sentence.
            opening = opening or word in '!?:"“' or (word == "." and not text[m.start() - 1 : m.start()].isalpha())
            if word in ";.!?":
                if late and negator >= 0 and found:
                    # "It is not." denies what was said last.
                    found[-1] = replace(found[-1], negated=True)
                negator = -1
            continue
        if taken[m.start()]:
            if 0 <= negator <= m.start():
                denied.add(m.start())
            negator = -1
            opening = False
            continue
        folded = word.lower().replace("’", "'")
        contracted = folded.endswith("n't")
        folded = re.sub(r"(?:'s|n't|'re|'ve|'ll|'d)$", "", folded)
        if folded in NEGATORS or contracted:
            if any(either.end() == m.end() for either in _EITHER_WAY.finditer(text, max(0, m.start() - 11))):
                continue
            carried = _CARRIES.match(text, m.end())
            negator = carried.end() if carried else m.end()
            late = folded != "no"  # "No." may be a number's
            opening = False
            continue
        if folded == "free" and found and text[found[-1].end : m.start()] == "-":
            found[-1] = replace(found[-1], negated=True)  # alcohol-free, as non-alcoholic
            continue
        if folded == "longer" and negator >= 0 and not text.startswith(" than", m.end()):
            negator = m.end()  # what is no longer allowed is denied, not how long
            continue
        if m.lastgroup == "dotted":
            folded = folded.rstrip(".")
        if folded in STOP_WORDS and m.lastgroup != "code" and not _is_initials(text, m):
            if folded in _DONE and late and negator >= 0 and found:
                found[-1] = replace(found[-1], negated=True)  # "must not be used" denies what was said last
                negator = -1
            opening = False
            continue
        if _DENIES.match(text, m.start()):
            negator = m.end()
            opening = False
            continue
        code = m.lastgroup == "code"
        name = code or (word[:1].isupper() and not opening) or (word.isupper() and len(word) > 1)
        key = re.sub(r"[-_./]", "", folded) if m.lastgroup != "word" else root(folded)
        verb = not name and (folded in IRREGULAR or _VERB.search(folded) is not None)
        found.append(Token(key, m.start(), m.end(), word, name=name, negated=0 <= negator <= m.end(), verb=verb))
        if negator <= m.end() and not folded.endswith("ly"):
            negator = -1
        opening = False
    return found, denied


_DONE = frozenset(("used", "done", "made"))  # verbs that are no words of their own
_LABELLED = 20  # characters of a word that a letter tells apart


def _is_initials(text: str, m: re.Match[str]) -> bool:
    """Whether a word that is a function word in small letters stands in capitals by itself: US, WHO, not THE END OF.

    Before Japanese one letter is enough, and behind what it tells apart: A社, Section A.
    """
    if m.group().isupper() and is_unspaced(text[m.end() : m.end() + 1]):
        return True
    if m.group() == "A" and re.search(r"[A-Z][a-z]+ $", text[max(0, m.start() - _LABELLED) : m.start()]):
        return re.match(r" [a-z]|[^\w ]|$", text[m.end() : m.end() + 2]) is not None
    around = re.findall(r"[^\W\d_]{2,}", text[max(0, m.start() - 12) : m.start()])[-1:]
    around += re.findall(r"[^\W\d_]{2,}", text[m.end() : m.end() + 12])[:1]
    return len(m.group()) > 1 and m.group().isupper() and not any(word.isupper() for word in around)


_VERB = re.compile(r"(?:\w\wed|\w\wing|i[sz]e|\w{3}ates?)$")  # no red, bed, king, ring


@lru_cache(maxsize=1 << 14)
def root(word: str) -> str:
    """Return an English word without inflection, its silent e and doubled consonant: stopped, stops → stop."""
    base = _ending_off(IRREGULAR.get(word, word))
    return _SAME.get(base, base)


def _ending_off(word: str) -> str:
    base = stem(word)
    if base != word and len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        base = base[:-1]
    if len(base) > 3 and base.endswith("e"):
        base = base[:-1]
    return base[:-1] + "i" if base.endswith("y") and len(base) > 3 else base


_SAME = {_ending_off(word): _ending_off(main) for word, main in synonyms.ENGLISH.items()}


_LIGHT = frozenset(root(word) if word.isascii() else synonyms.JAPANESE.get(word, word) for word in LIGHT_WORDS)


_EMPTY_PARTS = frozenset(("助詞", "助動詞", "補助記号", "空白", "代名詞", "連体詞", "接続詞", "感動詞", "記号"))
_NEGATIVE = frozenset(("ない", "無い", "ぬ", "ず", "ん", "まい"))
_NEGATIVE_PREFIX = frozenset("不非無未")
_EXCLUDED = frozenset(("対象", "適用", "保証", "補償"))  # denied by 外 behind them
# Negative in form only: must, may, no more than, nothing but, without doubt.
_NOT_NEGATIVE = re.compile(
    r"に(?:も|は)?(?:過ぎ|すぎ)(?:な|ませ|ず)|かもしれ|かも知れ"
    r"|(?:なければ|ねば|なくては|ないと)(?:なら|なり|いけ)(?:な|ませ|ず|ぬ)|ねばなら|なくては"
    r"|(?:ほか|他)なら|間違いな|やむを得|ざるを得|いうまでもな|言うまでもな"
)
_FORM = 12  # characters of the longest of them


def _bears_on(found: list[Token], text: str, negative: int) -> int:
    """The token that a negative word bears on: the one before it, past what only stands in brackets."""
    for at in range(len(found) - 1, 0, -1):
        between = text[found[at].end : negative]
        if between.count(")") <= between.count("("):
            return at
    return 0


def _japanese(text: str, taken: bytearray) -> list[Token]:
    from index import japanese

    found: list[Token] = []
    for run in re.finditer(r"[^\n。]+。?", text):
        if not is_unspaced(run.group()):
            continue
        denied = -1
        for m in japanese.morphemes(run.group()):
            start, end = run.start() + m.start, run.start() + m.end
            if m.base in _NEGATIVE and m.part in ("助動詞", "形容詞", "接尾辞") and found:
                around = _NOT_NEGATIVE.finditer(text, max(0, start - _FORM), end + _FORM)
                if not any(form.start() <= start <= form.end() for form in around):
                    at = _bears_on(found, text, start)
                    found[at] = replace(found[at], negated=True)
                continue
            if m.surface == "外" and found and found[-1].end == start and found[-1].surface in _EXCLUDED:
                found[-1] = replace(found[-1], negated=True)
                continue
            if m.part == "接頭辞" and m.surface in _NEGATIVE_PREFIX:
                denied = end
                continue
            if m.part in _EMPTY_PARTS or m.key in EMPTY_WORDS or not is_unspaced(m.surface):
                continue
            if start >= end or taken[start]:
                continue
            name = m.proper or re.fullmatch(r"[ァ-ヺー・]{3,}", m.surface) is not None
            key = synonyms.JAPANESE.get(m.key, m.key)
            found.append(Token(key, start, end, m.surface, name=name, negated=denied == start, verb=m.part == "動詞"))
    return found
