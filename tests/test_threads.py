"""Threads that share a knowledge base."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corpus import write_tree

import rag
from rag.answer import Evidence
from rag.threads import Turn, in_turn

QUESTIONS = [f"Who keeps the key of room {n}?" for n in range(8)]
PATIENCE = 60  # seconds for what takes one; a hang is found by it, and nothing is timed


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[rag.KnowledgeBase]:
    files = {f"rooms/{n}.md": f"# Room {n}\n\nThe key of room {n} is kept by porter {n}.\n" for n in range(8)}
    write_tree(tmp_path / "docs", files)
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as base:
        base.ingest([tmp_path / "docs"])
        yield base


def test_threads_that_share_a_knowledge_base_find_what_one_finds(kb: rag.KnowledgeBase) -> None:
    def find(question: str) -> tuple[object, ...]:
        answer = kb.ask(question, generate=False)
        return kb.search(question, 3), [quote.text for quote in answer.quotes], len(kb.documents())

    alone = [find(question) for question in QUESTIONS]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(find, QUESTIONS * 3, timeout=PATIENCE)) == alone * 3


def test_an_answer_that_is_thrown_away_lets_the_next_thread_in(kb: rag.KnowledgeBase) -> None:
    steps = kb.ask_in_steps(QUESTIONS[0], generate=False)
    assert isinstance(next(steps), Evidence)
    assert len(kb.search(QUESTIONS[1], 1)) == 1  # the thread that asks may go on searching
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(kb.search, QUESTIONS[2], 1)
        assert not found.done()
        other = threading.Thread(target=steps.close)  # type: ignore[attr-defined]
        other.start()
        other.join(PATIENCE)
        assert len(found.result(PATIENCE)) == 1


def test_an_error_ends_the_turn() -> None:
    class Failing:
        turn = Turn()

        @in_turn
        def fail(self) -> None:
            raise ValueError

    failing = Failing()
    for _ in range(2):
        with pytest.raises(ValueError), ThreadPoolExecutor(1) as pool:
            pool.submit(failing.fail).result(PATIENCE)
