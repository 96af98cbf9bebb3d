"""What is measured of one question, each from 0 to 1 and higher better, and how sure a mean of many is."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DEPTH = 10  # ranks that are looked at: what one screen of passages holds
HITS_AT = (1, 5, 10)
QUOTES_AT = (1, 3)
_ZEROS = re.compile(r"(?<![\d.])(\d[\d,]*)\.0+(?!\.?\d)")  # 1,299.00 is 1,299; 1.0.1 is no number
Z = 1.959964  # standard deviations within which 95 % of a normal distribution lies


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `questions` questions and its 95 % confidence interval ``[low, high]``."""

    value: float
    low: float
    high: float
    questions: int


def ranking_measures(ranked: Sequence[str], wanted: Iterable[str]) -> dict[str, float]:
    """hit@k, the reciprocal rank and nDCG of a ranking without repetitions; `wanted` is not empty.

    nDCG as Järvelin and Kekäläinen (2002) with gain 1 and log2 discount, the ideal being all that is wanted, up to ten.
    """
    right = frozenset(wanted)
    ranks = [rank for rank, unit in enumerate(ranked[:DEPTH], 1) if unit in right]
    first = ranks[0] if ranks else math.inf
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(right)) + 1))
    return {
        **{f"hit@{k}": float(first <= k) for k in HITS_AT},
        f"mrr@{DEPTH}": 1 / first,
        f"ndcg@{DEPTH}": sum(1 / math.log2(rank + 1) for rank in ranks) / ideal,
    }


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of values from 0 to 1 with Wilson's score interval (1927); nothing is known without values: [0, 1].

    For a share of successes the interval is his. For reciprocal ranks and nDCG it is on the safe side, because no
    values from 0 to 1 vary more than zeros and ones of the same mean do.
    """
    n = len(values)
    if not n:
        return Estimate(0.0, 0.0, 1.0, 0)
    mean = min(1.0, max(0.0, math.fsum(values) / n))
    centre = (mean + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(mean * (1 - mean) / n + Z * Z / (4 * n * n))
    return Estimate(mean, min(mean, max(0.0, centre - half)), max(mean, min(1.0, centre + half)), n)


def holds_answer(text: str, answers: Iterable[str]) -> bool:
    """Return whether one of the answers stands in `text`, whatever its case, width, punctuation and spaces.

    Where it begins or ends with a Latin letter or a digit, a word or number begins or ends there too: 5 is not in 25,
    48900 is in 48,900 and in 48900.00.
    """
    letters, glued = _letters(text)
    for answer in answers:
        wanted, _ = _letters(_without_article(answer))
        at = letters.find(wanted) if wanted else -1
        while at >= 0:
            if not _cuts(letters, glued, at) and not _cuts(letters, glued, at + len(wanted)):
                return True
            at = letters.find(wanted, at + 1)
    return False


def _letters(text: str) -> tuple[str, list[bool]]:
    """The letters and digits of a text in one form, and for each whether it follows the one before it directly."""
    letters: list[str] = []
    glued: list[bool] = []
    gap = "start"
    for character in _ZEROS.sub(r"\1", unicodedata.normalize("NFKC", text)).casefold():
        if not character.isalnum():
            gap += character
            continue
        in_number = gap in (",", ".") and character.isdecimal() and bool(letters) and letters[-1].isdecimal()
        letters.append(character)
        glued.append(not gap or in_number)
        gap = ""
    return "".join(letters), glued


def _cuts(letters: str, glued: Sequence[bool], at: int) -> bool:
    """Whether a cut before letter number `at` goes through a Latin word or a number."""
    return 0 < at < len(letters) and glued[at] and _is_spaced(letters[at - 1]) and _is_spaced(letters[at])


def _is_spaced(letter: str) -> bool:
    """Whether words of its script are parted by spaces, as far as Latin, Greek and Cyrillic go."""
    return letter < "\u0600"


def _without_article(answer: str) -> str:
    first, _, rest = answer.strip().partition(" ")
    return rest if rest and first.casefold() in ("a", "an", "the") else answer
