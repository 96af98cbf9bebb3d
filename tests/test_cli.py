"""The command line as a user meets it: output, exit codes, errors in one line."""

from __future__ import annotations

import errno
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from corpus import write_tree

import rag
from rag.cli import COMMANDS, _run

ROOT = Path(__file__).parent.parent
HASHING = ("--embed-model", "hashing:64")


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_KB", str(tmp_path / "kb"))
    monkeypatch.setenv("RAG_EMBED_MODEL", "hashing:64")
    write_tree(
        tmp_path / "docs",
        {
            "leave.md": "# Leave\n\nFull-time employees receive 20 days of paid annual leave per year.\n",
            "travel.md": "# Travel\n\nHotels are paid up to 140 euro a night.\n",
        },
    )
    return tmp_path / "kb"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = _run(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def test_the_main_way(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "ingest", "docs")
    assert (code, out) == (0, "added     docs/leave.md\nadded     docs/travel.md\n")
    assert "2 added; 2 chunks" in err
    code, out, _ = run(capsys, "search", "annual leave", "-k", "1")
    assert code == 0
    assert out.startswith("[1] docs/leave.md › Leave, line 3\n    Full-time employees receive 20 days")
    code, out, err = run(capsys, "ask", "How many days of annual leave do employees receive?")
    assert code == 0
    assert "[1] docs/leave.md › Leave, line 3" in out
    assert "20 days" in out
    assert "rag setup" in err


def test_a_passage_of_two_documents_names_both_on_the_screen(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs = kb.parent / "docs"
    (docs / "copy.md").write_bytes((docs / "leave.md").read_bytes())
    run(capsys, "ingest", "docs")
    out = run(capsys, "search", "annual leave", "-k", "1")[1]
    assert "docs/leave.md" in out and "docs/copy.md" in out and "also in docs/" in out


def test_json_is_one_object_with_the_contract_s_fields(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run_json(capsys, "ingest", "docs")
    assert (code, report["added"], report["failed"]) == (0, ["docs/leave.md", "docs/travel.md"], [])
    code, found = run_json(capsys, "search", "annual leave")
    assert found.keys() == {"question", "mode", "hits"}
    wanted = "path file page page_label lines where heading modified start end text context also score ranks"
    assert found["hits"][0].keys() == set(wanted.split())
    code, answer = run_json(capsys, "ask", "How many days of annual leave do employees receive?")
    assert code == 0
    assert answer["origin"] == "quotes"
    assert answer["quotes"][0]["n"] == 1
    assert answer["citations"][0]["text"] in answer["text"]


def test_a_question_that_is_not_answered_ends_with_6(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    code, out, _ = run(capsys, "ask", "Who won the 1998 World Cup?")
    assert code == 6
    assert "Nothing was made up" in out
    code, answer = run_json(capsys, "ask", "Who won the 1998 World Cup?")
    assert (code, answer["abstained"], answer["origin"], answer["text"]) == (6, True, "none", "")
    code, out, _ = run(capsys, "ask", "富士山の高さは何メートルですか？")
    assert code == 6
    assert "見当たりません" in out


def test_no_knowledge_base_is_4_and_names_the_command(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "search", "x")
    assert (code, out) == (4, "")
    assert "rag ingest" in err
    code, error = run_json(capsys, "search", "x")
    assert error["error"]["exit"] == code == 4
    assert error["error"].keys() == {"exit", "message", "next"}


@pytest.mark.parametrize(
    "arguments",
    [
        *("serach x", "search", "search ''", "ask '　'", "ask x --nonsense", "ingest missing/"),
        *("label x", "label x ''", "verify --absent ''"),
    ],
)
def test_wrong_usage_is_2(kb: Path, capsys: pytest.CaptureFixture[str], arguments: str) -> None:
    code, _, err = run(capsys, *shlex.split(arguments))
    assert code == 2
    assert err.startswith("rag: ")
    assert "Traceback" not in err


def test_a_full_disk_under_the_output_is_said(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "ingest", "docs")
    write = click.echo

    def full(message: object = "", *, err: bool = False, **more: Any) -> None:
        if not err:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(message, err=err, **more)

    monkeypatch.setattr("click.echo", full)
    code, _, err = run(capsys, "list")
    assert code == 3
    assert "no space left where the output goes" in err and "defect" not in err


def test_a_place_that_is_closed_is_named(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/home/closed")

    monkeypatch.setattr("rag.trust.make_private_folder", closed)
    code, _, err = run(capsys, "ingest", "docs")
    assert code == 3
    assert "/home/closed: Permission denied." in err and "RAG_HOME" in err


def test_a_near_miss_is_helped(kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "rag search" in run(capsys, "serach", "x")[2]
    (kb.parent / "docs/.rag").mkdir()
    monkeypatch.setenv("RAG_HOME", str(kb.parent / "home"))
    write_tree(kb.parent / "home/config", {"config.toml": 'embed_modell = "x"'})
    assert "Did you mean embed_model?" in run(capsys, "ingest", "docs")[2]


def test_a_variable_that_nothing_reads_is_said_with_the_nearest_that_is(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RAG_EMBEDMODEL", "RAG_QX", "RAG_TEST_MODELS", "RAG_HOME", "RAG_MODELS", "RAG_THREADS"):
        monkeypatch.setenv(name, str(kb.parent / "home") if name != "RAG_THREADS" else "1")
    code, out, err = run(capsys, "ingest", "docs")
    assert code == 0
    assert "RAG_" not in out
    assert re.findall("RAG_.*", err) == [
        "RAG_EMBEDMODEL is not a setting and is ignored. Did you mean RAG_EMBED_MODEL?",
        "RAG_QX is not a setting and is ignored.",
    ]


def test_search_by_meaning_without_a_model_says_that_it_was_by_words(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "ingest", "docs")
    code, out, err = run(capsys, "search", "annual leave", "--mode", "dense", "--json")
    assert (code, json.loads(out)["mode"], err) == (0, "dense", "")
    monkeypatch.delenv("RAG_EMBED_MODEL")
    code, out, err = run(capsys, "search", "annual leave", "--mode", "dense", "--json")
    found = json.loads(out)
    assert (code, found["mode"], [hit["ranks"] for hit in found["hits"]]) == (0, "lexical", [{"lexical": 1}])
    assert "no search by meaning without an embedding model" in err
    assert "rag setup" in err
    assert "found by words" in run(capsys, "search", "annual leave", "--mode", "dense")[2]
    assert run(capsys, "search", "annual leave", "--mode", "lexical")[2] == ""
    for command in ("search", "ask"):  # what is said beside a result is said beside its JSON, too
        assert "Searching by words alone" in run(capsys, command, "annual leave", "--json")[2]


def test_search_by_meaning_before_there_are_vectors_says_that_it_was_by_words(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAG_EMBED_MODEL")
    run(capsys, "ingest", "docs")
    code, out, err = run(capsys, "search", "annual leave", "--mode", "dense", "--json", *HASHING)
    assert (code, json.loads(out)["mode"]) == (0, "lexical")
    assert "2 passages still wait for their vectors" in err


def test_a_named_model_that_is_missing_is_3(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    code, _, err = run(capsys, "search", "x", "--embed-model", "llamacpp:/nowhere/x.gguf")
    assert code == 3
    assert "/nowhere/x.gguf" in err


def test_a_failed_file_is_5_once(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (kb.parent / "docs/broken.docx").write_bytes(b"PK\x03\x04")
    code, out, _ = run(capsys, "ingest", "docs")
    assert code == 5
    assert "failed    docs/broken.docx" in out
    assert run(capsys, "ingest", "docs")[0] == 0
    assert run(capsys, "ingest", "docs", "--strict")[0] == 5


def test_list_show_rm(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    assert run(capsys, "list", "docs/l*")[1].startswith("docs/leave.md  (1 chunk,")
    assert "20 days" in run(capsys, "show", "docs/leave.md")[1]
    assert run(capsys, "rm", "docs/travel.md")[1] == "removed  docs/travel.md\n"
    assert run_json(capsys, "list")[1]["documents"][0]["path"] == "docs/leave.md"
    assert run(capsys, "show", "docs/travel.md")[0] == 4
    assert run(capsys, "rm", "docs/travel.md", "--undo")[1] == "allowed again  docs/travel.md\n"


def test_status_and_verify(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    code, status = run_json(capsys, "status")
    assert (status["documents"], status["chunks"], status["waiting"]) == (2, 2, 0)
    assert run(capsys, "verify")[0] == 0
    (part,) = kb.glob("vectors-*.faiss")
    data = bytearray(part.read_bytes())
    data[-10] ^= 4
    part.write_bytes(data)
    code, out, _ = run(capsys, "verify")
    assert code == 4
    assert "vectors.json" in out


def test_forgetting_says_what_is_gone_and_verify_shows_that_it_is(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    code, out, _ = run(capsys, "verify", "--absent", "140 euro a night")
    assert code == 4
    assert "index.sqlite3: in its bytes" in out
    (kb.parent / "docs/travel.md").unlink()
    code, out, err = run(capsys, "forget", "docs/travel.md")
    assert code == 0
    assert out.splitlines()[0] == "forgotten  docs/travel.md"
    assert {"made anew or deleted  index.sqlite3", "made anew or deleted  words.json"} <= set(out.splitlines())
    assert "1 document, 1 passage, 1 vector, 0 answers" in err
    for text in ("140 euro a night", "travel.md", "Hotels"):
        assert run(capsys, "verify", "--absent", text)[0] == 0
    assert run(capsys, "verify")[0] == 0


def test_document_text_cannot_drive_the_terminal(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "# Wombat\n\nThe wombat \x1b]0;owned\x07\x1b[31mis red\u202e and \x9b2J reversed.\n"
    write_tree(kb.parent / "docs", {"evil.md": evil})
    run(capsys, "ingest", "docs")
    for arguments in (["search", "wombat"], ["ask", "What is the wombat?"], ["show", "docs/evil.md"]):
        _, out, _ = run(capsys, *arguments)
        assert "is red" in out
        assert not set("\x1b\x07\x9b\u202e") & set(out)


def test_a_planted_knowledge_base_is_refused_until_it_is_trusted(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "ingest", "docs")
    for user, named in (("another user", [str(kb)]), ("a third", ["--kb", str(kb)])):
        monkeypatch.setenv("RAG_HOME", str(kb.parent / user))
        code, _, err = run(capsys, "search", "leave")
        assert code == 4 and "rag trust" in err
        assert run(capsys, "trust", *named)[0] == 0
        assert run(capsys, "search", "leave")[0] == 0
    kb.chmod(0o755)
    code, _, err = run(capsys, "search", "leave")
    assert code == 4
    assert "chmod" in err


def test_a_knowledge_base_s_own_config_names_no_model(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    (kb / "config.toml").write_text('model = "llamacpp:/tmp/evil.gguf"')
    code, _, err = run(capsys, "search", "leave")
    assert code == 2
    assert "only your own settings" in err


MODELS = [f"models {name}" for name in ("list", "show", "recommend", "pull", "rm", "quantize")]


@pytest.mark.parametrize("command", [*COMMANDS, *MODELS])
def test_every_command_has_help_with_examples_first(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *command.split(), "--help")
    assert code == 0
    assert "Example" in out
    assert out.index("Example") < (out.index("Options:") if "Options:" in out else len(out))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("list", 0), ("list --json", 0), ("--help", 0), ("ask --help", 0), ("search Alpha", 0), ("search --json", 2)],
)
def test_a_closed_pipe_is_not_an_error(kb: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: int) -> None:
    run(capsys, "ingest", "docs")
    command = f"set -o pipefail; {{ sleep 1; {sys.executable} -m rag {arguments}; }} | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_gone_for_good_is_given_up_as_the_message_says(
    kb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_tree(kb.parent / "old's", {"deep/down/a.md": "# A\n\nAlpha.\n"})
    run(capsys, "ingest", "docs", "old's")
    run(capsys, "ingest", str(write_tree(kb.parent / "alone", {"one.md": "# One\n\nOnly one.\n"}) / "one.md"))
    for path in ("deep/down/a.md", "deep/down", "deep", ""):
        (folder / path).unlink() if path.endswith(".md") else (folder / path).rmdir()
    (kb.parent / "alone/one.md").unlink()
    (kb.parent / "alone").rmdir()
    for paths in ("alone/one.md",), ("old's/deep/down/a.md",):
        code, _, err = run(capsys, "ingest")
        assert code == 2
        command = shlex.split(err.split("take it out with: rag ")[1])
        code, out, err = run(capsys, *command)
        assert code == 0
        assert out == "".join(f"removed  {path}\n" for path in paths)
        assert "is no longer looked for" in err
    code, _, err = run(capsys, "ingest")
    assert (code, "2 unchanged" in err) == (0, True)
    assert run_json(capsys, "status")[1]["sources"].keys() == {"docs"}


def test_a_folder_that_is_there_stays_a_source_although_all_of_it_was_taken_out(
    kb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "ingest", "docs")
    run(capsys, "rm", "docs")
    assert "docs" in run_json(capsys, "status")[1]["sources"]
    run(capsys, "rm", "docs", "--undo")
    assert run_json(capsys, "ingest")[1]["added"] == ["docs/leave.md", "docs/travel.md"]


def test_what_matches_nothing_is_said(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    assert "Nothing of the knowledge base matches docs/levae.md. See: rag list" in run(capsys, "rm", "docs/levae.md")[2]
    assert "Nothing was taken out that matches x/*" in run(capsys, "rm", "--undo", "x/*")[2]
    code, out, err = run(capsys, "ask", "How many days of annual leave?", "--within", "dosc/**")
    assert (code, out) == (6, "Not in these documents. Nothing was made up.\n")
    assert err.startswith("No document matches dosc/**. See: rag list\n")
    assert "dosc/** に一致する文書はありません" in run(capsys, "search", "有給休暇は何日？", "--within", "dosc/**")[2]
    assert "No document matches" not in run(capsys, "search", "leave", "--within", "docs/**")[2]


def test_reasons_of_files_that_were_not_read_are_whole_sentences(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(kb.parent / "docs", {"plan.xyz": b"\x00\x01"})
    assert "docs/plan.xyz: no reader for .xyz. Save it as PDF, docx or text.\n" in run(capsys, "ingest", "docs")[1]


def test_the_next_step_of_init_reads_into_what_it_made(
    kb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAG_KB")
    for folder, step in (("docs", "rag ingest docs --kb "), (".", "rag ingest .\n")):
        command = run(capsys, "init", folder)[2].split("Next: ")[1]
        assert command.startswith(step)
        assert run(capsys, *shlex.split(command)[1:])[0] == 0
        with rag.open(kb.parent / folder / ".rag") as made:
            assert len(made.documents()) == 2


def test_a_label_taken_away_is_said_to_be_so(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ingest", "docs")
    assert "1 document matched by docs/leave.md for the label hr." in run(capsys, "label", "docs/leave.md", "hr")[2]
    removed = run(capsys, "label", "docs/leave.md", "hr", "--remove")
    assert "1 document no longer matched by docs/leave.md for the label hr." in removed[2]


def test_what_is_said_beside_an_answer_is_in_the_language_of_the_question(
    kb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(kb.parent / "docs", {"休暇.md": "# 休暇\n\n年次有給休暇は20日である。\n"})
    run(capsys, "ingest", "docs")
    err = run(capsys, "ask", "年次有給休暇は何日ですか")[2]
    assert re.search(r"^根拠 \d+\.\d 秒 · 回答 \d+\.\d 秒$", err, re.M)
    assert not re.search("[a-z]{2,}", err.replace("rag setup", ""))
    assert "一致する箇所はありません" in run(capsys, "search", "乙女座", "--mode", "lexical")[2]
    assert re.search(r"^evidence \d+\.\d s · answer \d+\.\d s$", run(capsys, "ask", "How many days of leave?")[2], re.M)


def test_table_rows_are_shown_with_the_names_of_their_columns(kb: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"C{n:04},Company {n},{n * 100}\n" for n in range(300))
    write_tree(kb.parent / "docs", {"limits.csv": f"Code,Name,Credit limit\n{rows}"})
    run(capsys, "ingest", "docs")
    lines = run(capsys, "search", "C0250", "-k", "1", "--mode", "lexical")[1].splitlines()
    assert lines[1] == "    Code | Name | Credit limit"
    assert lines[2].startswith("    C02")
