"""What a word is: the one place that turns text into the terms of the word index, for documents and questions alike.

A text becomes terms that find it however it is typed later: ``ERR-4012`` is found by ``err 4012`` and ``ERR4012``,
``1,000`` by ``1000``, ``ｻｰﾊﾞｰ`` by ``サーバ``, 令和6年 by 2024. Japanese goes through `index.japanese`, which is loaded when the
first Japanese character is met.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Scripts written without spaces: kana, kanji, Hangul (whose words carry particles), Thai, Lao, Khmer, Burmese.
UNSPACED = "々〆〇ぁ-ゖゝゞァ-ヺーヽヾ㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff가-힣\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = f"[^\\W_{UNSPACED}]"
# A word with what holds its parts together: a number with separators; letters and digits joined by single marks; C++, C#.
_WORD = re.compile(rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\w)|{_LETTER}+(?:[-‐_.@'’&]{_LETTER}+)*(?:\+\+|\#)?")
_ASCII_WORD = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)|[A-Za-z0-9]+(?:[-_.@'&][A-Za-z0-9]+)*(?:\+\+|#)?")
_MARK = re.compile(r"[-‐_.@'’&]")
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphens, zero-width spaces and direction marks
_ACCENT = re.compile("[\u0300-\u036f]")  # not the kana's own voicing marks, which are letters
_LONGEST = 64  # characters of a term; longer runs are encoded data, whose beginning is enough to find them


def terms(text: str) -> list[str]:
    """Return the terms of a text in reading order, repeated as often as they occur.

    Terms hold no white space, so they can be joined by blanks. Compounds add the joined form to their parts, so there are
    more terms than words.
    """
    if text.isascii():
        return [term for word in _ASCII_WORD.findall(text) for term in _terms_of(word)]
    text = normalize(text)
    found = [term for word in _WORD.findall(text) for term in _terms_of(word)]
    if _UNSPACED.search(text):
        from index import japanese

        found += japanese.terms(text)
    return found


def normalize(text: str) -> str:
    """Return the text in one form of its characters (NFKC), without invisible ones and without accents on Latin letters."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if _ACCENT.search(unicodedata.normalize("NFD", text)):
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))
    return text


def is_unspaced(text: str) -> bool:
    """Return whether any character belongs to a script that is written without spaces."""
    return _UNSPACED.search(text) is not None


@lru_cache(maxsize=1 << 16)
def _terms_of(word: str) -> tuple[str, ...]:
    """Return the terms of one word as it was matched: its parts, then its joined form where that differs."""
    if word.isalpha() and (word.islower() or word.istitle()):
        return (stem(word.casefold())[:_LONGEST],)
    if word[0].isdigit() and "," in word:
        return (word.replace(",", ""),)
    folded = word.casefold()
    if folded.endswith(("++", "#")):
        return (folded.rstrip("+#"), folded)
    if folded.endswith(("'s", "’s")):
        word, folded = word[:-2], folded[:-2]
    found: list[str] = []
    parts = _MARK.split(folded)
    for part, typed in zip(parts, _MARK.split(word), strict=True):
        pieces = _PIECE.findall(part)
        if len(pieces) == 1:
            pieces = [piece.casefold() for piece in _CAMEL.split(typed)]
        found += [stem(piece) for piece in pieces]
        if len(pieces) > 1:
            found.append(part)
    if len(parts) > 1:
        found.append(_joined(folded))
    return tuple(term[:_LONGEST] for term in found)


def _joined(word: str) -> str:
    """Return a compound as one term: without its marks, but with the points and at signs that tell 2.4.1 from 241."""
    return re.sub(r"[-‐_'’&]|(?<=[^\W\d])\.(?=[^\W\d])", "", word) if "@" not in word else word


def stem(word: str) -> str:
    """Return an English word without its plural or verb ending; codes, names with digits and other scripts stay as they are."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    for ending in ("ies", "es", "s", "ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
