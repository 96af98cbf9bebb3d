"""Japanese statements from questions and sentences, by rules that know nothing of the checker."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import pairwise

COUNTERS = (
    "年間|年|月|日|人|名|回|度|個|本|枚|件|社|校|票|議席|世紀|代|歳|位|番目|番|時間|分|秒|時|割|円|メートル|キロ|県|種類|種"
    "|つ|章|条|階|号|府県|試合|カ国|か国|ヶ国|都市|隻|機|巻|冊|曲|点|倍"
)
WH = (
    r"(?:どのような|どのように|どういう|どういった|どんな|どの|いつごろ|いつ頃|いつ|どこ|だれ|誰|どなた|いくつ|いくら|どれくらい"
    r"|どのくらい|どれほど|どれ|どちら|何と|なんと|何|なに|なん)"
)


def declare(question: str, answer: str) -> str:
    """A question and an answer as one statement: the question word replaced, the question's ending taken off."""
    answer = (
        answer.strip("「」『』 ") if answer.count("「") == answer.count("」") == 1 and answer[0] == "「" else answer
    )
    q = re.sub(r"[。．？?！\s]+\d*$", "", question.strip())
    q = re.sub(r"のか$", "", re.sub(r"(?<!ほ)(?:でしょうか|ですか|か)$", "", q)) if re.search(WH, q) else q
    found = list(re.finditer(WH, q))
    if not found:
        if re.search(r"(?:は|とは|が)$", q):
            return f"{re.sub(r'とは$', 'は', q)}{answer}である。"
        return f"{q}のは{answer}である。" if re.search(r"[るたい]$", q) else f"{q}は{answer}である。"
    m = found[-1]
    before, after = q[: m.start()], q[m.end() :]
    if m.group() in ("何", "なん"):
        counter = re.match(COUNTERS, after)
        if counter and re.search(rf"(?:{counter.group()})", answer):
            after = after[counter.end() :]
        elif counter is None or not re.search(r"[\d一二三四五六七八九十]$", answer):
            after = _without_noun(after, answer)
    elif m.group() in ("どのような", "どういう", "どういった", "どんな", "どの"):
        after = _without_noun(after, answer)
    elif m.group() in ("何と", "なんと"):
        after = "と" + after
    if not after:
        after = "である"
    elif after in ("ですか", "です", "でした", "だ", "だった"):
        after = "だった" if "た" in after else "である"
    return f"{before}{answer}{after}。"


def answer_to(question: str, answer: str) -> str:
    """A statement that quotes the question."""
    return f"「{question.strip()}」の答えは「{answer}」です。"


FRAMES = ("本文によると、{}", "資料によれば、{}", "文書には、{}", "出典では、{}")


def frame(statement: str, chance: random.Random) -> str:
    """A statement that says where it stands."""
    return chance.choice(FRAMES).format(statement)


def _without_noun(after: str, answer: str) -> str:
    """`after` without the noun that the question word stood before, when the answer names it or takes its place."""
    noun = re.match(r"[一-鿿ァ-ヺー]+|もの|こと|ところ", after)
    return after[noun.end() :] if noun else after


def kind_of(answer: str) -> str:
    """number, date, name or phrase."""
    if re.search(r"\d年(?!間)|\d月\d*|世紀|\d年代", answer):
        return "date"
    if re.search(r"\d", answer):
        return "number"
    return (
        "name" if re.fullmatch(r"[「『]?[ァ-ヺー・＝A-Za-z]{3,}[一-鿿]{0,4}[」』]?|[一-鿿]{2,8}", answer) else "phrase"
    )


def spans(passage: str, kind: str) -> list[str]:
    """Spans of the passage that look like this kind."""
    if kind == "date":
        return re.findall(r"\d{3,4}年(?:\d{1,2}月(?:\d{1,2}日)?)?", passage)
    if kind == "number":
        return re.findall(r"\d[\d,.]*(?:万|億|人|回|個|本|%|％|メートル|キロ|km|歳|度|つ|社|位)*", passage)
    return re.findall(r"[ァ-ヺー・]{4,}", passage)


def changes(sentence: str, passage: str, chance: random.Random) -> Iterator[tuple[str, bool, str]]:
    """(kind, truth, statement) for one sentence of the passage."""
    if not 15 <= len(sentence) <= 130:
        return
    yield "sentence", True, sentence
    yield "framed", True, frame(sentence, chance)
    for kind, made in (
        ("half of a sentence", _half),
        ("name shortened", _shorten_name),
        ("clause dropped", _drop_clause),
        ("clause moved", _move_clause),
        ("words exchanged", _exchange),
        ("number rewritten", _rewrite_number),
    ):
        text = made(sentence)
        if text and text != sentence:
            yield kind, True, text
    for kind, change in (
        ("number changed", change_number),
        ("date changed", change_date),
        ("unit changed", _change_unit),
        ("name from passage", _swap_name),
        ("name invented", _invent_name),
        ("negation inserted", negate),
        ("negation removed", _affirm),
        ("comparison turned", _turn),
        ("two nouns exchanged", _exchange_nouns),
    ):
        text = change(sentence, passage, chance)
        if text and text != sentence:
            yield kind, False, text


def _drop_clause(s: str) -> str | None:
    for pattern in (
        r"（[^（）]*）",
        r"^(?:また|しかし|なお|さらに|ただし|そのため|その後|一方)、?",
        r"^[^、。]{3,20}(?:では|には|により|によって)、",
    ):
        text = re.sub(pattern, "", s, count=1)
        if text != s and len(text) >= 12:
            return text
    return None


def _half(s: str) -> str | None:
    """One half of a sentence, where each has a verb of its own."""
    halves = re.split(r"(?:が、|、また、|、一方、|、しかし、)", s)
    longest = max(halves, key=len)
    return f"{longest.rstrip('。')}。" if 12 <= len(longest) < len(s) and "。" in s and halves[-1] == longest else None


def _shorten_name(s: str) -> str | None:
    """A person of two names in katakana by the last of them."""
    text = re.sub(r"[ァ-ヺー]{2,}・(?=[ァ-ヺー]{3,}(?!・))", "", s, count=1)
    return text if text != s else None


def _move_clause(s: str) -> str | None:
    found = re.match(r"([^、。「」（）]{2,20}(?:には|では|に|で))、([^、。]*?は)、?([^。、]{8,})。$", s)
    return f"{found.group(2)}{found.group(1)}、{found.group(3)}。" if found else None


WORDS = (
    ("および", "と"),
    ("ならびに", "と"),
    ("など", "等"),
    ("であった", "だった"),
    ("である。", "です。"),
    ("しかし、", ""),
    ("また、", ""),
    ("ため、", "ので、"),
    ("行われた", "実施された"),
    ("している。", "しています。"),
    ("した。", "しました。"),
    ("された。", "されました。"),
    ("いる。", "います。"),
    ("ある。", "あります。"),
    ("いう。", "呼ぶ。"),
    ("様々な", "さまざまな"),
    ("及び", "と"),
    ("とも呼ばれる", "ともいう"),
)


def _exchange(s: str) -> str | None:
    for old, new in WORDS:
        s = s.replace(old, new)
    return re.sub(r"約(?=\d)", "およそ", s)


DIGITS = "〇一二三四五六七八九"


def _rewrite_number(s: str) -> str | None:
    def era(m: re.Match[str]) -> str:
        year = int(m.group(1))
        if year >= 2020:
            return f"令和{year - 2018}年"
        return (
            f"平成{year - 1988}年"
            if 1990 <= year <= 2018
            else f"昭和{year - 1925}年"
            if 1927 <= year <= 1988
            else m.group()
        )

    def man(m: re.Match[str]) -> str:
        return f"{int(float(m.group(1)) * 10000):,}"

    text = re.sub(r"(?<!\d)(\d{4})年(?![代度])", era, s, count=1)
    if text == s:
        text = re.sub(r"(?<![\d,.億])(\d+(?:\.\d+)?)万(?![\d千])", man, s)
    if text == s:
        text = re.sub(r"(?<![\d,.])(\d)(?=(?:人|回|つ|年間|本|社|種類)(?!目))", lambda m: DIGITS[int(m.group(1))], s)
    if text == s:
        text = re.sub(r"(\d),(\d{3})(?!,)", r"\1\2", s)
    return text if text != s else s.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def change_number(s: str, passage: str, chance: random.Random) -> str | None:
    found = [m for m in re.finditer(r"(?<![\d.,A-Za-z])\d[\d,]*(?:\.\d+)?(?!\d|[年月日])", s)]
    if not found:
        return None
    m = chance.choice(found)
    old = m.group().rstrip(",")
    for _ in range(20):
        new = "".join(c if c in ",." else chance.choice("123456789") for c in old)
        if new not in passage:
            return s[: m.start()] + new + s[m.start() + len(old) :]
    return None


def change_date(s: str, passage: str, chance: random.Random) -> str | None:
    found = list(re.finditer(r"(?<!\d)\d{3,4}(?=年)|(?<!\d)\d{1,2}(?=月)", s))
    if not found:
        return None
    m = chance.choice(found)
    new = (
        str(int(m.group()) % 12 + 1)
        if len(m.group()) < 3
        else str(int(m.group()) + chance.choice([-20, -7, -3, -1, 1, 2, 5, 10, 30]))
    )
    unit = "月" if len(m.group()) < 3 else "年"
    return None if new + unit in passage else s[: m.start()] + new + s[m.end() :]


UNITS = (
    ("年間", "か月間"),
    ("日間", "時間"),
    ("時間", "分"),
    ("キロメートル", "メートル"),
    ("km", "m"),
    ("メートル", "キロメートル"),
    ("万人", "億人"),
    ("億", "万"),
    ("万", "億"),
    ("%", "人"),
    ("％", "人"),
    ("人", "か国"),
    ("回", "年"),
    ("世紀", "年代"),
    ("円", "ドル"),
    ("ドル", "円"),
    ("kg", "トン"),
    ("トン", "kg"),
    ("歳", "か月"),
    ("分", "秒"),
    ("m", "km"),
    ("度", "キロ"),
)


def _change_unit(s: str, passage: str, chance: random.Random) -> str | None:
    for old, new in UNITS:
        text = re.sub(rf"(?<=\d){old}(?![々一-鿿ァ-ヺa-z]{{1}})", new, s, count=1)
        if text != s:
            return text
    return None


def _swap_name(s: str, passage: str, chance: random.Random) -> str | None:
    here = re.findall(r"[ァ-ヺー・]{4,}", s)
    others = [n for n in spans(passage, "name") if n not in s and not any(n in h or h in n for h in here)]
    if not here or not others:
        return None
    return s.replace(chance.choice(here), chance.choice(others), 1)


def _exchange_nouns(s: str, passage: str, chance: random.Random) -> str | None:
    """Two nouns of one clause with different particles behind them, each in the place of the other."""
    nouns = list(
        re.finditer(r"(?:[ァ-ヺー・]{2,}|[一-鿿]{2,})(?=(が|は|を|に|から|へ|より)(?![一-鿿ァ-ヺ]{0,1}よ))", s)
    )
    pairs = [
        (a, b)
        for a, b in pairwise(nouns)
        if a.group() != b.group() and a[1] != b[1] and "、" not in s[a.end() : b.start()] and b.start() - a.end() < 12
    ]
    if not pairs:
        return None
    a, b = chance.choice(pairs)
    return s[: a.start()] + b.group() + s[a.end() : b.start()] + a.group() + s[b.end() :]


NAMES = (
    "ケトルビー",
    "マラケシュ",
    "オスロ",
    "ヘンドリック",
    "パタゴニア",
    "リンドクヴィスト",
    "チューリッヒ",
    "モロー",
)


def _invent_name(s: str, passage: str, chance: random.Random) -> str | None:
    here = re.findall(r"[ァ-ヺー・]{4,}", s)
    return s.replace(chance.choice(here), chance.choice([n for n in NAMES if n not in passage]), 1) if here else None


NEGATIONS = (
    ("である。", "ではない。"),
    ("であった。", "ではなかった。"),
    ("だった。", "ではなかった。"),
    ("された。", "されなかった。"),
    ("されている。", "されていない。"),
    ("している。", "していない。"),
    ("した。", "しなかった。"),
    ("いる。", "いない。"),
    ("ある。", "ない。"),
    ("なった。", "ならなかった。"),
    ("する。", "しない。"),
    ("される。", "されない。"),
    ("できる。", "できない。"),
    ("れる。", "れない。"),
    ("なる。", "ならない。"),
)


def negate(s: str, passage: str, chance: random.Random) -> str | None:
    if re.search(r"ない|なかっ|ず[、。に]|せん|ぬ[。]", s):
        return None
    return next((s[: -len(old)] + new for old, new in NEGATIONS if s.endswith(old)), None)


def _affirm(s: str, passage: str, chance: random.Random) -> str | None:
    if re.search(r"(?:すぎ|過ぎ|なら|いけ|少|わり?が|限ら)ない。$", s):
        return None
    return next((s[: -len(new)] + old for old, new in NEGATIONS if s.endswith(new)), None)


TURNS = (
    ("以上", "以下"),
    ("以下", "以上"),
    ("以前", "以降"),
    ("以降", "以前"),
    ("より多", "より少な"),
    ("増加", "減少"),
    ("減少", "増加"),
    ("未満", "以上"),
    ("最大", "最小"),
    ("最も多", "最も少な"),
    ("最初", "最後"),
    ("最後", "最初"),
    ("可能", "不可能"),
    ("北部", "南部"),
    ("東部", "西部"),
    ("上昇", "低下"),
    ("大きい", "小さい"),
    ("高い", "低い"),
    ("多い", "少ない"),
    ("許可", "禁止"),
    ("成功", "失敗"),
    ("含む", "除く"),
    ("除く", "含む"),
    ("強い", "弱い"),
)


def _turn(s: str, passage: str, chance: random.Random) -> str | None:
    for old, new in TURNS:
        if old in s and not (old == "可能" and ("不可能" in s or "可能性" in s)):
            return s.replace(old, new, 1)
    return None
