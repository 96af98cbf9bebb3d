"""Setup keeps what is pinned and nothing else, wherever it came from, and goes on where it was interrupted."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from tiny_models import write_bert_published, write_llama

import rag.setup
from index.errors import DamagedError, MissingError, RagError, StoreError
from ingest.embedders import open_embedder
from ingest.models.gguf_header import read_header
from ingest.models.model_files import file_sha256, models_folder
from rag.generators import open_generator
from rag.machine import Machine, read_machine
from rag.settings import Settings
from rag.setup import Installed, Step, bundled, download_originals, set_up
from rag.setup.choice import choose_models, guess_languages
from rag.setup.fetch import fetch_originals
from rag.setup.originals import BUNDLED, Original
from rag.setup.places import Folder, Hub, Pip, open_member

CONTENT = bytes(range(256)) * 5_000


def make_original(content: bytes = CONTENT, **fields: str) -> Original:
    sha256 = hashlib.sha256(content).hexdigest()
    return Original(**{"name": "weights.bin", "sha256": sha256, "size": len(content), **fields})  # type: ignore[arg-type]


class Stream:
    """A place that gives `content`, and breaks off after `limit` bytes of it."""

    def __init__(self, content: bytes, limit: int | None = None, name: str = "a place") -> None:
        self.content, self.limit, self.name = content, limit, name
        self.starts: list[int] = []

    @contextmanager
    def open(self, _: Original, start: int) -> Iterator[IO[bytes]]:
        self.starts.append(start)
        yield io.BytesIO(self.content[: self.limit][start:])


class Nothing:
    name = "nowhere"

    def open(self, original: Original, _: int) -> AbstractContextManager[IO[bytes]]:
        raise MissingError(f"nowhere has no {original.name}.")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ------------------------------------------------------------------------------------------------ fetching


def test_the_first_place_that_has_the_file_gives_it(tmp_path: Path) -> None:
    later = Stream(CONTENT)
    steps = list(fetch_originals([make_original()], tmp_path, [Nothing(), Stream(CONTENT), later]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT
    assert files(tmp_path) == ["weights.bin"]
    assert later.starts == []
    assert steps[-1] == Step("weights.bin is verified.", len(CONTENT), len(CONTENT))


def test_a_file_that_is_here_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(CONTENT)
    place = Stream(CONTENT)
    list(fetch_originals([make_original()], tmp_path, [place]))
    assert place.starts == []


def test_a_changed_file_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"x" + CONTENT[1:])
    list(fetch_originals([make_original()], tmp_path, [Stream(CONTENT)]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [b"x" + CONTENT[1:], CONTENT * 2])
def test_other_content_is_thrown_away(tmp_path: Path, wrong: bytes) -> None:
    with pytest.raises(DamagedError, match=r"weights\.bin"):
        list(fetch_originals([make_original()], tmp_path, [Stream(wrong)]))
    assert files(tmp_path) == []


def test_wrong_content_of_one_place_does_not_keep_the_next_from_helping(tmp_path: Path) -> None:
    list(fetch_originals([make_original()], tmp_path, [Stream(b"x" + CONTENT[1:]), Stream(CONTENT)]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT


def test_an_interrupted_fetch_goes_on_at_its_byte(tmp_path: Path) -> None:
    broken = Stream(CONTENT, limit=700_000)
    with pytest.raises(MissingError, match="early"):
        list(fetch_originals([make_original()], tmp_path, [broken]))
    assert files(tmp_path) == [".weights.bin.part"]
    whole = Stream(CONTENT)
    list(fetch_originals([make_original()], tmp_path, [whole]))
    assert whole.starts == [700_000]
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT
    assert files(tmp_path) == ["weights.bin"]


def test_when_no_place_has_it_each_says_why(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere has no weights\.bin") as caught:
        list(fetch_originals([make_original()], tmp_path, [Nothing()]))
    assert "--from" in caught.value.next


def test_a_file_larger_than_the_disk_is_not_begun(tmp_path: Path) -> None:
    huge = replace(make_original(), size=1 << 60)
    place = Stream(CONTENT)
    with pytest.raises(StoreError, match="free"):
        list(fetch_originals([huge], tmp_path, [place]))
    assert place.starts == []


# ------------------------------------------------------------------------------------------------ places


def read_all(place: Folder | Hub, original: Original, start: int = 0) -> bytes:
    with place.open(original, start) as stream:
        return stream.read()


def test_a_folder_gives_plain_files_and_members_of_archives(tmp_path: Path) -> None:
    original = make_original(package="some-package==1.0", member="some_package/w.bin")
    with pytest.raises(MissingError, match=r"weights\.bin"):
        read_all(Folder(tmp_path), original)
    with zipfile.ZipFile(tmp_path / "some_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_package/w.bin", CONTENT)
    assert read_all(Folder(tmp_path), original) == CONTENT
    assert read_all(Folder(tmp_path), original, 1_000) == CONTENT[1_000:]
    (tmp_path / "weights.bin").write_bytes(b"plain")
    assert read_all(Folder(tmp_path), original, 2) == b"ain"


def test_a_source_archive_is_read_without_running_it(tmp_path: Path) -> None:
    archive = tmp_path / "some-package-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as source:
        for name, content in (
            ("some-package-1.0/setup.py", b"raise SystemExit"),
            ("some-package-1.0/a/w.bin", CONTENT),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            source.addfile(entry, io.BytesIO(content))
    with open_member(archive, "a/w.bin") as stream:
        assert stream.read() == CONTENT


@pytest.mark.parametrize("name", ["x.whl", "x.tar.gz"])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no archive")
    with pytest.raises(MissingError, match=re.escape(name)), open_member(tmp_path / name, "w.bin") as stream:
        stream.read()


class Files(http.server.BaseHTTPRequestHandler):
    """A model hub on this machine; `ranges` says whether it can begin in the middle."""

    ranges = True
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.path.endswith("/resolve/main/w.bin"):
            self.send_error(404)
            return
        start = int(re.sub(r"\D", "", self.headers.get("Range", "0"))) if self.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(params=[True, False], ids=["ranges", "no ranges"])
def hub(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    handler = type("Handler", (Files,), {"ranges": request.param, "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        yield Hub()
        server.shutdown()


def test_a_hub_gives_a_file_from_any_byte_on(hub: Hub) -> None:
    original = make_original(repository="maker/model", path="w.bin")
    assert hub.is_reachable()
    assert read_all(hub, original) == CONTENT
    assert read_all(hub, original, 999_999) == CONTENT[999_999:]
    with pytest.raises(MissingError, match="404"):
        read_all(hub, replace(original, path="other.bin"))
    with pytest.raises(MissingError, match="not on the model hub"):
        read_all(hub, replace(original, repository=""))


def test_a_hub_that_is_not_there_is_not_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert not Hub().is_reachable()


def test_only_encrypted_addresses_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://example.org")
    assert not Hub().is_reachable()
    with pytest.raises(MissingError, match="https"):
        read_all(Hub(), make_original(repository="maker/model", path="w.bin"))


def test_pip_that_finds_nothing_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    original = make_original(package="some-package==1.0", member="w.bin")
    with Pip() as pip, pytest.raises(MissingError, match=r"some-package==1\.0"), pip.open(original, 0):
        pass


def test_pip_hands_over_the_member_of_a_wheel_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "some_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_package/w.bin", CONTENT)
        wheel.writestr(
            "some_package-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n"
        )
        wheel.writestr("some_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("some_package-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    original = make_original(package="some-package==1.0", member="some_package/w.bin")
    with Pip() as pip:
        with pip.open(original, 0) as stream:
            assert stream.read() == CONTENT
        folder = Path(pip._folder.name) if pip._folder else None
    assert folder is not None
    assert not folder.exists()


# ------------------------------------------------------------------------------------------------ the bundled pair

TINY_CONFIG = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 256,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
}


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two tiny models under the published names, and setup made to expect their content."""
    folder = tmp_path / "stick"
    folder.mkdir()
    weights, tokenizer, instruct = (folder / original.name for original in BUNDLED)
    write_bert_published(weights, tokenizer, TINY_CONFIG)
    write_llama(instruct)
    pinned = tuple(
        replace(original, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size)
        for original, path in zip(BUNDLED, (weights, tokenizer, instruct), strict=True)
    )
    monkeypatch.setattr(bundled, "BUNDLED", pinned)
    monkeypatch.setattr(rag.setup, "BUNDLED", pinned)
    for name, original in zip(("EMBEDDING_WEIGHTS", "EMBEDDING_TOKENIZER", "INSTRUCT_WEIGHTS"), pinned, strict=True):
        monkeypatch.setattr(bundled, name, original)
    monkeypatch.setattr(bundled, "EMBEDDING_CONFIG", TINY_CONFIG)
    return folder


def install(stick: Path, folder: Path) -> Installed:
    *_, last = set_up(("en",), source=stick, folder=folder)
    assert isinstance(last, Installed)
    return last


def test_setup_makes_two_models_that_work(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    installed = install(stick, folder)
    made = bundled.find_bundled(folder)
    assert (installed.embed_model, installed.model) == (made["embedding"].name, made["instruct"].name)
    assert any("core" in reason for reason in installed.reasons)
    with open_embedder(installed.embed_model) as embedder:
        assert embedder.dimension == 64
        assert embedder.identity.weights == made["embedding"].source_sha256
    with open_generator(Settings(model=installed.model)) as generator:
        assert generator.count_tokens("abc") == 3
    kept = {Path(model.file).name for model in made.values()}
    assert set(files(folder)) == {*kept, "bundled.json"}
    for model in made.values():
        assert hashlib.sha256(Path(model.file).read_bytes()).hexdigest() == model.sha256
        assert read_header(Path(model.file)).precisions[0] in (model.precision, "F32", "Q8_0")
        assert model.tokens_per_second > 0


def test_a_second_setup_does_nothing(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    first = install(stick, folder)
    for path in stick.iterdir():
        path.unlink()
    assert install(stick, folder) == first


def test_a_damaged_model_is_noticed_and_made_again(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    path = Path(install(stick, folder).model.partition(":")[2])
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert len(bundled.verify_bundled(folder)) == 1
    install(stick, folder)
    assert bundled.verify_bundled(folder) == []


def test_a_setup_that_fails_leaves_no_model_behind(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (stick / BUNDLED[0].name).write_bytes(b"something else")
    with pytest.raises(RagError):
        install(stick, folder)
    assert bundled.find_bundled(folder) == {}
    assert not list(folder.glob("*.gguf"))


def test_what_a_killed_setup_left_is_removed_after_a_while(stick: Path, tmp_path: Path) -> None:
    import os

    folder = tmp_path / "models"
    (folder / ".setup-old").mkdir(parents=True)
    (folder / ".setup-new").mkdir()
    os.utime(folder / ".setup-old", (0, 0))
    install(stick, folder)
    assert not (folder / ".setup-old").exists()
    assert (folder / ".setup-new").exists()


def test_a_manifest_that_is_not_ours_counts_as_none(tmp_path: Path) -> None:
    for content in ("", "[]", '{"models": [{"file": 1}]}', json.dumps({"models": 3})):
        (tmp_path / "bundled.json").write_text(content)
        assert bundled.find_bundled(tmp_path) == {}


def test_the_files_for_a_stick_are_the_published_ones(
    stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CarriedPip(Pip):
        @contextmanager
        def open(self, original: Original, start: int) -> Iterator[IO[bytes]]:
            with Folder(stick).open(original, start) as stream:
                yield stream

    monkeypatch.setattr(rag.setup, "Pip", CarriedPip)
    list(download_originals(tmp_path / "carried"))
    assert files(tmp_path / "carried") == files(stick)


def test_without_a_hub_the_bundled_models_are_used_and_setup_says_so(
    stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(rag.setup, "Pip", lambda: FolderPip(stick))
    *steps, installed = set_up(("en",), folder=tmp_path / "models")
    assert isinstance(installed, Installed)
    assert "all-MiniLM" in installed.embed_model
    assert any("No model hub answers" in step.text for step in steps if isinstance(step, Step))


class FolderPip(Folder):
    def __enter__(self) -> FolderPip:
        return self

    def __exit__(self, *_: object) -> None:
        pass


# ------------------------------------------------------------------------------------------------ the choice

LAPTOP = Machine("a processor", 16 << 30, 8, ("avx2",), False, False)


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (LAPTOP, "Qwen3-8B-Q4_K_M.gguf"),
        (replace(LAPTOP, cores=4), "Qwen3-4B-Q4_K_M.gguf"),
        (replace(LAPTOP, cores=4, apple_silicon=True), "Qwen3-8B-Q4_K_M.gguf"),
        (replace(LAPTOP, memory=8 << 30), "Qwen3-4B-Q4_K_M.gguf"),
        (replace(LAPTOP, cores=2), "Qwen3-1.7B-Q8_0.gguf"),
        (replace(LAPTOP, memory=4 << 30), "Qwen3-0.6B-Q8_0.gguf"),
        (replace(LAPTOP, memory=0, cores=1), "Qwen3-0.6B-Q8_0.gguf"),
    ],
)
def test_the_instruct_model_fits_the_machine(machine: Machine, expected: str) -> None:
    choice = choose_models(machine, ("en",))
    assert choice.instruct.name == expected
    assert any(expected in reason for reason in choice.reasons)


@pytest.mark.parametrize(("languages", "expected"), [(("en",), "v1.5"), (("ja", "en"), "v2-moe"), (("ja",), "v2-moe")])
def test_the_embedding_model_reads_the_languages(languages: tuple[str, ...], expected: str) -> None:
    assert expected in choose_models(LAPTOP, languages).embedding.name


@pytest.mark.parametrize(
    ("value", "expected"), [("ja_JP.UTF-8", ("ja", "en")), ("en_US.UTF-8", ("en",)), ("C", ("en",))]
)
def test_languages_are_the_systems(value: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", value)
    assert guess_languages() == expected


def test_this_machine_is_described() -> None:
    machine = read_machine()
    assert machine.cores >= 1
    assert machine.memory > 1 << 28
    assert str(machine.cores) in machine.describe()[0]


# ------------------------------------------------------------------------------------------------ files


def test_a_file_is_hashed_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    for content in (b"one", b"another"):
        path.write_bytes(content)
        assert file_sha256(path) == file_sha256(path) == hashlib.sha256(content).hexdigest()


def test_the_models_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    assert models_folder() == tmp_path / "home" / "cache" / "models"
    monkeypatch.setenv("RAG_MODELS", str(tmp_path / "models"))
    assert models_folder() == tmp_path / "models"


@pytest.mark.models
def test_the_real_pair_is_what_was_published(bundled_models: dict[str, str]) -> None:
    folder = Path(bundled_models["model"].partition(":")[2]).parent
    made = bundled.find_bundled(folder)
    assert bundled.verify_bundled(folder) == []
    assert made["embedding"].source_sha256 == BUNDLED[0].sha256
    assert made["instruct"].source_sha256 == BUNDLED[2].sha256
    header = read_header(Path(made["embedding"].file))
    assert (header.architecture, header.pooling, header.number("embedding_length")) == ("bert", "mean", 384)
    assert header.parameters == 22_565_376
