"""How values are written in English and Japanese: the forms that `rag.checking.reading` tries, as regular expressions.

They are for text in the form of `index.words.normalize` (NFKC: half-width digits, brackets and signs).
"""

from __future__ import annotations

import re

from rag.checking.numerals import DIGITS, ENGLISH, ENGLISH_BELOW_100, KANJI, ORDINAL_WORD, SCALE

_MONTH_NAMES = (
    r"Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?"
    r"|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?"
)
_MONTH = rf"(?P<mon>{_MONTH_NAMES})"
_YEAR = r"(?P<y>\d{3,4})"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_KANJI_TEN = "[一二三四五六七八九十]"
_WRITTEN = rf"(?:\d+|[{KANJI}]+|元)"  # a number of an era, a clause or a fraction
_JA_MONTH = rf"(?P<m>\d{{1,2}}|{_KANJI_TEN}{{1,2}})月(?!間)"
_JA_DAY = rf"(?P<d>\d{{1,2}}|{_KANJI_TEN}{{1,3}})日(?!間)"
_ERA = "令和|平成|昭和|大正|明治"

# Dates, the fullest forms first.
DATES = tuple(
    re.compile(form)
    for form in (
        rf"(?<!\w){_MONTH} {_DAY}(?:,? {_YEAR})?(?![\w%]|,\d|\.\d)",
        r"(?<!\w)(?:FY[ -]?|[Ff]iscal (?:[Yy]ear )?)(?:(?P<y>\d{4})|['’]?(?P<yy>\d{2}))(?![A-Za-z_\d]|[-/]\d|\.\d)",
        rf"(?<![\w.,]){_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?(?!\w)",
        rf"(?<!\w){_MONTH},? (?:of )?{_YEAR}(?!\w)",
        r"(?<![\d.,/-])(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d/-]|\.\d)",
        r"(?<![\d.,/-])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})(?![\d/-])",
        r"(?<![A-Za-z])(?P<era>[RHS])(?P<y>\d{1,2})\.(?P<m>\d{1,2})(?:\.(?P<d>\d{1,2}))?(?![\d.])",
        rf"(?P<y>\d{{4}})年\([^()]{{1,10}}\){_JA_MONTH}(?:{_JA_DAY})?",  # 1977年(昭和52年)2月
        rf"(?P<era>{_ERA}|(?<![A-Za-z])[RHS])(?P<y>{_WRITTEN})年(?:\(\d{{4}}年?\))?(?:{_JA_MONTH}(?:{_JA_DAY})?)?",
        rf"(?P<y>\d{{4}}|[一二][〇一二三四五六七八九]{{3}})年度?(?!間|代)(?:{_JA_MONTH}(?:{_JA_DAY})?)?",
        rf"(?<!\d)(?:(?<![一-鿿])|(?<=[毎翌同前昨今来各]年)){_JA_MONTH}(?![給額])(?:{_JA_DAY})?",
        r"(?<!\d)(?P<y>[1-9]\d{2})年(?!間|代|前|後|以上)",
        rf"(?<!\w){_MONTH}(?=[,.;:)]|\s(?![A-Za-z]*may\b)|$)",
    )
)
_HALF_DAY = r"(?P<ap>a\.?m\.?|p\.?m\.?)(?!\w)"
CLOCKS = tuple(
    re.compile(form, re.I)
    for form in (
        rf"\b(?:(?P<half>half)|(?:a )?quarter) (?P<way>past|to) (?P<told>{ENGLISH_BELOW_100}|\d{{1,2}})\b"
        rf"(?:\s?{_HALF_DAY})?",
        rf"(?<![\d:.])(?P<h>\d{{1,2}}):(?P<min>\d{{2}})(?::\d{{2}})?(?:\s?{_HALF_DAY})?(?![\d:])",
        rf"(?<![\d:.])(?P<h>\d{{1,2}})\s?{_HALF_DAY}",
        rf"(?P<ap>午前|午後|朝|夜|夕方)?(?P<h>(?<!\d)\d{{1,2}}|(?:(?<![一-鿿])|(?<=午[前後])){_KANJI_TEN}{{1,3}})時(?![間代期点速給])"
        rf"(?:(?P<min>\d{{1,2}}|[{KANJI}]{{1,3}})分|(?P<half>半))?",
        r"(?P<noon>\bnoon\b|正午(?!前|後)|\bmidnight\b)",
    )
)
CENTURY = re.compile(
    rf"(?P<n>\d{{1,2}}(?:st|nd|rd|th)|{ORDINAL_WORD})"
    rf"(?:[ -]|(?= (?:and|to|or) (?:\d{{1,2}}th|{ORDINAL_WORD}) centur))centur(?:y|ies)"
    rf"|(?P<k>\d{{1,2}}|{_KANJI_TEN}{{1,3}})世紀",
    re.I,
)
DECADE = re.compile(r"(?<![\w.,])(?P<y>\d{3}0)(?:'?s\b|年代)|(?<!\d)(?P<t>[2-9]0)年代")
ORDINAL = re.compile(
    rf"(?<![\w.,])(?P<n>\d+(?:,\d{{3}})*)(?:st|nd|rd|th)\b|(?P<w>{ORDINAL_WORD})(?!\s+hand\b)"
    rf"|第(?P<k>{_WRITTEN})(?P<c>位|番目|回|条|章|項|号|次|期|代|世|節|巻|部|作|番)?",
    re.I,
)
FRACTION = re.compile(
    r"(?P<half>\bhalf(?: a| an)?\b|半分)|(?P<quarter>\ba quarter\b)"
    r"|(?P<p>\b(?:one|two|three|four|five|a)[ -])"
    r"(?P<q>halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?)\b"
    rf"|(?P<jb>{_WRITTEN})分の(?P<ja>{_WRITTEN})"
    r"|(?<![\w.,/⁄])(?:(?P<whole>\d+) )?(?P<a>\d{1,2})[/⁄](?P<b>\d{1,2})(?![\w/⁄]|\.\d)",
    re.I,
)
HALF_SPAN = re.compile(
    r"(?P<u>半年|半日|半月|(?<!四)半期)|\bhalf(?: an?|-)\s?(?P<e>year|day|hour|month|century|dozen)\b", re.I
)
# "The price minus 3 euros" is a subtraction, minus 5 degrees are none.
_MINUS = (
    rf"\bminus (?=(?:[\d.]+|{ENGLISH_BELOW_100}) ?(?:°|℃|degrees?\b|[CF]\b))"
    rf"|(?:マイナス|零下|氷点下)(?=[\d{KANJI}])|地下(?=[\d{KANJI}]+階)"
)
_SIGN = rf"(?P<sign>(?<![\w)\d])[-−–](?=\d)|{_MINUS})?"
_CURRENCY = r"(?P<cur>US\$|[$€£¥₩]|(?<![A-Za-z])(?:USD|EUR|GBP|JPY|CNY|KRW)(?=\s\d))?\s?"
_KANJI_SCALE = rf"(?P<jm>[万億兆千百](?:(?:{DIGITS})?[万億兆千百十])*(?:{DIGITS})?)?"
NUMBER = re.compile(
    rf"{_SIGN}(?:{_CURRENCY}(?<![A-Za-z\d.,_])(?<![A-Za-z]-)(?P<n>(?:{DIGITS})(?!\d*[A-Za-z_]+\d)){_KANJI_SCALE}"
    rf"(?P<scale>{SCALE}|(?<=\d)(?:bn|m|k)(?![\w%]))?"
    rf"|(?P<w>{ENGLISH})"
    rf"|(?<![{KANJI}第])(?P<k>[{KANJI}]+))",
    re.I,
)
# Behind one of these a number with a point is a label: version 2.10 is another than 2.1.
LABELLED = re.compile(
    r"\b(?:versions?|ver\.|releases?|rules?|sections?|articles?|clauses?|chapters?|figures?|no\.)\s$", re.I
)
# A short kanji numeral is read only before one of these counters, and not in these words (統一, 一般, 十分, 三重県).
KANJI_COUNTER = re.compile(
    r"年間|年(?!代)|か月|ヶ月|カ月|ヵ月|箇月|月|週間|日間|日|時間|分(?!の|野|類|布|析|量|割|散|子|配)|秒"
    r"|人(?!々|間|口|生|類|気|物|称)|名(?!称)|件|回(?!復|路|転)|個|台(?!湾|風|頭)|割|倍|階|条|項|章|歳|才(?!能)|円(?!形|滑)"
    r"|つ|枚|通(?![常知勤過信じ用訳])|冊|社(?!会)|校|票|種類|か国|カ国|ヶ国|か所|カ所|ヶ所|箇所|%|パーセント|ドル|世代|年生"
    r"|本(?!来|格|質|部|人|州|土|線|当)|度(?!合)|番目|位(?!置)|点|号|万|千円|匹|頭|名以上"
)
NOT_NUMBERS = re.compile(
    r"一(?:時|人前|人ひとり|つひとつ|日中|回り|度に|本化|体|分)|十分|三位一体|一人一人|唯一|統一|百科|千葉|万が一|万一|二人三脚"
    r"|一般|一部|一方|一定"
)
RANGE = re.compile(r"\s?(?:-|–|—|~|〜|から|to|and|or|ないし|乃至|,|、|・)\s?")
