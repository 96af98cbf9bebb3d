"""The articles of tests/bench: each question is answered by one section, in words that stand there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["articles", "articles-ja"])
def test_every_answer_stands_in_the_section_that_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    import articles

    corpus, questions, relevant = articles.read_articles(name)
    texts = {document["_id"]: document["text"] for document in corpus}
    assert len(texts) == len(corpus) and len(relevant) == len(questions)
    sections = Counter(name.partition("#")[0] for name in texts)
    assert sections == {article: 12 if int(article.partition(":")[0]) >= 41 else 6 for article in sections}
    for question in questions:
        [section] = relevant[question["_id"]]
        [answer] = question["answers"]
        assert answer and answer in texts[section], question
    answered = {section for sections in relevant.values() for section in sections}
    assert answered == texts.keys()


def test_every_written_passage_has_as_many_false_statements_as_true_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    from written_statements import FOLDER, LEFT_OUT, NAMES, read_written

    assert sorted(path.stem for path in FOLDER.glob("*.jsonl")) == sorted(NAMES) and set(LEFT_OUT) < set(NAMES)
    for name in NAMES:
        rows = read_written(name)
        counts = Counter((row.passage, row.kind) for row in rows)
        assert len({row.passage for row in rows}) in (90, 100)
        assert all(counts[passage, "true"] == counts[passage, "false"] for passage, _ in counts)
        assert all(row.statement.strip() and row.truth is (row.kind in ("true", "question: answer")) for row in rows)
