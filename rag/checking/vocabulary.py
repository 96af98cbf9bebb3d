"""Word lists of checking: what carries no meaning of its own, what denies, and irregular forms."""

from __future__ import annotations


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Function words, question words, and words so general that a restatement adds or drops them freely.
STOP_WORDS = _listed("""
a an the this that these those it its it's he she they them his her their him we us our you your i my me one ones
there here is are was were be been being am do does did done doing has have had having will would shall should can
could may might must of in on at by to from for with as into onto upon about around through during per via up toward
towards among amongst between within and or but nor so yet if then than because since although though while whereas
however therefore thus also too very even what which who whom whose when where why how many much some any each every
all both such other another same own s t d ll re ve m etc e.g i.e eg ie vs said called named known name term type kind
year years date time day people person such like made make use used using according approximately roughly often
usually generally mainly well still already now different various several certain new
""")

# Forms for patterns: what stands before a noun, between nouns, and beside a verb.
DETERMINERS = "the|an?|its|their|our|your|his|her|this|these|each|every"
PREPOSITIONS = (
    "of|to|from|by|for|with|without|against|over|above|under|below|in|inside|outside|on|at|into|onto|through|via|near"
    "|towards?|between|behind|beside|about|after|before|during"
)
PAST = "was|were|had|did"
PRESENT = "is|are|am|has|have|does|do|can|may|must|will|shall|should"
AUXILIARIES = f"{PRESENT}|{PAST}|could|might|would"

# Words of so wide a meaning that one stands for many others; they say a little of what a statement is about.
LIGHT_WORDS = _listed("""
happen say take think feel belong see get come keep go give hold bring consider find part example main thing something
else besides beside aside true seem become let put set able actually also just only despite regard identify describe
refer state mention note include contain involve have look want try mean help result lead cause exist remain need
due respond serve act play work way case amount number result sort form process group fact
使用 おく 上げる 付く 出来事 要因 原因 場合 問題 別名 通称 一般 存在 判明 占める 因る 得る 生じる 現れる 表す 思う
考える 人物 組織 場所 種類 時期 割合 数 特徴 活動 関連 主な 通常 唯一 分かる 知る 高い 多い 掛ける 取る 示す 持つ 行う
""")

NEGATORS = _listed("not no non never without neither nor cannot hardly barely seldom rarely n't none nobody nothing")

# The same for Japanese, in Sudachi's normalised forms.
EMPTY_WORDS = _listed("""
為る 居る 有る 成る 言う 呼ぶ 事 物 者 為 所 時 様 等 訳 中 内 的 化 さん 達 又 なお 其の 此の 何 誰 何処 何時 何れ
何方 幾つ 幾ら 何の 何んな どの どんな どの様 出来る 行う 於く 因る 対する 関する 就く 伴う 一つ 方 約 凡そ 程 頃
仕舞う 来る 行く 見る 置く 居り 御 らしい 名前 名称 名 年 月 日 人 回 度 個 位 という と言う 種 上 他 共 特に 主 及び
或いは 呼称 称する 名付ける なん なに いつ どこ だれ 下さる ください
""")

# Base form, then the forms that no rule leads back to it.
_IRREGULAR = """
begin/began/begun become/became write/wrote/written take/took/taken give/gave/given grow/grew/grown build/built
send/sent spend/spent leave/left lose/lost pay/paid say/said sell/sold tell/told teach/taught think/thought buy/bought
bring/brought fight/fought catch/caught come/came go/went/gone know/knew/known see/saw/seen speak/spoke/spoken
choose/chose/chosen rise/rose/risen fall/fell/fallen draw/drew/drawn run/ran sing/sang/sung eat/ate/eaten
break/broke/broken drive/drove/driven keep/kept meet/met feel/felt stand/stood understand/understood bear/born/borne
man/men woman/women child/children foot/feet tooth/teeth mouse/mice win/won hold/held lead/led get/got/gotten
show/shown fly/flew/flown throw/threw/thrown wear/wore/worn hide/hid/hidden forget/forgot/forgotten seek/sought
mean/meant deal/dealt hear/heard sleep/slept lend/lent find/found strike/struck swim/swam/swum steal/stole/stolen
forbid/forbade/forbidden arise/arose/arisen die/dead/death/died/dying long/length wide/width deep/depth
strong/strength grow/growth analyse/analyze/analysis high/height cancel/cancelled/cancelling/cancellation
"""
IRREGULAR = {form: base for base, *forms in (line.split("/") for line in _IRREGULAR.split()) for form in forms}
