"""Questions whose right places, documents or answers are known."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase


@dataclass(frozen=True, slots=True)
class Target:
    """A place that answers a question: ``[start, end)`` of the document at `path`."""

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question with what is right for it: places, documents (paths) or answers (words a quote should hold).

    `without` names documents that are left out when it is asked, which makes it one that the rest does not answer.
    """

    id: str
    text: str
    language: str
    kind: str
    answerable: bool = True
    targets: tuple[Target, ...] = ()
    documents: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def question_id(text: str, kind: str) -> str:
    """The same for the same question in every run, so that two runs can be compared."""
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:10]


def sample_questions(questions: Iterable[JudgedQuestion], limit: int) -> list[JudgedQuestion]:
    """`limit` questions of each language, drawn by their words alone, in the order in which they stand."""
    listed = list(questions)
    kept: Counter[str] = Counter()
    chosen: set[int] = set()
    for i in sorted(range(len(listed)), key=lambda i: question_id(listed[i].text, "sample")):
        if kept[listed[i].language] < limit:
            kept[listed[i].language] += 1
            chosen.add(i)
    return [listed[i] for i in sorted(chosen)]


def paths_without(kb: KnowledgeBase, paths: Sequence[str]) -> list[str]:
    """Patterns for `within` that match every document but those at `paths` and the mails or archives they came in."""
    with kb.index.store.reading():
        known = kb.index.store.document_ids()
    rest = [other for other in known if not any(path == other or path.startswith(f"{other}/") for path in paths)]
    return [re.sub(r"[*?\[]", r"[\g<0>]", path) for path in rest]
