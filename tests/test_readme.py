"""Every command of the README is run here, and what it shows is what it prints."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

# What differs from machine to machine or from run to run.
VARIES = re.compile(
    r"\d+\.\d+ s|\d+\.\d+ MB|generation|/models/|knowledge base|source  |\d{4}-\d\d-\d\dT|dense leg|answered from"
)


def examples(section: str) -> list[tuple[str, list[str]]]:
    """The commands of a section with the lines they are said to print."""
    body = README.split(f"<!-- {section} -->")[1].split(f"<!-- /{section} -->")[0]
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("    $ "):
            found.append((line[6:], []))
        elif found and line.strip() and line.startswith("    "):
            found[-1][1].append(line[4:].rstrip())
    return found


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.parametrize("section", ["demo", "commands"])
def test_commands_print_what_the_readme_shows(section: str, tmp_path: Path, bundled_models: dict[str, str]) -> None:
    shutil.copytree(ROOT / "sample_docs", tmp_path / "sample_docs")
    models = Path(bundled_models["model"].partition(":")[2]).parent
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAG_")},
        "RAG_HOME": str(tmp_path / "home"),
        "RAG_KB": str(tmp_path / "kb"),
        "RAG_MODELS": str(models),
        "PYTHONPATH": str(ROOT),
    }
    shown = examples(section)
    assert shown
    before = [["setup", "--bundled"]] + ([["ingest", "sample_docs"]] if section == "commands" else [])
    for arguments in before:
        subprocess.run([sys.executable, "-m", "rag", *arguments], cwd=tmp_path, env=environment, check=True)
    for command, lines in shown:
        words = shlex.split(command)
        assert words[0] == "rag"
        done = subprocess.run(
            [sys.executable, "-m", "rag", *words[1:]],
            cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode in (0, 6), done.stderr
        printed = [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]
        for line in lines:
            assert line in printed or line == "…" or VARIES.search(line), f"{command}: {line!r}\n" + "\n".join(printed)


def test_the_readme_s_commands_exist() -> None:
    from rag.cli import COMMANDS

    named = set(re.findall(r"`rag ([a-z]+)", README)) | set(
        re.findall(r"^    (?:\$ )?rag ([a-z]+)", README, re.MULTILINE)
    )
    assert named <= set(COMMANDS)
    for target in re.findall(r"make ([a-z]+)", README):
        assert f"\n{target}:" in MAKEFILE


def test_the_readme_s_exit_codes_are_those_of_the_errors() -> None:
    from index import errors

    codes = {value.exit for value in vars(errors).values() if isinstance(value, type) and hasattr(value, "exit")}
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert codes <= table


def test_the_readme_s_library_example_runs(tmp_path: Path) -> None:
    example = README.split("### As a library\n")[1].split("\n## ")[0]
    code = "\n".join(line[4:] for line in example.splitlines())
    shutil.copytree(ROOT / "sample_docs" / "dublin", tmp_path / "docs")
    environment = {**os.environ, "RAG_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "docs/" in done.stdout
