"""The loop that writes an answer: always the likeliest token that the constraint allows, until the text ends."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ingest.worker import Payload
from rag.decoding.choices import Choices, Chosen
from rag.decoding.constraint import Automaton, State
from rag.decoding.text_stream import TokenText

if TYPE_CHECKING:
    import numpy as np


class TokenSource(Protocol):
    """A model that has read its prompt."""

    def logits(self) -> np.ndarray[Any, Any]:
        """How likely each token is to come next, (vocabulary,)."""

    def ends(self, token: int) -> bool:
        """Whether `token` ends the answer."""

    def piece(self, token: int) -> bytes:
        """The bytes `token` stands for; control tokens stand for none."""

    def evaluate(self, tokens: list[int]) -> bool:
        """Read `tokens`; False when that was cancelled."""


class Place(Protocol):
    """Where a text stands under a rule."""

    @property
    def may_end(self) -> bool: ...


class Rule(Protocol):
    """What may be written next."""

    def advance(self, state: Any, written: bytes) -> Place | None:
        """The place after `written`; None when that is not allowed."""

    def settled(self, state: Any) -> bytes:
        """What is left to write where the rule leaves no choice; else nothing."""


def decode(
    source: TokenSource, request: Payload, cancelled: Callable[[], bool]
) -> Generator[tuple[int, str, str], None, None]:
    """For each token: how many there are with it, why the answer ends if it ends here, and the text to show now.

    `request` has `max_tokens`, `stop` (texts) and `constraint` (None, or its fields).
    """
    writer = TokenText(request["stop"])
    wanted = request["constraint"]
    automaton: Rule | None = None
    state: Place = State()
    if wanted and wanted["choices"]:
        automaton, state = Choices(wanted["choices"]), Chosen()
    elif wanted:
        automaton = Automaton(wanted["citations"], wanted["quotable"])
    count, finish = 0, "length"
    while count < request["max_tokens"]:
        if cancelled():
            finish = "cancelled"
            break
        if automaton and (rest := automaton.settled(state)):
            # The model need not be asked for it.
            yield count, "stop", writer.add(rest)[0] + writer.rest()
            return
        found = _choose(source, automaton, state)
        if found is None:
            finish = "stop"
            break
        token, piece, state = found
        count += 1
        text, stopped = writer.add(piece)
        yield count, "stop" if stopped else "length", text
        if stopped:
            return
        if not source.evaluate([token]):
            finish = "cancelled"
            break
    yield count, finish, writer.rest()


def _choose(source: TokenSource, automaton: Rule | None, state: Place) -> tuple[int, bytes, Place] | None:
    """The token, its bytes and the state after it; None where the text ends."""
    import numpy as np

    logits = source.logits()
    likeliest = int(logits.argmax())
    found = _first_allowed(source, [likeliest], automaton, state)
    if found is None and not (source.ends(likeliest) and state.may_end):
        # Once or twice an answer, so sorting the whole vocabulary costs little.
        found = _first_allowed(source, np.argsort(-logits).tolist(), automaton, state)
    return found


def _first_allowed(
    source: TokenSource, tokens: Sequence[int], automaton: Rule | None, state: Place
) -> tuple[int, bytes, Place] | None:
    for token in tokens:
        if source.ends(token):
            if state.may_end:
                return None
            continue
        piece = source.piece(token)
        after = automaton.advance(state, piece) if automaton else state
        if after is not None:
            return token, piece, after
    return None
