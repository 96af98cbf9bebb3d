"""What people and their programs hand over in another form than expected: bytes, marks, numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from corpus import write_tree

import rag
from index import platform
from index.errors import DamagedError, UsageError
from index.files import list_below, write_file
from ingest.user_folders import user_folder
from rag.cli import _run
from rag.mending import mend
from rag.settings import load_settings, user_config


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAG_KB", str(tmp_path / "kb"))
    docs = write_tree(tmp_path / "docs", {"bar.md": "# Bar\n\nThe caf\u00e9 opens at nine on weekdays.\n"})
    with rag.open(tmp_path / "kb") as base:
        base.ingest([docs])
    return tmp_path / "kb"


def test_a_question_in_another_encoding_than_the_terminal_s_is_answered(kb: Path) -> None:
    question = b"When does the caf\xe9 open?".decode("utf-8", "surrogateescape")
    with rag.open(kb) as base:
        assert base.search(question)[0].path == "docs/bar.md"
        assert base.ask(question).quotes[0].path == "docs/bar.md"


def test_a_piped_question_in_another_encoding_is_answered(kb: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag", "chat"],
        input=b"When does the caf\xe9 open?\n",
        capture_output=True,
        cwd=Path(__file__).parent.parent,
        check=False,
    )
    assert done.returncode == 0
    assert "opens at nine" in done.stdout.decode("utf-8")


def test_a_file_whose_name_is_in_an_old_encoding_is_read_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, name = (os.fsdecode(text.encode("cp932")) for text in ("規程", "旅費.md"))
    monkeypatch.setenv("RAG_KB", str(tmp_path / "kb"))
    try:
        (tmp_path / folder).mkdir()
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    (tmp_path / folder / name).write_text("日当は二千円とする。", encoding="utf-8")
    assert _run(["ingest", str(tmp_path / folder)]) == 0
    with rag.open(tmp_path / "kb") as base:
        assert base.ingest([]).unchanged == ("規程/旅費.md",)
        (listing,) = base.documents()
        assert Path(listing.file).read_text(encoding="utf-8") == base.text("規程/旅費.md")
        assert base.search("日当")[0].file == listing.file
    for command in (["show"], ["list"], ["search", "日当", "--within"], ["label", "--json"]):
        capsys.readouterr()
        assert _run([*command, f"{folder}/{name}", *(["expenses"] if command[0] == "label" else [])]) == 0
        assert ("二千円" if command == ["show"] else "旅費") in capsys.readouterr().out
    assert _run(["forget", f"{folder}/{name}"]) == 0
    assert _run(["show", f"{folder}/{name}"]) != 0


def test_a_password_file_may_begin_with_a_mark_and_must_be_utf_8(
    kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[Any] = []
    monkeypatch.setattr("ingest.pipeline.ingest", lambda *_, **options: given.append(options["passwords"]))
    file = tmp_path / "passwords.txt"
    file.write_bytes("himitsu\nゆき\n".encode("utf-8-sig"))
    _run(["ingest", "--password-file", str(file)])
    assert given == [("himitsu", "ゆき")]
    file.write_bytes(b"sch\xf6n\n")
    assert _run(["ingest", "--password-file", str(file)]) == 2
    assert "Save it anew in UTF-8." in capsys.readouterr().err


@pytest.mark.parametrize("told", [NotADirectoryError, FileNotFoundError])  # what a system says of a file's inside
def test_a_file_in_the_place_of_a_knowledge_base_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: type[OSError]
) -> None:
    def read_text(path: Path, **_: str) -> str:
        raise told if tmp_path / "file" in path.parents else FileNotFoundError

    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "read_text", read_text)
    for name in ("file", "file/below"):
        with pytest.raises(UsageError, match=f"{name} is not a folder"):
            rag.open(tmp_path / name)


def test_settings_may_begin_with_a_mark() -> None:
    user_config().parent.mkdir(parents=True, exist_ok=True)
    user_config().write_bytes("k = 3\n".encode("utf-8-sig"))
    assert load_settings().k == 3


@pytest.mark.parametrize("value", ["-3", "--5", "²", -3])
def test_numbers_of_settings_are_whole_and_not_below_nothing(value: Any) -> None:
    with pytest.raises(UsageError, match="sets k to"):
        load_settings(given={"k": value})


def test_files_that_a_writer_takes_away_meanwhile_do_not_keep_status_from_its_answer(
    kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.files.list_below", lambda folder: [folder / "gone", *list_below(folder)])
    with rag.open(kb) as base:
        assert base.status().bytes > 0


def test_the_kind_of_a_disk_whose_name_is_no_ascii_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "共有 文書"
    folder.mkdir()
    table = tmp_path / "mounts"
    name = str(folder).replace(" ", "\\040")
    table.write_text(f"/dev/sda1 / ext4 rw 0 0\n//server/share {name} cifs rw 0 0\n", encoding="utf-8")
    opened = Path.open
    monkeypatch.setattr(platform, "MACOS", False)
    monkeypatch.setattr(platform, "WINDOWS", False)
    monkeypatch.setattr(Path, "open", lambda path, **how: opened(table if path.name == "mounts" else path, **how))
    assert platform.filesystem_of(folder / "kb") == "cifs"


@pytest.mark.parametrize("content", ["null", "[[1]]", "{", "[1]"])
def test_a_damaged_memory_of_the_last_answer_counts_as_none(kb: Path, content: str) -> None:
    write_file(kb / "last-answer.json", [content.encode()])
    assert _run(["open", "1"]) == 2


def test_where_no_repair_can_help_none_is_named(kb: Path) -> None:
    for file in kb.iterdir():
        if file.is_file():
            file.write_bytes(b"x" * 99)
    with pytest.raises(DamagedError, match="cannot be read") as told:
        mend(str(kb), apply=True)
    assert "rag repair" not in told.value.next


def test_a_damaged_list_of_what_is_trusted_trusts_nothing(kb: Path) -> None:
    write_file(user_folder("data") / "trusted.json", [b"null"])
    assert _run(["status"]) == 4


@pytest.mark.parametrize("command", [["list", "--kb", "k" * 300], ["init", "/proc/none"]])
def test_a_place_that_cannot_be_is_named(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if command[0] == "init" and not platform.LINUX:
        pytest.skip("only Linux has /proc")
    assert _run(command) == 3
    told = capsys.readouterr().err
    assert command[-1] in told and "defect" not in told


@pytest.mark.skipif(platform.WINDOWS, reason="the shell there cannot close a stream")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_shell_closed_stops_nothing(tmp_path: Path, closed: str) -> None:
    docs = write_tree(tmp_path / "docs", {"a.txt": "One.", "b.txt": "Two."})
    kb = tmp_path / "kb"
    with rag.open(kb, embed_model="hashing:64"):
        pass
    for command in (["ingest", str(docs)], ["list"], ["status"], ["search", "one"]):
        script = f'exec "$0" -m rag "$@" {closed}'
        ended = subprocess.run(["sh", "-c", script, sys.executable, *command, "--kb", str(kb)], capture_output=True)
        assert ended.returncode == 0, ended
    with rag.open(kb, embed_model="hashing:64") as base:
        assert len(base.documents()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_json_that_cannot_be_written_is_told_in_a_line(kb: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "rag", "list", "--json", "--kb", str(kb)]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 3 and "no space left" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command", [["ask", "--model", "{}", "Where is the café?"], ["search", "--embed-model", "{}", "café"]]
)
def test_a_file_that_is_no_model_is_named_and_is_not_the_index_s_fault(
    kb: Path, tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.gguf").write_text("no model")
    assert _run([part.format(f"llamacpp:{tmp_path / 'text.gguf'}") for part in command]) == 3
    assert "text.gguf is not a usable GGUF model" in capsys.readouterr().err


def test_a_negative_number_of_passages_is_wrong_usage(kb: Path) -> None:
    with rag.open(kb) as base, pytest.raises(UsageError, match="negative"):
        base.search("café", k=-1)


def test_no_passage_is_found_where_none_is_asked_for(kb: Path) -> None:
    with rag.open(kb) as base:
        assert base.search("café", k=0) == []
