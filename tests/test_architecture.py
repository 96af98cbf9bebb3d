"""The shape of the tree: imports point one way, nothing heavy loads early, no data is ever run."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"index": {"index"}, "ingest": {"index", "ingest"}, "rag": {"index", "ingest", "rag"}}
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = {
    "numpy", "faiss", "tantivy", "llama_cpp", "sudachipy", "pypdf", "pypdfium2", "lxml", "bs4", "rich", "torch", "mlx",
    "unstructured", "sentence_transformers", "rapidocr", "gguf", "sqlite3",
}  # fmt: skip
POSIX = {"fcntl", "resource", "pwd", "grp", "termios", "msvcrt"}
BANNED_NAMES = {"eval", "exec", "compile", "__import__"}
BANNED_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    allowed = PACKAGES[path.relative_to(ROOT).parts[0]]
    for name, line in imports(parse(path)):
        top = name.split(".")[0]
        assert top not in PACKAGES or top in allowed, f"{path}:{line} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_data_is_ever_run(path: Path) -> None:
    tree = parse(path)
    for name, line in imports(tree):
        assert name.split(".")[0] not in BANNED_MODULES, f"{path}:{line} imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            assert called not in BANNED_NAMES, f"{path}:{node.lineno} calls {called}"
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                assert not (keyword.arg == "shell" and value), f"{path}:{node.lineno} uses a shell"
                assert not (keyword.arg == "trust_remote_code" and value), f"{path}:{node.lineno} trusts remote code"
                assert not (keyword.arg == "allow_pickle" and value), f"{path}:{node.lineno} allows pickle"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_platform_modules_stay_in_one_file(path: Path) -> None:
    if path == ROOT / "index" / "platform.py":
        top_level = [node for node in parse(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {name for node in top_level for name, _ in imports(node)}
        assert not names & POSIX
        return
    for name, line in imports(parse(path)):
        assert name not in POSIX, f"{path}:{line} imports {name}"


@pytest.mark.parametrize("library", ["faiss", "tantivy"])
def test_one_file_imports_each_engine(library: str) -> None:
    users = [path.name for path in FILES if any(name.split(".")[0] == library for name, _ in imports(parse(path)))]
    assert users == [{"faiss": "dense.py", "tantivy": "lexical.py"}[library]]


def test_only_the_command_line_and_its_screens_print() -> None:
    for path in FILES:
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", f"{path}:{node.lineno} prints"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, json\n"
        "from rag.cli import _run\n"
        "code = _run(['--help'])\n"
        "print(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    code_, modules = json.loads(done.stdout.splitlines()[-1])
    assert code_ == 0
    assert not HEAVY & set(modules)


def test_only_setup_fetches() -> None:
    """Modules that open connections elsewhere are used where the design allows it and nowhere else."""
    clients = {"urllib.request", "http.client", "requests", "httpx", "huggingface_hub", "ftplib", "smtplib"}
    for path in FILES:
        parts = path.relative_to(ROOT).parts
        allowed = parts[:2] in {("rag", "setup"), ("rag", "catalogue")} or parts[-1] == "openai_server.py"
        for name, line in imports(parse(path)):
            assert allowed or name not in clients, f"{path}:{line} imports {name}"


def test_files_stay_small_enough_to_hold_in_mind() -> None:
    large = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {name: lines for name, lines in large.items() if lines > 400}
