"""Statements that a person would make of a passage, true and false ones.

The files in written/ were written for this by sixteen readers (language models that saw none of this code), one kind of
text each: a line has a passage, three or four statements that follow from it and as many that do not, two questions
that it answers, and two that it does not. Where it is three, the true ones are mostly put in other words, and the false
ones keep those of the passage: what looks at words alone does badly here. Where it is four, the writers were told to
put true and false ones alike. "heldout" is of mixed subjects, and no rule is made after it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "written"
NAMES = (
    *("contracts", "finance", "health", "heldout", "history", "law", "letters", "lives", "manuals", "minutes"),
    *("products", "rules", "schools", "science", "studies", "systems"),
)
HELD_OUT = "heldout"
LEFT_OUT = (HELD_OUT, "letters")  # by which nothing is taught


@dataclass(frozen=True)
class Written:
    """A statement and the passage it is made of; `kind` says how."""

    kind: str
    passage: str
    statement: str
    truth: bool


def read_written(name: str) -> list[Written]:
    """The true and false statements of one file, and its questions with right and wrong answers."""
    made: list[Written] = []
    for line in map(json.loads, (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()):
        passage, asks = line["passage"], line["asks"]
        made += [Written("true", passage, statement, True) for statement in line["true"]]
        made += [Written("false", passage, statement, False) for statement in line["false"]]
        for (question, answer), (_, other) in zip(asks, reversed(asks), strict=True):
            made.append(Written("question: answer", passage, f"{question} {answer}", True))
            made.append(Written("question: other answer", passage, f"{question} {other}", False))
        for question, (_, answer) in zip(line["near"], asks, strict=True):
            made.append(Written("unanswered: answer", passage, f"{question} {answer}", False))
    return made
