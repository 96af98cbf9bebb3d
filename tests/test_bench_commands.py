"""The commands in tests/bench measure this copy of the product with nobody's settings, and nothing that failed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def bench_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "bench"))


def test_speeds_are_measured_with_the_bundled_models_and_no_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bundled

    with pytest.raises(SystemExit, match="rag setup --bundled"):
        bundled.take_bundled(tmp_path, str(tmp_path))
    models = {purpose: SimpleNamespace(name=f"llamacpp:/{purpose}") for purpose in ("embedding", "instruct", "reader")}
    monkeypatch.setattr(bundled, "find_bundled", lambda folder: models)
    monkeypatch.setattr(os, "environ", {**os.environ, "RAG_THREADS": "1", "RAG_HOME": "/mine", "PYTHONPATH": "/other"})
    settings = bundled.take_bundled(tmp_path, "/nobodys")
    assert settings == {"embed_model": "llamacpp:/embedding", "model": "llamacpp:/instruct"}
    assert {name: value for name, value in os.environ.items() if name.startswith(("RAG_", "PYTHONPATH"))} == {
        "RAG_HOME": "/nobodys",
        "PYTHONPATH": str(ROOT),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="speed.py reads what POSIX counts")
def test_what_fails_is_not_timed() -> None:
    import speed

    environment = dict(os.environ)
    for run in (speed.timed, speed.first_line, speed.timed_with_memory):
        with pytest.raises((SystemExit, subprocess.CalledProcessError)):
            run([sys.executable, "-c", "raise SystemExit(6)"], environment)
    assert speed.first_line([sys.executable, "-c", "print('Evidence')"], environment) > 0


@pytest.mark.parametrize(
    "options",
    [
        ["--data", "d", "--sights", "tokens", "--cases", "f", "--reader", "r"],
        ["--data", "d", "--sights", "pairs"],
        ["--data", "d", "--sights", "pairs", "--cases", "f"],
        ["--sights", "pairs", "words", "--cases", "f", "--reader", "r"],
        [],
    ],
)
def test_no_sight_is_fitted_to_the_cases_of_another(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import fit_evidence

    monkeypatch.setattr(sys, "argv", ["fit_evidence.py", *options])
    with pytest.raises(SystemExit):
        fit_evidence.main()
    assert "pairs and glossed need --cases" in capsys.readouterr().err


def test_no_adapter_is_taught_by_the_cases_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import fit_adapter

    (tmp_path / "cases").write_bytes(pickle.dumps([SimpleNamespace(data="squad2")]))
    options = ["--data", "d", "--reader", "r", "--adapter", "glossed", "--cases", str(tmp_path / "cases")]
    monkeypatch.setattr(sys, "argv", ["fit_adapter.py", *options])
    with pytest.raises(SystemExit):
        fit_adapter.main()
    assert "of another adapter" in capsys.readouterr().err


def test_an_answer_is_taught_beside_another_of_its_kind_that_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    import fit_support

    closed = "When did it close that was opened in 1921?"  # it names the other answer
    asked = [("When did it open?", "in 1921"), (closed, "in 1987"), ("Who built it?", "Ada")]
    corpus = [{"_id": "a#0", "title": "A", "text": "Ada built it. It opened in 1921 and closed in 1987."}]
    questions = [{"_id": f"a#0?{n}", "text": text, "answers": [answer]} for n, (text, answer) in enumerate(asked)]
    read = corpus, questions, {row["_id"]: {"a#0"} for row in questions}
    monkeypatch.setattr(fit_support, "read_articles", lambda name: read)
    monkeypatch.setattr(fit_support.rewordings_en, "declare", "{}: {}".format)
    monkeypatch.setattr(fit_support.rewordings_en, "answer_to", "{}: {}".format)
    told = [(row.truth, row.statement.replace("?:", "?")) for row in fit_support.list_asked(random.Random(1))]
    assert [statement for truth, statement in told if truth] == [" ".join(pair) for pair in asked]
    assert [statement for truth, statement in told if not truth] == ["When did it open? in 1987"]


def test_what_taught_nothing_is_described_by_the_true_above_the_highest_false() -> None:
    import fit_support
    import numpy as np

    def read(truth: bool, opened: bool) -> fit_support.Read:
        told = fit_support.Told("written", "true", truth, "", "", "letters", False)
        return fit_support.Read(told, "", "", opened)

    some = [read(True, True), read(True, True), read(False, True), read(True, False), read(False, False)]
    lines = list(fit_support.describe(some, np.array([3.0, 1.0, 2.0, 5.0, 4.0])))
    assert [line.partition(" statements")[0] for line in lines] == ["written, open: 3", "written, all: 5"]
    assert lines[0].endswith(": 0.500 of the true, 0.500 of the true, 0.500 of the true")
    assert lines[1].endswith(": 0.333 of the true, 0.333 of the true, 0.333 of the true")


def test_the_border_of_what_reading_alone_decides_is_that_of_a_share_of_the_false_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import fit_support
    import numpy as np

    truth = np.array([0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    weight = np.array([1.0, 1.0, 78.0, 1.0, 3.0, 50.0])
    # The last was not read. One of 80 of the false weight lies above 3.0, two from it on: less and more than .02.
    unsure = [(0, 5.0), (1, 4.0), (2, 1.0), (3, 3.0), (4, 2.0)]
    assert fit_support.border_of(unsure, truth, weight) == 3.0
    assert "above 3.0: 0.250 of the true" in capsys.readouterr().out


def test_what_reading_alone_supports_counts_where_the_border_of_the_rest_is_set() -> None:
    import fit_support
    import numpy as np
    from fit_confidence import Sample

    chance = np.random.default_rng(7)
    truth = np.arange(240) % 2 == 0
    by_meaning, together = (np.where(truth, 1.0, -1.0) + chance.normal(size=240) for _ in range(2))
    by_meaning[200:] = -np.inf
    samples = [Sample(("en", "true" if one else "false"), bool(one), "a", "open", {}, None) for one in truth]
    unsure = [(place, 3.0 if truth[place] or place == 201 else -3.0) for place in range(200, 240)]
    model = fit_support.fit_whole(samples, by_meaning, together, unsure)
    assert model["alone"] == 3.0
    by_whole = model["bias"] + model["meaning"] * by_meaning[:200] + model["together"] * together[:200]
    supported = [*(by_whole >= -0.01), *(odds >= model["alone"] for _, odds in unsure)]
    # .028 of the 120 false ones are three and a bit, and the border is that of the next; one of the four is read alone.
    assert np.sum(np.array(supported) & ~truth) == 4


def test_what_rules_leave_open_or_was_written_teaches_and_a_share_of_the_rest() -> None:
    import random

    import fit_support

    def read(data: str, opened: bool, teaches: bool = True) -> fit_support.Read:
        return fit_support.Read(fit_support.Told(data, "true", True, "", "", "", teaches), "", "", opened)

    some = [read("squad2", True), read("written", False), read("articles", True)]
    assert fit_support.choose([*some, read("squad2", True, False)], random.Random(7)) == some
    rest = [read(("squad2", "articles")[n % 2], False) for n in range(2000)]
    assert 540 < len(fit_support.choose(rest, random.Random(7))) < 660


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("nothing", "2 1 True True"),
        ("context", "0 1 True True"),
        ("words", "2 1 False True"),
        ("pairs", "2 1 True False"),
    ],
)
def test_what_is_left_out_of_retrieval_finds_nothing(tmp_path: Path, part: str, found: str) -> None:
    """The passages that the heading, a word of the text, a dictionary word and a pair of characters find."""
    program = tmp_path / "score.py"
    program.write_text(
        "import sys, rag\n"
        "from index.words import read_words\n"
        "from pathlib import Path\n"
        "docs = Path(sys.argv[1])\n"
        "with rag.open(docs.parent / 'kb', embed_model='hashing:64') as kb:\n"
        "    kb.ingest([docs])\n"
        "    heads, own = (kb.search(word, mode='lexical') for word in ('wombats', 'burrow'))\n"
        "    read = read_words('附属書類')\n"
        "    print(len(heads), len(own), '付属' in (*read.terms,), '属書' in (*read.terms, *read.shingles))\n",
        encoding="utf-8",
    )
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# Wombats\n\nThey dig a burrow.\n\n## Wombats at night\n\nThey eat grass.\n")
    command = [sys.executable, str(ROOT / "tests" / "bench" / "without.py"), part, str(program), str(docs)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == found
