"""Words that mean the same in any document, so that exchanging them changes nothing.

Only pairs that hold whatever the subject; words of a trade (fee and price, staff and employee) are left to the source.
"""

from __future__ import annotations

_ENGLISH = """
begin/start/commence end/finish/terminate large/big largest/biggest larger/bigger many/numerous often/frequently
about/approximately buy/purchase show/demonstrate help/assist get/obtain/receive need/require happen/occur
allow/permit forbid/prohibit/ban whole/entire quick/fast/rapid important/significant main/principal/primary
method/way/manner build/construct near/close attempt/try keep/retain choose/select enough/sufficient answer/reply
ask/request area/region employ/hire cease/stop huge/enormous
"""
_JAPANESE = """
開始/始まる/始める 終了/終わる/終える 設立/創立/創設 増加/増える 減少/減る 購入/買う 使用/利用/用いる/使う
死去/死亡/没する/亡くなる 実施/実行 多数/数多い 全て/全部 様々/色々 等しい/同じ 開催/催す 提出/出す 記載/書く
変更/変える 必要/要る 禁止/禁ずる 許可/許す 受領/受け取る 作成/作る 支払い/支払う 届け出/届け出る 申請/申し込む
殆ど/大半 直ちに/直ぐ
"""


def _table(listed: str) -> dict[str, str]:
    groups = [group.split("/") for group in listed.split()]
    return {word: words[0] for words in groups for word in words[1:]}


ENGLISH = _table(_ENGLISH)
JAPANESE = _table(_JAPANESE)
