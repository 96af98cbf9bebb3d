"""``rag eval``: measures against hand-made values and slow oracles, questions, comparison, and the command itself."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from corpus import write_tree
from hypothesis import given
from hypothesis import strategies as st

import rag
from index.errors import UsageError
from index.globs import match_paths
from index.types import Hit
from rag.cli import _run
from rag.evaluation.compare import EXACT, chance_of, compare, load_run, save_run
from rag.evaluation.made_questions import bare_heading, make_questions
from rag.evaluation.measures import estimate, holds_answer, ranking_measures
from rag.evaluation.question_files import read_questions
from rag.evaluation.questions import JudgedQuestion, Target, paths_without, sample_questions
from rag.evaluation.run import MEASURES, Outcome, Run, rank_units, run_questions, summarize
from rag.evaluation.thresholds import Threshold, find_below, read_threshold

SAMPLE = Path(__file__).parent.parent / "sample_docs"

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


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rag.KnowledgeBase]:
    """One knowledge base for all tests that only read."""
    folder = tmp_path_factory.mktemp("evaluation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAG_HOME", str(folder / "home"))
        with rag.open(folder / "kb", embed_model="hashing:64") as base:
            assert base.ingest([write_tree(folder / "docs", FILES)]).failed == ()
            yield base


def ignore(stage: str, done: int, total: int, name: str) -> None:
    pass


# ---------------------------------------------------------------- measures


def test_ranking_measures_by_hand() -> None:
    found = ranking_measures(["x", "a", "y", "b"], ["a", "b", "c"])
    assert found == {
        "hit@1": 0.0,
        "hit@5": 1.0,
        "hit@10": 1.0,
        "mrr@10": 0.5,
        # at ranks 2 and 4: 0.63093 + 0.43068; ideal at 1, 2 and 3: 1 + 0.63093 + 0.5
        "ndcg@10": pytest.approx(1.06161 / 2.13093, abs=1e-5),
    }
    assert set(ranking_measures(["x"] * 0, ["a"]).values()) == {0.0}
    assert set(ranking_measures(["a", "x"], ["a"]).values()) == {1.0}
    eleventh = [f"x{i}" for i in range(10)] + ["a"]
    assert set(ranking_measures(eleventh, ["a"]).values()) == {0.0}


rankings = st.lists(st.sampled_from("abcdefghijklmnopqrst"), unique=True)
some = st.sets(st.sampled_from("abcdefghijklmnopqrst"), min_size=1)


@given(rankings, some)
def test_ranking_measures_are_those_of_slow_definitions(ranked: list[str], wanted: set[str]) -> None:
    found = ranking_measures(ranked, wanted)
    gains = [1.0 if unit in wanted else 0.0 for unit in ranked[:10]]
    best = sorted(gains + [1.0] * (len(wanted) - int(sum(gains))), reverse=True)[:10]
    dcg, ideal = (sum(gain / math.log2(i + 2) for i, gain in enumerate(row)) for row in (gains, best))
    assert found["ndcg@10"] == pytest.approx(dcg / ideal)
    assert found["mrr@10"] == pytest.approx(max([0.0, *(gain / (i + 1) for i, gain in enumerate(gains))]))
    for k in (1, 5, 10):
        assert found[f"hit@{k}"] == float(1.0 in gains[:k])
    assert all(0 <= value <= 1 for value in found.values())
    assert found["hit@1"] <= found["hit@5"] <= found["hit@10"]
    assert found["hit@1"] <= found["mrr@10"] <= found["hit@10"]


@given(rankings, some, st.integers(1, 19))
def test_a_right_one_that_moves_up_never_lowers_a_measure(ranked: list[str], wanted: set[str], at: int) -> None:
    if at >= len(ranked) or ranked[at] not in wanted or ranked[at - 1] in wanted:
        return
    higher = [*ranked[: at - 1], ranked[at], ranked[at - 1], *ranked[at + 1 :]]
    before, after = ranking_measures(ranked, wanted), ranking_measures(higher, wanted)
    assert all(after[name] >= before[name] for name in before)


def test_the_interval_is_wilson_s() -> None:
    """Values of Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3."""
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = estimate([1.0] * hits + [0.0] * (n - hits))
        assert found.value == pytest.approx(hits / n)
        assert found.low == pytest.approx(low, abs=1e-4)
        assert found.high == pytest.approx(high, abs=1e-4)
    assert (estimate([]).low, estimate([]).high, estimate([]).questions) == (0.0, 1.0, 0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_interval_holds_its_mean_and_narrows(values: list[float]) -> None:
    found = estimate(values)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(sum(values) / len(values))
    more = estimate(values * 4)
    assert more.high - more.low < found.high - found.low
    mirrored = estimate([1 - value for value in values])
    assert mirrored.low == pytest.approx(1 - found.high)
    assert mirrored.high == pytest.approx(1 - found.low)


@pytest.mark.parametrize(
    ("text", "answer", "holds"),
    [
        ("It costs 48,900 euro.", "48900", True),
        ("It costs 48900 euro.", "48,900", True),
        ("It costs 148,900 euro.", "48,900", False),
        ("It costs 48,900,000 euro.", "48,900", False),
        ("It takes 25 days.", "5", False),
        ("It takes 25 days.", "5 days", False),
        ("It takes 25 days.", "25 day", False),
        ("Assemble at the NORTH car-park!", "the north car park", True),
        ("価格は５０万円です。", "50万円", True),
        ("価格は150万円です。", "50万円", False),
        ("年次有給休暇は２０ 日です", "20日", True),
        ("週3日まで", "週 3日", True),
        ("Ｇráinne", "gráinne", True),
        ("anything", "…", False),
        ("", "x", False),
    ],
)
def test_an_answer_stands_in_a_text_or_not(text: str, answer: str, holds: bool) -> None:
    assert holds_answer(text, [answer]) is holds
    assert holds_answer(text, ["not this one", answer]) is holds


# ---------------------------------------------------------------- ranked units


def make_hit(path: str, start: int, end: int, also: tuple[str, ...] = (), text: str = "") -> Hit:
    return Hit(path, f"/{path}", None, None, None, "", (), "", start, end, text, (), also, 1.0)


def test_documents_are_ranked_once_and_equal_passages_count_for_the_wanted_one() -> None:
    question = JudgedQuestion("1", "q", "en", "file", documents=("c", "b"))
    hits = [make_hit("a", 0, 5), make_hit("a", 5, 9), make_hit("d", 0, 5, also=("e", "b")), make_hit("c", 0, 5)]
    assert rank_units(hits, question, str) == (["a", "b", "c"], ["c", "b"])


def test_places_are_reached_by_any_passage_that_touches_them() -> None:
    question = JudgedQuestion("1", "q", "en", "heading", targets=(Target("a", 10, 20), Target("b", 3, 8)))
    hits = [make_hit("a", 0, 10), make_hit("a", 15, 30), make_hit("a", 12, 16), make_hit("x", 0, 5, ("b",), "equal")]
    ranked, wanted = rank_units(hits, question, {"b": "...equal"}.__getitem__)
    assert wanted == ["a[10:20]", "b[3:8]"]
    assert ranked == ["a[0:]", "a[10:20]", "b[3:8]"]
    elsewhere, _ = rank_units(hits[3:], question, {"b": "........... equal"}.__getitem__)
    assert elsewhere == ["x[0:]"]


# ---------------------------------------------------------------- made questions


@pytest.mark.parametrize(
    ("heading", "bare"),
    [
        ("3.2 Annual leave", "Annual leave"),
        ("第5条（年次有給休暇）", "年次有給休暇"),
        ("第１２条の２　（渡航雑費）", "渡航雑費"),
        ("Appendix A: Daily rates", "Daily rates"),
        ("Section heads", "Section heads"),
        ("(a) Travel", "Travel"),
        ("4. 最終検査", "最終検査"),
        ("2024年度の旅費", "2024年度の旅費"),
        ("5", ""),
        ("What is this about", ""),
        ("x" * 80, ""),
    ],
)
def test_headings_lose_their_numbers(heading: str, bare: str) -> None:
    assert bare_heading(heading) == bare


def test_questions_are_made_of_headings_definitions_and_cells(kb: rag.KnowledgeBase) -> None:
    made = {question.text: question for question in make_questions(kb) if question.answerable}
    text = kb.text("docs/handbook.md")

    def places(question: str) -> list[str]:
        return [kb.text(target.path)[target.start : target.end] for target in made[question].targets]

    assert places("Tell me about Annual leave in Staff handbook") == [text[text.index("Full-time") :].split("\n\n")[0]]
    assert places("Tell me about Annual leave in Visitor rules")[0].startswith("Visitors from")
    assert "Tell me about Annual leave" not in made
    assert places("What is a secondment?")[0].startswith("A secondment is a stay")
    cells = [question for question in made.values() if question.kind == "cell"]
    assert {question.text for question in cells} == {
        "What is the Limit per night of Ireland?",
        "What is the Limit per night of Denmark?",
    }
    assert "190 euro" in places("What is the Limit per night of Denmark?")[0]
    assert places("年次有給休暇について教えてください")[0].startswith("従業員には")
    assert places("在宅勤務とは何ですか？")[0].startswith("在宅勤務とは、従業員が")
    assert {question.language for question in made.values()} == {"en", "ja"}


def test_withheld_questions_are_asked_without_their_document_and_nowhere_else_answered(kb: rag.KnowledgeBase) -> None:
    withheld = [question for question in make_questions(kb) if not question.answerable]
    assert withheld
    for question in withheld:
        rest = match_paths(paths_without(kb, question.without), kb.index.store.document_ids())
        assert set(rest) == set(kb.index.store.document_ids()) - set(question.without)
    # Another document speaks of annual leave: it is not counted as unanswerable.
    assert not any("Annual leave" in question.text for question in withheld)


def test_made_questions_stay_when_documents_come(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    before = {question.id for question in make_questions(kb, 4) if question.answerable}
    assert before == {question.id for question in make_questions(kb, 4) if question.answerable}
    write_tree(
        tmp_path / "docs", {"new.md": "# Parking\n\n## Bicycles\n\nBicycles stand behind the building, locked.\n"}
    )
    kb.ingest()
    after = {question.id for question in make_questions(kb, 4) if question.answerable}
    assert len(before - after) <= 1


def test_an_empty_knowledge_base_gives_no_questions(tmp_path: Path) -> None:
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as base, pytest.raises(UsageError, match="Nothing"):
        make_questions(base)


def test_all_but_some_documents_is_a_list_of_patterns(tmp_path: Path) -> None:
    files = {"a[1].md": "one sentence", "a1.md": "two sentences", "b*.md": "three sentences", "b.md": "four sentences"}
    write_tree(tmp_path / "docs", {name: text for name, text in files.items() if "*" not in name})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as base:
        base.ingest([tmp_path / "docs"])
        every = set(base.index.store.document_ids())
        for path in every:
            assert set(match_paths(paths_without(base, [path]), every)) == every - {path}


@given(st.lists(st.sampled_from(["en", "ja", "de"])), st.integers(1, 4))
def test_a_sample_has_at_most_so_many_of_a_language(languages: list[str], limit: int) -> None:
    questions = [JudgedQuestion(str(i), f"question {i}", language, "file") for i, language in enumerate(languages)]
    kept = sample_questions(questions, limit)
    for language in set(languages):
        assert sum(q.language == language for q in kept) == min(limit, languages.count(language))
    assert [int(question.id) for question in kept] == sorted(int(question.id) for question in kept)


# ---------------------------------------------------------------- question files


def read(kb: rag.KnowledgeBase, path: Path) -> list[JudgedQuestion]:
    questions, problems = read_questions(path, kb.documents(), kb.text)
    assert problems == []
    return questions


def test_json_lines_with_any_of_the_usual_names(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"question": "How many days?", "answers": ["20 days", "twenty"], "document": "handbook.md", "id": 7}\n\n'
        '{"text": "休暇は何日?", "answer": "20日", "paths": ["docs/rules.md"]}\n'
        '{"query": "Which colour?", "answerable": false, "document": null}\n'
        '{"質問": "Badges?", "文書": "Visitor rules", "language": "de"}\n',
        encoding="utf-8",
    )
    one, two, three, four = read(kb, path)
    assert (one.id, one.documents, one.answers) == ("7", ("docs/handbook.md",), ("20 days", "twenty"))
    assert (two.language, two.documents, two.answers) == ("ja", ("docs/rules.md",), ("20日",))
    assert (three.answerable, three.documents) == (False, ())
    assert (four.language, four.documents) == ("de", ("docs/visitors.md",))


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffquestion,answers,documents,answerable\n"
        'How many?,"20 days|48,900",handbook.md|visitors,\nWhich colour?,,,no\n',
        "question;answers;documents;answerable\n"
        "How many?;20 days|48,900;handbook.md|visitors;yes\nWhich colour?;;;no\n",
    ],
)
def test_csv_with_a_header(kb: rag.KnowledgeBase, tmp_path: Path, content: str) -> None:
    path = tmp_path / "q.csv"
    path.write_text(content, encoding="utf-8")
    one, two = read(kb, path)
    assert one.answers == ("20 days", "48,900")
    assert one.documents == ("docs/handbook.md", "docs/visitors.md")
    assert (one.answerable, two.answerable) == (True, False)


def test_csv_as_japanese_excel_writes_it(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "質問.csv"
    path.write_bytes("質問,回答,文書\n年次有給休暇は毎年何日与えられますか,20日,就業規則\n".encode("cp932"))
    (one,) = read(kb, path)
    assert (one.text, one.answers, one.documents) == (
        "年次有給休暇は毎年何日与えられますか",
        ("20日",),
        ("docs/rules.md",),
    )


def test_a_beir_folder(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    write_tree(
        tmp_path / "beir",
        {
            "corpus.jsonl": '{"_id": "handbook", "title": "", "text": ""}\n'
            '{"_id": "d9", "title": "就業規則", "text": ""}\n'
            '{"_id": "d10", "title": "Twins", "text": "The second of\\n\\ntwo, about boats."}\n',
            "queries.jsonl": '{"_id": "q1", "text": "Leave?"}\n{"_id": "q2", "text": "休暇は?"}\n'
            '{"_id": "q3", "text": "Nobody judged this"}\n{"_id": "q4", "text": "Cars?", "answerable": false}\n'
            '{"_id": "q5", "text": "Boats?"}\n',
            "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\thandbook\t1\nq1\td9\t0\nq2\td9\t2\nq5\td10\t1\n",
        },
    )
    twin = kb.documents()[0]
    texts = {
        "docs/one.md": "Twins. The first of two, about cars.",
        "docs/two.md": "Twins. The second of two, about boats.",
    }
    listings = [*kb.documents(), *(replace(twin, path=path, file=f"/{path}", title="Twins") for path in texts)]
    questions, problems = read_questions(tmp_path / "beir", listings, texts.__getitem__)
    assert problems == []
    found = {question.id: question for question in questions}
    assert found["q5"].documents == ("docs/two.md",)
    assert found.keys() == {"q1", "q2", "q4", "q5"}
    assert found["q1"].documents == ("docs/handbook.md",)
    assert found["q2"].documents == ("docs/rules.md",)
    assert not found["q4"].answerable


def test_a_document_that_is_not_there_is_named_and_missed(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"question": "A?", "document": "handbok.md"}\n{"question": "B?", "document": "rules.md"}\n', encoding="utf-8"
    )
    questions, problems = read_questions(path, kb.documents(), kb.text)
    assert problems == ["q.jsonl, line 1: there is no document 'handbok.md'; the nearest is docs/handbook.md."]
    run = run_questions(kb, questions, ignore)
    assert run.outcomes[0].scores["hybrid.hit@10"] == 0.0
    path.write_text('{"question": "A?", "document": "nowhere.md"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="None of the documents"):
        read_questions(path, kb.documents(), kb.text)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("q.jsonl", '{"question": "A?"', "line 1: this is not JSON"),
        ("q.jsonl", "[1]", "line 1: this is not a JSON object"),
        ("q.jsonl", '{"frage": "A?"}', r"line 1: there is no question \(found: frage\)"),
        ("q.jsonl", '{"question": "A?"}', "line 1: nothing says what is right"),
        ("q.jsonl", '{"question": "A?", "answers": {"a": 1}}', "neither a text nor a list"),
        ("q.jsonl", '{"question": "A?", "answerable": "perhaps"}', "answerable is 'perhaps'"),
        ("q.jsonl", "\n", "holds no question"),
        ("q.csv", "question,answer\n", "holds no question"),
        ("q.csv", 'question,answer\nA?,"open', "line"),
    ],
)
def test_a_bad_file_is_named_with_its_line(
    kb: rag.KnowledgeBase, tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint) as caught:
        read_questions(tmp_path / name, kb.documents(), kb.text)
    assert name in str(caught.value)
    assert caught.value.next
    with pytest.raises(UsageError, match="cannot be read"):
        read_questions(tmp_path / "missing.jsonl", kb.documents(), kb.text)
    with pytest.raises(UsageError, match=r"no qrels\.tsv"):
        (tmp_path / "beir").mkdir()
        write_tree(tmp_path / "beir", {"corpus.jsonl": ""})
        read_questions(tmp_path / "beir", kb.documents(), kb.text)


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
        *("measures", "below", "comparison"),
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
