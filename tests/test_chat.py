"""Conversations: follow-up questions made whole, commands, and what is kept in the knowledge base."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import write_tree

import rag
from index.conversations import delete_conversation, keep_conversation, list_conversations
from index.errors import StoreError, UsageError
from rag.chat import Chat
from rag.followup import Subject, complete, follow, leans
from rag.last_answer import open_quote
from rag.show_answer import show_answer
from rag.show_chat import _obey

LEAVE = Subject("How many days of annual leave do full-time employees get?")


@pytest.mark.parametrize(
    "question",
    [
        "When does it expire?",
        "And for contractors?",
        "What about Dublin?",
        "Who approves them?",
        "Why?",
        "Is that paid?",
        "How many floors are there?",
        "How long does it take for them to arrive?",
        "Does it cost more?",
        "Is it allowed?",
        "それはいつまでですか",
        "契約社員は？",
        "では、パートの場合は？",
        "なぜですか？",
        "その申請先はどこですか",
    ],
)
def test_a_question_without_its_subject_leans_on_the_conversation(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave do full-time employees get?",
        "What does the travel policy say about its exceptions?",
        "Who founded Microsoft and when did he leave?",
        "When was the Treaty of Rome signed?",
        "Is there a dress code?",
        "Is there a pool they heat in winter?",
        "How many lockers are there for visitors?",
        "How long does it take to get a refund?",
        "Is it allowed to smoke in company cars?",
        "Which hotels in Dublin may employees book?",
        "育児休業は何日取得できますか",
        "正社員の有給休暇は年間何日ですか？",
        "出張費の精算期限とその申請先を教えてください",
        "遅れの連絡は誰にしますか",
        "だれの許可が必要ですか",
        "可能であれば早退できますか",
        "その他の手当は何がありますか",
    ],
)
def test_a_whole_question_is_left_as_it_is(question: str) -> None:
    assert complete(question, LEAVE) == question


@pytest.mark.parametrize(
    ("former", "question", "wanted"),
    [
        (LEAVE.question, "When does it expire?", ("When does it expire?", "annual", "leave", "employees")),
        (LEAVE.question, "And for contractors?", ("annual leave", "contractors")),
        ("正社員の有給休暇は年間何日ですか？", "契約社員は？", ("有給休暇", "契約社員")),
        ("正社員の有給休暇は年間何日ですか？", "それはいつまで使えますか", ("有給休暇", "いつまで")),
    ],
)
def test_what_is_left_out_is_carried_over(former: str, question: str, wanted: tuple[str, ...]) -> None:
    asked = complete(question, Subject(former))
    assert all(part in asked for part in wanted), asked


@pytest.mark.parametrize(
    ("former", "question", "asked"),
    [
        (
            "How many days of annual leave do Dublin staff get in 2025?",
            "What about sick leave?",
            "How many days of sick leave do Dublin staff get in 2025?",
        ),
        ("How many days do Dublin staff get in 2025?", "And in 2023?", "How many days do Dublin staff get in 2023?"),
        ("How many days do Dublin staff get in 2025?", "in Osaka?", "How many days do Osaka staff get in 2025?"),
        ("Where is the Osaka office?", "And the Dublin office?", "Where is the Dublin office?"),
        ("課長の決裁限度額はいくらですか？", "部長は？", "部長の決裁限度額はいくらですか？"),
        ("2025年度の宿泊費はいくらですか？", "では2023年度は？", "2023年度の宿泊費はいくらですか？"),
        ("Who drives from Osaka to Kobe?", "And to Dublin?", "Who drives from Osaka to Kobe? And to Dublin?"),
        ("出張の日当はいくらですか", "課長は？", "課長の出張の日当はいくらですか"),
        ("国内出張の日当はいくらですか？", "海外出張では？", "海外出張の日当はいくらですか？"),
        ("国内出張の日当はいくらですか？", "海外出張なら？", "海外出張の日当はいくらですか？"),
        ("日当はいくらですか？", "課長にも？", "課長の日当はいくらですか？"),
        ("在宅勤務は週何日できますか", "ダブリンではどうですか", "ダブリンの在宅勤務は週何日できますか"),
        ("課長の決裁限度額はいくらですか？", "部長はいかがでしょうか。", "部長の決裁限度額はいくらですか？"),
        ("日当はいつまで出ますか？", "3月までは？", "3月までの日当はいつまで出ますか？"),
        ("What is the hotel limit outside Dublin?", "And in London?", "What is the hotel limit in London?"),
        ("Who was hired before 2020?", "And since 2023?", "Who was hired since 2023?"),
        ("How long are trips to Cork?", "From Dublin?", "How long are trips from Dublin?"),
        ("How many days of annual leave are there?", "For sick leave?", "How many days of sick leave are there?"),
        (
            "Who may approve an invoice of 8,000 euros?",
            "And of 30,000 euros?",
            "Who may approve an invoice of 30,000 euros?",
        ),
        (
            "Who may approve an invoice of 8,000 euros?",
            "And over 30,000 euros?",
            "Who may approve an invoice over 30,000 euros?",
        ),
    ],
)
def test_what_is_asked_again_takes_the_place_of_its_counterpart(former: str, question: str, asked: str) -> None:
    assert complete(question, Subject(former)) == asked


def test_what_takes_the_place_of_nothing_is_asked_about_once() -> None:
    subject = follow(Subject("宿泊費の上限は？"), "課長は？", "")
    assert complete("では、パートの場合は？", subject) == "パートの宿泊費の上限は？"
    assert complete("ほかには？", subject) == "宿泊費の上限は？ ほかには？"


def test_words_that_ask_and_ends_of_verbs_are_not_carried_over() -> None:
    subject = Subject("年次有給休暇は何日もらえますか？")
    assert complete("それはいつまで繰り越せますか？", subject) == "それはいつまで繰り越せますか？ (年次有給休暇)"


def test_what_was_exchanged_stays_so() -> None:
    subject = Subject("How many days of annual leave do staff get in 2025?")
    subject = follow(subject, "What about sick leave?", "They get 20 days. [1]")
    assert complete("And in 2023?", subject) == "How many days of sick leave do staff get in 2023?"


def test_a_person_of_the_answer_is_who_is_meant() -> None:
    subject = follow(Subject(), "Who founded the company?", "The company was founded by Jonas Berg in 1961. [1]")
    assert complete("Where was he born?", subject) == "Where was he born? (Jonas Berg)"


def test_the_subject_stays_through_follow_ups_and_changes_with_a_whole_question() -> None:
    subject = follow(LEAVE, "When does it expire?", "It expires in March. [1]")
    assert subject.question == LEAVE.question
    subject = follow(subject, "Which hotels in Dublin may employees book?", "Any hotel. [1]")
    assert subject.question.startswith("Which hotels")


def test_the_first_question_has_nothing_to_lean_on() -> None:
    assert complete("When does it expire?", Subject()) == "When does it expire?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "leave.md": "# Leave\n\nFull-time employees receive 20 days of annual leave per year.\n\n"
        "Contractors receive 12 days of annual leave per year.\n",
        "travel.md": "# Travel\n\nHotels are paid up to 140 euro a night.\n",
    }
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
    return tmp_path / "kb"


def converse(folder: Path, *lines: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rag", "chat", "--kb", str(folder), *options],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        check=False,
    )


def test_commands_say_what_they_cannot_do(folder: Path) -> None:
    done = converse(folder, "/sources", "/save", "/save nowhere/x.md", "/open", "/nonsense")
    assert done.returncode == 0
    assert done.stderr.count("Nothing was answered in this conversation yet.") == 3
    assert "/open needs the number of a quote." in done.stderr
    assert "/nonsense is not known here." in done.stderr
    done = converse(folder, "How many days of annual leave do full-time employees get?", "/save nowhere/x.md")
    assert "There is no folder nowhere" in done.stderr
    assert list_conversations_of(folder) == 1


def list_conversations_of(folder: Path) -> int:
    with rag.open(folder) as kb:
        return len(list_conversations(kb.index.store))


def test_a_follow_up_is_answered_from_its_own_evidence(folder: Path) -> None:
    with rag.open(folder) as kb:
        chat = Chat(kb)
        for question in ("How many days of annual leave do full-time employees receive?", "And contractors?"):
            for _ in chat.ask(question):
                pass
        first, second = chat.turns
        assert "20 days" in first.answer.text
        assert "annual leave" in second.asked
        assert any("12 days" in quote.text for quote in second.answer.quotes[:2])
        number = chat.keep()
        assert number is not None
        assert chat.keep() == number
        kept = list_conversations(kb.index.store)
        assert [turn["question"] for turn in kept[0].turns] == [turn.typed for turn in chat.turns]
        assert "## And contractors?" in chat.to_markdown()
        for _ in chat.ask("Who won the world cup in Peru?"):
            pass
        assert chat.turns[-1].answer.abstained
        assert "\n\nNot in these documents" in chat.to_markdown()


def test_quotes_on_the_screen_are_the_ones_that_are_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("rag.last_answer._start", opened.append)
    with rag.open(folder) as kb:
        chat = Chat(kb)
        for _ in chat.ask("How many days of annual leave do full-time employees receive?"):
            pass
        # The next answer is interrupted while it is written: its evidence stands on the screen.
        interrupted = iter([next(chat.ask("How much is paid for hotels a night?"))])
        with pytest.raises(AssertionError):
            show_answer(kb, "", interrupted, as_json=False)
        capsys.readouterr()
        _obey("/sources", chat)
        assert "[1] docs/travel.md" in capsys.readouterr().out
        _obey("/open 1", chat)
        open_quote(kb.folder, 1)
        assert [path.name for path in opened] == ["travel.md", "travel.md"]
        with pytest.raises(UsageError, match="Nothing was answered"):  # not what was asked elsewhere
            _obey("/open 1", Chat(kb))


def test_a_name_that_no_file_can_have_does_not_end_the_conversation(folder: Path) -> None:
    with rag.open(folder) as kb:
        chat = Chat(kb)
        for _ in chat.ask("How many days of annual leave do full-time employees receive?"):
            pass
        for line in ("/save ~nobody-of-this-name/x.md", f"/save {'x' * 300}.md", "/save a\0b", f"/open {'9' * 5000}"):
            with pytest.raises(UsageError):
                _obey(line, chat)


def test_keeping_a_conversation_changes_nothing_that_was_indexed(folder: Path) -> None:
    with rag.open(folder) as kb:
        before = kb.index.store.generation
        number = keep_conversation(kb.index.store, [{"question": "q", "answer": "a"}])
        assert keep_conversation(kb.index.store, [{"question": "q", "answer": "b"}], number) == number
        assert [kept.turns[0]["answer"] for kept in list_conversations(kb.index.store)] == ["b"]
        assert kb.index.store.generation == before
        assert kb.verify() == []
        assert delete_conversation(kb.index.store, number)
        assert not delete_conversation(kb.index.store, number)
        assert list_conversations(kb.index.store) == []


def test_a_full_disk_is_said_as_what_it_is(folder: Path) -> None:
    with rag.open(folder) as kb:
        pages = kb.index.store.connection.execute("PRAGMA page_count").fetchone()[0]
        kb.index.store.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="disk is full"):
            keep_conversation(kb.index.store, [{"question": "q" * 100_000, "answer": ""}])
        assert list_conversations(kb.index.store) == []


def test_a_question_of_bytes_that_are_no_text_is_kept(folder: Path) -> None:
    with rag.open(folder) as kb:
        keep_conversation(kb.index.store, [{"question": "annual \udcff leave", "answer": ""}])
        assert [kept.turns[0]["question"] for kept in list_conversations(kb.index.store)] == ["annual ? leave"]


def test_a_deleted_conversation_leaves_no_words_in_the_file(folder: Path) -> None:
    with rag.open(folder) as kb:
        number = keep_conversation(kb.index.store, [{"question": "xylophone-secret", "answer": ""}])
        delete_conversation(kb.index.store, number)
    assert b"xylophone-secret" not in (folder / "index.sqlite3").read_bytes()


@pytest.mark.slow
def test_a_conversation_in_a_pipe(folder: Path) -> None:
    done = converse(
        folder, "How many days of annual leave do full-time employees receive?", "", "/sources", "/nothing", "/open x",
        "?", "And contractors?", "/save talk.md", f"And {'x' * 400}?", "/quit", "never asked",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "20 days" in done.stdout
    assert "/nothing is not known here" in done.stderr
    assert "Asked as: How many days of annual leave" in done.stderr
    assert "never asked" not in done.stdout + done.stderr
    assert "## And contractors?" in (folder.parent / "talk.md").read_text(encoding="utf-8")
    listed = json.loads(converse(folder, options=("--list", "--json")).stdout)
    assert len(listed["conversations"][0]["turns"]) == 3  # "?" is no question
    assert "/help         these lines" in done.stdout + done.stderr
    assert max(map(len, done.stderr.splitlines())) < 350
    assert converse(folder, options=("--delete", "1")).returncode == 0
    assert converse(folder, options=("--delete", "1")).returncode == 2
    with sqlite3.connect(folder / "index.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM conversations").fetchone() == (0,)


@pytest.mark.slow
def test_a_line_editor_is_there_for_terminals(folder: Path) -> None:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    from rag.show_chat import _prompt

    with rag.open(folder) as kb, create_pipe_input() as keys:
        keep_conversation(kb.index.store, [{"question": "asked before", "answer": ""}])
        keys.send_text("\x1b[A\r")  # up, enter: the question asked before
        with create_app_session(input=keys, output=DummyOutput()):
            assert _prompt(kb).prompt("> ") == "asked before"
