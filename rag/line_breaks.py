"""Where a line that is too long for the terminal goes on: between words, and inside Japanese nearly anywhere."""

from __future__ import annotations

import unicodedata

# Marks that do not begin a line, and those that do not end one (after JIS X 4051, the common ones).
CLOSERS = frozenset("、。，．,.)）]］}｝〕〉》」』】・：:；;？?！!ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ％%")
OPENERS = frozenset("(（[［{｛〔〈《「『【")


def find_breaks(text: str, width: int) -> list[int]:
    """Positions at which `text` is cut so that no line takes more than `width` columns; spaces at its end may."""
    breaks: list[int] = []
    start = allowed = used = 0  # where the line begins, where it may end, and its columns so far
    at = 0
    while at < len(text):
        if at > start and may_break(text, at):
            allowed = at
        used += columns(text[at])
        if used > width and text[at] != " " and at > start:
            start = allowed if allowed > start else at
            breaks.append(start)
            at, used = start, 0
            continue
        at += 1
        if text[at - 1] == "\n" and at < len(text):
            start, used = at, 0
            breaks.append(at)
    return breaks


def may_break(text: str, at: int) -> bool:
    """Whether a line may end before position `at`."""
    before, behind = text[at - 1], text[at]
    if before == " ":
        return behind != " "
    if behind == " " or behind in CLOSERS or before in OPENERS:
        return False
    return columns(before) == 2 or columns(behind) == 2


def columns(letter: str) -> int:
    """How wide a character stands on a terminal."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def width_of(text: str) -> int:
    """How many columns a text of one line takes on a terminal."""
    return sum(map(columns, text))
