"""What a model is asked for, by its size: the one table that `rag.writing` goes by.

    below (parameters)   is asked to                                          from how many quotes
    0.5 billion          choose among the statements of the best quote        1
    3 billion            write, with marks                                    2
    any size, unknown    write, with marks                                    as many as the machine reads in time

Measured on squad2 with models of the first row only, because no other can be had here (`rag models list` shows what a
user has); 300 questions for choosing, 100 for writing, share of all questions with an answer of the model, and of those
with the right answer in it:

    SmolLM2-135M   choosing, 4, 2, 1, 0 examples    .683   .922 in each   22.4, 22.3, 22.7, 22.9 words
                   choosing in 2, 3 quotes          .757   .581           .773   .440
                   a quote by its number, then so   .847   .150
                   writing from 1, 2, 3, 5 quotes   .200   .850           .230   .391   .210   .476   .280   .250
                   from 2, with 4 examples          .360   .250
                   from 2, the question first       .300   .433

So the smallest choose, in one quote. Without a model, the longest statement (.683, .927, 24.5 words) does as well as
the chosen one, and the shortest worse (.687, .874, 18.6 words).

The second row is a judgement, not a measurement: what quotes after the second bring (of SQuAD's answers, .79 are in the
best sentence, .88 in the best two, .90 in the best three) is less than what they cost the models that were measured.
The parameters are those of the file, which the catalogue lists, too; a server's models are taken by the size in their
name.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

EVERY = 100  # more quotes than an answer has


@dataclass(frozen=True, slots=True)
class Task:
    """What models with fewer parameters than `below` are asked to do, and the most quotes they are given for it."""

    below: float
    way: Literal["choose", "write"]
    quotes: int


TASKS = (
    Task(below=0.5e9, way="choose", quotes=1),
    Task(below=3e9, way="write", quotes=2),
    Task(below=inf, way="write", quotes=EVERY),
)


def task_for(parameters: int) -> Task:
    """The task for a model of so many parameters; 0, where nobody knows, counts as large."""
    return next(task for task in TASKS if (parameters or inf) < task.below or task.below == inf)
