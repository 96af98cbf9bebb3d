"""A conversation with a knowledge base: each question made whole, answered with its own evidence, and remembered."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.conversations import keep_conversation
from index.types import Quote
from rag.answer import Answer, Evidence, Step
from rag.followup import Subject, complete, follow
from rag.screen import clean, one_line

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase


# What begins anything but words in Markdown, and the marks that make some programs turn an address into a link.
_LIVE = re.compile(r"[\\`*_\[\]<>!#|~]|:(?=//)|(?<=www)\.|@")


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it was typed, as it was asked of the documents, and its answer."""

    typed: str
    asked: str
    answer: Answer


class Chat:
    """One conversation; `turns` are the answered questions, oldest first."""

    def __init__(
        self,
        kb: KnowledgeBase,
        *,
        generate: bool = True,
        within: str | Sequence[str] | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        self.turns: list[Turn] = []
        self.quotes: tuple[Quote, ...] = ()  # of the last question, whose answer may have been interrupted
        self._kb = kb
        self._generate = generate
        self._within = within
        self._labels = labels
        self._subject = Subject()
        self._number: int | None = None
        self._kept = 0

    def complete(self, question: str) -> str:
        """The question as it will be asked of the documents."""
        return complete(question, self._subject)

    def ask(self, question: str) -> Generator[Step, None, None]:
        """The steps of the answer; the turn counts once the last step was taken."""
        asked = self.complete(question)
        for step in self._kb.ask_in_steps(asked, self._generate, self._within, self._labels):
            if isinstance(step, Evidence):
                self.quotes = step.quotes
            elif isinstance(step, Answer):
                self.turns.append(Turn(question, asked, step))
                # What was not answered is no subject to go on with, but what the reader meant by it is.
                self._subject = follow(self._subject, question, step.text)
            yield step

    def keep(self) -> int | None:
        """Keep the conversation in the knowledge base; its number there, None when nothing was asked or it is shared.

        Raises LockedError while another process changes the knowledge base.
        """
        if len(self.turns) > self._kept and not self._kb.shared:
            self._number = keep_conversation(self._kb.index.store, [_record(t) for t in self.turns], self._number)
            self._kept = len(self.turns)
        return self._number

    def to_markdown(self) -> str:
        """The conversation as a text file: questions, answers, and the quotes they rest on.

        Text of documents stands in it as words, not as Markdown: who shows the file would fetch a picture in it.
        """
        parts: list[str] = []
        for turn in self.turns:
            parts += [f"## {plain(turn.typed)}", plain(turn.answer.text or turn.answer.refusal)]
            parts += [
                f"- [{quote.n}] {plain(', '.join(filter(None, (quote.path, quote.where))))}: {plain(quote.text)}"
                for quote in turn.answer.citations or turn.answer.quotes
                if quote.score  # was found (rag/surroundings.py)
            ]
        return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """`text` in one line of Markdown that shows it as it is, without links, pictures, HTML or control characters."""
    return _LIVE.sub(r"\\\g<0>", one_line(clean(text)))


def _record(turn: Turn) -> dict[str, Any]:
    places = [[quote.n, quote.path, quote.start, quote.end] for quote in turn.answer.citations]
    return {"question": turn.typed, "asked": turn.asked, "answer": turn.answer.text, "citations": places}
