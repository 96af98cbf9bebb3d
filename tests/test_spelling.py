"""Slips of the pen in a question are mended by the words of the documents, and never unseen."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag.spelling import slips_of

WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=7)
MANUAL = """# Comb jellies

The Ctenophora are also called comb jellies. Beroids prey on other ctenophores, not on krill.
Young cydippids are swept away, and a cydippid larva has two tentacles.

# House rules

The statute of the association was adopted in Maastricht. Ms Hilton keeps the goverment seal, and Kubernetes runs it.
The government, the government again and the Government as well. The carrageenan is stored in the cellar at 4 °C.
サーバを動かすのは Kubernetes です。
"""


def distance(one: str, other: str) -> int:
    """Optimal string alignment, as the textbook has it: letters put in, left out, changed or exchanged."""
    rows = {(-1, -1): 0}
    for i in range(len(one)):
        rows[i, -1] = i + 1
    for j in range(len(other)):
        rows[-1, j] = j + 1
    for i in range(len(one)):
        for j in range(len(other)):
            steps = [rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + (one[i] != other[j])]
            if i and j and one[i] == other[j - 1] and one[i - 1] == other[j]:
                steps.append(rows[i - 2, j - 2] + 1)
            rows[i, j] = min(steps)
    return rows[len(one) - 1, len(other) - 1]


@given(WORDS)
def test_every_slip_is_one_step_away(word: str) -> None:
    assert all(distance(word, slip) == 1 and slip[0] == word[0] for slip in slips_of(word))


@given(WORDS, WORDS)
def test_no_slip_is_missing(word: str, other: str) -> None:
    if word[0] == other[0] and distance(word, other) == 1:
        assert other in slips_of(word)


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[rag.KnowledgeBase]:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "manual.md").write_text(MANUAL, encoding="utf-8")
    (tmp_path / "docs" / "minutes.md").write_text("# Minutes\n\nThe government of the club met.\n", encoding="utf-8")
    with rag.open(tmp_path / "kb", embed_model="") as opened:
        opened.ingest([tmp_path / "docs"])
        yield opened


@pytest.mark.parametrize(
    ("question", "slips"),
    [
        ("What do Beriods prey on?", {"Beriods": "Beroids"}),  # exchanged
        ("what is carageenan stored at", {"carageenan": "carrageenan"}),  # left out
        ("Where was the statute adopted, in Maastrich?", {"Maastrich": "Maastricht"}),
        ("which ctenophoras prey on other ctenphores", {"ctenphores": "ctenophores"}),  # in the case that was typed
        ("ctenphora", {"ctenphora": "ctenophora"}),  # a question of one word
        ("which cydipped larva has tentacles", {"cydipped": "cydippid"}),  # of two forms, the one that is nearer
        ("kuberntes は何を動かしますか", {"kuberntes": "kubernetes"}),
        ("Who keeps the goverrment seal?", {"goverrment": "government"}),  # of two, the one that more passages hold
    ],
)
def test_a_slip_is_read_as_the_documents_spell_it(question: str, slips: dict[str, str], kb: rag.KnowledgeBase) -> None:
    spelt = kb.spell(question)
    assert spelt.slips == slips
    assert spelt.text == question.replace(*next(iter(slips.items())))


@pytest.mark.parametrize(
    "question",
    [
        'What do "Beriods" prey on?',  # in quotation marks: as typed
        "Who is Ms Hinton?",  # a short name may be another one
        "Hinton keeps which seal?",
        "What stature does the association have?",  # a word of its own
        "What are BERIODS?",  # in capitals, or within: an abbreviation or an identifier
        "What are beRiods?",
        "Do krill and ctenophores and jellies prey on /srv/beriods?",
        "Do krill and ctenophores and jellies prey on beriods.md?",
        "Do krill and ctenophores and jellies prey on beriods@example.com?",
        "What is carageenan" + "n" * 100_000,  # no word
        "Welche Beriods fressen den anderen Krill im Wasser?",  # hardly a word of it is known
        "What do Beroids prey on?",
        "",
    ],
)
def test_what_may_be_meant_as_it_stands_is_left(question: str, kb: rag.KnowledgeBase) -> None:
    assert kb.spell(question) == rag.spelling.Spelt(question)


def test_nothing_is_mended_while_words_are_missing(kb: rag.KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb.index.words, "behind", lambda: 1)
    assert kb.spell("What do Beriods prey on?").slips == {}


def test_an_answer_tells_what_it_was_asked_and_what_was_read(kb: rag.KnowledgeBase) -> None:
    answer = kb.ask("What do Beriods prey on?", generate=False)
    assert answer.question == "What do Beriods prey on?"
    assert answer.slips == {"Beriods": "Beroids"}
    assert answer.quotes[0].text == "Beroids prey on other ctenophores, not on krill."
    assert not answer.abstained
    assert kb.ask('What do "Beriods" prey on?', generate=False).slips == {}


def test_a_search_finds_what_was_misspelt(kb: rag.KnowledgeBase) -> None:
    [best, *_] = kb.search("carageenan", k=1)
    assert "carrageenan" in best.text


def test_the_screen_says_how_a_word_was_read(kb: rag.KnowledgeBase) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rag", *words, "--kb", str(kb.folder)]
        return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])

    said = 'No document has "Beriods": read as "Beroids". To search for it as typed, put it in quotation marks.'
    for words in (
        ("ask", "What do Beriods prey on?", "--no-generate"),
        ("search", "Beriods"),
        ("search", "Beriods", "--json"),
    ):
        assert run(*words).stderr.count(said) == 1
    assert json.loads(run("ask", "What do Beriods prey on?", "--json").stdout)["slips"] == {"Beriods": "Beroids"}
    assert "「kuberntes」はどの文書にもなく「kubernetes」として" in run("search", "kuberntes を動かす").stderr
