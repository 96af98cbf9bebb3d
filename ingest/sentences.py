"""Sentences of English and Japanese text as exact ranges, by rules.

A full stop is judged by the word before it and the character after it, in the manner of Grefenstette and Tapanainen
("What is a word, what is a sentence?", 1994): abbreviations, initials and numbers keep the sentence open, a lower-case
letter after the stop does too. Japanese ends at 。！？ outside brackets. A line end closes a sentence only where the
writer meant it: before a list marker, at a blank line, or where the next word would still have fitted on the line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

_JAPANESE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
_OPENERS = "「『（【〔《〈［“"
_CLOSERS = "」』）】〕》〉］”"
_PARTNER = dict(zip(_CLOSERS, _OPENERS, strict=True))
_BRACKET = re.compile(f"[{_OPENERS}{_CLOSERS}]")

# A quotation longer than this is a speech with sentences of its own; a shorter one belongs to the sentence around it.
_LONGEST_QUOTATION = 200

_INK = re.compile(r"\S")
_LONGEST_NUMBERING = 60  # characters from the beginning of a line
_LONGEST_HELD = 10  # characters of a word of `_HOLDS_ON` and the space before it

_BLANK_LINES = re.compile(r"(?:\r\n|(?!\r\n)[\n\r\v\x85\u2028\u2029])[^\S\n\r]*[\n\r\v\x85\u2028\u2029]\s*")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")

# What ends a sentence, with the quotes, brackets and note marks that belong to it: `… day.”[3]`
_STOP = re.compile(
    r"(?P<japanese>[。｡．！？][。｡．！？!?]*+)[」』）】〕》〉］”’)\]\"'*_]*+"
    r"|(?<![.!?…])(?P<stop>[.!?…]++)(?P<after>(?:[\"'”’»)\]}*_]|\[\d{1,3}\])*+)(?=\s|$|(?<=[!?])[" + _JAPANESE + r"])"
)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# These stand before a name or a number and never end a sentence.
_TITLES = _words(
    "mr mrs ms mx dr prof st mt gen col maj capt cpt lt sgt adm cmdr rev hon gov sen rep pres messrs mme mlle "
    "e.g i.e eg ie cf vs viz approx ca c incl excl resp fig figs eq eqs tab sec sect ch chap art vol vols ver "
    "app appx ref refs ed eds pp para paras"
)
# These are short for something only before a number: "No. 5", but "He said no."
_BEFORE_NUMBER = _words("no nos nr p jan feb mar apr jun jul aug sep sept oct nov dec art sec ch fig vol tel ext")
# These may stand at the end of a sentence, and do where a usual first word follows.
_MAY_END = _words(
    "inc ltd co corp plc llc gmbh bros dept univ est etc al jr sr a.m p.m am pm ph.d phd m.d b.a m.a b.sc m.sc "
    "u.s u.s.a u.k u.n e.u d.c b.c a.d jan feb mar apr jun jul aug sep sept oct nov dec ave blvd rd"
)
_FIRST_WORDS = _words(
    "the a an in on at by for from to with as it its he she they we you i this that these those there here his her "
    "their our my your when while after before since during until if although though because however but and so yet "
    "thus then also some many most all each every no one what who where why how which not"
)

_WORD_BEFORE = re.compile(r"[^\s(\[{\"'“‘«*_/,;:–—]+$")
_WORD_AFTER = re.compile(r"[\s\"'“‘«(\[*_]*(\w+)")
_NUMBERING = re.compile(
    r"[(（]?(?:\d{1,3}(?:[.．]\d{1,3}){0,3}|[A-Za-zＡ-Ｚａ-ｚア-ン]|[ivxIVX]{1,5}|[一二三四五六七八九十]{1,3})[.)）]?[)）]?"
)
_LIST_MARKER = re.compile(
    r"[^\S\n]*(?:[-*+•‣◦▪●○◆◇■□▶►➢✓✔・※→|>#][^\S\n]*\S|\(?\d{1,3}[.)）．]\s|[(（][\dA-Za-z０-９ア-ン一-十]{1,3}[)）]|[①-⑳㈠-㈩㊀-㊉]"
    r"|第[\d０-９一二三四五六七八九十百]+[条章節項編]|[０-９\d一二三四五六七八九十]{1,3}[．、　]|\u3000)"
)
# A line that ends with one of these goes on, whatever the next one begins with: "in front of / Building A".
_HOLDS_ON = re.compile(r"(?:^|\s)(?:an?|the|of|and|or|nor|than|from|with|between|because|whether)$", re.I)
# ！ and ？ inside a Japanese sentence: a name ("Yahoo!は") or a thought that is then told ("本当か？と").
_GOES_ON = re.compile(r"(?:と(?!ころ|ても|にかく|りあえず|はいえ)|[をがの、，]|は(?!い)|なの|など)")


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the ranges of the sentences in ``text[start:end]``.

    Ranges are half open, in code points of `text`, sorted and disjoint, begin and end with a character that is not
    white space, and together hold every such character of the part asked for.
    """
    end = len(text) if end is None else min(end, len(text))
    start = max(start, 0)
    ranges = []
    for first, last in _paragraphs(text, start, end):
        cuts = sorted({*_stops(text, first, last), *_line_ends(text, first, last), last})
        begin = first
        for cut in cuts:
            trimmed = _trimmed(text, begin, cut)
            if trimmed is not None:
                ranges.append(trimmed)
            begin = cut
    return ranges


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for blank in _BLANK_LINES.finditer(text, start, end):
        yield start, blank.start()
        start = blank.end()
    yield start, end


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the position behind every sentence end that punctuation makes."""
    bracketed = _bracketed(text, start, end)
    opens = [opening for opening, _ in bracketed]
    begin, ink = start, _next_ink(text, start, end)
    for match in _STOP.finditer(text, start, end):
        inside = bisect_right(opens, match.start()) - 1
        if inside >= 0 and bracketed[inside][1] >= match.start():
            # A stop inside brackets ends nothing, unless the brackets hold the whole sentence: （ただし、役員を除く。）
            opening, closing = bracketed[inside]
            ends = text[opening] == "（" and match.end() == closing + 1 and ink >= opening
        elif match["japanese"] is not None:
            ends = _japanese_stop_ends(text, match, begin, end)
        else:
            ends = _stop_ends(text, match, begin, end)
        if ends:
            yield match.end()
            begin, ink = match.end(), _next_ink(text, match.end(), end)


def _next_ink(text: str, start: int, end: int) -> int:
    """The first place that is no white space."""
    found = _INK.search(text, start, end)
    return found.start() if found else end


def _bracketed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the outermost bracketed parts that are short enough to belong to the sentence around them, in order."""
    spans: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text, start, end):
        mark, position = match[0], match.start()
        if mark in _OPENERS:
            waiting.append((mark, position))
            continue
        while waiting:
            opener, opening = waiting.pop()
            if opener == _PARTNER[mark]:
                if position - opening <= _LONGEST_QUOTATION:
                    while spans and spans[-1][0] > opening:
                        spans.pop()
                    spans.append((opening, position))
                break
    return spans


def _japanese_stop_ends(text: str, match: re.Match[str], begin: int, end: int) -> bool:
    stop = match["japanese"]
    at, behind = match.start(), match.end()
    if stop == "．" and at > 0 and behind < end and text[at - 1].isdigit() and text[behind].isdigit():
        return False
    if stop == "．" and _is_numbering(text, begin, at):
        return False
    return not (stop[-1] in "！？!?" and _GOES_ON.match(text, behind, end))


def _stop_ends(text: str, match: re.Match[str], begin: int, end: int) -> bool:
    """Tell whether ``. ! ? …`` before white space ends the sentence that began at `begin`."""
    following = _WORD_AFTER.match(text, match.end(), end)
    next_word = following[1] if following else ""
    if next_word[:1].islower():
        return False
    if match["stop"] != ".":
        return not (match["stop"][-1] in "!?" and _GOES_ON.match(text, match.end(), end))
    before = text[max(begin, match.start() - 40) : match.start()]
    found = _WORD_BEFORE.search(before)
    if found is None:
        return True
    word = found[0].lower().rstrip(".")
    if match["after"] and not match["after"].startswith(("[", "*", "_")):
        return True
    if _is_numbering(text, begin, match.start()):
        return False
    if word in _BEFORE_NUMBER and next_word[:1].isdigit():
        return False
    if word in _TITLES:
        return not next_word
    initial = len(word) == 1 and found[0].isupper()
    if initial or word in _MAY_END or re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
        return not next_word or next_word.lower() in _FIRST_WORDS
    return True


def _is_numbering(text: str, begin: int, stop: int) -> bool:
    """Tell whether what stands before the stop is the number of a list entry or heading: "1. Scope", "１．目的"."""
    near = max(begin, stop - _LONGEST_NUMBERING)
    line = text.rfind("\n", near, stop) + 1 or (begin if near == begin else -1)
    return line >= 0 and bool(_NUMBERING.fullmatch(text[line:stop].strip(" \t\u3000#*_-")))


def _line_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the position behind every line end of a paragraph at which the writer, not the margin, broke the line."""
    lines: list[tuple[int, int]] = []
    begin = start
    for match in _LINE_END.finditer(text, start, end):
        lines.append((begin, match.start()))
        begin = match.end()
    lines.append((begin, end))
    if len(lines) == 1:
        return
    widest = max(last - first for first, last in lines)
    doubtful = []
    meant = wrapped = False
    for line, following in pairwise(lines):
        if _LIST_MARKER.match(text, *following) or _left_room(text, line, following, widest):
            yield following[0]
            meant = meant or text[line[1] - 1] not in ".!?。！？"
        elif line[1] - line[0] == widest and _may_begin(text, line, following):
            doubtful.append(following[0])
        else:
            wrapped = True
    # The widest line left no room for anything; where every other line end was meant, so was this one.
    if meant and not wrapped:
        yield from doubtful


def _may_begin(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """Tell whether a sentence may begin with the line `following`, by its first and the other's last character."""
    above, below = text[slice(*line)].rstrip(), text[slice(*following)].lstrip()
    if not above or not below or above[-1] in ",、，;；-–—(（「" or below[0].islower():
        return False
    return not _HOLDS_ON.search(above[-_LONGEST_HELD:])


def _left_room(text: str, line: tuple[int, int], following: tuple[int, int], widest: int) -> bool:
    """Tell whether the first word of the line `following` would still have fitted on `line`."""
    if not _may_begin(text, line, following):
        return False
    above, below = text[slice(*line)].rstrip(), text[slice(*following)].lstrip()
    if re.match(f"[{_JAPANESE}]", below):
        # A margin may leave three columns free, since some marks must not begin or end a line (JIS X 4051).
        return len(above) + 3 < widest
    return len(above) + 1 + len(below.split(None, 1)[0]) <= widest
