"""Words that mean the same in any document, so that exchanging them changes nothing.

Only pairs that hold whatever the subject; words of a trade (fee and price, staff and employee) are left to the source.
"""

from __future__ import annotations

_ENGLISH = """
begin/start/commence end/finish/terminate large/big largest/biggest larger/bigger many/numerous often/frequently
about/approximately buy/purchase show/demonstrate help/assist get/obtain/receive need/require happen/occur
allow/permit forbid/prohibit/ban whole/entire quick/fast/rapid important/significant main/principal/primary
method/way/manner build/construct near/close attempt/try keep/retain choose/select enough/sufficient answer/reply
ask/request area/region employ/hire cease/stop huge/enormous create/produce/generate locate/situate attack/assault
separate/isolate originate/derive/stem highlight/underline/underscore soldier/troop previous/prior previously/formerly
initially/originally occupy/hold largely/mostly/primarily/chiefly mention/cite propose/suggest
convince/persuade describe/portray/depict encourage/promote/foster expand/enlarge lessen/diminish kill/slay
murder/assassinate marry/wed job/occupation/profession film/movie car/automobile physician/doctor lawyer/attorney
illness/disease/sickness sick/ill shop/store city/town resident/inhabitant/dweller ruler/monarch author/writer
pupil/student scholar/academic idea/concept/notion goal/aim/objective/purpose outcome/consequence problem/issue
price/cost wealthy/rich famous/renowned popular/beloved annual/yearly rate/ratio percentage/percent approach/technique
live/reside/dwell possess/own travel/journey voyage/trip flee/escape defeat/beat/vanquish overcome/surmount
invade/overrun administer/manage acquire/procure gather/collect combine/merge/unite discover/find/uncover/detect
invent/devise change/alter/modify transform/convert replace/substitute provide/supply/offer/furnish award/prize
declare/announce assert/contend/argue recommend/advise investigate/examine analyze/analyse crucial/vital/essential
ultimately/eventually currently/presently substantial/considerable contemporary/present-day honor/honour color/colour
center/centre theater/theatre defense/defence labor/labour program/programme organize/organise recognize/recognise
"""
_JAPANESE = """
開始/始まる/始める 終了/終わる/終える 設立/創立/創設 増加/増える 減少/減る 購入/買う 使用/利用/用いる/使う
死去/死亡/没する/亡くなる 実施/実行 多数/数多い 全て/全部 様々/色々 等しい/同じ 開催/催す 提出/出す 記載/書く
変更/変える 必要/要る 禁止/禁ずる 許可/許す 受領/受け取る 作成/作る 支払い/支払う 届け出/届け出る 申請/申し込む
殆ど/大半 直ちに/直ぐ 発見/見付ける/見付かる 発生/生じる/起こる/起きる 構成/成る 存在/在る
保有/所有/持つ 呼称/呼び名/通称/別名/愛称 由来/語源 製造/生産 建設/建てる/建築 創刊/刊行/発刊 発売/販売 受賞/授賞
就任/就く 担当/担う 参加/加わる 加盟/加入 所属/属する 位置/所在 居住/住む/暮らす 移住/移り住む 出身/生まれ
発表/公表 公開/披露 考案/発案 提案/提唱 命名/名付ける 支配/統治 併合/合併 分割/分ける/分かれる
含有/含む 影響/作用 原因/要因 目的/狙い 特徴/特色 役割/役目 方法/手法/やり方 手段/方策
無料/無償 有料/有償 割合/比率/率 首都/首府 国家/国 企業/会社 従業員/社員 医師/医者 作家/著者 画家/絵師 映画/シネマ
有名/著名/名高い 重要/大切 主要/主 巨大/大きい 莫大/膨大 毎年/例年 現在/今 近年/最近 当初/最初
古代/太古 戦闘/戦い 敗北/敗れる 勝利/勝つ 攻撃/襲撃 侵攻/侵略 殺害/殺す 処刑/刑死 結婚/婚姻 夫人/妻
"""


def _table(listed: str) -> dict[str, str]:
    groups = [group.split("/") for group in listed.split()]
    return {word: words[0] for words in groups for word in words[1:]}


ENGLISH = _table(_ENGLISH)
JAPANESE = _table(_JAPANESE)
