"""One model, several runtimes: the same identity and the same vectors, offline, and without code from the model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import needs
from tiny_models import (
    TINY_BERT,
    tokenizer_config,
    write_bert_folder,
    write_json,
    write_nomic_bert,
    write_word_piece_tokenizer,
)

from index.errors import MissingError, ModelError
from ingest.embedders import Options, open_embedder
from ingest.models.hub_folder import open_folder
from ingest.models.model_files import file_sha256
from ingest.models.windows import batch_windows, join_windows, split_windows
from rag.setup.bert_gguf import convert_bert

SENTENCES = [
    "Staff receive 20 days of annual leave.",
    "the red fox and the old dog",
    "the leave days of the employee may not be new " * 12,
    "2024 年の休暇",
]


def near(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether every row points where its counterpart does, to 16-bit numbers."""
    return bool(np.all((one * other).sum(axis=1) >= 0.999))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model in a folder that carries the name of a known family."""
    return write_bert_folder(tmp_path_factory.mktemp("hub") / "all-MiniLM-L6-v2")


@pytest.fixture(scope="module")
def converted(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    convert_bert(
        published / "model.safetensors",
        published / "tokenizer.json",
        TINY_BERT,
        path,
        name="all-MiniLM-L6-v2",
        source_sha256=file_sha256(published / "model.safetensors"),
        precision="F32",
    )
    return path


@needs("mlx")
def test_every_runtime_gives_the_same_vectors_for_the_same_weights(published: Path, converted: Path) -> None:
    with open_embedder(f"llamacpp:{converted}") as first:
        expected, identity = first.embed_documents(SENTENCES), first.identity
        shares = [first.readable_share(text) for text in SENTENCES]
    for name in (f"mlx:{converted}", f"mlx:{published}"):
        with open_embedder(name) as second:
            assert second.identity == identity
            assert near(second.embed_documents(SENTENCES), expected)
            assert [second.readable_share(text) for text in SENTENCES] == shares


@pytest.mark.slow
@needs("sentence_transformers")
def test_sentence_transformers_is_one_of_them(published: Path, converted: Path) -> None:
    with open_embedder(f"llamacpp:{converted}") as first, open_embedder(f"sentence-transformers:{published}") as second:
        assert second.identity == first.identity
        assert near(second.embed_documents(SENTENCES), first.embed_documents(SENTENCES))
        assert second.readable_share(SENTENCES[0]) == first.readable_share(SENTENCES[0])


@pytest.mark.parametrize("precision", ["F32", "F16", "Q8_0"])
@needs("mlx")
def test_nomic_bert_in_mlx_agrees_with_llama_cpp(tmp_path: Path, precision: str) -> None:
    path = write_nomic_bert(tmp_path / "tiny.gguf", precision=precision)
    with open_embedder(f"llamacpp:{path}") as first, open_embedder(f"mlx:{path}") as second:
        assert second.identity == first.identity
        assert near(second.embed_documents(SENTENCES), first.embed_documents(SENTENCES))
        assert float(first.embed_question("the fox") @ second.embed_question("the fox")) >= 0.999


@needs("mlx")
def test_shortened_vectors_agree_too(tmp_path: Path) -> None:
    path = write_nomic_bert(tmp_path / "tiny.gguf")
    options = Options(dimension=64)
    with open_embedder(f"llamacpp:{path}", options) as first, open_embedder(f"mlx:{path}", options) as second:
        assert second.identity == first.identity
        assert near(second.embed_documents(SENTENCES), first.embed_documents(SENTENCES))


@pytest.mark.slow
@needs("mlx")
@needs("sentence_transformers")
def test_a_published_nomic_bert_agrees_with_transformers(tmp_path: Path) -> None:
    """Its authors' tensor names and keys, written by transformers, whose implementation is a third one."""
    code = (
        "import sys, torch, transformers\n"
        "torch.manual_seed(5)\n"
        "config = transformers.NomicBertConfig(vocab_size=int(sys.argv[2]), hidden_size=64, num_hidden_layers=2,\n"
        "    num_attention_heads=4, intermediate_size=128, initializer_range=0.3)\n"
        "transformers.NomicBertModel(config, add_pooling_layer=False).save_pretrained(sys.argv[1])\n"
    )
    folder = tmp_path / "nomic-embed-text-v1.5"
    folder.mkdir()
    write_word_piece_tokenizer(folder / "tokenizer.json")
    vocabulary = len(json.loads((folder / "tokenizer.json").read_bytes())["model"]["vocab"])
    subprocess.run([sys.executable, "-c", code, str(folder), str(vocabulary)], check=True, capture_output=True)
    write_json(
        folder,
        {
            "tokenizer_config.json": tokenizer_config(2048),
            "modules.json": [
                {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            ],
            "1_Pooling/config.json": {"word_embedding_dimension": 64, "pooling_mode_mean_tokens": True},
        },
    )
    with open_embedder(f"mlx:{folder}") as first, open_embedder(f"sentence-transformers:{folder}") as second:
        assert first.identity == second.identity
        assert first.identity.document_prefix == "search_document: "
        assert near(second.embed_documents(SENTENCES), first.embed_documents(SENTENCES))


@pytest.mark.models
@pytest.mark.slow
@needs("mlx")
def test_the_bundled_weights_give_the_same_vectors_in_mlx(bundled_models: dict[str, str]) -> None:
    name = bundled_models["embed_model"]
    texts = ["How many days off do employees get?", "The printer is on the second floor.", "従業員の有給休暇"]
    with open_embedder(name) as first, open_embedder(name.replace("llamacpp:", "mlx:")) as second:
        assert second.identity == first.identity
        assert near(second.embed_documents(texts), first.embed_documents(texts))


# ------------------------------------------------------------------------------------------------ folders


def test_a_model_is_found_in_the_cache_of_the_hub(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--somebody--tiny-model"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc123")
    (repository / "snapshots").mkdir()
    (repository / "snapshots" / "abc123").symlink_to(published, target_is_directory=True)
    folder = open_folder("somebody/tiny-model")
    assert (folder.name, folder.pooling, folder.token_limit, folder.architecture) == ("tiny-model", "mean", 64, "bert")
    assert (folder.family.document_prefix, folder.family.question_prefix) == ("of : ", "the : ")
    assert folder.sha256() == file_sha256(published / "model.safetensors")
    with pytest.raises(MissingError, match="somebody/else"):
        open_folder("somebody/else")


@pytest.mark.parametrize(
    "damage", ["config", pytest.param("weights", marks=pytest.mark.slow), "json", "brackets", "pickle"]
)
@pytest.mark.parametrize(
    "runtime",
    [
        pytest.param("mlx", marks=needs("mlx")),
        pytest.param("sentence-transformers", marks=needs("sentence_transformers")),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, damage: str, runtime: str) -> None:
    folder = write_bert_folder(tmp_path / "model")
    if damage == "config":
        (folder / "config.json").unlink()
    elif damage == "weights":
        content = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    elif damage == "json":
        (folder / "config.json").write_text("[1, 2")
    elif damage == "brackets":
        (folder / "config.json").write_text("[" * 200_000)
    else:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises((ModelError, MissingError), match="model") as caught:
        open_embedder(f"{runtime}:{folder}").close()
    assert caught.value.next


@pytest.mark.slow
@needs("sentence_transformers")
def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path) -> None:
    folder = write_bert_folder(tmp_path / "model")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Transformer: pass\n")
    modules = json.loads((folder / "modules.json").read_bytes())
    modules[0]["type"] = "evil.Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="a program of its own"):
        open_embedder(f"sentence-transformers:{folder}")
    assert not (tmp_path / "ran").exists()


@needs("mlx")
def test_the_main_process_never_loads_the_libraries(published: Path) -> None:
    code = (
        "import sys\n"
        "from ingest.embedders import open_embedder\n"
        "with open_embedder(sys.argv[1]) as embedder:\n"
        "    embedder.embed_question('the fox')\n"
        "import ingest.embedders.sentence_transformers\n"
        "sys.exit(', '.join({'mlx', 'torch', 'transformers', 'tokenizers'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, f"mlx:{published}"], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


# ------------------------------------------------------------------------------------------------ windows


@pytest.mark.parametrize("length", [0, 1, 5, 6, 7, 100])
def test_windows_hold_every_token_once(length: int) -> None:
    body = list(range(100, 100 + length))
    windows = split_windows([1, 2], body, [3], 8)
    assert [token for window in windows for token in window[2:-1]] == body
    assert all(len(window) <= 8 and window[:2] == [1, 2] and window[-1] == 3 for window in windows)


def test_windows_are_joined_by_their_tokens() -> None:
    rows = join_windows(np.array([[2, 0], [0, 5], [0, 3]], np.float32), [[30, 10], [7]])
    expected = np.array([30, 10]) / np.hypot(30, 10)
    assert np.allclose(rows, [expected, [0, 1]])


def test_batches_hold_every_window_once_and_few_pads() -> None:
    windows = [[0] * length for length in (50, 3, 4, 5, 51, 49, 200, 3, 3, 3)]
    batches = list(batch_windows(windows, 4))
    assert sorted(place for batch in batches for place in batch) == list(range(len(windows)))
    for batch in batches:
        lengths = [len(windows[place]) for place in batch]
        assert len(batch) <= 4
        assert max(lengths) <= 1.25 * min(lengths)
