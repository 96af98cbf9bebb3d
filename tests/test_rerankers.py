"""What every runtime of rerankers owes its callers; the runtimes agree on the same random weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from conftest import list_runtimes_to_test
from tiny_models import (
    TINY_BERT,
    tokenizer_config,
    word_pieces,
    write_json,
    write_nomic_bert,
    write_safetensors,
    write_word_piece_tokenizer,
)

from index.errors import MissingError, ModelError, UsageError
from ingest.models.bert_names import gguf_name
from rag.rerankers import Reranker, open_reranker
from rag.settings import Settings

QUESTION = "leave days of employees ?"
PASSAGES = ["the employees leave in 2 days", "a red fox", "", "the office is old", "有給休暇", "a red fox"]
LONG = "the fox was in the office and the dog was at the staff " * 20


def random_weights() -> dict[str, np.ndarray]:
    """A BERT with a classifier. Its two token types are equal, because llama.cpp knows only the first."""
    random = np.random.default_rng(11)
    size, inner, positions = (TINY_BERT[key] for key in ("hidden_size", "intermediate_size", "max_position_embeddings"))
    dense = {
        "attention.self.query": (size, size),
        "attention.self.key": (size, size),
        "attention.self.value": (size, size),
        "attention.output.dense": (size, size),
        "intermediate.dense": (inner, size),
        "output.dense": (size, inner),
    }
    tensors = {
        "bert.embeddings.word_embeddings.weight": random.normal(0, 1, (len(word_pieces()), size)),
        "bert.embeddings.position_embeddings.weight": random.normal(0, 1, (positions, size)),
        "bert.embeddings.token_type_embeddings.weight": np.tile(random.normal(0, 1, (1, size)), (2, 1)),
        "bert.pooler.dense.weight": random.normal(0, 0.3, (size, size)),
        "bert.pooler.dense.bias": random.normal(0, 0.3, size),
        "classifier.weight": random.normal(0, 1, (1, size)),
        "classifier.bias": random.normal(0, 1, 1),
    }
    norms = ["bert.embeddings.LayerNorm"]
    for layer in range(int(TINY_BERT["num_hidden_layers"])):
        place = f"bert.encoder.layer.{layer}"
        for part, shape in dense.items():
            tensors[f"{place}.{part}.weight"] = random.normal(0, 0.3, shape)
            tensors[f"{place}.{part}.bias"] = random.normal(0, 0.1, shape[0])
        norms += [f"{place}.attention.output.LayerNorm", f"{place}.output.LayerNorm"]
    for norm in norms:
        tensors[f"{norm}.weight"], tensors[f"{norm}.bias"] = np.ones(size), np.zeros(size)
    return {name: values.astype(np.float32) for name, values in tensors.items()}


def write_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    write_safetensors(folder / "model.safetensors", random_weights())
    write_word_piece_tokenizer(folder / "tokenizer.json")
    config = {
        **TINY_BERT,
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "hidden_act": "gelu",
        "pad_token_id": 0,
        "type_vocab_size": 2,
        "vocab_size": len(word_pieces()),
    }
    write_json(folder, {"config.json": config, "tokenizer_config.json": tokenizer_config(64)})
    return folder


def write_gguf(path: Path) -> Path:
    names = {
        "bert.pooler.dense.weight": "cls.weight",
        "bert.pooler.dense.bias": "cls.bias",
        "classifier.weight": "cls.output.weight",
        "classifier.bias": "cls.output.bias",
    }
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("tiny reranker")
    writer.add_context_length(int(TINY_BERT["max_position_embeddings"]))
    writer.add_embedding_length(int(TINY_BERT["hidden_size"]))
    writer.add_feed_forward_length(int(TINY_BERT["intermediate_size"]))
    writer.add_block_count(int(TINY_BERT["num_hidden_layers"]))
    writer.add_head_count(int(TINY_BERT["num_attention_heads"]))
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.RANK)
    writer.add_array("bert.classifier.output_labels", ["LABEL_0"])
    vocabulary = word_pieces()
    marks = {"bos": "[CLS]", "eos": "[SEP]", "sep": "[SEP]", "unk": "[UNK]", "pad": "[PAD]"}
    writer.add_tokenizer_model("bert")
    writer.add_token_list([_piece(piece) for piece in vocabulary])
    writer.add_token_types([3 if piece.startswith("[") else 1 for piece in vocabulary])
    writer.add_token_type_count(2)
    for kind, piece in marks.items():
        getattr(writer, f"add_{kind}_token_id")(vocabulary[piece])
    for name, values in random_weights().items():
        writer.add_tensor(names.get(name) or str(gguf_name(name)), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _piece(piece: str) -> str:
    if piece.startswith("["):
        return piece
    return piece[2:] if piece.startswith("##") else "\u2581" + piece


# A small model for each runtime; a new runtime adds its own here.
SAMPLES: dict[str, Callable[[Path], str]] = {
    "llamacpp": lambda folder: f"llamacpp:{write_gguf(folder / 'tiny.gguf')}",
    "sentence_transformers": lambda folder: f"sentence-transformers:{write_folder(folder / 'tiny')}",
}


@pytest.fixture(scope="module", params=list_runtimes_to_test("rag.rerankers"))
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    assert request.param in SAMPLES, f"add a small model for the runtime {request.param} to SAMPLES"
    return SAMPLES[request.param](tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def reranker(name: str) -> Iterator[Reranker]:
    try:
        with open_reranker(Settings(reranker=name)) as opened:
            yield opened
    except MissingError as error:
        pytest.skip(error.message)


def test_every_passage_gets_a_number_of_its_own(reranker: Reranker, name: str) -> None:
    assert reranker.name == name
    scores = reranker.score(QUESTION, PASSAGES)
    assert len(scores) == len(PASSAGES)
    assert all(np.isfinite(scores))
    assert scores[1] == pytest.approx(scores[5], abs=0.02)
    assert max(scores) - min(scores) > 0.1
    for passage, score in zip(PASSAGES, scores, strict=True):
        # In 16-bit numbers the passages beside it show in the last digits.
        assert reranker.score(QUESTION, [passage])[0] == pytest.approx(score, abs=0.05)


def test_no_passages_get_no_scores(reranker: Reranker) -> None:
    assert reranker.score(QUESTION, []) == []


def test_the_end_of_a_long_passage_is_read(reranker: Reranker) -> None:
    here, alone = reranker.score(QUESTION, [LONG + PASSAGES[0], LONG])
    assert here >= alone - 0.5
    assert reranker.score("", ["", LONG])[0] is not None


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "漢字" * 300, "?" * 3000])
def test_any_text_can_be_scored(reranker: Reranker, text: str) -> None:
    assert np.isfinite(reranker.score(text, ["the fox", text])).all()


def test_closing_twice_is_allowed(reranker: Reranker, name: str) -> None:
    other = open_reranker(Settings(reranker=name))
    other.close()
    other.close()


@pytest.mark.slow
def test_the_runtimes_agree_on_the_same_weights(tmp_path: Path) -> None:
    scores = []
    for sample in SAMPLES.values():
        folder = tmp_path / str(len(scores))
        folder.mkdir()
        try:
            with open_reranker(Settings(reranker=sample(folder))) as opened:
                scores.append(opened.score(QUESTION, PASSAGES))
        except MissingError as error:
            pytest.skip(error.message)
    assert np.allclose(scores[0], scores[1], atol=0.3)  # 16-bit numbers on one side; the spread is 5
    assert np.corrcoef(scores[0], scores[1])[0, 1] > 0.99


# ------------------------------------------------------------------------------------------------ opening


@pytest.mark.parametrize("name", ["", "nonsense", "nonsense:x", "llamacpp:"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_reranker(Settings(reranker=name))
    assert "llamacpp" in caught.value.next


def test_models_that_do_not_rerank_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.gguf"):
        open_reranker(Settings(reranker=f"llamacpp:{tmp_path / 'nowhere.gguf'}"))
    path = write_nomic_bert(tmp_path / "embedder.gguf")
    with pytest.raises(ModelError, match=r"embedder\.gguf"):
        open_reranker(Settings(reranker=f"llamacpp:{path}"))
