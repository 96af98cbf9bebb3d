"""What ``pip install .`` alone gives: the main formats, no torch, and a clear word where an extra is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_BROUGHT = ("torch", "transformers", "unstructured", "rapidocr", "mlx", "sentence_transformers", "pytest")


@pytest.mark.slow
@pytest.mark.timeout(1500)  # on a fresh machine llama.cpp is compiled here
def test_a_plain_install_reads_the_sample_company(tmp_path: Path) -> None:
    for name in ("rag", "ingest", "index"):
        shutil.copytree(ROOT / name, tmp_path / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / "source" / name)
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    constraints = str(ROOT / "constraints.txt")
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", constraints, str(tmp_path / "source")]
    subprocess.run(install, check=True, stdin=subprocess.DEVNULL)

    probe = f"import importlib.util as u, json; print(json.dumps([n for n in {NOT_BROUGHT!r} if u.find_spec(n)]))"
    found = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(found.stdout) == []

    # Files that are no code come along: without its adapter a model would only decide worse.
    beside = [path.relative_to(ROOT) for name in ("rag", "ingest", "index") for path in (ROOT / name).rglob("*.*")]
    data = [path for path in beside if path.suffix not in (".py", ".pyc")]
    assert {path.suffix for path in data} >= {".gguf", ".json", ".toml", ".xz"}
    (installed,) = (tmp_path / "venv").rglob("site-packages")
    assert [path for path in data if not (installed / path).is_file()] == []

    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "PYTHON"))}
    environment |= {"RAG_HOME": str(tmp_path / "home"), "RAG_KB": str(tmp_path / "kb")}
    command = [python, "-m", "rag", "ingest", str(ROOT / "sample_docs"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    read = {Path(path).suffix for path in report["added"]}
    assert read == {".md", ".txt", ".html", ".csv", ".pdf", ".docx", ".xlsx", ".pptx", ".eml"}
    assert report["failed"] == []
    (scan,) = report["skipped"]
    assert scan["path"].endswith("スキャン.pdf")
    assert "tebiki-rag[ocr]" in scan["reason"]
