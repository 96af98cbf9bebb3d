"""A whole evaluation: questions read or made, asked and measured, and held against a former run and thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.evaluation.compare import Comparison, compare
from rag.evaluation.made_questions import PER_LANGUAGE, make_questions
from rag.evaluation.question_files import read_questions
from rag.evaluation.questions import sample_questions
from rag.evaluation.run import Measured, Progress, Run, run_questions, summarize
from rag.evaluation.thresholds import Below, Threshold, find_below

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase


@dataclass(frozen=True, slots=True)
class Report:
    """`problems` are sentences about questions of a file that name documents that are not there."""

    run: Run
    problems: tuple[str, ...]
    measured: tuple[Measured, ...]
    below: tuple[Below, ...]
    comparison: Comparison | None


def evaluate(
    kb: KnowledgeBase,
    *,
    questions: Path | None,
    limit: int | None,
    before: Run | None,
    thresholds: Sequence[Threshold],
    progress: Progress,
) -> Report:
    """Ask the questions of a file, or made ones, and measure; `limit` bounds them a language.

    Raises UsageError for a file that cannot be understood, and for documents that no question can be made of.
    """
    problems: list[str] = []
    if questions:
        asked, problems = read_questions(questions, kb.documents(), kb.text)
        asked = sample_questions(asked, limit) if limit else asked
    else:
        with kb.index.reading():
            asked = make_questions(kb, limit or PER_LANGUAGE)
    run = run_questions(kb, asked, progress)
    measured = summarize(run.outcomes)
    return Report(
        run,
        tuple(problems),
        tuple(measured),
        tuple(find_below(measured, thresholds)),
        compare(before, run) if before else None,
    )
