"""The shape of the tree: imports point one way, nothing heavy loads early, no data is ever run."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"index": {"index"}, "ingest": {"index", "ingest"}, "rag": {"index", "ingest", "rag"}}
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = {
    "numpy", "faiss", "tantivy", "llama_cpp", "sudachipy", "pypdf", "pypdfium2", "lxml", "rich", "torch", "mlx",
    "unstructured", "sentence_transformers", "rapidocr", "gguf", "sqlite3",
}  # fmt: skip
POSIX = {"fcntl", "resource", "pwd", "grp", "termios", "msvcrt"}
# Calls that may run code from data, follow what a stranger's file says, or hand text to a shell; by what they end in.
BANNED_CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "getoutput", "getstatusoutput"),
    *("extractall", "zipfile.extract", "archive.extract", "mktemp", "load_extension", "enable_load_extension"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "torch.save", "runpy.run_path", "runpy.run_module"),
    *("SourceFileLoader", "exec_module", "loads_pickle", "read_pickle", "Environment", "jinja2.Template"),
    *("etree.parse", "etree.XML", "etree.fromstringlist", "ElementTree.parse", "ElementTree.fromstring"),
}
BUILTINS = {"eval", "exec", "compile", "__import__"}
# Modules that do so, and readers of XML that expand entities.
BANNED_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "codeop", "pty", "telnetlib"),
    *("xml.etree", "xml.dom", "xml.sax", "xml.parsers"),
}
# Keywords that switch such a thing on; None: any value but a plain False does.
BANNED_KEYWORDS = {"shell", "trust_remote_code", "allow_pickle", "resolve_entities", "load_dtd", "unsafe_allow_html"}
# Keywords without which a call does so.
NEEDED_KEYWORDS = {
    "torch.load": ("weights_only", True),
    "XMLParser": ("resolve_entities", False),
    "iterparse": ("resolve_entities", False),
    "HTMLParser": ("no_network", True),
    "AutoModel.from_pretrained": ("trust_remote_code", False),
}


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


def test_every_dependency_is_imported_or_named() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    wanted = {canonical(re.split(r"[^\w.-]", line)[0]) for line in asked}
    code = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    unused, used = set[str](), set[str]()
    for module, names in packages_distributions().items():
        if brings := wanted & set(map(canonical, names)):
            named = re.search(rf'^ *(?:import|from) {re.escape(module)}\b|"{re.escape(module)}"', code, re.MULTILINE)
            (used if named else unused).update(brings)
    assert unused - used <= {"sudachidict-core"}  # opened by sudachipy


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def find_dangers(tree: ast.AST) -> Iterator[str]:
    """What in a module may run code that stands in data."""
    for name, line in imports(tree):
        if any(name == banned or name.startswith(f"{banned}.") for banned in BANNED_MODULES):
            yield f"line {line} imports {name}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        ends = {called, called.rpartition(".")[2], ".".join(called.split(".")[-2:])}
        if isinstance(node.func, ast.Attribute):
            ends -= BUILTINS  # re.compile, and what libraries of models call eval
        yield from (f"line {node.lineno} calls {name}" for name in sorted(ends & BANNED_CALLS))
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        for name in sorted(BANNED_KEYWORDS & set(filter(None, given))):
            if not (isinstance(given[name], ast.Constant) and given[name].value is False):
                yield f"line {node.lineno} sets {name}"
        for name, (keyword, value) in NEEDED_KEYWORDS.items():
            if name in ends and not (keyword in given and ast.unparse(given[keyword]) == str(value)):
                yield f"line {node.lineno} calls {name} without {keyword}={value}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_data_is_ever_run(path: Path) -> None:
    assert not list(find_dangers(parse(path)))


@pytest.mark.parametrize(
    "code",
    [
        *(
            "import pickle",
            "from marshal import loads",
            "import xml.etree.ElementTree as tree",
            "from xml.dom import minidom",
        ),
        *(
            "eval(text)",
            "exec(text)",
            "compile(text, 'x', 'exec')",
            "__import__(name)",
            "os.system(name)",
            "yaml.load(text)",
        ),
        *(
            "archive.extractall(folder)",
            "torch.load(path)",
            "torch.load(path, weights_only=False)",
            "jinja2.Template(text)",
        ),
        *("subprocess.run(line, shell=True)", "subprocess.run(line, shell=flag)", "load(name, trust_remote_code=True)"),
        *("numpy.load(path, allow_pickle=True)", "etree.XMLParser()", "etree.XMLParser(resolve_entities=True)"),
        *("etree.parse(path)", "lxml.etree.iterparse(path)", "html.HTMLParser()", "jinja2.Environment()"),
    ],
)
def test_each_danger_would_be_found(code: str) -> None:
    assert list(find_dangers(ast.parse(code)))


def test_what_is_safe_is_no_danger() -> None:
    code = (
        "re.compile(pattern)\ntorch.load(path, weights_only=True)\nImmutableSandboxedEnvironment()\n"
        "etree.XMLParser(resolve_entities=False)\nsubprocess.run(words, shell=False)\ncompile_patterns(x)\n"
    )
    assert not list(find_dangers(ast.parse(code)))


def test_llama_cpp_is_loaded_by_child_processes_only() -> None:
    """A bad model file ends the process that opens it: that must never be the user's own."""
    for path in FILES:
        calls = {
            node.func.id
            for node in ast.walk(parse(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        users = {name for name, _ in imports(parse(path)) if name == "ingest.models.llamacpp.library"}
        if users and calls & {"Model", "load_library"} and path.parent.name != "llamacpp":
            names = {node.name for node in parse(path).body if isinstance(node, ast.FunctionDef)}
            assert "serve" in names, f"{path} opens models, and is no child process"


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


# Who writes files beside the one helper, and why that is no way round it.
WRITERS = {
    "index/files.py": "the helper",
    "rag/cli/__init__.py": "the output that nobody reads any more leads to nowhere",
    "index/lock.py": "the holder's name in a lock, which nobody needs",
    "rag/setup/fetch.py": "a download that goes on where it stopped; its SHA-256 is checked before it is renamed",
    "rag/offline.py": "a trial in a folder that is thrown away",
    "ingest/parsers/libreoffice.py": "a copy for another program, in a folder that is thrown away",
}
WRITING_CALLS = {"write_bytes", "write_text", "copyfile", "copy2", "copytree", "shutil.copy", "shutil.move", "os.write"}


def find_writes(tree: ast.AST) -> Iterator[str]:
    """Calls that write a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called, said = ast.unparse(node.func), ast.unparse(node)
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            opens = called.rpartition(".")[2] == "open" and any(
                isinstance(part, ast.Constant) and _is_mode(part.value) for part in given
            )
            if {called, called.rpartition(".")[2]} & WRITING_CALLS or opens or "O_WRONLY" in said or "O_RDWR" in said:
                yield called


def _is_mode(given: object) -> bool:
    return isinstance(given, str) and set(given) <= set("rwaxbt+") and bool(set(given) & set("wax+"))


def test_files_are_written_by_the_one_helper() -> None:
    writers = {str(path.relative_to(ROOT)) for path in FILES if list(find_writes(parse(path)))}
    assert writers == set(WRITERS)


@pytest.mark.parametrize(
    "code",
    ["path.write_text(x)", "path.open('w')", "open(path, 'ab')", "path.open(mode='r+')", "os.open(p, os.O_WRONLY)"],
)
def test_each_way_of_writing_would_be_found(code: str) -> None:
    assert list(find_writes(ast.parse(code)))


def test_files_stay_small_enough_to_hold_in_mind() -> None:
    large = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {name: lines for name, lines in large.items() if lines > 400}
