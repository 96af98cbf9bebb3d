"""Ctrl-C while a model works: it ends at once, a whole line stands on the screen, and the exit code says so."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from corpus import write_tree
from terminal import CTRL_C, Terminal

import rag

pytestmark = [pytest.mark.models, pytest.mark.slow]

LEAVE = "Full-time employees receive 20 days of paid annual leave per year."
QUESTION = "How many days of paid annual leave do full-time employees receive?"


@pytest.fixture
def environment(bundled_models: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A knowledge base and the bundled models; no prompt was ever read, so the model has its hands full."""
    files: dict[str, str | bytes] = {
        "leave.md": f"# Leave\n\n{LEAVE}\n\nIt may be carried over until the end of March.\n",
        "travel.md": "# Travel\n\nHotels are paid up to 140 euro a night.\n",
    }
    with rag.open(tmp_path / "kb", **bundled_models) as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
    return {
        "RAG_KB": str(tmp_path / "kb"),
        "RAG_EMBED_MODEL": bundled_models["embed_model"],
        "RAG_MODEL": bundled_models["model"],
    }


def running(processes: list[int]) -> list[int]:
    return [process for process in processes if Path(f"/proc/{process}").exists()]


@pytest.mark.skipif(sys.platform != "linux", reason="the children of a process are read from /proc")
def test_an_answer_is_interrupted(environment: dict[str, str]) -> None:
    with Terminal(["ask", QUESTION], environment) as terminal:
        terminal.read_until(LEAVE)
        models = terminal.children()
        assert models
        pressed = time.perf_counter()
        terminal.press(CTRL_C)
        while running(models):
            time.sleep(0.001)
        ended = time.perf_counter() - pressed
        assert terminal.finish() == 130
    print(f"Ctrl-C: models ended after {ended:.3f} s, the program after {time.perf_counter() - pressed:.3f} s")
    assert terminal.text.endswith("\nrag: Interrupted; the knowledge base is consistent.\n")
    assert "Traceback" not in terminal.text


def test_in_a_conversation_only_the_answer_is_interrupted(environment: dict[str, str]) -> None:
    with Terminal(["chat"], environment) as terminal:
        terminal.read_until(">")
        terminal.press(f"{QUESTION}\r")
        terminal.read_until(f"      {LEAVE}")
        terminal.press(CTRL_C)
        terminal.press("/sources\r/save\r/quit\r")
        assert terminal.finish() == 0
    after = terminal.text[terminal.text.rindex("/sources") :]
    assert "Traceback" not in terminal.text
    assert "[1] docs/leave.md" in after  # the evidence on the screen
    assert "Nothing was answered in this conversation yet." in after  # it is no turn
