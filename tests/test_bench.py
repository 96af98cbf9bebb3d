"""Models are compared by figures that were measured, each in its own process; one that fails does not stop the rest."""

from __future__ import annotations

import json
import xml.dom.minidom
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from corpus import write_tree
from scripted_server import Scripted, reply, vectors
from tiny_models import write_llama

import rag
from index.errors import MissingError, UsageError
from rag.bench import MEASURES, Asked, Figures, compare_models, name_model, summarise
from rag.bench_chart import LEFT, RIGHT, WIDTH, draw_chart, format_value
from rag.bench_child import WARMING, measure_alone, serve
from rag.cli import _run

ASKED = Asked(True, 0.1, 0.4, 1.0, quoted=True, written=True, expected=True, refused=False)


def test_waits_are_medians_and_answers_are_shares() -> None:
    asked = [
        ASKED,
        replace(ASKED, first_quote=0.3, whole_answer=2.0, expected=False),
        replace(ASKED, first_quote=0.2, first_token=None, whole_answer=9.0, written=False, quoted=False),
        replace(ASKED, answerable=False, refused=True, first_token=None),
        replace(ASKED, answerable=False, refused=False, first_token=None),
    ]
    found = summarise("runtime:a", "a", {"load": 2.0, "memory": None}, asked)
    assert (found.load, found.memory, found.prompt_speed, found.questions) == (2.0, None, None, 5)
    assert (found.first_quote, found.first_token, found.whole_answer) == (0.1, 0.4, 1.0)
    assert found.quoted == found.written == pytest.approx(200 / 3)
    assert found.expected == found.otherwise == pytest.approx(100 / 3)
    assert found.refused == 50


def test_without_questions_there_is_nothing_about_answers() -> None:
    found = summarise("runtime:a", "a", {"load": 1.0}, [])
    measured = {field for field, *_ in MEASURES if getattr(found, field) is not None}
    assert measured == {"load"}


def test_a_model_is_named_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_MODELS", str(tmp_path))
    (tmp_path / "a.gguf").touch()
    assert name_model("a.gguf") == name_model(str(tmp_path / "a.gguf")) == f"llamacpp:{tmp_path / 'a.gguf'}"
    assert name_model("openai:qwen3") == "openai:qwen3"
    with pytest.raises(MissingError):
        name_model("b.gguf")


# ------------------------------------------------------------------------------------------------ the chart

TWO = [
    Figures("llamacpp:a", "a", load=2.0, prompt_speed=400.0, memory=0.0),
    Figures("llamacpp:b", "<b> & 日本語", load=1.0, prompt_speed=100.0),
    Figures("llamacpp:c", "c", error="it is gone"),
]


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    picture = xml.dom.minidom.parseString(draw_chart(TWO))
    rows = [rect for rect in picture.getElementsByTagName("rect") if rect.getAttribute("x")]
    bars = [float(rect.getAttribute("width")) for rect in rows[2:]]  # the first two are the legend's
    full = WIDTH - LEFT - RIGHT
    assert bars == pytest.approx([full, full / 2, full, full / 4, 1, 1])
    nodes = [node for text in picture.getElementsByTagName("text") for node in text.childNodes]
    words = [node.data for node in nodes if isinstance(node, xml.dom.minidom.Text)]
    assert {"<b> & 日本語", "load ↓", "prompt ↑", "2.00 s", "400 tokens/s", "–"} <= set(words)
    assert "c" not in words
    assert "generation ↑" not in words  # nobody's was measured


def test_a_chart_of_nothing_is_still_a_picture() -> None:
    xml.dom.minidom.parseString(draw_chart([]))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(None, "s", "–"), (0.123, "s", "0.12 s"), (12.34, "tokens/s", "12.3 tokens/s"), (1234.5, "MB", "1,234 MB")],
)
def test_figures_have_three_digits_that_count(value: float | None, unit: str, expected: str) -> None:
    assert format_value(value, unit) == expected


# ------------------------------------------------------------------------------------------------ measuring


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "tiny.gguf", tokens=4096)


@pytest.mark.slow
def test_a_model_is_measured_and_a_missing_one_is_said(model: Path) -> None:
    missing, found = (
        step
        for step in compare_models([f"llamacpp:{model.parent / 'gone.gguf'}", f"llamacpp:{model}"])
        if isinstance(step, Figures)
    )
    assert "gone.gguf" in missing.error
    assert found.error == ""
    assert found.label == "tiny"
    assert found.load and found.load > 0
    assert found.prompt_speed and found.prompt_speed > 0
    assert found.memory and found.memory * 1e6 > model.stat().st_size
    assert found.questions == 0


def test_a_model_alone_is_measured_with_the_settings_of_the_knowledge_base(model: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('kv_type = "q4"')
    with pytest.raises(UsageError, match="kv_type"):
        measure_alone(f"llamacpp:{model}", tmp_path)


def test_the_model_reads_no_question_before_it_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    class Base:
        last_run = None
        text = ""

        def documents(self) -> list[object]:
            return []

        def generate(self, messages: list[dict[str, str]], *, max_tokens: int) -> list[str]:
            read.append(messages[-1]["content"])
            return []

        def ask_in_steps(self, text: str, generate: bool = True) -> list[object]:
            read.extend([text] if generate else [])
            return []

    base = Base()
    monkeypatch.setattr("rag.bench_child.measure_alone", lambda *_: ("a", {}))
    monkeypatch.setattr("rag.bench_child.ask_once", lambda base, question: base.ask_in_steps(question.text) or ASKED)
    monkeypatch.setattr("rag.knowledge_base.open_knowledge_base", lambda *_, **__: nullcontext(base))
    base.generator = base  # type: ignore[attr-defined]
    (tmp_path / "q.jsonl").write_text('{"question": "How many days?", "answers": ["20"]}', encoding="utf-8")
    request = {"name": "runtime:a", "kb": str(tmp_path), "questions": str(tmp_path / "q.jsonl"), "limit": 0}
    assert len(list(serve()(request, [], lambda: False))) == 2
    assert read == [WARMING, "How many days?"]


@pytest.mark.slow
def test_questions_are_asked_of_the_knowledge_base(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_EMBED_MODEL", "hashing:64")
    monkeypatch.setenv("RAG_KB", str(tmp_path / "kb"))
    write_tree(
        tmp_path / "docs",
        {
            "leave.md": "# Leave\n\nFull-time employees receive 20 days of paid annual leave per year.\n",
            "travel.md": "# Travel\n\nHotels are paid up to 140 euro a night.\n",
        },
    )
    rows = [
        {"question": "How many days of annual leave do employees receive?", "answers": ["20 days"]},
        {"question": "Who won the 1998 World Cup?", "answerable": False},
        {"question": "How much is paid for a hotel?", "answers": ["140 euro"]},
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert _run(["ingest", "docs", "--quiet"]) == 0
    capsys.readouterr()
    command = ["bench", str(model), "--questions", "q.jsonl", "--chart", "c.svg"]
    assert _run([*command, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    assert (found["questions"], found["quoted"], found["refused"]) == (3, 100, 100)
    assert 0 < found["first_quote"] <= found["whole_answer"]
    assert found["expected"] + found["otherwise"] == found["written"]
    xml.dom.minidom.parse(str(tmp_path / "c.svg"))
    assert _run([*command, "--limit", "1"]) == 0
    table = capsys.readouterr().out
    (tmp_path / "bad.jsonl").write_text('{"question": "Who?"}\n', encoding="utf-8")
    assert _run(["bench", str(model), "--questions", "bad.jsonl"]) == 2
    assert "Measuring" not in capsys.readouterr().err
    assert "first quote" in table
    assert "tiny" in table.splitlines()[0]


@pytest.mark.slow
def test_questions_are_embedded_by_a_server_also_where_the_model_has_none(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(handler: Any) -> None:
        texts = handler.server.seen[-1][2]["input"]
        reply(vectors(*[[1.0, 0.5] for _ in texts]))(handler)

    docs = write_tree(tmp_path / "docs", {"leave.md": "Staff receive 20 days of paid annual leave."})
    (tmp_path / "q.jsonl").write_text('{"question": "How many days of leave?", "answers": ["20 days"]}')
    with Scripted(*[embed] * 90) as server:
        monkeypatch.setenv("RAG_EMBED_MODEL", "openai:any")
        monkeypatch.setenv("RAG_BASE_URL", server.url)
        with rag.open(tmp_path / "kb") as kb:
            kb.ingest([docs])
        *_, found = compare_models([f"llamacpp:{model}"], kb=tmp_path / "kb", questions=tmp_path / "q.jsonl")
    assert isinstance(found, Figures)
    assert (found.error, found.questions) == ("", 1)


def test_no_model_is_wrong_usage_and_a_failing_one_is_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert _run(["bench", "--kb", str(tmp_path)]) == 2
    assert "rag setup" in capsys.readouterr().err
    assert _run(["bench", "nonsense:x", "--kb", str(tmp_path), "--chart", str(tmp_path / "c.svg")]) == 3
    assert "nonsense" in capsys.readouterr().out
    assert not (tmp_path / "c.svg").exists()
    assert _run(["bench", "nonsense:x", "--kb", str(tmp_path), "--chart", str(tmp_path / "c.png")]) == 2
    assert "c.svg" in capsys.readouterr().err
