"""Threads that share a knowledge base."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest
from corpus import write_tree

import rag
from index.errors import UsageError
from rag.answer import Evidence
from rag.retrieval import Background
from rag.threads import Turn, in_turn

QUESTIONS = [f"Who keeps the key of room {n}?" for n in range(8)]
PATIENCE = 60  # seconds for what takes one; a hang is found by it, and nothing is timed
Found = TypeVar("Found")


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[rag.KnowledgeBase]:
    files = {f"rooms/{n}.md": f"# Room {n}\n\nThe key of room {n} is kept by porter {n}.\n" for n in range(8)}
    write_tree(tmp_path / "docs", files)
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as base:
        base.ingest([tmp_path / "docs"])
        yield base


def begin(work: Callable[[], Found]) -> Future[Found]:
    """Do it in a thread of its own, for which nothing waits if it hangs."""
    found: Future[Found] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return found


def test_threads_that_share_a_knowledge_base_find_what_one_finds(kb: rag.KnowledgeBase) -> None:
    def find_all() -> list[object]:
        answers = [kb.ask(question, generate=False) for question in QUESTIONS]
        quoted = [[quote.text for quote in answer.quotes] for answer in answers]
        return [quoted, [kb.search(question, 3) for question in QUESTIONS], len(kb.documents())]

    alone = find_all()
    together = [begin(find_all) for _ in range(4)]
    assert [found.result(PATIENCE) for found in together] == [alone] * 4


def test_an_answer_that_is_thrown_away_lets_the_next_thread_in(kb: rag.KnowledgeBase) -> None:
    steps = kb.ask_in_steps(QUESTIONS[0], generate=False)
    assert isinstance(next(steps), Evidence)
    assert len(kb.search(QUESTIONS[1], 1)) == 1  # the thread that asks may go on searching
    found = begin(lambda: kb.search(QUESTIONS[2], 1))
    with pytest.raises(TimeoutError):
        found.result(0.2)
    begin(steps.close).result(PATIENCE)  # type: ignore[attr-defined]
    assert len(found.result(PATIENCE)) == 1


def test_an_error_ends_the_turn() -> None:
    class Failing:
        turn = Turn()

        @in_turn
        def fail(self) -> None:
            raise ValueError

    failing = Failing()
    for _ in range(2):
        with pytest.raises(ValueError):
            begin(failing.fail).result(PATIENCE)


def test_a_closed_knowledge_base_says_that_it_is_closed(tmp_path: Path) -> None:
    with rag.open(tmp_path / "closed") as kb:
        kb.close()
        for use in (lambda: kb.ask(QUESTIONS[0]), lambda: kb.search(QUESTIONS[0]), kb.documents):
            with pytest.raises(UsageError, match="closed"):
                use()


def test_closing_does_not_wait_for_what_is_still_opening() -> None:
    may_open, closed = threading.Event(), threading.Event()

    class Model:
        def close(self) -> None:
            closed.set()

    def open_model() -> Model:
        may_open.wait(PATIENCE)
        return Model()

    background = Background(open_model)
    background.start()
    begin(background.close).result(PATIENCE / 2)
    assert not closed.is_set()
    may_open.set()
    assert closed.wait(PATIENCE)
