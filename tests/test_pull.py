"""Models that come and go: fetched from a hub on this machine, re-quantised, and removed."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import write_llama

import rag.catalogue
from index.errors import MissingError, ModelError, StoreError, UsageError
from ingest.models.gguf_header import read_header
from rag.catalogue import Form, Model, ModelFile
from rag.catalogue.local import find_local, remove_model
from rag.catalogue.pull import Pulled, pull_model
from rag.catalogue.requantise import Gain, requantise
from rag.settings import Settings
from rag.setup.fetch import Step

# ------------------------------------------------------------------------------------------------ a hub on this machine


class HubFiles(http.server.BaseHTTPRequestHandler):
    """Repositories as the model hub gives them: a list of files with hashes, and the files from any byte on."""

    repositories: dict[str, dict[str, bytes]]
    asked: list[tuple[str, str]]
    ranges = True
    refuse = ""
    breaks_at = 0  # bytes after which the connection breaks off

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = re.sub(r"^https?://[^/]+", "", self.path).partition("?")[0]
        self.asked.append((self.path, self.headers.get("Range", "")))
        if self.refuse:
            self.send_response(403)
            self.send_header("X-Error-Code", self.refuse)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+?)(/revision/main)?", path):
            if found[1] in self.repositories:
                self._send(json.dumps(self._listing(found[1])).encode())
                return
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/main/(.+)", path):
            content = self.repositories.get(found[1], {}).get(found[2])
            if content is not None:
                self._send(content, int(re.sub(r"\D", "", self.headers.get("Range", "0"))) if self.ranges else 0)
                return
        self.send_error(404)

    def _listing(self, repository: str) -> dict[str, Any]:
        return {
            "id": repository,
            "siblings": [
                {
                    "rfilename": name,
                    "size": len(content),
                    "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
                }
                | (
                    {"lfs": {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 130}}
                    if name.endswith((".gguf", ".safetensors"))
                    else {}
                )
                for name, content in self.repositories[repository].items()
            ],
        }

    def _send(self, content: bytes, start: int = 0) -> None:
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[start:][: self.breaks_at or None])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[HubFiles]]:
    """A hub with a tiny GGUF file and a repository of safetensors, and a catalogue that names them."""
    content = write_llama(tmp_path / "made.gguf").read_bytes()
    whole = {
        "config.json": b'{"model_type": "llama"}',
        "model.safetensors": b"weights" * 1000,
        "run.py": b"raise SystemExit",
        "weights.bin": b"a pickle",
    }
    handler = type(
        "Handler",
        (HubFiles,),
        {"repositories": {"maker/tiny-GGUF": {"Tiny-Q4_0.gguf": content}, "maker/tiny-mlx": whole}, "asked": []},
    )
    row = Model(
        "tiny",
        "Tiny",
        "instruct",
        "mit",
        ("en",),
        1000,
        512,
        (
            Form("llamacpp", "maker/tiny-GGUF", (ModelFile("Q4_0", "tiny-q4_0.gguf", len(content)),)),
            Form("mlx", "maker/tiny-mlx", precision="4bit"),
        ),
    )
    monkeypatch.setattr(rag.catalogue, "load_catalogue", lambda: (row,))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield handler
        server.shutdown()


def pull(folder: Path, **choice: str) -> tuple[list[Step], Pulled]:
    *steps, last = pull_model("tiny", folder=folder, **choice)
    assert isinstance(last, Pulled)
    return [step for step in steps if isinstance(step, Step)], last


def the_file(hub: type[HubFiles]) -> bytes:
    return hub.repositories["maker/tiny-GGUF"]["Tiny-Q4_0.gguf"]


def test_a_file_comes_whole_under_the_hub_s_spelling(hub: type[HubFiles], tmp_path: Path) -> None:
    steps, pulled = pull(tmp_path / "models")
    assert pulled.name == f"llamacpp:{tmp_path / 'models' / 'Tiny-Q4_0.gguf'}"
    assert pulled.path.read_bytes() == the_file(hub)
    assert any(step.done == step.total > 0 for step in steps)
    assert "mit" in steps[0].text
    assert os.environ["HF_HUB_OFFLINE"] == "1"  # lifted in the child alone
    assert "huggingface_hub" not in sys.modules


def test_an_interrupted_file_goes_on_at_its_byte(hub: type[HubFiles], tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".Tiny-Q4_0.gguf.part").write_bytes(the_file(hub)[:1000])
    _, pulled = pull(tmp_path / "models")
    assert [asked for _, asked in hub.asked if asked] == ["bytes=1000-"]
    assert pulled.path.read_bytes() == the_file(hub)


def test_a_connection_that_breaks_keeps_what_came(hub: type[HubFiles], tmp_path: Path) -> None:
    hub.repositories["maker/tiny-GGUF"]["Tiny-Q4_0.gguf"] += bytes(5 << 20)
    hub.breaks_at = (9 << 20) // 2
    with pytest.raises(MissingError) as caught:
        pull(tmp_path / "models")
    assert "127.0.0.1" in caught.value.message
    hub.breaks_at = 0
    kept = (tmp_path / "models" / ".Tiny-Q4_0.gguf.part").stat().st_size
    assert 2 << 20 <= kept <= 9 << 19  # to the piece of a mebibyte or two that was under way
    assert pull(tmp_path / "models")[1].path.read_bytes() == the_file(hub)
    assert hub.asked[-1][1] == f"bytes={kept}-"


@pytest.mark.parametrize("damaged", [False, True])
def test_a_file_that_came_whole_before_the_end_is_only_checked(
    hub: type[HubFiles], tmp_path: Path, damaged: bool
) -> None:
    (tmp_path / "models").mkdir()
    content = the_file(hub)
    (tmp_path / "models" / ".Tiny-Q4_0.gguf.part").write_bytes(bytes(len(content)) if damaged else content)
    if damaged:
        with pytest.raises(ModelError, match="gave other content"):
            pull(tmp_path / "models")
    assert pull(tmp_path / "models")[1].path.read_bytes() == content


def test_a_mirror_that_begins_at_the_beginning_is_understood(hub: type[HubFiles], tmp_path: Path) -> None:
    hub.ranges = False
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".Tiny-Q4_0.gguf.part").write_bytes(the_file(hub)[:1000])
    assert pull(tmp_path / "models")[1].path.read_bytes() == the_file(hub)


def test_pinned_content_is_what_is_kept(hub: type[HubFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = rag.catalogue.load_catalogue()
    pinned = ModelFile("Q4_0", "Tiny-Q4_0.gguf", len(the_file(hub)), "0" * 64)
    form = replace(row.forms[0], files=(pinned,))
    monkeypatch.setattr(rag.catalogue, "load_catalogue", lambda: (replace(row, forms=(form,)),))
    with pytest.raises(ModelError, match="other content"):
        pull(tmp_path / "models")
    assert not list((tmp_path / "models").iterdir())
    assert not any("/api/" in path for path, _ in hub.asked)  # what is pinned needs no list


def test_a_repository_comes_without_code_or_pickles(hub: type[HubFiles], tmp_path: Path) -> None:
    _, pulled = pull(tmp_path / "models", runtime="mlx")
    assert sorted(path.name for path in pulled.path.iterdir()) == ["config.json", "model.safetensors"]
    assert pulled.name == f"mlx:{tmp_path / 'models' / 'maker--tiny-mlx'}"


def test_a_changed_small_file_is_noticed(hub: type[HubFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = hub._listing

    def lie(self: HubFiles, repository: str) -> dict[str, Any]:
        found = listing(self, repository)
        found["siblings"][0]["blobId"] = "0" * 40
        return found

    monkeypatch.setattr(hub, "_listing", lie)
    with pytest.raises(ModelError, match=r"config\.json"):
        pull(tmp_path / "models", runtime="mlx")


def test_a_file_that_would_land_elsewhere_is_refused(hub: type[HubFiles], tmp_path: Path) -> None:
    hub.repositories["maker/tiny-mlx"]["../outside.json"] = b"{}"
    with pytest.raises(ModelError, match="elsewhere"):
        pull(tmp_path / "models", runtime="mlx")
    assert not (tmp_path / "outside.json").exists()


def test_a_licence_to_accept_is_said(hub: type[HubFiles], tmp_path: Path) -> None:
    hub.refuse = "GatedRepo"
    with pytest.raises(MissingError) as caught:
        pull(tmp_path / "models")
    assert "HF_TOKEN" in caught.value.next


def test_a_hub_that_is_not_there_or_not_encrypted_is_named(
    hub: type[HubFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(MissingError, match=r"127\.0\.0\.1:1"):
        pull(tmp_path / "models")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    with pytest.raises(UsageError, match="https"):
        pull(tmp_path / "models")


def test_a_proxy_is_used(hub: type[HubFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", os.environ["HF_ENDPOINT"])
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://localhost:9")  # nobody there: only the proxy can have answered
    _, pulled = pull(tmp_path / "models")
    assert pulled.path.read_bytes() == the_file(hub)
    assert all(path.startswith("http://localhost:9/") for path, _ in hub.asked)


def test_a_disk_that_is_too_small_is_said_before(
    hub: type[HubFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(StoreError, match="free"):
        pull(tmp_path / "models", runtime="mlx")


# ------------------------------------------------------------------------------------------------ here and gone


def test_a_model_is_removed_from_the_models_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    kept, gone = write_llama(folder / "kept.gguf"), write_llama(folder / "gone.gguf")
    outside = write_llama(tmp_path / "outside.gguf")
    (folder / "link.gguf").symlink_to(outside)
    settings = Settings(model=f"llamacpp:{kept}")
    (folder / "lost.gguf").symlink_to(folder / "taken away.gguf")
    assert [(model.path.name, model.used) for model in find_local(settings, folder)] == [
        ("gone.gguf", ""),
        ("kept.gguf", "instruct"),
        ("link.gguf", ""),
    ]
    assert remove_model("gone.gguf", settings, folder=folder).path == gone
    for name in ("kept.gguf", "link.gguf", str(outside), "../outside.gguf", "gone.gguf"):
        with pytest.raises(UsageError):
            remove_model(name, settings, folder=folder)
    remove_model(f"llamacpp:{kept}", settings, even_used=True, folder=folder)
    assert outside.exists()
    assert not kept.exists()


def test_a_model_in_use_is_known_however_its_path_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    kept = write_llama(folder / "kept.gguf")
    (tmp_path / "other").symlink_to(folder)
    for place in (tmp_path / "other/kept.gguf", folder / "../models/kept.gguf"):
        settings = Settings(model=f"llamacpp:{place}")
        assert [(model.path, model.used) for model in find_local(settings, folder)] == [(kept, "instruct")]
        with pytest.raises(UsageError, match="instruct model"):
            remove_model("kept.gguf", settings, folder=folder)


def test_models_in_use_that_lie_elsewhere_are_listed_and_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    write_llama(folder / "here.gguf")
    outside, embedding = write_llama(tmp_path / "outside.gguf"), write_llama(tmp_path / "embedding.gguf")
    settings = Settings(model=f"llamacpp:{outside}", embed_model=f"llamacpp:{embedding}", reranker="openai:served")
    assert {(model.path.name, model.used) for model in find_local(settings, folder)} == {
        ("here.gguf", ""), ("outside.gguf", "instruct"), ("embedding.gguf", "embedding"),
    }  # fmt: skip
    with pytest.raises(UsageError) as caught:
        remove_model(str(outside), settings, even_used=True, folder=folder)
    assert caught.value.next == "There are: here.gguf."
    assert outside.exists()


@pytest.mark.parametrize("name", ["maker--tiny-mlx", "mlx:{}", "sentence-transformers:{}"])
def test_a_repository_is_removed_as_a_whole(hub: type[HubFiles], tmp_path: Path, name: str) -> None:
    _, pulled = pull(tmp_path, runtime="mlx")
    remove_model(name.format(pulled.path), Settings(), folder=tmp_path)
    assert not pulled.path.exists()


@pytest.mark.slow
def test_requantising_says_what_it_gains(tmp_path: Path) -> None:
    source = write_llama(tmp_path / "tiny-f32.gguf")
    *_, gain = requantise(source, "q8_0", tmp_path / "models")
    assert isinstance(gain, Gain)
    assert gain.target == tmp_path / "models" / "tiny.Q8_0.gguf"
    assert gain.bytes == (source.stat().st_size, gain.target.stat().st_size)
    assert gain.bytes[1] < gain.bytes[0]
    assert "Q8_0" in read_header(gain.target).precisions
    assert min(*gain.prompt, *gain.writing) > 0
    with pytest.raises(UsageError, match="already"):
        list(requantise(source, "Q8_0", tmp_path / "models"))
    with pytest.raises(UsageError, match="in Q8_0 already") as caught:
        list(requantise(gain.target, "Q8_0", tmp_path / "models"))
    assert "rm" not in caught.value.next
    with pytest.raises(UsageError, match="precision"):
        list(requantise(source, "Q1_X", tmp_path / "models"))
