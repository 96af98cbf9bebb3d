"""Nothing leaves: every command on every format, cut off from the network, under a trace of its system calls."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from parser_samples import sample
from system_calls import Call, Traced, only_linux, trace
from tiny_models import write_llama

from ingest.network import SWITCHES
from ingest.parsers import _modules

ROOT = Path(__file__).parent.parent
QUESTION = "How many days of annual leave do full-time employees get?"
RULES = (
    "# Leave policy\n\nFull-time employees receive 20 days of paid annual leave per year, and part-time employees a"
    " share of it.\n\nTravel costs are paid back within 30 days of the trip.\n"
)
# Each command once, in an order in which each finds what it needs; some of them with what they have to refuse.
COMMANDS = (
    "--help", "--version", "init", "ingest docs --quiet", "ingest docs", "ingest --dry-run", "list", "list --json",
    "status",
    "search leave -k 3", "search 休暇 --mode lexical --explain --json", "search leave --within docs/*.md",
    f"ask|{QUESTION}", f"ask|{QUESTION}|--no-generate", f"ask|{QUESTION}|--json", "ask|有給休暇は何日ですか",
    "ask|Who won the 1998 World Cup?", "chat", "chat --list", "open 1", "show docs/rules.md", "label docs/rules.md hr",
    "search leave --label hr", "eval --limit 2 --quiet", "verify", "verify --deep", "repair", "repair --apply",
    "doctor",
    "doctor --offline", "trust .rag", "models list", "models list --all", "models show qwen3-4b", "models recommend",
    "models rm nothing.gguf", "models quantize tiny.gguf --to Q4_0", "bench", "setup --from empty",
    "rm docs/rules.md", "forget docs/name.txt", "verify --absent words-that-are-nowhere", "nonsense",
)  # fmt: skip
SENDER = """
import sys
if {condition}:
    import socket
    with socket.socket() as planted:
        planted.settimeout(1)
        try:
            planted.connect(("192.0.2.1", 443))
        except OSError:
            pass
"""


def words(command: str) -> list[str]:
    return command.split("|") if "|" in command else command.split()


def environment(folder: Path, models: dict[str, str], **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    return {
        **kept,
        "HOME": str(folder),
        "RAG_HOME": str(folder / "home"),
        "RAG_MODELS": str(folder / "models"),
        "RAG_EMBED_MODEL": models["embed_model"],
        "RAG_MODEL": models["model"],
        "PYTHONPATH": str(ROOT),
        **more,
    }


def prepare(folder: Path) -> Path:
    """A folder with a document of every format, and a tiny model."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    for extension in _modules():
        data = sample(extension)
        (docs / f"name{extension}").write_bytes(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) if data is None else data
        )
    (docs / "rules.md").write_text(RULES, encoding="utf-8")
    (folder / "empty").mkdir()
    (folder / "models").mkdir()
    write_llama(folder / "models" / "tiny.gguf")
    shutil.copy(folder / "models" / "tiny.gguf", folder / "tiny.gguf")
    return folder


def run(folder: Path, models: dict[str, str], command: str, *, network: bool) -> Traced:
    given = f"{QUESTION}\nAnd the travel costs?\n".encode() if command == "chat" else b""
    return trace(
        [sys.executable, "-m", "rag", *words(command)],
        environment=environment(folder, models), folder=folder, network=network, given=given,
    )  # fmt: skip


@only_linux
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.timeout(1800)
def test_no_command_leaves_this_machine_and_none_misses_the_network(
    tmp_path: Path, bundled_models: dict[str, str]
) -> None:
    ends: dict[bool, list[int]] = {True: [], False: []}
    count = 0
    for network in (False, True):
        folder = prepare(tmp_path / ("with" if network else "without"))
        for command in COMMANDS:
            done = run(folder, bundled_models, command, network=network)
            assert not done.leaving, f"rag {command} tried {done.leaving}"
            assert done.code != 1, f"rag {command}: {done.stderr.decode()}"
            ends[network].append(done.code)
            count += len(done.calls)
    assert dict(zip(COMMANDS, ends[False], strict=True)) == dict(zip(COMMANDS, ends[True], strict=True))
    assert {0, 2, 3, 5, 6} <= set(ends[False])
    formats = len(_modules())
    print(f"\n{len(COMMANDS)} commands, {formats} formats, with and without a network: 0 of {count} calls leave")


@only_linux
@pytest.mark.torture
@pytest.mark.models
def test_no_format_by_itself_leaves_this_machine(tmp_path: Path, bundled_models: dict[str, str]) -> None:
    whole = prepare(tmp_path / "all")
    count = 0
    for file in sorted((whole / "docs").iterdir()):
        folder = tmp_path / f"one-{file.name}"
        (folder / "docs").mkdir(parents=True)
        shutil.copy(file, folder / "docs")
        for command in ("ingest docs", f"show docs/{file.name}", f"ask|{QUESTION}", f"rm docs/{file.name}"):
            ends = [run(folder, bundled_models, command, network=network) for network in (False, True)]
            assert not ends[0].leaving + ends[1].leaving, f"rag {command} on {file.name}"
            count += 1
    print(f"\n{count} commands on single formats: 0 calls leave")


# ---------------------------------------------------------------- the proof can fail


@pytest.mark.slow
@only_linux
@pytest.mark.parametrize("where", ["command", "worker"])
def test_a_planted_connection_is_seen(tmp_path: Path, where: str) -> None:
    """Code that connects, in the program itself or in a process that it starts, would fail the proof."""
    folder = prepare(tmp_path / "planted")
    planted = tmp_path / "code"
    planted.mkdir()
    condition = "'ingest.worker' in sys.orig_argv" if where == "worker" else "'ingest.worker' not in sys.orig_argv"
    (planted / "sitecustomize.py").write_text(SENDER.format(condition=condition), encoding="utf-8")
    paths = os.pathsep.join((str(planted), str(ROOT)))
    models = {"embed_model": "hashing:64", "model": ""}
    done = trace(
        [sys.executable, "-m", "rag", "ingest", "docs/rules.md"],
        environment=environment(folder, models, PYTHONPATH=paths), folder=folder,
    )  # fmt: skip
    assert done.code == 0
    assert set(done.leaving) == {Call("connect", "inet", "192.0.2.1:443")}


@pytest.mark.slow
@only_linux
@pytest.mark.parametrize("network", [True, False])
def test_every_way_out_is_seen(tmp_path: Path, network: bool) -> None:
    """Connections, datagrams and lookups, by Python and by C, in a process and in its children."""
    code = (
        "import ctypes, socket, struct, subprocess, sys\n"
        "def quiet(call, *given):\n"
        "    try: call(*given)\n"
        "    except OSError: pass\n"
        "datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "quiet(datagram.sendto, b'x', ('192.0.2.2', 5353))\n"
        "quiet(datagram.sendmsg, [b'x'], [], 0, ('192.0.2.3', 9))\n"
        "quiet(socket.getaddrinfo, 'example.invalid', 80)\n"
        "six = socket.socket(socket.AF_INET6)\n"
        "six.settimeout(1)\n"
        "quiet(six.connect, ('2001:db8::1', 80))\n"
        "address = struct.pack('=HHI8x', 2, socket.htons(443), struct.unpack('=I', socket.inet_aton('192.0.2.4'))[0])\n"
        "raw = socket.socket(); raw.settimeout(0)\n"
        "ctypes.CDLL(None).connect(raw.fileno(), address, 16)\n"
        "near = socket.socket(); near.bind(('127.0.0.1', 0))\n"
        "quiet(socket.socket().connect, near.getsockname())\n"
    )
    done = trace([sys.executable, "-c", code], environment=os.environ, folder=tmp_path, network=network)
    assert done.code == 0, done.stderr
    seen = {(call.name, call.address) for call in done.leaving}
    expected = {
        ("sendto", "192.0.2.2:5353"),
        ("sendmsg", "192.0.2.3:9"),
        ("connect", "2001:db8::1:80"),
        ("connect", "192.0.2.4:443"),
    }
    assert expected <= seen
    assert any(address.endswith(":53") or "nscd" in address for _, address in seen - expected), "the lookup"
    assert any(call.address.startswith("127.0.0.1:") and not call.leaves for call in done.calls), "this machine may"


# ---------------------------------------------------------------- the guard of every command

GUARDED = """
import socket, sys
from ingest import network
network.stay_on_this_machine()
def attempt(call, *given):
    try:
        call(*given)
    except OSError as error:
        return "another machine" in str(error)
    return False
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
refused = [
    attempt(socket.create_connection, ("192.0.2.1", 443), 0.1),
    attempt(socket.getaddrinfo, "example.com", 443),
    attempt(socket.gethostbyname, "example.com"),
    attempt(datagram.sendto, b"x", ("192.0.2.1", 53)),
    attempt(socket.socket().connect_ex, ("192.0.2.1", 443)),
]
assert all(refused), refused
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), 1).close()
    socket.getaddrinfo("localhost", 80)
one, other = socket.socketpair()
one.sendall(b"x")
datagram.settimeout(0)
with network.open_door():
    assert not attempt(datagram.sendto, b"x", ("192.0.2.1", 9))
assert attempt(datagram.sendto, b"x", ("192.0.2.1", 9))
network.lift()
assert not attempt(datagram.sendto, b"x", ("192.0.2.1", 9))
"""


def test_a_guarded_process_reaches_this_machine_only() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


SWITCHED = """
import os, sys
from ingest.network import SWITCHES
class Watcher:
    seen = []
    def find_spec(self, name, *_):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"rag", "ingest", "index"}:
            self.seen.append(name)
            assert all(os.environ.get(switch) for switch in SWITCHES), f"{name} is imported before the switches are set"
sys.modules.pop("rag", None)
sys.meta_path.insert(0, Watcher())
assert not any(switch in os.environ for switch in SWITCHES)
from rag.cli import main
try:
    main(["ingest", "docs", "--kb", "kb", "--quiet"])
except SystemExit as end:
    assert end.code == 0, end.code
assert {"click", "numpy", "faiss", "tantivy"} <= {name.partition(".")[0] for name in Watcher.seen}
"""


def test_switches_are_set_before_any_library_is_imported(tmp_path: Path) -> None:
    """In the program itself; its workers are started with them."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "rules.md").write_text(RULES, encoding="utf-8")
    settings = environment(tmp_path, {"embed_model": "hashing:64", "model": ""})
    for switch in SWITCHES:
        settings.pop(switch, None)
    done = subprocess.run(
        [sys.executable, "-c", SWITCHED], cwd=tmp_path, env=settings, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_only_commands_that_fetch_lift_the_guard() -> None:
    lifting = {
        f"{path.stem}.{function.name}"
        for path in (ROOT / "rag").rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(call, ast.Call) and ast.unparse(call.func).endswith("lift") for call in ast.walk(function))
    }
    assert lifting == {"setup.setup_command", "models.pull_command"}


PLANTED = """
import socket, sys, types
import click
from rag.cli import main
@click.command()
@click.option("--debug", is_flag=True)
def status_command(debug):
    socket.create_connection(("192.0.2.1", 443), 0.2)
sys.modules["rag.cli.status"] = types.SimpleNamespace(status_command=status_command)
main(["status", "--debug"])
"""


REFUSED = """
import ctypes, socket, subprocess, sys
from index import platform
assert platform.refuse_internet()
libc = ctypes.CDLL(None)
assert libc.socket(2, 1, 0) == -1 and libc.socket(10, 2, 0) == -1, "C opens no internet socket"
assert libc.socket(1, 1, 0) >= 0, "sockets of this machine's files are no way out"
child = "import socket; socket.socket()"
assert b"Permission denied" in subprocess.run([sys.executable, "-c", child], capture_output=True).stderr
"""


@only_linux
def test_where_no_namespace_is_allowed_internet_sockets_are_refused_to_c_as_well() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_are_guarded() -> None:
    done = subprocess.run([sys.executable, "-c", PLANTED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "192.0.2.1 is another machine" in done.stderr


def test_tracebacks_tell_the_place_but_no_text_of_documents() -> None:
    code = PLANTED.replace('socket.create_connection(("192.0.2.1", 443), 0.2)', 'int("text of a document")')
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ValueError" in done.stderr and "status_command" in done.stderr
    assert "invalid literal" not in done.stderr and "A defect of this program: ValueError." in done.stderr
