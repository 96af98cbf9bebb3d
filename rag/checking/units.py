"""Units of measure and counting, English and Japanese, each as a dimension and a factor to that dimension's base.

Values of one dimension compare after conversion (14 days and two weeks, 1.5 kg and 1500 g); values of two dimensions
never agree. Factors are exact by definition except the month, which is a dimension of its own with the year: a month
has no fixed number of days. Counters (人, votes, 件) have factor 1: they say what is counted.
"""

from __future__ import annotations

import re

SECONDS, MONTHS, PERCENT, ORDINAL, CENTURY, DECADE, CLOCK = (
    "seconds",
    "months",
    "%",
    "ordinal",
    "century",
    "decade",
    "clock",
)

# (dimension, factor, spellings). Spellings of Latin letters are whole words; a plural s is allowed.
_TABLE: tuple[tuple[str, float, str], ...] = (
    (SECONDS, 1e-3, "millisecond ms ミリ秒"),
    (SECONDS, 1, "second sec s 秒 秒間"),
    (SECONDS, 60, "minute min 分 分間"),
    (SECONDS, 3600, "hour hr h 時間"),
    (SECONDS, 86400, "day 日 日間"),
    (SECONDS, 7 * 86400, "week wk 週 週間"),
    (MONTHS, 1, "month か月 ヶ月 カ月 ヵ月 ケ月 箇月 か月間 ヶ月間 カ月間 月間"),
    (MONTHS, 3, "四半期"),
    (MONTHS, 12, "year yr 年 年間 か年 カ年 ヵ年 ヶ年"),
    (MONTHS, 120, "decade"),
    (MONTHS, 1200, "centuries"),
    (MONTHS, 12, "years_old years_of_age year-old 歳 才"),
    ("metre", 1e-3, "millimetre millimeter mm ミリメートル ミリ"),
    ("metre", 1e-2, "centimetre centimeter cm センチメートル センチ"),
    ("metre", 1, "metre meter m メートル"),
    ("metre", 1e3, "kilometre kilometer km キロメートル キロ"),
    ("metre", 0.0254, "inch inches インチ"),
    ("metre", 0.3048, "foot feet ft フィート"),
    ("metre", 0.9144, "yard yd ヤード"),
    ("metre", 1609.344, "mile mi マイル"),
    ("square metre", 1, "square_metre square_meter sq_m m2 平方メートル 平米"),
    ("square metre", 1e6, "square_kilometre square_kilometer sq_km km2 平方キロメートル 平方キロ"),
    ("square metre", 1e4, "hectare ha ヘクタール"),
    ("square metre", 4046.8564224, "acre エーカー"),
    ("square metre", 2589988.110336, "square_mile sq_mi 平方マイル"),
    ("gram", 1e-3, "milligram mg ミリグラム"),
    ("gram", 1, "gram g グラム"),
    ("gram", 1e3, "kilogram kilo kg キログラム"),
    ("gram", 1e6, "tonne metric_ton t トン ton"),
    ("gram", 453.59237, "lb lbs"),
    ("gram", 28.349523125, "ounce oz オンス"),
    ("pound", 1, "pound ポンド"),  # of weight or of money: the text does not say
    ("litre", 1e-3, "millilitre milliliter ml mL ミリリットル"),
    ("litre", 1, "litre liter l L リットル"),
    ("litre", 1e3, "cubic_metre cubic_meter m3 立方メートル キロリットル"),
    ("litre", 158.987294928, "barrel バレル"),
    ("litre", 3.785411784, "gallon ガロン"),
    ("byte", 1e3, "KB kB kilobyte"),
    ("byte", 1e6, "MB megabyte メガバイト"),
    ("byte", 1e9, "GB gigabyte ギガバイト"),
    ("byte", 1e12, "TB terabyte テラバイト"),
    ("watt", 1, "W watt ワット"),
    ("watt", 1e3, "kW kilowatt キロワット"),
    ("watt", 1e6, "MW megawatt メガワット"),
    ("hertz", 1, "Hz hertz ヘルツ"),
    ("hertz", 1e3, "kHz キロヘルツ"),
    ("hertz", 1e6, "MHz メガヘルツ"),
    ("hertz", 1e9, "GHz ギガヘルツ"),
    ("celsius", 1, "°C ℃ degrees_Celsius celsius"),
    ("fahrenheit", 1, "°F degrees_Fahrenheit fahrenheit"),
    ("degree", 1, "° degree 度"),  # of heat or of an angle, and in Japanese also a number of times
    (PERCENT, 1, "% percent per_cent パーセント pct"),
    (PERCENT, 10, "割"),
    (PERCENT, 0.1, "‰ per_mille パーミル"),
    ("percentage point", 1, "percentage_point %ポイント ポイント"),
    ("times as much", 1, "倍 times_as times_more times_the -fold"),
    ("dollar", 1, "dollar USD ドル 米ドル US_dollar"),
    ("dollar", 0.01, "cent セント"),
    ("euro", 1, "euro EUR ユーロ"),
    ("sterling", 1, "GBP 英ポンド"),
    ("yen", 1, "yen JPY 円"),
    ("yuan", 1, "yuan CNY RMB 元 人民元"),
    ("won", 1, "ウォン KRW"),
    ("person", 1, "people person 人 名 resident inhabitant"),
    ("occasion", 1, "回 回目 time"),
    ("thing", 1, "個 つ ヶ コ"),
    ("case", 1, "件"),
    ("machine", 1, "台 基"),
    ("long thing", 1, "本"),
    ("sheet", 1, "枚"),
    ("letter", 1, "通"),
    ("way", 1, "通り"),
    ("volume", 1, "冊 巻 volume"),
    ("company", 1, "社 companies company"),
    ("school", 1, "校 school"),
    ("seat", 1, "議席 席 seat"),
    ("vote", 1, "票 vote"),
    ("kind", 1, "種 種類 species"),
    ("country", 1, "か国 ヶ国 カ国 ヵ国 ケ国 か国語 country countries nation"),
    ("place", 1, "か所 ヶ所 カ所 ヵ所 箇所 ケ所"),
    ("household", 1, "世帯 戸 軒 household"),
    ("animal", 1, "頭 匹 羽"),
    ("floor", 1, "階 階建て storey story floor"),
    ("point", 1, "点 得点 point"),
    ("page", 1, "ページ 頁 page"),
    ("word", 1, "語 word"),
    ("character", 1, "文字 字 character"),
    ("match", 1, "試合 match matches game"),
    ("city", 1, "都市 city cities"),
    ("article", 1, "条"),
    ("chapter", 1, "章"),
    ("paragraph", 1, "項"),
    ("issue", 1, "号"),
    ("generation", 1, "代目 世 世代"),
    (ORDINAL, 1, "位 番目 番 着 等 級"),
    (CENTURY, 1, "世紀"),
    (DECADE, 1, "年代"),
)

UNITS: dict[str, tuple[str, float]] = {}
for _dimension, _factor, _spellings in _TABLE:
    for _spelling in _spellings.split():
        UNITS[_spelling.replace("_", " ")] = (_dimension, _factor)

# Dimensions that one spelling leaves open: 度 may be degrees or times, a pound weight or money.
OPEN = (
    frozenset({"degree", "celsius"}),
    frozenset({"degree", "fahrenheit"}),
    frozenset({"degree", "occasion"}),
    frozenset({"pound", "sterling"}),
    frozenset({"percentage point", PERCENT}),
)

# Dimensions of which people convert one unit to another and round (20 miles, 32 km).
CONVERTED = frozenset({"metre", "square metre", "gram", "litre"})

CURRENCY_SIGNS = {"$": "dollar", "US$": "dollar", "€": "euro", "£": "sterling", "¥": "yen", "₩": "won"} | {
    code: UNITS[code][0] for code in ("USD", "EUR", "GBP", "JPY", "CNY", "KRW")
}

_LATIN = sorted((u for u in UNITS if re.match(r"[A-Za-z]", u)), key=len, reverse=True)
_WORDS = {"day", "sec", "min", "won", "lbs"}  # as short as an abbreviation
# Abbreviations take no plural s: "2014 has" is not a number of hectares.
_SHORT = "|".join(u for u in _LATIN if re.fullmatch(r"[A-Za-z]\w{0,2}", u) and u not in _WORDS)
_LONG = "|".join(re.escape(u) for u in _LATIN if not re.fullmatch(r"[A-Za-z]\w{0,2}", u) or u in _WORDS)
_OTHER = "|".join(re.escape(u) for u in sorted(set(UNITS) - set(_LATIN), key=len, reverse=True))
UNIT = re.compile(
    rf"[ -]?(?P<latin>(?:{_LONG})(?=e?s?(?![A-Za-z\d]))|(?:{_SHORT})(?![A-Za-z\d]))(?:e?s)?|\s?(?P<other>{_OTHER})"
)


def unit_of(spelling: str) -> tuple[str, float] | None:
    """Return (dimension, factor) of a unit as it is written, or None; capitals count where they tell units apart."""
    return UNITS.get(spelling) or UNITS.get(spelling.lower())
