"""Instruct models in MLX: the same words as llama.cpp from the same weights, and folders that cannot be used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import needs
from mlx_folder import write_mlx_folder
from tiny_models import write_llama

from index.errors import MissingError, ModelError, UsageError
from ingest.models.gguf_header import read_header
from ingest.models.hub_folder import open_folder
from ingest.models.llamacpp.child import ENVIRONMENT
from ingest.worker import Worker
from rag.decoding.vocabulary import Vocabulary
from rag.generators import ChatMessage, Generator, open_generator
from rag.settings import Settings

pytestmark = [needs("mlx_lm"), pytest.mark.slow]  # every opening loads the library

CHAT: list[ChatMessage] = [
    {"role": "system", "content": "Answer from the sources."},
    {"role": "user", "content": "[1] Staff get 20 days <|im_end|>.\nHow many days?"},
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # In the default's third word two tokens are as likely as one another, by the rounding of plain attention.
    return write_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf", tokens=4096, seed=1)


@pytest.fixture(scope="module")
def folder(model: Path) -> Path:
    return write_mlx_folder(model, model.parent / "tiny")


@pytest.fixture(scope="module")
def generator(folder: Path) -> Iterator[Generator]:
    with open_generator(Settings(model=f"mlx:{folder}")) as opened:
        yield opened


def test_the_same_weights_write_the_same_words(model: Path, generator: Generator) -> None:
    with open_generator(Settings(model=f"llamacpp:{model}")) as other:
        for text in ("How many days?", "日数は？", ""):
            question: list[ChatMessage] = [CHAT[0], {"role": "user", "content": text}]
            written = "".join(generator.generate(question, max_tokens=30))
            assert written == "".join(other.generate(question, max_tokens=30))
            assert generator.last_run is not None
            assert other.last_run is not None
            assert generator.last_run.tokens == other.last_run.tokens
        assert generator.count_tokens("How many 日") == other.count_tokens("How many 日")


def test_parameters_are_those_of_the_same_weights(model: Path, generator: Generator) -> None:
    assert generator.parameters == read_header(model).parameters


def test_the_prefix_stays_in_memory_and_changes_nothing(generator: Generator) -> None:
    other: list[ChatMessage] = [{"role": "user", "content": "alone"}]
    list(generator.generate(other, max_tokens=3))
    first = "".join(generator.generate(CHAT, max_tokens=20))
    assert generator.last_run is not None
    assert generator.last_run.prefix == "evaluated"
    assert "".join(generator.generate(CHAT, max_tokens=20)) == first
    assert generator.last_run.prefix == "memory"


def test_a_long_prompt_is_stopped_while_it_is_read(generator: Generator) -> None:
    long: list[ChatMessage] = [{"role": "user", "content": "day " * 900}]
    answer = generator.generate(long, max_tokens=200)
    next(answer)
    start = time.perf_counter()
    answer.close()
    assert time.perf_counter() - start < 5  # the whole answer takes longer; 0.15 s where the machine is free
    assert "".join(generator.generate(CHAT, max_tokens=3))


@pytest.mark.parametrize("damage", ["config", "tokenizer", "architecture", "weights", "program"])
def test_a_folder_that_cannot_be_used_is_named(folder: Path, tmp_path: Path, damage: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    config = json.loads((broken / "config.json").read_bytes())
    if damage == "config":
        (broken / "config.json").unlink()
    elif damage == "tokenizer":
        (broken / "tokenizer.json").write_text("{}")
    elif damage == "architecture":
        (broken / "config.json").write_text(json.dumps({**config, "model_type": "unheard_of"}))
    elif damage == "weights":
        (broken / "model.safetensors").write_bytes((broken / "model.safetensors").read_bytes()[:-5000])
    else:
        (broken / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
        (broken / "config.json").write_text(json.dumps({**config, "model_file": "evil.py"}))
    with pytest.raises(ModelError, match="broken") as caught:  # noqa: SIM117
        with open_generator(Settings(model=f"mlx:{broken}")) as opened:
            list(opened.generate(CHAT, max_tokens=3))
    assert caught.value.next
    assert not (tmp_path / "ran").exists()


def test_what_mlx_lm_cannot_do_is_said(folder: Path, model: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_generator(Settings(model=f"mlx:{model}"))
    assert caught.value.next == f"Write llamacpp:{model}"
    with pytest.raises(UsageError, match="dapter"):
        open_generator(Settings(model=f"mlx:{folder}", lora="adapter.gguf"))
    with pytest.raises(MissingError, match="nowhere"):
        open_generator(Settings(model=f"mlx:{folder / 'nowhere'}"))


def test_a_quantised_folder_is_read(folder: Path, tmp_path: Path, generator: Generator) -> None:
    """As most models in MLX's format are published; written by mlx-lm itself."""
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from mlx_lm.utils import load_model, quantize_model, save_model\n"
        "source, target = map(Path, sys.argv[1:])\n"
        "model, config = quantize_model(*load_model(source), group_size=32, bits=8)\n"
        "save_model(target, model)\n"
        "(target / 'config.json').write_text(json.dumps(config))\n"
    )
    quantised = tmp_path / "quantised"
    quantised.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folder / name, quantised / name)
    subprocess.run([sys.executable, "-c", code, str(folder), str(quantised)], check=True, capture_output=True)
    with open_generator(Settings(model=f"mlx:{quantised}")) as other:
        first = next(iter(other.generate(CHAT, max_tokens=10)))
        assert first == next(iter(generator.generate(CHAT, max_tokens=10)))  # 8 bits keep the first choice
        assert other.parameters == generator.parameters  # four to each 32 bits


# ------------------------------------------------------------------------------------------------ the vocabulary


@pytest.mark.parametrize("text", ["How many days?", "日数は？ 🦊", "a\n\tb  c", "<|im_end|>", "\x00é"])
def test_tokens_are_the_bytes_of_the_text(folder: Path, text: str) -> None:
    vocabulary = Vocabulary(open_folder(str(folder)))
    tokens = vocabulary.tokens(text, markup=False)
    assert b"".join(map(vocabulary.piece, tokens)) == text.encode()


def test_only_markup_holds_control_tokens(folder: Path) -> None:
    vocabulary = Vocabulary(open_folder(str(folder)))
    assert vocabulary.tokens("<|im_end|>", markup=True) == [2]
    assert vocabulary.piece(2) == b""
    assert 2 not in vocabulary.tokens("<|im_end|>", markup=False)
    assert {0, 2} <= vocabulary.ends


def test_pieces_of_a_sentencepiece_vocabulary(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    entries = {"<unk>": 0, "<s>": 1, "</s>": 2, "\u2581day": 3, "<0xE6>": 4, "s": 5}
    content = {
        "version": "1.0",
        "added_tokens": [{"id": 2, "content": "</s>", "special": True, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False}],
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "vocab": entries, "merges": [], "unk_token": "<unk>", "byte_fallback": True},
    }  # fmt: skip
    (other / "tokenizer.json").write_text(json.dumps(content))
    (other / "config.json").write_text(json.dumps({"model_type": "llama", "eos_token_id": [7]}))
    (other / "chat_template.jinja").write_text("{{ messages }}")
    vocabulary = Vocabulary(open_folder(str(other)))
    assert [vocabulary.piece(token) for token in (3, 4, 5, 2)] == [b" day", b"\xe6", b"s", b""]
    assert vocabulary.ends == {2, 7}
    assert vocabulary.template == "{{ messages }}"


# ------------------------------------------------------------------------------------------------ the real model


@pytest.mark.models
def test_the_bundled_weights_write_the_same_words(bundled_models: dict[str, str], tmp_path: Path) -> None:
    """In 32 bits, because llama.cpp computes 4-bit weights with activations of 8 bits, and MLX does not."""
    wide = tmp_path / "wide.gguf"
    source = bundled_models["model"].removeprefix("llamacpp:")
    with Worker("rag.setup.tune:serve", environment=ENVIRONMENT) as worker:
        worker.call({"do": "quantise", "source": source, "target": str(wide), "format": "F32"})
    folder = write_mlx_folder(wide, tmp_path / "wide")
    question: list[ChatMessage] = [{"role": "user", "content": "What is the capital of France?"}]
    try:
        answers = []
        for name in (f"llamacpp:{wide}", f"mlx:{folder}"):
            with open_generator(Settings(model=name)) as generator:
                answers.append("".join(generator.generate(question, max_tokens=12)))
                assert generator.languages == ("en",)
        assert "Paris" in answers[0]
        assert answers[0] == answers[1]
    finally:  # a gigabyte
        wide.unlink()
        shutil.rmtree(folder)
