"""Whether passages tell of another one of a numbered kind than is asked about: of MS-130, not MS-150; 2号車, not 4号車.

Such a label names one thing. Where no passage has the one that is asked about, but the best one has another of its
kind, what it says is not the answer, however well all other words fit.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from index.characters import normalize
from index.words import century_of

_NOUN = r"[ァ-ヺー一-鿿]"
_LABEL = re.compile(
    r"(?<![A-Za-z0-9.-])(?P<code>[A-Za-z]{1,6}(?:-?\d+)*?)-?(?P<of>\d{1,6})(?![\dA-Za-z]|[.-]\d)"
    rf"|第(?P<th>\d{{1,4}})(?P<noun>(?![条項号章節編款目]){_NOUN}{{1,6}})"
    rf"|(?P<before>{_NOUN}{{0,12}})(?<![\dA-Za-z.第-])(?P<number>\d{{1,4}})(?P<kind>号{_NOUN}{{0,6}})"
)
# Labels in a list or range of numbers stand for others, too: 1・2号機, MS-110/120, MS-110～MS-130.
_AFTER_OTHERS = re.compile(r"(?:[~〜–]|から|\d\s*[・、,/])\s*$")
_BEFORE_OTHERS = re.compile(r"\s*(?:[/・、,]\s*\d|(?:[~〜–-]|から|to\b)\s*(?:[A-Za-z]+-?|第)?\d)")
_OTHERS = -1


def tells_of_another(question: str, passage: str, others: Sequence[str]) -> bool:
    """Return whether `passage` has a label of a kind that `question` names, and no text the one that is named."""
    asked = _labels(question)
    if not asked:
        return False
    told = _labels(passage)
    known = [told, *map(_labels, others)]
    return any(
        kind in told and not any((numbers | {_OTHERS}) & has.get(kind, set()) for has in known)
        for kind, numbers in asked.items()
    )


def _labels(text: str) -> Mapping[str, set[int]]:
    """The numbers of each kind of label in a text; _OTHERS where some are not written out."""
    found: dict[str, set[int]] = defaultdict(set)
    text = normalize(text)
    for match in _LABEL.finditer(text):
        kind, number = _read(match)
        start = match.start("number") if match["number"] else match.start()
        after = _AFTER_OTHERS.search(text, max(0, start - 4), start)
        found[kind] |= {number, _OTHERS} if after or _BEFORE_OTHERS.match(text, match.end()) else {number}
    return found


def _read(match: re.Match[str]) -> tuple[str, int]:
    if match["of"]:
        code, number = match["code"].replace("-", "").casefold(), match["of"]
        # FY19 is FY2019, as in the word index.
        return code, int(century_of(number) + number if code == "fy" and len(number) == 2 else number)
    if match["th"]:
        return "第" + match["noun"], int(match["th"])
    kind = match["kind"] if match["kind"] != "号" else match["before"] + "号"  # 2号車; コンプレッサー2号
    return kind, int(match["number"])
