"""What a model is asked for, by its size: the one table that `rag.writing` goes by.

    below (parameters)   is asked to                                          from how many quotes
    0.5 billion          choose among the statements of the best quote        1
    3 billion            write, with marks                                    2
    any size, unknown    write, with marks                                    as many as the machine reads in time

Measured with tests/bench/prompts.py on squad2, with the one instruct model that can be had without a model hub, which
is of the first row: SmolLM2-135M, 300 questions for choosing, 100 for writing.

    way                                answered    of them right   wrong of all   words
    choose, 1 quote                    .683        .922            .053           22.9
    choose, 2 quotes                   .757        .608            .297           21.5
    a quote by its number, then so     .847        .835            .140           23.4
    the longest choice, no model       .683        .927            .050           24.5
    the shortest choice, no model      .687        .874            .087           18.6
    write, 1 quote                     .200        .850            .030           20.8
    write, 2 quotes                    .230        .391            .140           22.4
    write, 3 quotes                    .210        .476            .110           24.0
    write, 5 quotes                    .270        .259            .200           20.9

So the smallest choose, in one quote; what they add to the longest choice is that it gets shorter by a word or two.

The second row is a judgement, not a measurement: tests/bench/table.py finds the answer to .880 of squad2's questions in
the first quote and to .962 in the first three, so what quotes after the second bring is less than what they cost the
model that was measured. The parameters are those of the file, which the catalogue lists, too; a server's models are
taken by the size in their name.
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
