"""A few documents whose questions and answers are known, in English and Japanese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from corpus import write_tree

import rag

LEAVE = """# Staff handbook

## 1. Annual leave

Full-time employees receive 20 days of paid annual leave per year. Leave is requested in the portal.

## 2. Secondment

A secondment is a stay of at least three months at another office of the company.

## 3. Hotels

| Country | Limit per night |
|---|---|
| Ireland | 140 euro |
| Denmark | 190 euro |
"""


VISITORS = """# Visitor rules

## Badges

Every visitor wears a badge and signs the book at the reception desk.

## Annual leave

Visitors from other offices book their annual leave at home, not here.
"""


RULES_JA = """# 就業規則

## 第1条（年次有給休暇）

従業員には毎年20日の年次有給休暇を与える。申請は所属長に対して行うものとする。

## 第2条（在宅勤務）

在宅勤務とは、従業員が自宅で業務を行うことをいう。週3日までとする。
"""


FILES: dict[str, str | bytes] = {"handbook.md": LEAVE, "visitors.md": VISITORS, "rules.md": RULES_JA}


@contextmanager
def open_judged(folder: Path) -> Iterator[rag.KnowledgeBase]:
    """A knowledge base of these documents, for tests that only read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAG_HOME", str(folder / "home"))
        with rag.open(folder / "kb", embed_model="hashing:64") as base:
            assert base.ingest([write_tree(folder / "docs", FILES)]).failed == ()
            yield base


def ignore(stage: str, done: int, total: int, name: str) -> None:
    pass
