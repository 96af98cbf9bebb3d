"""Words that turn a statement round: opposites, the bounds of numbers and dates, and what makes it say more or less.

The pairs are of the obvious kind only: two words of one pair said of the same thing cannot both be true. Keys are those
of `rag.checking.tokens` (English roots, Sudachi's normalised forms).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

from rag.checking import synonyms
from rag.checking.tokens import root
from rag.checking.values import Value

_ENGLISH = """
more/less/fewer most/least/fewest many/few increase/decrease/reduce/decline/drop increasing/decreasing grow/shrink
rise/fall raise/lower/reduce high/low higher/lower highest/lowest large/small larger/smaller largest/smallest
big/small/little bigger/smaller biggest/smallest great/small greater/smaller/lesser/less greatest/smallest/least
long/short longer/shorter longest/shortest old/young/new older/younger oldest/youngest/newest early/late earlier/later
earliest/latest first/last before/after strong/weak stronger/weaker strongest/weakest better/worse best/worst good/bad
near/far nearer/farther fast/slow faster/slower allow/forbid/prohibit/ban/deny permit/forbid/prohibit/ban
allowed/forbidden/prohibited approve/deny/reject/refuse accept/reject/refuse/decline grant/deny/refuse
include/exclude/omit including/excluding open/close/shut begin/end/stop/finish start/end/stop/finish
continue/stop/cease win/lose victory/defeat success/failure succeed/fail support/oppose agree/disagree legal/illegal
lawful/unlawful possible/impossible able/unable required/optional mandatory/optional/voluntary
compulsory/optional/voluntary necessary/unnecessary public/private internal/external inside/outside inner/outer
upper/lower above/below over/under north/south northern/southern northeast/southwest/southeast/northwest east/west
eastern/western left/right import/export employer/employee buyer/seller buy/sell lend/borrow win/lose enable/disable
on/off add/remove join/leave enter/exit/leave maximum/minimum max/min majority/minority major/minor always/never
sometimes/never all/none positive/negative male/female man/woman men/women boy/girl husband/wife father/mother
son/daughter brother/sister king/queen rich/poor hot/cold warm/cool/cold wet/dry light/dark heavy/light wide/narrow
deep/shallow thick/thin true/false correct/incorrect/wrong safe/dangerous/unsafe similar/different same/different
simple/complex/complicated easy/difficult/hard common/rare frequent/rare active/inactive/passive valid/invalid
complete/incomplete direct/indirect dependent/independent formal/informal official/unofficial known/unknown life/death
alive/dead born/died present/absent presence/absence ancient/modern urban/rural domestic/foreign full/empty
full-time/part-time full/part single/multiple single/married tall/short attack/defend create/destroy build/destroy
gain/lose loss/gain profit/loss improve/worsen encourage/discourage connect/disconnect prevent/cause
advantage/disadvantage benefit/harm helpful/harmful morning/afternoon/evening day/night summer/winter past/future
weekday/weekend push/pull forward/backward arrive/depart paid/unpaid permanent/temporary fixed/variable
manual/automatic mild/severe calm/rough/stormy smooth/rough clean/dirty soft/hard quiet/loud/noisy tight/loose
sharp/blunt flat/steep straight/curved liquid/solid sweet/sour/bitter tame/wild guilty/innocent debit/credit gross/net
surplus/deficit wholesale/retail tighten/loosen lock/unlock freeze/melt/thaw heat/cool hire/dismiss promote/demote
ascend/descend odd/even vertical/horizontal front/back/rear top/bottom indoor/outdoor senior/junior tenant/landlord
lessor/lessee creditor/debtor former/current free/subsidised/subsidized/discounted refrigerator/freezer
"""
_JAPANESE = """
以上/以下/未満 超/未満 以前/以降/以後 前/後 前半/後半 増加/減少 増える/減る 増大/減少 増やす/減らす
上昇/低下/下降/下落 上がる/下がる 上げる/下げる 拡大/縮小 多い/少ない 大きい/小さい 高い/低い 長い/短い 強い/弱い
早い/遅い 速い/遅い 近い/遠い 新しい/古い 広い/狭い 深い/浅い 重い/軽い 良い/悪い 厚い/薄い 太い/細い 明るい/暗い
暑い/寒い 熱い/冷たい 若い/老いる 最大/最小 最高/最低 最多/最少 最長/最短 最古/最新 最初/最後 最強/最弱 上限/下限
大型/小型 大規模/小規模 高温/低温 高級/低級 高値/安値 長期/短期 多数/少数 許可/禁止/不許可 可能/不可能 可/不可
認める/拒否 認める/禁ずる 承認/否認/却下/拒否 賛成/反対 可決/否決 合法/違法 含む/除く 含める/除く 対象/対象外
開始/終了/停止 始まる/終わる 始める/終える 継続/中止/停止 成功/失敗 勝利/敗北 勝つ/負ける 勝ち/負け 有効/無効
有料/無料 有償/無償 有給/無給 必要/不要 必須/任意 義務/任意/権利 公開/非公開 公式/非公式 正式/非公式 正規/非正規
入力/出力 輸入/輸出 収入/支出 購入/売却/販売 買う/売る 貸す/借りる 加入/脱退 加盟/脱退 入社/退社 入場/退場 入学/卒業
就任/辞任/退任 結婚/離婚 出発/到着 出席/欠席 設立/廃止/解散 結成/解散 開業/廃業 建設/破壊 開く/閉じる 開ける/閉める
南/北 東/西 南部/北部 東部/西部 北東/南西/南東/北西 北側/南側 東側/西側 左/右 左側/右側 上/下 上部/下部 上流/下流
内部/外部 内側/外側 内/外 国内/国外/海外 男性/女性 男子/女子 男/女 父/母 兄/弟 姉/妹 夫/妻 息子/娘 過去/未来 昔/今
昼/夜 朝/夕 午前/午後 夏/冬 春/秋 平日/休日/週末/土日
全部/一部 全員/一部 肯定/否定 積極的/消極的 積極/消極 直接/間接 主観/客観
安全/危険 安定/不安定 正確/不正確 十分/不十分 適切/不適切 適法/違法 独立/従属 自動/手動 単数/複数 先/後 先進/後進
上位/下位 同じ/異なる 一致/相違 先攻/後攻 支持/反対 生まれる/死ぬ 誕生/死去/死亡 生存/死亡 常勤/非常勤 黒字/赤字
利益/損失 得る/失う 増税/減税 好況/不況 正/負 表/裏 善/悪 メリット/デメリット プラス/マイナス オン/オフ
貸主/借主 売主/買主 債権/債務 柔らかい/固い/硬い 締める/緩める 採用/解雇 昇進/降格 垂直/水平 前面/背面 屋内/屋外
冷凍/冷蔵 冷凍庫/冷蔵庫 冷凍車/冷蔵車 翌日/翌々日 翌月/翌々月 翌年/翌々年 毎日/隔日 毎週/隔週 毎月/隔月 毎年/隔年
卸売/小売 総額/純額 静か/騒がしい 清潔/不潔 正門/裏門
"""


def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for listed in (_ENGLISH, _JAPANESE):
        for group in listed.split():
            words = [root(word) if word.isascii() else synonyms.JAPANESE.get(word, word) for word in group.split("/")]
            # The first word of a group is the opposite of each of the others.
            for other in words[1:]:
                if words[0] != other:
                    found.setdefault(words[0], set()).add(other)
                    found.setdefault(other, set()).add(words[0])
    return {word: frozenset(others) for word, others in found.items()}


_OPPOSITES = _table()


def opposites(key: str) -> frozenset[str]:
    """Return the keys that say the opposite of this one, mostly none."""
    return _OPPOSITES.get(key, frozenset())


# Characters that turn a word round when one stands in the place of the other: 大手, 小手; 転入, 転出.
_TURNING = """
大小 上下 前後 高低 多少 長短 東西 南北 左右 内外 男女 強弱 新旧 増減 入出 早遅 重軽 父母 有無 勝敗 売買 昼夜 公私
入退 開閉 始終 送受 発受 発着 乗降 昇降 初末 朝夕 満空 既未 出欠 点消 先後 貸借 自他 当他 全半
"""
_CHARACTERS = frozenset(map(frozenset, _TURNING.split()))
_NEGATING = ("un", "in", "im", "il", "ir", "dis", "non", "不", "非", "無", "未")


def opposed(one: str, other: str) -> bool:
    """Return whether two keys are opposites by the table, a prefix or a character (known, unknown; 大型, 小型)."""
    if other in opposites(one):
        return True
    if len(one) == len(other) > 1 and not one.isascii():
        apart = [{a, b} for a, b in zip(one, other, strict=True) if a != b]
        if len(apart) == 1 and apart[0] in _CHARACTERS:
            return True
    short, long = sorted((one, other), key=len)
    return len(short) >= (2 if not short.isascii() else 4) and any(long == prefix + short for prefix in _NEGATING)


# ------------------------------------------------------------------ bounds

_BEFORE = (
    (">=", r"(?:at least|no less than|no fewer than|not less than|a minimum of|minimum of)"),
    (
        "<=",
        r"(?:at most|up to|no more than|not more than|a maximum of|maximum of|within|as many as|as much as"
        r"|not exceeding|no (?:longer|later|higher|larger|greater) than|(?:not|n't|never) exceed(?:ing)?)",
    ),
    (
        ">",
        r"(?:more than|over|above|greater than|larger than|higher than|longer than|exceed(?:s|ed|ing)?|upwards of"
        r"|in excess of|after|since|following)",
    ),
    ("<", r"(?:less than|fewer than|under|below|smaller than|lower than|shorter than|before|prior to|until|till)"),
)
_AFTER = (
    (">=", r"\s?(?:[a-z]+ )?(?:or more|or above|or over|or older|or later|and above|以上|以降|以後|前から|\+)"),
    (
        "<=",
        r"\s?(?:[a-z]+ )?(?:or less|or fewer|or under|or younger|or earlier|以下|以内|以前|前まで(?!に)|まで"
        r"|を(?:上限|限度))",
    ),
    (">", r"(?:超|を超え|を上回|より(?:も)?(?:多|大き|高|長|後)|過ぎ)"),
    ("<", r"(?:未満|に満たな|を下回|より(?:も)?(?:少な|小さ|低|短|前))"),
)
_BEFORE_RE = tuple((code, re.compile(rf"\b{p}(?: (?:the|a|an|about|around))?\s*$", re.I)) for code, p in _BEFORE)
_AFTER_RE = tuple((code, re.compile(p, re.I)) for code, p in _AFTER)


def bound(value: Value, text: str) -> str:
    """Return how the text bounds a value: ">", ">=", "<", "<=" or "" (of a date: after, from, before, until)."""
    before, after = text[max(0, value.start - 24) : value.start], text[value.end : value.end + 12]
    if _NOTICE.match(after) and _NO_LATER.search(before):
        return ">="
    for code, pattern in _AFTER_RE:
        if pattern.match(after):
            return code
    return next((code for code, pattern in _BEFORE_RE if pattern.search(before)), "")


# "No later than three months before" is three months or more.
_NO_LATER, _NOTICE = re.compile(r"\bno later than\s*$", re.I), re.compile(r"\s(?:before|prior|in advance)\b", re.I)
_AT_LEAST = re.compile(r"\b(?:at least|no less than|no fewer than|not less than|a minimum of)\b", re.I)
_AT_MOST = re.compile(r"\b(?:at most|up to|no more than|not more than|a maximum of)\b", re.I)
_MUST = re.compile(
    r"\b(?:must|shall|(?:has|have|had) to|(?:is|are|was|were|be) (?:required|obliged) to)\b"
    r"|(?:なければ|ねば|なくては|ないと)(?:なら|いけ)|べき|義務|必要があ"
)
_MAY = re.compile(  # a capital is a month's
    r"\b(?:may|might|can|could|(?:is|are|was|were|be) (?:allowed|permitted|free) to)\b"
    r"|[てで]も(?:よい|良い|いい|かまわ|構わ)|ことができ|可能|任意"
)
_ALL = re.compile(r"\b(?:all|every|each|always)\b|全て|すべて|全員|必ず|常に", re.I)
_SOME = re.compile(
    r"\b(?:some|several|(?<!how )many|most|few|sometimes|often|usually|half|one in|(?:third|quarter|fifth)s? of)\b"
    r"|一部|多く|多数|過半数|ほとんど|大半|時々|通常|半数|半分|[割分]の",
    re.I,
)
_SHOULD = re.compile(
    r"\b(?:should|ought to|(?:is|are) (?:advised|encouraged|recommended) to)\b|望ましい|好ましい|推奨|努め", re.I
)
_NEED_NOT = re.compile(
    r"\b(?:need not|needn't|do(?:es)? not (?:have|need) to|(?:is|are) not (?:required|obliged) to)\b"
    r"|必要はな|なくても(?:よ|良|い|かまわ|構わ)",
    re.I,
)
_MUST_NOT = re.compile(
    r"\b(?:(?:must|may|shall|can) not|cannot|can't|mustn't|(?:is|are) not (?:allowed|permitted) to)\b"
    r"|ては(?:なら|なり|いけ)|禁止",
    re.I,
)
# Only one of each line can hold: how often, with or without tax, of this month or the next.
_ONE_OF = (
    (
        "毎日|毎晩|毎夜|毎朝",
        "毎週",
        "毎月",
        "毎年",
        "毎回",
        "隔[日週月年]|(?:日|週間|か月|ヶ月|カ月|年)(?:ごと|毎|に(?:一|1)[回度])|[日週月年]おき",
    ),
    ("税込", "税抜|税別"),
    ("当月", "翌月", "前月"),
    ("当日", "翌日", "前日"),
    ("当期|今期", "来期|翌期", "前期"),
    ("今月", "来月", "先月"),
    ("今週", "来週", "先週"),
    ("今年|本年", "来年", "昨年|去年"),
    ("今回", "次回", "前回"),
    tuple(rf"\b{which} (?:week|month|quarter|year)\b" for which in ("this", "next", "last")),
    tuple(rf"\b(?:{which}) (?:day|week|month|quarter|year)\b" for which in ("same", "next|following", "previous")),
    (r"\btoo (?:much|many)\b", r"\btoo (?:little|few)\b"),
    (r"\b(?:working|business) (?:day|hour)s?\b", r"\bcalendar days?\b"),
    tuple(f"{unit}(?:額|給|次|割|払)" for unit in "年月週日時"),
    ("及び|かつ|と、?ともに", "又は|または|もしくは|若しくは"),
    (
        *(
            rf"\b(?:per|an?|each|every) {unit}\b|\b(?:{unit}|{unit[:-1]}i)ly\b"
            for unit in ["hour", "day", "week", "month", "quarter", "person", "group"]
        ),
        r"\b(?:per|an?|each|every) (?:year|annum)\b|\b(?:annual|year)ly\b",
        r"\bevery (?:other|second|third|fourth|fifth|\d+|two|three|four|five|six) (?:day|week|month|quarter|year)s?\b",
    ),
)
_EVERY = [pair for forms in _ONE_OF for pair in combinations([re.compile(form, re.I) for form in forms], 2)]
_FORCES = ((_MUST, _MAY), (_MUST, _SHOULD), (_MUST_NOT, _NEED_NOT), (_ALL, _SOME), *_EVERY)
_ONLY = re.compile(
    r"\b(?:only|solely|exclusively|sole|alone|nothing but)\b"
    r"(?:(?: (?:be|by|in|the|a|an|for|to|on|at|with|from|of))* (?P<behind>\w+))?"
    r"|(?P<before>[一-鿿ァ-ヺー]*)(?:に|を|で|から|へ)?(?:だけ|のみ|限り|限る|限ら|しか(?!ら))",
    re.I,
)


# With such a word a statement says more than a source that has none like it.
_MORE = [
    re.compile(words, re.I)
    for words in (
        r"\b(?:immediately|at once|promptly|without delay|instantly)\b|直ちに|ただちに|すぐに|即時|即座|速やか",
        r"\b(?:freely|without restrictions?|unconditionally)\b|自由に|制限なく|無条件",
        r"\b(?:for free|(?:at )?no (?:extra )?(?:cost|charge))\b|\bfree(?=[.,;)]|$| (?:of|for|in|within|until)\b)"
        r"|無料|無償",
        r"または|又は|もしくは|若しくは|あるいは|或いは",
        r"\b(?:vice|deputy|assistant)\b|[副準](?=[一-鿿])",
        r"\b(?:permanently|forever|indefinitely)\b|永久|永続|無期限",
    )
]


def turned_bound(stated: str, sourced: str) -> str:
    """Return a bound ("at least") that one text has where the other has the contrary ("up to"), mostly none."""
    return _turned(stated, sourced, ((_AT_LEAST, _AT_MOST),))


def other_force(stated: str, sourced: str) -> str:
    """Return a word by which a statement says more or less than its source, mostly none.

    That is a duty ("must") for a leave ("may"), all for some, every week for every month, and the other way round; and
    "only" where the source has nothing like it.
    """
    if turned := _turned(stated, sourced, _FORCES):
        return turned
    if added := next((words for more in _MORE if (words := more.search(stated)) and not more.search(sourced)), None):
        return added.group()
    only, there = _ONLY.search(stated), _ONLY.search(sourced)
    if only and there:
        here, other = ((f["behind"] or f["before"] or "").lower() for f in (only, there))
        apart = here and other and here not in other and other not in here
        # "Only managers may approve travel", "Managers may approve only travel"
        return only.group() if apart and here in sourced.lower() and other in stated.lower() else ""
    return only.group() if only else ""


# What turns the word before it round; before a number or name it mostly tells when or where.
_WAYS = {"on": ("off",), "in": ("out", "outside"), "up": ("down",)}
_WAYS |= {other: (one,) for one, others in _WAYS.items() for other in others}
_WAY = re.compile(rf"\b(\w+) ({'|'.join(_WAYS)})\b(?! (?-i:[A-Z\d]))", re.I)


_JOINED = re.compile(
    r"\b(?P<one>[^\W\d_]+) (?P<joint>and|or) (?:(?:an?|the|its|their|his|her) )?(?P<other>[^\W\d_]+)", re.I
)


def other_joint(stated: str, sourced: str) -> str:
    """Return two words that a statement joins by "or" and the source by "and", or the other way round; mostly none."""
    there = {(m["one"].lower(), m["joint"].lower(), m["other"].lower()) for m in _JOINED.finditer(sourced)}
    for m in _JOINED.finditer(stated):
        one, joint, other = m["one"].lower(), m["joint"].lower(), m["other"].lower()
        if (one, "or" if joint == "and" else "and", other) in there and (one, joint, other) not in there:
            return m.group()
    return ""


_SUFFIXED = re.compile("(?P<word>[一-鿿]{2})(?P<suffix>[中内前後外])")


def other_suffix(stated: str, sourced: str) -> str:
    """Return a Japanese word with a suffix (期間後) where the source has it with another only (期間中), mostly none."""
    there = [(m["word"], m["suffix"].replace("内", "中")) for m in _SUFFIXED.finditer(sourced)]
    for m in _SUFFIXED.finditer(stated):
        suffixes = {suffix for word, suffix in there if word == m["word"]}
        if suffixes and m["suffix"].replace("内", "中") not in suffixes:
            return m.group()
    return ""


def other_way(stated: str, sourced: str) -> str:
    """Return words ("log in") where the source has the contrary ("log out") and not the same, mostly none."""
    there = {(m[1].lower(), m[2].lower()) for m in _WAY.finditer(sourced)}
    for m in _WAY.finditer(stated):
        word, way = m[1].lower(), m[2].lower()
        if (word, way) not in there and any((word, other) in there for other in _WAYS[way]):
            return m.group()
    return ""


def _turned(stated: str, sourced: str, pairs: Iterable[tuple[re.Pattern[str], re.Pattern[str]]]) -> str:
    for pair in pairs:
        for one, other in (pair, pair[::-1]):
            found = one.search(stated)
            if found and not one.search(sourced) and other.search(sourced) and not other.search(stated):
                return found.group()
    return ""
