"""Which bytes a model may write next: marks only of sources that were given, quotations only as they stand there.

A small automaton over UTF-8 bytes, because a token may end inside a character. Only the likeliest token is tried
against it, and the next one when that is refused, so a constraint costs next to nothing; llama.cpp's grammars try every
token of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

# Opening quotation marks and what closes them.
CLOSERS = {'"': '"', "“": "”", "「": "」", "『": "』", "«": "»"}
_PAIRS = {opener.encode(): closer.encode() for opener, closer in CLOSERS.items()}
_LONGEST = max(len(opener) for opener in _PAIRS)


@dataclass(frozen=True, slots=True)
class State:
    """Where the text stands: outside, in a mark after `digits`, or in a quotation that matches the sources at `places`.

    `tail` is the last bytes outside, for opening marks of several bytes. `closer` is the quotation's closing mark and
    `closing` how many of its bytes have come.
    """

    tail: bytes = b""
    digits: bytes | None = None
    closer: bytes = b""
    closing: int = 0
    places: frozenset[int] = frozenset()
    started: bool = False

    @property
    def may_end(self) -> bool:
        """Whether the text may end here: not inside a mark or a quotation."""
        return self.digits is None and not self.closer


class Automaton:
    """The constraint of one answer."""

    def __init__(self, citations: int, quotable: Sequence[str]) -> None:
        self._marks = [str(number).encode() for number in range(1, citations + 1)]
        # All sources in one string of bytes, between separators that no text holds; white space as single spaces.
        text = "\0".join(["", *(" ".join(source.replace("\0", " ").split()) for source in quotable), ""])
        self._sources = text.encode("utf-8", "replace")
        self._starts = frozenset(_boundaries(text, begin=True))
        self._ends = frozenset(_boundaries(text, begin=False))

    def advance(self, state: State, written: bytes) -> State | None:
        """The state after `written`; None when the constraint does not allow it."""
        current: State | None = state
        for byte in written:
            if current is None:
                return None
            if current.digits is not None:
                current = self._in_mark(current, byte)
            elif current.closer:
                current = self._in_quotation(current, byte)
            else:
                current = self._outside(current, byte)
        return current

    def settled(self, _: State) -> bytes:
        """Nothing: even inside a quotation there are several ways on, one of them out of it."""
        return b""

    def _outside(self, state: State, byte: int) -> State | None:
        if byte == ord("["):
            return State(digits=b"") if self._marks else None
        seen = state.tail + bytes([byte])
        for opener, closer in _PAIRS.items():
            if seen.endswith(opener):
                # 5" is a length, not a quotation.
                if opener == b'"' and state.tail[-1:].isalnum():
                    break
                return State(closer=closer, places=self._starts) if self._starts else None
        return State(tail=seen[-_LONGEST:])

    def _in_mark(self, state: State, byte: int) -> State | None:
        digits = state.digits or b""
        if byte == ord("]"):
            return State() if digits in self._marks else None
        digits += bytes([byte])
        return State(digits=digits) if any(mark.startswith(digits) for mark in self._marks) else None

    def _in_quotation(self, state: State, byte: int) -> State | None:
        places = frozenset(place + 1 for place in state.places if self._sources[place] == byte)
        may_close = state.closing > 0 or (state.started and not self._ends.isdisjoint(state.places))
        closing = state.closing + 1 if may_close and byte == state.closer[state.closing] else 0
        if closing == len(state.closer):
            return State()
        if not places and not closing:
            return None
        return replace(state, closing=closing, places=places, started=True)


def _boundaries(text: str, *, begin: bool) -> list[int]:
    """Byte positions where a quotation may begin (or end): at the edges of words; in Japanese, at every character."""
    found = []
    at = 0
    for place, character in enumerate(text):
        before = text[place - 1] if place else "\0"
        inside = _joins(before) and _joins(character)
        if begin:
            if not inside and character not in "\0 ":
                found.append(at)
        elif not inside and before not in "\0 ":
            found.append(at)
        at += len(character.encode("utf-8", "replace"))
    return found


def _joins(character: str) -> bool:
    """Whether it forms words with its neighbours: letters and digits of scripts that write spaces."""
    return character.isalnum() and character < "\u2e80"
