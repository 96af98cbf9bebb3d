"""A text as the units that checking compares: content words by their root, names, and values, with what is negated.

Function words, question words and inflections are left out; they differ between a statement and its source without a
difference in meaning. Negation is a mark on the word it bears on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from index.words import UNSPACED, is_unspaced, normalize, stem
from ingest.sentences import split_sentences
from rag.checking.values import Value, values


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
    value: Value | None = None


_STOP = frozenset(
    "a an the this that these those it its it's he she they them his her their him we us our you your i my me one ones there here "
    "is are was were be been being am do does did done doing has have had having will would shall should can could may might must "
    "of in on at by to from for with as into onto upon about around through during per via toward towards among amongst between within "
    "and or but nor so yet if then than because since although though while whereas however therefore thus also too very even "
    "what which who whom whose when where why how many much some any each every all both such other another same own "
    "s t d ll re ve m etc e.g i.e eg ie vs said called named known name term type kind year years date time day people person "
    "such like made make use used using according approximately roughly often usually generally mainly well still already now "
    "different various several certain new".split()
)
# Words that say no more than their question word: kept when the source has them, never missed when it has not.
NEGATORS = frozenset("not no never without neither nor cannot hardly barely n't none nobody nothing".split())
_IRREGULAR = {
    form: base
    for line in (
        "begin began begun;become became;write wrote written;take took taken;give gave given;grow grew grown;build built;send sent;"
        "spend spent;leave left;lose lost;pay paid;say said;sell sold;tell told;teach taught;think thought;buy bought;bring brought;"
        "fight fought;catch caught;come came;go went gone;know knew known;see saw seen;speak spoke spoken;choose chose chosen;"
        "rise rose risen;fall fell fallen;draw drew drawn;run ran;sing sang sung;eat ate eaten;break broke broken;drive drove driven;"
        "keep kept;meet met;feel felt;stand stood;understand understood;bear born borne;man men;woman women;child children;foot feet;"
        "tooth teeth;mouse mice;win won;hold held;lead led;get got gotten;show shown;fly flew flown;throw threw thrown;wear wore worn;"
        "hide hid hidden;forget forgot forgotten;seek sought;mean meant;deal dealt;hear heard;sleep slept;lend lent;find found;"
        "strike struck;swim swam swum;steal stole stolen;forbid forbade forbidden;arise arose arisen;die dead death died dying;"
        "high height;long length;wide width;deep depth;strong strength;grow growth;analyse analyze analysis;high higher highest;"
        "large larger largest;big bigger biggest;small smaller smallest;low lower lowest;old older oldest;young younger youngest"
    ).split(";")
    for base, *forms in [line.split()]
    for form in forms
    if form
    not in (
        "higher",
        "highest",
        "larger",
        "largest",
        "bigger",
        "biggest",
        "smaller",
        "smallest",
        "lower",
        "lowest",
        "older",
        "oldest",
        "younger",
        "youngest",
    )
}
_CODE = r"[A-Za-z]+[-_./]?\d[A-Za-z0-9_]*(?:[-_.][A-Za-z0-9_]+)*|\d+[A-Za-z_][A-Za-z0-9_]*|[A-Za-z]+(?:_[A-Za-z\d]+)+|\d+(?:\.\d+){2,}"
_LATIN = re.compile(
    rf"(?P<code>(?<![\w]){_CODE})|(?P<word>[^\W\d_{UNSPACED}]+(?:['’][^\W\d_{UNSPACED}]+)?)|(?P<punct>[.,;:!?()\"“”—–])"
)
_RUN = re.compile(f"[{UNSPACED}][{UNSPACED}・]*")


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text in reading order; positions are those of the normalised text."""
    text = normalize(text)
    found = [Token("#", v.start, v.end, v.text, value=v) for v in values(text)]
    taken = bytearray(len(text))
    for token in found:
        taken[token.start : token.end] = b"\1" * (token.end - token.start)
    found += _latin(text, taken)
    if is_unspaced(text):
        found += _japanese(text, taken)
    found.sort(key=lambda t: t.start)
    ends = [end for _, end in split_sentences(text)] + [len(text) + 1]
    placed, at = [], 0
    for token in found:
        while token.start >= ends[at]:
            at += 1
        placed.append(replace(token, sentence=at))
    return placed


def _latin(text: str, taken: bytearray) -> list[Token]:
    found: list[Token] = []
    negator = -9
    opening = True  # at the start of a sentence, where a capital says nothing
    for m in _LATIN.finditer(text):
        word = m.group()
        if m.lastgroup == "punct":
            opening = opening or word in '.!?:"“'
            if word in ";.!?":
                negator = -9
            continue
        if taken[m.start()]:
            negator = -9
            opening = False
            continue
        folded = word.lower().replace("’", "'")
        contracted = folded.endswith("n't")
        folded = re.sub(r"(?:'s|n't|'re|'ve|'ll|'d)$", "", folded)
        if folded in NEGATORS or contracted:
            # "Not until 1990" denies the time before, not the event: the mark goes to "until".
            until = re.match(r"[^.;]*?\buntil\b", text[m.end() : m.end() + 120], re.I)
            negator = m.end() + until.end() if until else m.end()
            opening = False
            continue
        if folded in _STOP and not (m.group("code")):
            opening = False
            continue
        code = m.lastgroup == "code"
        name = code or (word[:1].isupper() and not opening) or (word.isupper() and len(word) > 1)
        key = re.sub(r"[-_./]", "", folded) if code else root(folded)
        found.append(Token(key, m.start(), m.end(), word, name=name, negated=0 <= negator <= m.end()))
        if negator <= m.end() and not folded.endswith("ly"):
            negator = -9
        opening = False
    return found


@lru_cache(maxsize=1 << 14)
def root(word: str) -> str:
    """Return an English word without inflection, its silent e and doubled consonant: stopped, stops → stop."""
    if word in _IRREGULAR:
        word = _IRREGULAR[word]
    base = stem(word)
    if base != word and len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        base = base[:-1]
    if len(base) > 3 and base.endswith("e"):
        base = base[:-1]
    return base[:-1] + "i" if base.endswith("y") and len(base) > 3 else base


_EMPTY_POS = frozenset(("助詞", "助動詞", "補助記号", "空白", "代名詞", "連体詞", "接続詞", "感動詞", "記号"))
_EMPTY_JA = frozenset(
    "為る 居る 有る 成る 言う 呼ぶ 事 物 者 為 所 時 様 等 訳 中 内 的 化 さん 達 又 なお 其の 此の 何 誰 何処 何時 何れ 何方 幾つ 幾ら 何の 何んな どの どんな どの様 "
    "出来る 行う 於く 因る 対する 関する 就く 伴う 一つ 方 約 凡そ 程 頃 仕舞う 来る 行く 見る 置く 居り 御 らしい 名前 名称 名 年 月 日 人 回 度 個 位 という と言う 種 "
    "上 他 共 特に 主 及び 或いは 呼称 称する 名付ける なん なに いつ どこ だれ".split()
)
_NEGATIVE = frozenset(("ない", "無い", "ぬ", "ず", "ん", "まい"))
_NEGATIVE_PREFIX = frozenset("不非無未")
# Negative in form only: must, may, no more than, nothing but, without doubt.
_NOT_NEGATIVE = re.compile(
    r"に(?:も|は)?(?:過ぎ|すぎ)(?:な|ませ|ず)|かもしれ|かも知れ|(?:なければ|ねば|なくては|ないと)(?:なら|いけ)(?:な|ませ|ず|ぬ)|なければ|ねばなら|なくては"
    r"|(?:ほか|他)なら|間違いな|やむを得|ざるを得|いうまでもな|言うまでもな"
)


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
                if not _NOT_NEGATIVE.search(text[max(0, start - 6) : end + 6]):
                    found[-1] = replace(found[-1], negated=True)
                continue
            if m.part == "接頭辞" and m.surface in _NEGATIVE_PREFIX:
                denied = end
                continue
            if start >= end or taken[start] or m.part in _EMPTY_POS or not is_unspaced(m.surface) or m.key in _EMPTY_JA:
                continue
            name = m.proper or re.fullmatch(r"[ァ-ヺー・]{3,}", m.surface) is not None
            found.append(Token(m.key, start, end, m.surface, name=name, negated=denied == start))
    return found
