"""Files that want to hurt cost themselves and nothing else: all good ones are read, each hostile one has its reason."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from corpus import make_document
from hostile_files import HOSTILE, MEGABYTE, SHORT, changing, write_hostile
from parser_samples import PICTURES, sample
from system_calls import only_linux

from index.types import Block, Document, Kind
from ingest.chunk import chunk_document
from ingest.parsers import _modules

ROOT = Path(__file__).parent.parent
MOST = 500 * MEGABYTE  # what the process that reads documents for others may take
SECONDS = 6.0  # without a sign of life, then a reader is given up


def write_good(folder: Path, count: int) -> set[str]:
    """`count` good files in all formats that can be written by hand; their paths."""
    formats = [ext for ext in sorted(_modules()) if sample(ext) is not None and ext not in PICTURES]
    folder.mkdir(parents=True)
    names = []
    for number in range(count):
        extension = formats[number % len(formats)]
        names.append(f"good{number}{extension}")
        (folder / names[-1]).write_bytes(sample(extension) or b"")
    return {f"all/good/{name}" for name in names}


def plant_parser(folder: Path) -> str:
    """Put hostile_parser.py among the readers; the PYTHONPATH with which every process finds it there."""
    (folder / "readers").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "hostile_parser.py", folder / "readers")
    start = f"import ingest.parsers\ningest.parsers.__path__.append({str(folder / 'readers')!r})\n"
    (folder / "sitecustomize.py").write_text(start, encoding="utf-8")
    return os.pathsep.join((str(folder), str(ROOT)))


def ingest(folder: Path) -> tuple[dict[str, Any], float]:
    """Run hostile_run.py on folder/all; what it found, and how long it took."""
    scratch = folder / "tmp"
    scratch.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    environment |= {
        "HOME": str(folder), "RAG_HOME": str(folder / "home"), "TMPDIR": str(scratch), "RAG_EMBED_MODEL": "hashing:64",
        "PYTHONPATH": plant_parser(folder / "code"),
    }  # fmt: skip
    script = str(ROOT / "tests" / "hostile_run.py")
    start = time.monotonic()
    subprocess.run(
        [sys.executable, script, str(folder / "kb"), str(folder / "all"), str(folder / "found.json"), str(SECONDS)],
        env=environment, cwd=folder, check=True, timeout=1500,
    )  # fmt: skip
    seconds = time.monotonic() - start
    left = [str(path) for path in scratch.rglob("*")]
    assert not left, f"copies stay behind: {left}"
    return json.loads((folder / "found.json").read_text(encoding="utf-8")), seconds


def printable(name: str) -> str:
    return "".join(char for char in name if char >= " " and not "\x7f" <= char <= "\x9f" and char != "\u202e")


def judge(name: str, report: dict[str, Any]) -> str:
    """What is wrong with the report on one hostile file; "" when it is as it should be."""
    path, expected = f"all/hostile/{printable(name)}", HOSTILE[name]
    outcomes = [
        (outcome, "" if outcome == "added" else note["reason"])
        for outcome in ("added", "skipped", "failed")
        for note in report[outcome]
        if (note if outcome == "added" else note["path"]) == path
    ]
    if len(outcomes) != 1:
        return f"{name!r} has the outcomes {outcomes}"
    outcome, reason = outcomes[0]
    if outcome not in expected.outcome.split("|") or (outcome != "added" and not re.search(expected.reason, reason)):
        return f"{name!r} is {outcome} ({reason!r}), not {expected.outcome} ({expected.reason!r})"
    return ""


def check(folder: Path, names: Sequence[str], good: int) -> None:
    names = [name for name in names if name != "device.txt" or os.geteuid() == 0]  # only root makes devices
    expected = write_good(folder / "all" / "good", good)
    write_hostile(folder / "all" / "hostile", tuple(names))
    outside = {path for path in folder.rglob("*") if "kb" not in path.parts}
    with changing(folder / "all" / "hostile" / "changing.txt"):
        found, seconds = ingest(folder)
    report = found["report"]
    wrong = [told for name in names if (told := judge(name, report))]
    assert not wrong, "\n".join(wrong)
    (changed,) = [note for note in report["failed"] if note["path"].endswith("/changing.txt")]
    assert "changed while it was read" in changed["reason"]
    assert expected <= set(report["added"]), expected - set(report["added"])
    assert found["hits"], "what was read is found"
    for path in found["paths"]:
        assert path.startswith("all/") and not {"", ".", ".."} & set(path.split("/")), path
        assert path.isprintable(), path
    passwd = Path("/etc/passwd").read_text(encoding="utf-8").splitlines()[0]
    assert passwd.encode() not in (folder / "kb" / "index.sqlite3").read_bytes()
    new = {path for path in folder.rglob("*") if path.exists()} - outside
    assert {path.relative_to(folder).parts[0] for path in new} <= {"all", "code", "found.json", "home", "kb", "tmp"}
    assert not any("evil" in path.name or "drive" in path.name for path in new)
    assert found["peak"] < MOST
    print(
        f"\n{len(expected)} of {len(expected)} good files read, {len(names) + 1} of {len(names) + 1} hostile ones"
        f" reported with their reason, {found['peak'] / 1e6:.0f} MB, {seconds:.0f} s"
    )


@only_linux
@pytest.mark.slow
def test_30_hostile_files_among_100_good_ones(tmp_path: Path) -> None:
    check(tmp_path, SHORT, 100)


@only_linux
@pytest.mark.torture
def test_all_hostile_files_among_300_good_ones(tmp_path: Path) -> None:
    assert len(HOSTILE) >= 60
    check(tmp_path, tuple(HOSTILE), 300)


@only_linux
@pytest.mark.slow
def test_no_copy_of_a_document_stays_behind(tmp_path: Path) -> None:
    """After every format, after every way in which a reader fails, and after a run that was killed."""
    write_good(tmp_path / "all" / "good", 80)
    write_hostile(tmp_path / "all" / "hostile", ("a.crashes", "a.leaves", "a.hangs"))
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    environment = {
        **os.environ, "TMPDIR": str(scratch), "RAG_EMBED_MODEL": "hashing:64",
        "PYTHONPATH": plant_parser(tmp_path / "code"),
    }  # fmt: skip
    command = [sys.executable, "-m", "rag", "ingest", "all", "--kb", "kb"]
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    threading.Timer(4.0, process.kill).start()
    process.wait()
    assert [str(path) for path in scratch.rglob("*")] == []


@pytest.mark.slow
@pytest.mark.timeout(120)  # where time grows with the square of the length, this takes an hour
@pytest.mark.parametrize(
    "unit", ["x,", "x ", "、", "a", "A. ", "Mr. ", "（。）", "“", "1.\n", "- x\n", "\v", "あ", "."]
)
def test_no_text_makes_cutting_it_crawl(unit: str) -> None:
    """Chunks are made by the process that reads for others: there no limit ends what a hostile text drags out."""
    chunks = chunk_document(make_document(f"b {unit * (600_000 // len(unit))} e"))
    assert chunks


def test_a_table_of_many_rows_is_cut_in_one_pass() -> None:
    text, blocks = "", [Block(0, 4, Kind.HEADER)]
    text = "head\n" + "row\n" * 60_000
    blocks += [Block(5 + 4 * n, 8 + 4 * n, Kind.ROW) for n in range(60_000)]
    chunks = chunk_document(Document("t", text, tuple(blocks)))
    assert all(chunk.context[0].text == "head" for chunk in chunks[1:])
