"""Quotes beside the found ones, where a search by words alone found fewer than three."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rag
from rag.chat import Chat
from rag.cli import _run

RULES = {
    "a/alarm.md": "The alarm is tested on Mondays.\n\nLeave by the green exit.\n\nDo not use the lift.\n",
    "a/parking.md": "Bicycles stand beside the gate.\n\nVisitors park in the yard.\n",
    "b/garden.md": "The garden closes at dusk.\n\nDogs stay on the lead.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in RULES.items():
        file = tmp_path / "rules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([tmp_path / "rules"])
    return tmp_path / "kb"


@pytest.mark.parametrize("question", ["When is the alarm tested?", "Where do bicycles stand?", "Who won in Peru?", "x"])
def test_three_quotes_that_stand_in_the_documents(folder: Path, question: str) -> None:
    with rag.open(folder) as kb:
        quotes = kb.ask(question, generate=False).quotes
        assert len(quotes) >= 3
        assert [quote.n for quote in quotes] == list(range(1, len(quotes) + 1))
        assert [quote.score for quote in quotes] == sorted((quote.score for quote in quotes), reverse=True)
        assert len({quote.text for quote in quotes}) == len(quotes)
        assert all(kb.text(quote.path)[quote.start : quote.end] == quote.text for quote in quotes)


def test_what_stands_beside_comes_before_other_documents(folder: Path) -> None:
    with rag.open(folder) as kb:
        quotes = kb.ask("Where do bicycles stand?", generate=False).quotes
    assert [quote.path for quote in quotes[:2]] == ["rules/a/parking.md"] * 2
    assert quotes[0].score > 0


def test_what_is_nearest_in_the_document_comes_first(tmp_path: Path) -> None:
    sections = [f"# Part {n}\n\nHere stands what the {n}th letter tells of its writer.\n" for n in range(40)]
    sections[30] = "# Part 30\n\nThe anteater sleeps.\n"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "letters.md").write_text("\n".join(sections), encoding="utf-8")
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([tmp_path / "docs"])
        first, *others = kb.ask("anteater", generate=False).quotes
    assert first.heading == ("Part 30",)
    assert len(others) == 2
    assert all(abs(int(quote.heading[0].removeprefix("Part ")) - 30) <= 5 for quote in others)


def test_nothing_from_outside_of_what_may_be_searched(folder: Path) -> None:
    with rag.open(folder) as kb:
        for question in ("Where do bicycles stand?", "When does the garden close?"):
            quotes = kb.ask(question, generate=False, within="rules/b/*").quotes
            assert {quote.path for quote in quotes} == {"rules/b/garden.md"}


def test_what_was_not_found_is_in_the_answer_but_not_called_near(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_KB", str(folder))
    arguments = ["ask", "Who won in Peru?"]
    assert _run(arguments) == 6
    assert capsys.readouterr().out.strip() == "Not in these documents. Nothing was made up."
    assert _run([*arguments, "--json"]) == 6
    told = json.loads(capsys.readouterr().out)
    with rag.open(folder) as kb:
        chat = Chat(kb)
        assert list(chat.ask("Who won in Peru?"))
    assert chat.to_markdown() == "## Who won in Peru?\n\nNot in these documents. Nothing was made up.\n"
    assert told["abstained"] is True
    assert len(told["quotes"]) == 3
