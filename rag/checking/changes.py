"""By how much something changed, or to how much: "raised by 10 percent", "raised to 10 percent"."""

from __future__ import annotations

import re

from rag.checking.languages import is_japanese
from rag.checking.values import Value

_BEFORE = 24  # characters before a value that tell
_ENGLISH = re.compile(
    r"\b(from|to|by)(?: (?:about|around|approximately|nearly|almost|just|only|over|a|an|some))*\s*$", re.I
)
_CHANGE = r"引き?上|引き?下|増|減|上昇|低下|下落|下降|値上|値下|上が|下が|上げ|下げ|向上|拡大|縮小|改善|伸び|高ま|落ち"
_JAPANESE = (
    ("from", re.compile(rf"から(?=[^、。]*(?:{_CHANGE}))")),
    ("to", re.compile(rf"(?:程度|前後)?(?:に|へ|まで)(?:も|は)?(?=[^、。]{{0,8}}(?:{_CHANGE}))")),
    ("by", re.compile(rf"(?:程度|前後|以上)?(?:を|だけ|ほど|分|も|ずつ|の|近く)?(?=(?:大幅に|さらに)?(?:{_CHANGE}))")),
)


def end_of_change(value: Value, text: str) -> str:
    """Return what a value is of a change: "from", "to", "by", or "" where it is none or this is not clear."""
    if value.dates:
        return ""
    if not is_japanese(text):
        found = _ENGLISH.search(text, max(0, value.start - _BEFORE), value.start)
        return found[1].lower() if found else ""
    return next((end for end, form in _JAPANESE if form.match(text, value.end)), "")
