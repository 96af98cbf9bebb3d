"""A prompt in parts that are read one after another, so that what the one before had in common is not read again.

The parts are the begin, which every question shares; the sources, which a follow-up question may share; and the
question. Each is evaluated by itself whether anything is kept or not, because other batch borders change greedy
answers, and what was asked before must not change them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Part = list[int]  # token ids

LINE_BREAK = b"\n"
# Sources of fewer tokens are read in one go with the question. To read 20 and 20 tokens took 1.17 times as long as 40,
# to read 40 1.8 times as long as 20 (tests/bench/attention.py): the reuse is worth it for longer ones.
SHORT = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt that was read: where its begin came from ("evaluated", "file" or "memory"), and how many tokens were
    evaluated."""

    origin: str
    tokens: int


def part_prompt(begin: Part, text: Part, end: Part, piece: Callable[[int], bytes]) -> list[Part]:
    """The parts of a prompt, none empty; the question is what stands in `text` behind its last line break, together
    with sources that are SHORT.

    There are two at least, because behind a begin that comes from a file something has to be evaluated.
    """
    border = max((at for at, token in enumerate(text, 1) if LINE_BREAK in piece(token)), default=0)
    if border < SHORT:
        border = 0
    rest = [part for part in (text[:border], [*text[border:], *end]) if part]
    return [begin, *rest] if begin and rest else [part for part in (begin[:-1], begin[-1:], *rest) if part]


def count_shared(kept: Sequence[Part], wanted: Sequence[Part]) -> int:
    """How many parts of a prompt stand at the head of the one before, which is kept.

    All of them only where both are the same: what follows a prompt is known only at the end of the one that was read.
    """
    same = 0
    for known, part in zip(kept, wanted, strict=False):
        if known != part:
            break
        same += 1
    return same if same == len(kept) else min(same, len(wanted) - 1)
