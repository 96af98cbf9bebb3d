"""Words by which a source says less than the rest of it would: plans to buy, may prevent, the second largest, 元社長.

A statement that leaves such a word out claims what the source does not: that it was bought, that it is the largest.
The linguists' word is hedge (Lakoff, "Hedges: a study in meaning criteria and the logic of fuzzy concepts", Journal of
Philosophical Logic, 1973); those that only soften ("usually", "is thought to", とされる) may be left out here.
"""

from __future__ import annotations

import re

from rag.checking.home import Home
from rag.checking.languages import is_japanese

# Before what is planned, tried, refused or only believed: the word, then "to" or "that".
_WISHED = (
    r"plan|intend|expect|hope|want|wish|tr(?:y|ies|ied)|attempt|s(?:eek|ought)|aim|propos|agree|refus|fail|declin|threaten"
    r"|promis|alleg|claim|suspect|rumou?r|fear|speculat|myth|schedul|ask|urg|order|recommend|offer"
    r"|conjectur|pledg|vow|unable|unlikely|likely"
)
# What is said of the end or the want of a thing is not said of the thing.
_WANTING = (
    r"(?:cancellation|abolition|absence|lack|ban|prohibition|suspension|rejection|withdrawal|postponement|removal|loss"
    r"|shortage|failure|refusal|denial|expiry|termination)s? (?:of|on|to)"
)
# What is asked for or only weighed was not got, and what is lacked or turned down is not there.
_UNDONE = re.compile(
    r"\b(?:(?:demand|propos|consider|discuss|lack|omit|neglect|dismiss|reject|abandon|block|prevent|forgot|forget)[a-z]*"
    r"|(?:ask|appl)(?:s|ed|ies|ied|y|ying|ing)? for|rul(?:es?|ed|ing) out|(?:advis|warn)[a-z]* against"
    r"|free (?:of|from)|stop[a-z]* short of)\b",
    re.I,
)
_SUPERLATIVE = r"(?=[ -](?:most|least|best|worst|only|first|[a-z]+est)\b)"
_BEFORE = re.compile(
    rf"\b(?:(?<!\bin )(?:{_WISHED})[a-z]*(?: \w+ly)? (?:to|that)(?: be| have(?: been)?)?"
    rf"|whether|(?:believ|predict|forecast|assum)\w* that|{_WANTING}"
    rf"|claim\w* (?:that )?(?:it|he|she|they) ha(?:s|ve|d)|(?:stop|avoid|ceas|delay|postpon)\w*(?= \w+ing\b)"
    r"|instead of|rather than"
    r"|(?:half|(?:a|one|two|three)[ -](?:third|quarter|fifth|tenth)s?) of"
    r"|(?:was|were|is|are) to (?:be|have)|would (?:be|have(?: been)?)|reportedly|supposedly|according to rumou?rs?"
    r"|(?-i:may)|might|could|almost|nearly|virtually|possibly|probably|presumably|perhaps|partly|partially"
    r"|former(?:ly)?|deputy|vice|acting|assistant|draft|proposed|planned|alleged(?:ly)?|suspected|would-be|attempted"
    rf"|(?:(?:one|some|many) of (?:the|its|his|her|their)|among (?:the|its)|second|third|fourth|fifth){_SUPERLATIVE}"
    rf"|\d+(?:nd|rd|th){_SUPERLATIVE}|(?<=\bevery )(?:other|second|third|fourth))\b",
    re.I,
)
_ENGLISH = ((_BEFORE, 1), (_UNDONE, 1))
_LEAVE = re.compile(r"\b(?:can|able|allowed|permitted|possible)\b", re.I)  # other words for "may"
# Behind what is planned or only possible, and before a title or a rank.
_BEHIND = re.compile(
    r"と(?:見|み)られ|と(?:予想|予測)|かどうか|か否か|[うおこそとのもろごぼよ]うと(?:し|す)|見方|見通し|との観測|案が"
    r"|提案(?:し|さ|が)|要求(?:し|さ)|を求め|応募|申請し|禁止|禁じ|忘れ|却下|棄却|否決"
    r"|予定|計画|見込|可能性|恐れ|おそれ|かもしれ|かも知れ|つもり|努め|望ましい|好ましい|拒否|断念|検討|噂|うわさ|疑い|級の"
    r"|の(?:中止|廃止|禁止|停止|延期|撤回|取り?消し?|取りやめ|見送り|辞退|解除|解約|欠如|不足|否定|失効|終了|喪失)"
)
_TITLES = re.compile(r"ほぼ|ほとんど|(?:\d+|[二三四五六七八九十])番目に|[元前副準](?=[一-鿿]{2})|代理|補佐")
_JAPANESE = ((_BEHIND, -1), (_TITLES, 1))


def left_out_hedge(statement: str, home: Home) -> str:
    """Return the hedge of a source's sentence that a statement leaves out of what it takes from there, mostly none."""
    there, followed = home.tokens, home.followed
    for pattern, step in _JAPANESE if is_japanese(statement) else _ENGLISH:
        if pattern.search(statement) or _LEAVE.search(statement):
            continue
        for found in pattern.finditer(home.text, home.start, home.end):
            before = [j for j in home.inside if there[j].end <= found.start() and there[j].surface != "よう"]
            behind = [j for j in home.inside if there[j].start >= found.end()]
            taken = any(j in followed and not there[j].value for j in (behind[:1] if step > 0 else before[-1:]))
            if taken and not any(found.start() <= there[j].start < found.end() for j in home.matched):
                return found.group().strip()
    return ""
