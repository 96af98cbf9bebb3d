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
    assert set(Counter(name.partition("#")[0] for name in texts).values()) == {6}
    for question in questions:
        [section] = relevant[question["_id"]]
        [answer] = question["answers"]
        assert answer and answer in texts[section], question
    answered = {section for sections in relevant.values() for section in sections}
    assert answered == texts.keys()
