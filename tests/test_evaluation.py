"""`rag eval`: a run, two runs compared, thresholds, and the command."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from corpus import write_tree
from hypothesis import given
from hypothesis import strategies as st
from judged_documents import LEAVE, VISITORS, ignore, open_judged

import rag
from index.errors import UsageError
from rag.cli import _run
from rag.evaluation.compare import EXACT, chance_of, compare, load_run, save_run
from rag.evaluation.made_questions import make_questions
from rag.evaluation.questions import JudgedQuestion
from rag.evaluation.run import MEASURES, Outcome, Run, run_questions, summarize
from rag.evaluation.thresholds import Threshold, find_below, read_threshold

SAMPLE = Path(__file__).parent.parent / "sample_docs"


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rag.KnowledgeBase]:
    with open_judged(tmp_path_factory.mktemp("evaluation")) as base:
        yield base


# ---------------------------------------------------------------- a run


def test_every_measure_is_taken_where_it_applies(kb: rag.KnowledgeBase) -> None:
    questions = [
        JudgedQuestion("1", "Who signs the book at the reception desk?", "en", "file", documents=("docs/visitors.md",)),
        JudgedQuestion("2", "How many days of paid annual leave do full-time employees receive?", "en", "file",
                       documents=("docs/handbook.md",), answers=("20 days",)),
        JudgedQuestion("3", "How many days of paid annual leave do full-time employees receive?", "en", "file",
                       documents=("docs/visitors.md",), answers=("20 days",)),
        JudgedQuestion("4", "富士山の高さは何メートルですか？", "ja", "file", answerable=False),
    ]  # fmt: skip
    seen: list[tuple[str, int, int]] = []
    run = run_questions(kb, questions, lambda stage, done, total, name: seen.append((stage, done, total)))
    assert seen == [("ask", n, 4) for n in (1, 2, 3, 4)]
    one, two, three, four = (outcome.scores for outcome in run.outcomes)
    ranking = {name for name in MEASURES if "." in name}
    assert one.keys() == ranking | {"answered"}
    assert two.keys() == ranking | {"quote@1", "quote@3", "answered"}
    assert (two["lexical.hit@1"], two["quote@1"]) == (1.0, 1.0)
    assert (three["lexical.hit@1"], three["quote@1"]) == (0.0, 0.0)  # the words are right, the document is not
    # How well it decides is not the matter here, but that its decision is counted on the right side.
    refused = [kb.ask(question.text, generate=False).abstained for question in questions]
    assert [score["answered"] for score in (one, two, three)] == [float(not said) for said in refused[:3]]
    assert four == {"refused": float(refused[3])}
    summary = {(m.measure, m.language): m.estimate for m in summarize(run.outcomes)}
    assert summary["refused", "all"].questions == summary["refused", "ja"].questions == 1
    assert ("refused", "en") not in summary
    assert summary["quote@1", "en"].value == 0.5
    assert summary["answered", "all"].questions == 3


def test_without_vectors_there_is_no_dense_leg(tmp_path: Path) -> None:
    write_tree(tmp_path / "docs", {"handbook.md": LEAVE, "visitors.md": VISITORS})
    with rag.open(tmp_path / "kb") as base:
        base.ingest([tmp_path / "docs"])
        run = run_questions(base, make_questions(base), ignore)
    assert run.embed_model == ""
    measured = {entry.measure for entry in summarize(run.outcomes)}
    assert "lexical.hit@1" in measured
    assert not any(name.startswith("dense") for name in measured)


# ---------------------------------------------------------------- two runs


def make_run(*scores: dict[str, float], language: str = "en") -> Run:
    outcomes = [Outcome(str(i), f"q{i}", language, "file", True, ("d",), row) for i, row in enumerate(scores)]
    return Run("/kb", "2026-01-01T00:00:00+00:00", "", 1, 1, 1.0, tuple(outcomes))


def slow_chance(differences: Sequence[float]) -> float:
    """Every assignment of signs, zeros included."""
    seen = abs(sum(differences)) - 1e-9
    sums = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(abs(value) >= seen for value in sums) / len(sums)


def test_chance_by_hand() -> None:
    assert chance_of([1, 1, 1, 1, 1]) == 2 / 32
    assert chance_of([1, -1]) == 1.0
    assert chance_of([0, 0]) == chance_of([]) == 1.0


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), max_size=9))
def test_chance_is_that_of_all_assignments(differences: list[float]) -> None:
    assert chance_of(differences) == pytest.approx(slow_chance(differences))
    assert chance_of(differences) == chance_of([-value for value in differences])


def test_drawn_assignments_agree_with_all_of_them() -> None:
    differences = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, -1.0, -0.5, 1.0, 0.25, -0.25, 1.0, 1.0]
    assert len(differences) > EXACT
    assert chance_of(differences) == pytest.approx(slow_chance(differences), abs=0.01)
    assert chance_of(differences) == chance_of(differences)


def test_what_changed_is_named() -> None:
    before = make_run({"hybrid.mrr@10": 1.0, "quote@1": 1.0}, {"hybrid.mrr@10": 0.25}, {"hybrid.mrr@10": 1.0})
    after = make_run({"hybrid.mrr@10": 0.5, "quote@1": 0.0}, {"hybrid.mrr@10": 1.0}, {"hybrid.mrr@10": 1.0}, {})
    found = compare(before, after)
    assert [(moved.id, moved.gain) for moved in found.moved] == [("0", -1.5), ("1", 0.75)]
    assert found.moved[0].before == {"hybrid.mrr@10": 1.0, "quote@1": 1.0}
    assert (found.dropped, found.new) == (0, 1)
    change = next(c for c in found.changes if (c.measure, c.language) == ("hybrid.mrr@10", "all"))
    assert change.questions == 3
    assert change.before == pytest.approx(0.75)
    assert change.after == pytest.approx(2.5 / 3)
    assert compare(before, before).moved == ()
    assert all(change.p == 1.0 for change in compare(before, before).changes)


def test_a_run_is_read_as_it_was_saved(tmp_path: Path) -> None:
    run = make_run({"hybrid.mrr@10": 1 / 3, "quote@1": 1.0}, {"refused": 0.0}, language="ja")
    save_run(tmp_path / "run.json", run)
    assert load_run(tmp_path / "run.json") == run
    with pytest.raises(UsageError, match="not a folder"):
        save_run(tmp_path / "nowhere" / "run.json", run)
    for content in ("", "[]", "{}", '{"outcomes": [{"id": 1}]}', '{"outcomes": 3}', "\ufffd["):
        (tmp_path / "other.json").write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match="not a saved run"):
            load_run(tmp_path / "other.json")
    kept = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for scores in ({"quote@1": float("nan")}, {"quote@1": 7}):
        broken = {**kept, "outcomes": [{**kept["outcomes"][0], "scores": scores}]}
        (tmp_path / "other.json").write_text(json.dumps(broken), encoding="utf-8")
        with pytest.raises(UsageError, match="not a saved run"):
            load_run(tmp_path / "other.json")
    listed = {**kept, "outcomes": [{**kept["outcomes"][0], "id": ["x"]}]}
    (tmp_path / "other.json").write_text(json.dumps(listed), encoding="utf-8")
    assert compare(load_run(tmp_path / "other.json"), run).dropped == 1
    (tmp_path / "other.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a saved run"):
        load_run(tmp_path / "other.json")


# ---------------------------------------------------------------- thresholds


def test_thresholds_are_read() -> None:
    assert read_threshold("ndcg@10=0.8") == Threshold("hybrid.ndcg@10", "all", 0.8)
    assert read_threshold("JA:Quote@3=1") == Threshold("quote@3", "ja", 1.0)
    assert read_threshold("lexical.hit@1=.5") == Threshold("lexical.hit@1", "all", 0.5)


@pytest.mark.parametrize(
    "text", ["ndgc@10=0.8", "ndcg@10", "ndcg@10=", "ndcg@10=90", "ndcg@10=nan", "=0.5", "quote@1=x"]
)
def test_wrong_thresholds_are_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        read_threshold(text)


def test_what_was_not_measured_is_below() -> None:
    measured = summarize(make_run({"quote@1": 1.0}, {"quote@1": 0.0}).outcomes)
    wanted = [read_threshold(text) for text in ("quote@1=0.5", "quote@1=0.51", "ja:quote@1=0", "refused=0")]
    assert [(below.threshold, below.value) for below in find_below(measured, wanted)] == [
        (wanted[1], 0.5),
        (wanted[2], None),
        (wanted[3], None),
    ]


# ---------------------------------------------------------------- the command


Eval = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_eval(kb: rag.KnowledgeBase, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Eval:
    monkeypatch.setenv("RAG_HOME", str(kb.folder.parent / "home"))
    monkeypatch.setenv("RAG_KB", str(kb.folder))
    monkeypatch.setenv("RAG_EMBED_MODEL", "hashing:64")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = _run(["eval", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_the_command_shows_a_table_for_each_language(run_eval: Eval) -> None:
    code, out, err = run_eval("--quiet")
    assert code == 0
    assert "made from the documents" in out.splitlines()[0]
    assert "easier than real ones" in err
    heads = [line.split() for line in out.splitlines() if "hybrid" in line]
    assert heads == [[*name, "hybrid", "lexical", "dense"] for name in (["all", "languages"], ["en"], ["ja"])]
    assert out.count("ndcg@10") == 3


def test_the_command_s_json_is_one_object(run_eval: Eval) -> None:
    code, out, err = run_eval("--json", "--limit", "2")
    report: dict[str, Any] = json.loads(out)
    assert (code, err) == (0, "")
    assert report.keys() == {
        *("kb", "date", "embed_model", "documents", "chunks", "seconds", "outcomes"),
        *("problems", "measures", "below", "comparison"),
    }
    assert report["measures"][0].keys() == {"measure", "language", "value", "low", "high", "questions"}
    for entry in report["measures"]:
        assert 0 <= entry["low"] <= entry["value"] <= entry["high"] <= 1
    answerable = [outcome for outcome in report["outcomes"] if outcome["answerable"]]
    assert sorted(outcome["language"] for outcome in answerable) == ["en", "en", "ja", "ja"]


def test_a_measure_below_its_threshold_is_exit_7(run_eval: Eval, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "Who wears a badge at the reception?", "document": "rules.md"}\n', encoding="utf-8")
    code, out, err = run_eval("--questions", str(path), "--fail-below", "lexical.hit@1=1", "--fail-below", "answered=0")
    assert code == 7
    assert "1 question of your file" in out
    assert "Below: lexical.hit@1 is 0.000, and must be 1." in err
    assert "answered" not in err
    assert run_eval("--questions", str(path), "--fail-below", "lexical.hit@1=0")[0] == 0
    code, _, err = run_eval("--fail-below", "lexical.hits@1=1")
    assert code == 2
    assert "Did you mean lexical.hit@1?" in err


def test_a_run_that_could_not_be_kept_is_not_begun(run_eval: Eval, tmp_path: Path) -> None:
    code, out, err = run_eval("--save", str(tmp_path / "nowhere" / "run.json"))
    assert (code, out) == (2, "")
    assert f"there is no folder {tmp_path / 'nowhere'}" in err


def test_two_runs_are_compared(run_eval: Eval, tmp_path: Path) -> None:
    kept, path = str(tmp_path / "before.json"), tmp_path / "q.jsonl"
    path.write_text('{"question": "Who wears a badge?", "document": "rules.md", "id": "b"}\n', encoding="utf-8")
    assert run_eval("--questions", str(path), "--save", kept)[0] == 0
    assert "no question changed" in run_eval("--questions", str(path), "--against", kept)[1]
    path.write_text('{"question": "Who wears a badge?", "document": "visitors.md", "id": "b"}\n', encoding="utf-8")
    code, out, _ = run_eval("--questions", str(path), "--against", kept)
    assert code == 0
    assert "Better: 1 question\n  Who wears a badge?: rank" in out
    assert "may be chance" in out
    code, out, _ = run_eval("--questions", str(path), "--against", kept, "--json")
    assert json.loads(out)["comparison"]["moved"][0]["id"] == "b"
    assert run_eval("--against", str(tmp_path / "none.json"))[0] == 2


def test_a_run_of_something_else_is_said_to_be(run_eval: Eval, tmp_path: Path) -> None:
    kept, path = tmp_path / "before.json", tmp_path / "q.jsonl"
    path.write_text('{"question": "Who wears a badge?", "document": "rules.md"}\n', encoding="utf-8")
    assert run_eval("--questions", str(path), "--save", str(kept))[0] == 0
    run = json.loads(kept.read_text(encoding="utf-8"))
    kept.write_text(json.dumps({**run, "kb": "/other/kb", "embed_model": "llamacpp:x"}), encoding="utf-8")
    code, out, err = run_eval("--questions", str(path), "--against", str(kept))
    assert code == 0 and "no question changed" in out
    assert "another knowledge base: /other/kb" in err and "another embedding model: llamacpp:x" in err
    path.write_text('{"question": "Who wears no badge?", "document": "rules.md"}\n', encoding="utf-8")
    code, out, err = run_eval("--questions", str(path), "--against", str(kept))
    assert code == 0 and "no question changed" not in out
    assert "asked none of these questions" in err


def test_the_questions_are_not_written_over(run_eval: Eval, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "Who wears a badge?", "document": "rules.md"}\n', encoding="utf-8")
    code, out, err = run_eval("--questions", str(path), "--save", str(tmp_path / "." / "q.jsonl"))
    assert (code, out) == (2, "")
    assert "would write over the questions" in err
    assert path.read_text(encoding="utf-8").startswith('{"question"')


@pytest.mark.models
@pytest.mark.slow
def test_the_sample_company_s_questions(
    run_eval: Eval, tmp_path: Path, bundled_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_KB", str(tmp_path / "company"))
    monkeypatch.setenv("RAG_EMBED_MODEL", bundled_models["embed_model"])
    with rag.open(tmp_path / "company", embed_model=bundled_models["embed_model"]) as base:
        assert base.ingest([SAMPLE]).failed == ()
    code, out, _ = run_eval(
        *("--questions", str(SAMPLE / "questions.jsonl"), "--json"),
        *("--fail-below", "hit@10=0.95", "--fail-below", "quote@3=0.8"),
    )
    report = json.loads(out)
    assert (code, report["below"]) == (0, [])
    counts = {(m["measure"], m["language"]): m["questions"] for m in report["measures"]}
    assert counts["hybrid.ndcg@10", "all"] == counts["quote@1", "all"] == 24
    assert counts["refused", "en"] == counts["refused", "ja"] == 3
    assert all(outcome["wanted"] for outcome in report["outcomes"] if outcome["answerable"])
