"""One form for every character: width, ligatures, accents, invisible marks, and the old forms of kanji.

For searching and comparing only; what is quoted keeps the characters it was written with.
"""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces: kana, kanji, Hangul (whose words carry particles), Thai, Lao, Burmese, Khmer.
UNSPACED = "々〆〇ぁ-ゖゝゞァ-ヺーヽヾ㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff가-힣\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_UNSPACED = re.compile(f"[{UNSPACED}]")
# Soft hyphens, zero-width spaces, direction marks and the selectors of a character's variants.
_INVISIBLE = re.compile("[\u00ad\ud800-\udfff\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_ACCENT = re.compile("[\u0300-\u036f]")  # not the kana's own voicing marks, which are letters
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u036f\u0370-\u03ff\u1e00-\u1fff]")

# The form of today, then the older or rarer ones that mean the same: kanji simplified in 1946 and after (the official
# lists of Tōyō and Jōyō kanji), and those common in names.
_OLD_KANJI = """
亜亞 悪惡 圧壓 囲圍 医醫 為爲 壱壹 隠隱 栄榮 営營 衛衞 駅驛 円圓 塩鹽 縁緣 艶艷 応應 欧歐 殴毆 桜櫻 奥奧 横橫
温溫 穏穩 仮假 価價 画畫 会會 絵繪 壊壞 懐懷 概槪 拡擴 殻殼 覚覺 学學 岳嶽 楽樂 渇渴 巻卷 陥陷 勧勸 寛寬 歓歡
関關 観觀 気氣 帰歸 亀龜 偽僞 戯戲 犠犧 旧舊 拠據 挙擧 峡峽 挟挾 狭狹 教敎 郷鄕 暁曉 区區 駆驅 勲勳 薫薰 径徑
茎莖 恵惠 掲揭 経經 渓溪 蛍螢 軽輕 継繼 鶏鷄 芸藝 撃擊 欠缺 県縣 倹儉 剣劍劔 険險 圏圈 検檢 献獻 権權 顕顯
験驗 厳嚴 戸戶 効效 広廣 恒恆 鉱鑛 号號 国國囯 黒黑 砕碎 済濟 斎齋 剤劑 冴冱 雑雜 参參 桟棧 蚕蠶 惨慘 賛贊
残殘 糸絲 歯齒 児兒 辞辭 湿濕 実實 写寫 釈釋 寿壽 収收 従從 渋澁 獣獸 縦縱 粛肅 処處 緒緖 叙敍敘 将將 称稱
焼燒 証證 奨奬 条條 状狀 乗乘 浄淨 剰剩 畳疊 縄繩 壌壤 嬢孃 譲讓 醸釀 触觸 嘱囑 真眞 寝寢 慎愼 尽盡 図圖 粋粹
酔醉 穂穗 随隨 髄髓 枢樞 数數 瀬瀨 声聲 斉齊 静靜 窃竊 摂攝 専專 浅淺 戦戰 践踐 銭錢 潜潛 繊纖 禅禪 双雙 壮壯
争爭 荘莊 捜搜 挿插 巣巢 装裝 総總 騒騷 増增 蔵藏 臓臟 即卽 属屬 続續 堕墮 対對 体體軆 帯帶 滞滯 台臺 滝瀧
択擇 沢澤 担擔 単單 胆膽 団團 断斷 弾彈 遅遲 痴癡 虫蟲 昼晝 鋳鑄 庁廳 徴徵 聴聽 鎮鎭 逓遞 鉄鐵 転轉 点點 伝傳
灯燈 当當 党黨 盗盜 稲稻 闘鬪 徳德 独獨 読讀 届屆 内內 弐貳 脳腦 悩惱 覇霸 拝拜 廃廢 売賣 麦麥 発發 髪髮 抜拔
浜濱 蛮蠻 秘祕 姫姬 彦彥 浜濵 瓶甁 仏佛 払拂 併倂 並竝 辺邊邉 変變 弁辨瓣辯 歩步 舗舖 宝寶寳 豊豐 褒襃 没沒
翻飜 槙槇 万萬 満滿 弥彌 黙默 薬藥 訳譯 予豫 余餘 与與 誉譽 揺搖 様樣 謡謠 遥遙 来來 頼賴 乱亂 覧覽 竜龍 両兩
猟獵 緑綠 涙淚 塁壘 励勵 礼禮 隷隸 霊靈 齢齡 恋戀 炉爐 労勞 楼樓 録錄 湾灣 高髙 崎﨑嵜碕 吉𠮷 島嶋嶌 富冨
峰峯 桧檜 曽曾 闊濶 回囘 凛凜 略畧 群羣 隣鄰 館舘 煙烟 杯盃 遊游 毀燬
"""
# What PDF fonts put for a kanji: radicals that NFKC leaves alone (the Kangxi block it maps).
_RADICALS = "⺟母 ⺠民 ⻁虎 ⻄西 ⻆角 ⻑長 ⻘青 ⻝食 ⻤鬼 ⻨麦 ⻩黄 ⻫斉 ⻭歯 ⻯竜 ⻲亀"
_FORMS = {ord(old): today[0] for today in _OLD_KANJI.split() for old in today[1:]}
_FORMS |= {ord(radical): kanji for radical, kanji in map(tuple, _RADICALS.split())}
_V_SOUNDS = str.maketrans({"ヴ": "ブ"})
_V_VOWELS = re.compile("ヴ([ァィェォ])")
_V_ROW = dict(zip("ァィェォ", "バビベボ", strict=True))


def whole(text: str) -> str:
    """Return a text with "?" for every half of a character: Python has such for bytes that are not UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def normalize(text: str) -> str:
    """Return a text with one form for every character (NFKC; accents off Latin and Greek letters; kanji of today).

    Positions of characters are not kept. Case is.
    """
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if _ACCENTED.search(text):
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))
    if is_unspaced(text):
        text = _V_VOWELS.sub(lambda match: _V_ROW[match[1]], text.translate(_FORMS)).translate(_V_SOUNDS)
    return text


def is_unspaced(text: str) -> bool:
    """Return whether any character belongs to a script that is written without spaces."""
    return _UNSPACED.search(text) is not None


def share_unspaced(text: str) -> float:
    """Return the share of a text's letters that belong to scripts written without spaces; 0 without letters."""
    letters = sum(map(str.isalpha, text))
    return len(_UNSPACED.findall(text)) / letters if letters else 0.0
