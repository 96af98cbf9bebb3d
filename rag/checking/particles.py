"""The roles of Japanese words beside a predicate, by the particles behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rag.checking.frames import Frame
from rag.checking.tokens import Token

# What belongs to the word before it and is no token: 裁判所, 利用者, さん.
SUFFIX = re.compile(r"^(?:[」』)\]所者物化内中上人名等達様氏的側]|\([^()]*\)|さん|たち|など|自身)+")
_PARTICLE = re.compile(
    rf"(?:{SUFFIX.pattern[1:]})?(?P<role>によって|により|から|まで|より|に(?:は|も)?|へ(?:は|も)?|が|は|も|を|の)"
)
PARTICLES = frozenset("がはもをにへ")
_BY = ("によって", "により")
_DONE = re.compile(r"を?(?:する|し|さ|せ|でき|行)")  # behind a noun that is done: 報告する, 審査を行う
_PASSIVE = re.compile(r"(?:を?さ)?(?:れ|られ)")
_PASSIVE_SOMEWHERE = re.compile(r"[さわかがばまなたらざ]れ[たるてま]|られ[たるてま]")
_FOLLOWS = 8  # characters behind a predicate that tell its voice
_RECEIVED = re.compile(r"[^、。]{0,2}[てで](?:もら|貰|いただ|頂)")  # who gives and who gets are the other way round
_BECOMES = re.compile("[とに]な|で(?:す|ある)|だ")  # 欠陥が対象となる: of what は marks this says nothing
_TURNED = {"が": "に", "に": "が"}
# Verbs with somebody who gives and somebody who gets: a fee is paid by the tenant, or to the tenant.
_GIVING_VERBS = """
支払い 支払う 払う 渡す 引き渡す 送る 送付 返す 返却 返還 返済 与える 貸す 貸与 売る 売却 販売 譲渡 贈る 配る 配布 交付
支給 提供 提出 納める 納付 納入 報告 通知 連絡 請求 命ずる 指示 申請 申し込む 申し出る 依頼 委託 届ける 届け出る 指摘
要求 要請 警告 注意 質問 回答 説明 紹介 推薦 命令
"""
_GIVING = frozenset(_GIVING_VERBS.split())
_GIVES, _GETS = frozenset(("が", "から")), frozenset(("に", "へ"))
_CONTRARY = frozenset(frozenset((gives, gets)) for gives in _GIVES for gets in _GETS)


def list_frames(tokens: Sequence[Token], text: str) -> list[Frame]:
    """Return each predicate with the roles of the words before it in its clause."""
    found = []
    for _, group in groupby(range(len(tokens)), key=lambda i: tokens[i].sentence):
        sentence = [i for i in group if tokens[i].surface != "よっ"]  # of によって
        roles = _roles(sentence, tokens, text)
        beside: list[int] = []
        carried: list[int] = []  # what an earlier clause was about, until another is named
        for i in sentence:
            if tokens[i].verb or _DONE.match(text, tokens[i].end) or i == sentence[-1]:
                giving = tokens[i].key in _GIVING
                resolved = _resolve(
                    [(j, roles[j]) for j in beside], text[tokens[i].end : tokens[i].end + _FOLLOWS], giving
                )
                found.append(Frame(i, frozenset(resolved), _CONTRARY if giving else frozenset()))
                beside = carried = [j for j in beside if roles[j] == "は"]
            elif roles[i]:
                if roles[i] == "は":
                    beside, carried = [j for j in beside if j not in carried], []
                beside.append(i)
    return found


def is_passive(text: str) -> bool:
    """Return whether a Japanese text has a verb in the passive voice, or in a form like it."""
    return _PASSIVE_SOMEWHERE.search(text) is not None


def _roles(sentence: Sequence[int], tokens: Sequence[Token], text: str) -> dict[int, str]:
    """The particle behind each word, and behind the compound it begins."""
    roles: dict[int, str] = {}
    for i in reversed(sentence):
        found = _PARTICLE.match(text, tokens[i].end)
        if found:
            role = found["role"]
            roles[i] = role if role in _BY else role[:1] if role[0] in "にへ" else "は" if role == "も" else role
        else:
            roles[i] = roles.get(i + 1, "") if i + 1 in roles and tokens[i + 1].start == tokens[i].end else ""
    return roles


def _resolve(beside: Sequence[tuple[int, str]], follows: str, giving: bool) -> Iterator[tuple[int, str]]:
    """The roles as they would be in the active voice, with those that は stands for."""
    present = {role for _, role in beside}
    passive = _PASSIVE.match(follows) is not None
    by = next((by for by in _BY if by in present), "" if giving or "を" in present else "に")
    turned = _TURNED if _RECEIVED.match(follows) else {}
    for word, role in beside:
        if role == "は":
            if "が" in present and ("を" in present or _BECOMES.match(follows)):
                continue
            role = "を" if "が" in present else "が"
        if passive and by in present:
            role = "を" if role == "が" else "が" if role == by else role
        yield word, turned.get(role, role)
