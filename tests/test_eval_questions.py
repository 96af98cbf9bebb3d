"""Questions of `rag eval`: made from the documents, and read from files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import write_tree
from hypothesis import given
from hypothesis import strategies as st
from judged_documents import ignore, open_judged

import rag
from index.errors import UsageError
from index.globs import match_paths
from rag.evaluation.made_questions import bare_heading, make_questions
from rag.evaluation.question_files import read_questions
from rag.evaluation.questions import JudgedQuestion, paths_without, sample_questions
from rag.evaluation.run import run_questions


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rag.KnowledgeBase]:
    with open_judged(tmp_path_factory.mktemp("evaluation")) as base:
        yield base


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


def test_dots_are_no_word_to_ask_for(tmp_path: Path) -> None:
    write_tree(tmp_path / "docs", {"a.txt": "倉庫の入口で検品を行う・・・という手順を担当者が確認した。\n"})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as base:
        base.ingest([tmp_path / "docs"])
        assert [question.kind for question in make_questions(base)] == ["words"]


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
        '{"Question": ["Badges?"], "Answer": "yes"}\n'
        '{"質問": "Badges?", "文書": "Visitor rules", "language": "de"}\n',
        encoding="utf-8",
    )
    one, two, three, capital, four = read(kb, path)
    assert (one.id, one.documents, one.answers) == ("7", ("docs/handbook.md",), ("20 days", "twenty"))
    assert (two.language, two.documents, two.answers) == ("ja", ("docs/rules.md",), ("20日",))
    assert (three.answerable, three.documents) == (False, ())
    assert (capital.text, capital.answers) == ("Badges?", ("yes",))
    assert (four.language, four.documents) == ("de", ("docs/visitors.md",))


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffquestion,answers,documents,answerable\n"
        'How many?,"20 days|48,900",handbook.md|visitors,,,\nWhich colour?,,,no\n',
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


def test_judgements_without_a_header_are_all_read(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    write_tree(
        tmp_path / "beir",
        {
            "corpus.jsonl": '{"_id": "handbook", "title": "", "text": ""}\n',
            "queries.jsonl": '{"_id": "q1", "text": "Leave?"}\n',
            "qrels.tsv": "q1\thandbook\t1\n",
        },
    )
    assert [question.documents for question in read(kb, tmp_path / "beir")] == [("docs/handbook.md",)]


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
        ("q.csv", "\nquestion,answer\nA?,1\n", "line 1: it is empty"),
        ("q.csv", "question,answer\nA?,3,000 yen\n", r"line 2: there are more cells"),
        ("q.jsonl", '{"question": ["A?", "B?"], "answer": "1"}', "there are 2 questions"),
        ("q.jsonl", '{"question": {"en": "A?"}, "answer": "1"}', "neither a text nor a list"),
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
