"""What a terminal shows: lines that fit it, words below their first word, and links to the files."""

from __future__ import annotations

import errno
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from corpus import write_tree
from hypothesis import given
from hypothesis import strategies as st
from terminal import Terminal

import rag
from rag.line_breaks import CLOSERS, OPENERS, find_breaks, may_break
from rag.screen import note, one_line
from rag.setup.fetch import Step
from rag.show_report import show_progress
from rag.show_steps import show_steps

ENGLISH = (
    "Full-time employees receive 20 days of paid annual leave per year, and part-time employees their share of it."
)
JAPANESE = "年次有給休暇は、採用の日から六か月間継続して勤務し、全労働日の八割以上出勤した従業員に対して十日を与える。"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    files: dict[str, str | bytes] = {
        "leave.md": f"# Leave\n\n{ENGLISH}\n",
        "休暇.md": f"# 年次有給休暇\n\n{JAPANESE}\n",
    }
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
    return {"RAG_KB": str(tmp_path / "kb"), "RAG_EMBED_MODEL": "hashing:64"}


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("width", [40, 120])
@pytest.mark.parametrize(
    ("question", "words"), [("How many days of annual leave?", ENGLISH), ("年次有給休暇は何日ですか", JAPANESE)]
)
def test_lines_fit_the_terminal_and_keep_their_place(
    environment: dict[str, str], width: int, question: str, words: str
) -> None:
    with Terminal(["ask", question, "--no-generate"], {**environment, "COLUMNS": str(width)}) as terminal:
        assert terminal.finish() == 0
    lines = terminal.text.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("  [1] docs/"))
    shown = []
    for line in lines[first + 1 :]:
        if not line.startswith("      "):
            break
        shown.append(line)
    assert all(columns(line) <= width and line == line.rstrip() for line in (lines[first], *shown))
    assert "".join(words.split()) in "".join("".join(shown).split())


def test_a_path_is_a_link_to_its_file(environment: dict[str, str], tmp_path: Path) -> None:
    with Terminal(["search", "annual leave", "-k", "1"], environment) as terminal:
        assert terminal.finish() == 0
    assert (tmp_path / "docs" / "leave.md").as_uri().encode() in terminal.written
    assert "file:" not in terminal.text


def test_no_color_is_honoured(environment: dict[str, str]) -> None:
    with Terminal(["search", "annual leave", "-k", "1"], {**environment, "NO_COLOR": "1"}) as terminal:
        assert terminal.finish() == 0
    assert b"\x1b[36m" not in terminal.written
    assert "docs/leave.md" in terminal.text


def test_steps_are_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.show_steps.LINE_EVERY", 0)
    steps = [Step("Fetching a file."), Step("", 1_000_000, 4_000_000), Step("It is verified.", 4, 4), "the model"]
    assert show_steps(iter(steps)) == "the model"
    assert capsys.readouterr().err == "Fetching a file.\n  1 of 4 MB\nIt is verified.\n"
    assert show_steps(iter(steps[:1])) is None


def test_a_name_on_the_bar_is_no_markup(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with show_progress(False) as progress:
        progress("read", 1, 2, "docs/a[/b].txt")
    assert "docs/a[/b].txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("営業利益は1億円に\nとどまった。", "営業利益は1億円にとどまった。"),
        ("材料費は、 \n  上がった。", "材料費は、上がった。"),
        ("営業利益\nは1億円。", "営業利益は1億円。"),
        ("Profit\nfell to\n  1 million.", "Profit fell to 1 million."),
        ("KD-350\n充填機とする。", "KD-350 充填機とする。"),
        ("所管：総務部\n制定：令和4年\n以上。", "所管：総務部 制定：令和4年 以上。"),
        ("りんご\nみかん", "りんご みかん"),
        ("２　年次有給休暇", "２ 年次有給休暇"),
    ],
)
def test_a_line_end_inside_japanese_leaves_nothing(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.mark.parametrize("command", ["status", "list"])
def test_what_commands_tell_is_wrapped_where_the_terminal_is_narrow(environment: dict[str, str], command: str) -> None:
    with Terminal([command], {**environment, "COLUMNS": "50"}) as terminal:
        assert terminal.finish() == 0
    assert all(columns(line) <= 50 for line in terminal.text.split("\n"))
    assert "docs" in terminal.text


def split(text: str, width: int) -> list[str]:
    edges = [0, *find_breaks(text, width), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("未使用の休暇は、5日まで", 14, ["未使用の休暇", "は、5日まで"]),
        ("３ 使わなかった年次有給休暇は、翌年度に", 20, ["３ 使わなかった年次", "有給休暇は、翌年度に"]),
        ("「はい」「いいえ」", 10, ["「はい」", "「いいえ」"]),
        ("paid annual leave per year", 12, ["paid annual ", "leave per ", "year"]),
        ("/a/very/long/path/without/spaces", 10, ["/a/very/lo", "ng/path/wi", "thout/spac", "es"]),
        ("第1四半期 Q3 売上", 10, ["第1四半期 ", "Q3 売上"]),
    ],
)
def test_lines_go_on_between_words_and_not_before_a_closing_mark(text: str, width: int, lines: list[str]) -> None:
    assert split(text, width) == lines


@given(st.text("ab 、。「」漢字かな12", max_size=60), st.integers(20, 40))
def test_no_line_is_too_wide_and_none_breaks_where_it_may_not(text: str, width: int) -> None:
    lines = split(text, width)
    assert "".join(lines) == text
    assert all(columns(line.rstrip()) <= width for line in lines)
    edges = find_breaks(text, width)
    for start, edge in pairwise([0, *edges]):
        assert may_break(text, edge) or not any(may_break(text, at) for at in range(start + 1, edge))
    assert CLOSERS.isdisjoint(OPENERS)


def test_a_file_of_one_piece_leaves_no_empty_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_steps(iter([Step("Fetching w.bin."), Step("", 10, 10), Step("w.bin is verified.", 10, 10)]))
    assert capsys.readouterr().err == "Fetching w.bin.\nw.bin is verified.\n"


def test_a_note_that_nobody_can_read_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("click.echo", fail)
    note("Searching by words alone.")
