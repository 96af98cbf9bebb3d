"""From a question to an answer: what the model may write, what is shown of it, and what is said beside it."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from corpus import write_tree

import rag
from index.errors import MissingError, ModelError
from ingest.embedders.hashing import HashingEmbedder
from rag.answer import Evidence, Statement
from rag.answerable import judge
from rag.messages import _TEXTS
from rag.relevance import weigh_sentences
from rag.retrieval import READ, READ_UNSPACED, Background
from rag.settings import OWN_CONFIG_ONLY, Settings, load_settings, save_settings
from rag.show_answer import show_answer


class Scripted:
    """A generator that says what a test tells it to."""

    name = label = "scripted"
    languages = ("en",)
    context_tokens = 1000
    last_run = None
    leaves_machine = ""

    def __init__(self, text: str, parameters: int = 0) -> None:
        self.text = text
        self.parameters = parameters
        self.prompts: list[Sequence[Any]] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(self, messages: Sequence[Any], **_: Any) -> Generator[str, None, None]:
        self.prompts.append(messages)
        yield from self.text

    def close(self) -> None:
        pass


@pytest.fixture
def kb(tmp_path: Path) -> rag.KnowledgeBase:
    kb = rag.open(tmp_path / "kb")
    files = {
        "leave.md": "# Leave\n\nFull-time employees receive 20 days of paid annual leave per year.\n",
        "travel.md": "# Travel\n\nHotels are paid up to 140 euro a night.\n",
        "休暇.md": "# 休暇\n\n正社員には年間20日の有給休暇を付与する。\n",
    }
    kb.ingest([write_tree(tmp_path / "docs", files)])
    return kb


def answer_with(kb: rag.KnowledgeBase, text: str, question: str) -> rag.Answer:
    kb.__dict__["generator"] = Scripted(text)
    return kb.ask(question)


QUESTION = "How many days of paid annual leave do full-time employees receive?"


def test_a_true_answer_is_shown_with_its_mark(kb: rag.KnowledgeBase) -> None:
    answer = answer_with(kb, "Full-time employees receive 20 days of paid annual leave.", QUESTION)
    assert (answer.origin, answer.model) == ("model", "scripted")
    assert answer.text.startswith("Full-time employees receive 20 days of paid annual leave. [")
    assert [citation.path for citation in answer.citations] == ["docs/leave.md"]
    assert not answer.unsupported


def test_the_screen_names_the_model_as_the_answer_does(
    kb: rag.KnowledgeBase, capsys: pytest.CaptureFixture[str]
) -> None:
    """With all of a name that has points and colons: qwen2.5:0.5b."""
    generator = Scripted("Full-time employees receive 20 days of paid annual leave.")
    generator.label = "qwen2.5:0.5b"
    kb.__dict__["generator"] = generator
    answer = show_answer(kb, QUESTION, kb.ask_in_steps(QUESTION), as_json=False)
    assert answer.model == "qwen2.5:0.5b"
    assert "Answer  (qwen2.5:0.5b, checked against [n])\n" in capsys.readouterr().out


def test_a_false_answer_is_set_aside_and_the_quote_stands(kb: rag.KnowledgeBase) -> None:
    answer = answer_with(kb, "Full-time employees receive 25 days of paid annual leave.", QUESTION)
    assert answer.origin == "quotes"
    assert "20 days" in answer.text
    assert "25" not in answer.text
    assert answer.unsupported == ("Full-time employees receive 25 days of paid annual leave.",)


def test_what_cannot_be_confirmed_is_never_the_answer(kb: rag.KnowledgeBase) -> None:
    answer = answer_with(kb, "The generous policy of this employer is popular with families.", QUESTION)
    assert answer.origin == "quotes"
    assert "popular" not in answer.text
    assert "popular" in " ".join((*answer.unchecked, *answer.unsupported))


@pytest.mark.parametrize("text", ["", "  \n", "The answer is:"])
def test_a_model_that_states_nothing_is_said_to(kb: rag.KnowledgeBase, text: str) -> None:
    answer = answer_with(kb, text, QUESTION)
    assert answer.origin == "quotes"
    assert [note for note in answer.notes if "stated nothing" in note]


def test_a_model_that_does_not_know_the_language_is_not_run(kb: rag.KnowledgeBase) -> None:
    answer = answer_with(kb, "x", "正社員の有給休暇は年間何日ですか？")
    assert answer.origin == "quotes"
    assert "20日" in answer.text
    assert "日本語に対応していない" in answer.notes[0]


def test_evidence_comes_before_the_model_is_asked(kb: rag.KnowledgeBase) -> None:
    generator = Scripted("Full-time employees receive 20 days of paid annual leave.")
    kb.__dict__["generator"] = generator
    steps = kb.ask_in_steps(QUESTION)
    first = next(steps)
    assert isinstance(first, Evidence)
    assert generator.prompts == []
    assert isinstance(next(steps), Statement)


def test_every_quote_and_citation_is_an_exact_range(kb: rag.KnowledgeBase) -> None:
    answer = answer_with(kb, "Full-time employees receive 20 days of paid annual leave.", QUESTION)
    for entry in (*answer.quotes, *answer.citations):
        text = kb.text(entry.path)
        assert text[entry.start : entry.end] == entry.text
        assert all(text[span.start : span.end] == span.text for span in entry.context)


def test_messages_exist_in_both_languages_with_the_same_fields() -> None:
    import string

    for key, texts in _TEXTS.items():
        assert texts.keys() == {"en", "ja"}
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert fields[0] == fields[1], key


def test_settings_come_from_flag_environment_folder_and_user_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    write_tree(tmp_path, {"home/config/config.toml": "threads = 1\njobs = 1\nk = 1\nanswer_tokens = 1"})
    write_tree(tmp_path, {"kb/config.toml": "threads = 2\njobs = 2\nk = 2"})
    monkeypatch.setenv("RAG_THREADS", "3")
    monkeypatch.setenv("RAG_JOBS", "3")
    found = load_settings(tmp_path / "kb", {"threads": 4, "model": None})
    assert (found.threads, found.jobs, found.k, found.answer_tokens, found.ocr) == (4, 3, 2, 1, Settings().ocr)


@pytest.mark.parametrize("key", sorted(OWN_CONFIG_ONLY))
def test_a_knowledge_base_s_file_has_no_say_over(key: str, tmp_path: Path) -> None:
    value = json.dumps(getattr(Settings(), key))
    write_tree(tmp_path, {"kb/config.toml": f"{key} = {value}"})
    with pytest.raises(rag.RagError, match=key):
        load_settings(tmp_path / "kb")


@pytest.mark.parametrize(
    "line",
    ["threads = 'x'", "threads = '--5'", "jobs = -1", "k = 0", "ocr = 3", "k = true", "not toml", "unknown = 1"],
)
def test_wrong_settings_are_refused_with_the_file_s_name(line: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"kb/config.toml": line})
    with pytest.raises(rag.RagError, match=r"config\.toml"):
        load_settings(tmp_path / "kb")


def test_saved_settings_keep_the_user_s_own_lines_and_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    mine = "\ufeff# 総務課のノート\nthreads = 1  # it gets hot\n\n# old:\nmodel = 'llamacpp:old'\n"
    write_tree(tmp_path, {"home/config/config.toml": mine})
    saved = save_settings({"model": "llamacpp:新しい", "embed_model": "llamacpp:e"})
    assert saved.read_text("utf-8").splitlines() == [
        "# 総務課のノート",
        "threads = 1  # it gets hot",
        "",
        "# old:",
        'model = "llamacpp:新しい"',
        'embed_model = "llamacpp:e"',
    ]
    found = load_settings()
    assert (found.threads, found.model, found.embed_model) == (1, "llamacpp:新しい", "llamacpp:e")


class Lengthwise(HashingEmbedder):
    """Keeps the questions that it was given."""

    def __init__(self) -> None:
        super().__init__(64)
        self.questions: list[str] = []

    def embed_question(self, text: str) -> Any:
        self.questions.append(text)
        return super().embed_question(text)


@pytest.mark.slow
@pytest.mark.parametrize(("word", "most"), [("word", 2 * READ + 1), ("単語", 2 * READ_UNSPACED + 1)])
def test_of_a_very_long_question_the_model_reads_as_much_as_two_passages(word: str, most: int, tmp_path: Path) -> None:
    middle = " ".join(f"{word}{n}" for n in range(3000))
    question = f"Which hotels are paid? {middle} gondolas {middle} Who pays?"
    files = {"a.md": "Hotels are paid up to 140 euro.", "b.md": "The fare of gondolas."}
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
        embedder = Lengthwise()
        kb.retriever._embedder = Background(lambda: embedder)
        found = kb.search(question)
        kb.ask(question, generate=False)
        kb.ask("Which hotels are paid?", generate=False)
    long, short = dict.fromkeys(embedder.questions)
    assert len(long) <= most
    assert long.startswith("Which hotels are paid?")
    assert long.endswith("Who pays?")
    assert short == "Which hotels are paid?"
    # The word leg has read all of it.
    assert next(hit for hit in found if hit.path == "docs/b.md").ranks["lexical"]


def test_the_instruct_model_is_opened_after_the_evidence_and_only_for_what_is_answered(tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"a.md": "Hotels are paid up to 140 euro."})
    nowhere = f"llamacpp:{tmp_path / 'nowhere.gguf'}"
    with rag.open(tmp_path / "kb", embed_model="hashing:64", model=nowhere) as kb:
        kb.ingest([docs])
        steps = kb.ask_in_steps("Which hotels are paid?")
        first = next(steps)
        assert isinstance(first, Evidence) and first.answerable
        assert first.quotes[0].text == "Hotels are paid up to 140 euro."
        with pytest.raises(MissingError, match="nowhere"):
            next(steps)
        assert kb.ask("Who won the 1998 World Cup?").abstained


def test_a_model_that_cannot_be_loaded_costs_only_its_answer(kb: rag.KnowledgeBase) -> None:
    class Broken(Scripted):
        @property
        def languages(self) -> tuple[str, ...]:  # type: ignore[override]
            raise ModelError("llama.cpp cannot load it.", "Fetch it again.")

    kb.__dict__["generator"] = Broken("")
    answer = kb.ask(QUESTION)
    assert answer.origin == "quotes" and "cannot load" in answer.notes[0]


class Lengths:
    """A reranker that likes short passages."""

    name = "lengths"

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        return [-float(len(passage)) for passage in passages]

    def close(self) -> None:
        pass


def test_a_named_reranker_has_the_last_word_and_its_time_is_told(kb: rag.KnowledgeBase) -> None:
    before = kb.search("paid leave hotels")
    kb.retriever._open_reranker = lambda: Lengths()  # type: ignore[assignment, return-value]
    hits = kb.search("paid leave hotels")
    assert {hit.path for hit in hits} == {hit.path for hit in before}
    assert [len(hit.text) for hit in hits] == sorted(len(hit.text) for hit in hits)
    assert [hit.ranks["reranker"] for hit in hits] == list(range(1, len(hits) + 1))
    assert kb.ask(QUESTION, generate=False).timings["reranker"] > 0
    assert "reranker" not in kb.ask(QUESTION, generate=False, within="nowhere/*").timings


@pytest.mark.parametrize("shift", [-12.0, 0.0, 12.0])
def test_the_scale_of_a_reranker_decides_nothing(kb: rag.KnowledgeBase, shift: float) -> None:
    class Shifted(Lengths):
        def score(self, question: str, passages: Sequence[str]) -> list[float]:
            return [shift + ("20 days" in passage) for passage in passages]

    kb.retriever._open_reranker = lambda: Shifted()  # type: ignore[assignment, return-value]
    ranked = kb.retriever.search(QUESTION, 10, "hybrid")
    assert all(0 < hit.score < 1 for hit in ranked)
    signs = judge(weigh_sentences(QUESTION, ranked, kb.retriever)).signs
    assert 0 <= signs["lead"] <= 1 and abs(signs["fit"]) < 100


def test_every_answer_says_when_text_left_the_machine(kb: rag.KnowledgeBase) -> None:
    generator = Scripted("Full-time employees receive 20 days of paid annual leave.")
    generator.leaves_machine = "models.example"
    kb.__dict__["generator"] = generator
    assert "models.example" in kb.ask(QUESTION).notes[-1]
