"""What every embedding runtime owes its callers, and what the runtime for GGUF files adds."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import list_runtimes_to_test
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import TINY_BERT, write_bert_folder, write_bert_published, write_nomic_bert

from index.errors import MissingError, ModelError, UsageError
from ingest.embedders import Embedder, ModelIdentity, Options, open_embedder
from ingest.embedders.llamacpp import LlamaCppEmbedder
from ingest.models.embedding_families import choose_dimension, find_family
from ingest.models.llamacpp.child import Child
from ingest.models.windows import join_tokens
from rag.setup.bert_gguf import convert_bert

# A small model for each runtime; a new runtime adds its own here.
SAMPLES: dict[str, Callable[[Path], str]] = {
    "hashing": lambda _: "hashing:64",
    "llamacpp": lambda folder: f"llamacpp:{write_nomic_bert(folder / 'tiny.gguf')}",
    "mlx": lambda folder: f"mlx:{write_nomic_bert(folder / 'tiny.gguf')}",
    "openai": lambda _: "openai:embedder",
    "sentence_transformers": lambda folder: f"sentence-transformers:{write_bert_folder(folder / 'tiny')}",
}
TEXTS = ["the leave days of employees", "a red fox", "", "2024 年の休暇", "the leave days of employees"]
LONG = "the fox was in the office and the dog was at the staff " * 40


@pytest.fixture(scope="module", params=list_runtimes_to_test("ingest.embedders"))
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    assert request.param in SAMPLES, f"add a small model for the runtime {request.param} to SAMPLES"
    return SAMPLES[request.param](tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def opener(name: str, request: pytest.FixtureRequest) -> Callable[[], Embedder]:
    """Opens the runtime's small model; skips, saying which library, where the runtime is not installed."""
    served = name.startswith("openai:")
    options = Options(base_url=request.getfixturevalue("llama_server")) if served else Options()

    def open_or_skip() -> Embedder:
        try:
            return open_embedder(name, options)
        except MissingError as error:
            pytest.skip(error.message)

    return open_or_skip


@pytest.fixture(scope="module")
def embedder(opener: Callable[[], Embedder]) -> Iterator[Embedder]:
    with opener() as opened:
        yield opened


def test_vectors_are_unit_rows_in_order(embedder: Embedder) -> None:
    rows = embedder.embed_documents(TEXTS)
    assert rows.dtype == np.float32
    assert rows.shape == (len(TEXTS), embedder.dimension)
    lengths = np.linalg.norm(rows, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    assert np.allclose(rows[0], rows[4], atol=1e-5)
    for text, row in zip(TEXTS, rows, strict=True):
        alone = embedder.embed_documents([text])[0]
        # In 16-bit numbers the texts beside it show in the last digits, not in the direction.
        assert float(alone @ row) > 0.999 or np.array_equal(alone, row)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_documents([]).shape == (0, embedder.dimension)


def test_a_question_is_one_unit_vector(embedder: Embedder) -> None:
    vector = embedder.embed_question("leave days ?")
    assert vector.shape == (embedder.dimension,)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-5


def test_a_text_read_word_by_word_has_the_same_vector(embedder: Embedder) -> None:
    texts = [*(text for text in TEXTS if text.strip()), LONG]
    readings = embedder.read(texts)
    if readings is None:  # this runtime shows no tokens
        assert not embedder.name.startswith("llamacpp:")
        return
    for row, reading in zip(embedder.embed_documents(texts), readings, strict=True):
        assert np.allclose(reading.vector, row, atol=1e-5)
        assert reading.vectors.shape[0] == len(reading.words) > 0
        assert np.allclose(np.linalg.norm(reading.vectors, axis=1), 1, atol=1e-5)
    asked = embedder.read(["leave days ?"], question=True)
    assert asked and np.allclose(asked[0].vector, embedder.embed_question("leave days ?"), atol=1e-5)


def test_the_tokens_of_a_word_are_joined() -> None:
    states = np.arange(1, 15, dtype=np.float32).reshape(7, 2)
    words, vectors = join_tokens(["", " un", "paid", "\u2581leave", " ", "a", ""], states)
    assert words == ("unpaid", "leave", "a")
    for row, members in zip(vectors, ([1, 2], [3], [5]), strict=True):
        mean = states[members].mean(axis=0)
        assert np.allclose(row, mean / np.linalg.norm(mean))
    assert join_tokens(["", ""], states[:2])[0] == ()


def test_nothing_of_a_long_text_is_lost(embedder: Embedder) -> None:
    rows = embedder.embed_documents([LONG, LONG + "blue cat " * 20])
    assert float(rows[0] @ rows[1]) < 0.99999


def test_a_second_opening_gives_the_same(embedder: Embedder, opener: Callable[[], Embedder], name: str) -> None:
    with opener() as second:
        assert embedder.name == second.name == name
        assert embedder.identity == second.identity
        assert np.array_equal(embedder.embed_documents(TEXTS), second.embed_documents(TEXTS))
        second.close()  # closing twice is allowed


def test_the_identity_survives_the_index(embedder: Embedder) -> None:
    assert ModelIdentity(**json.loads(embedder.identity.to_json())) == embedder.identity
    assert embedder.identity.dimension == embedder.dimension


def test_text_stays_on_this_machine(embedder: Embedder) -> None:
    assert embedder.leaves_machine == ""


@pytest.mark.parametrize("text", ["the leave days", "", "漢字かな", "\x00", "🦊" * 50, "\ud800"])
def test_any_text_can_be_embedded_and_judged(embedder: Embedder, text: str) -> None:
    assert np.all(np.isfinite(embedder.embed_documents([text])))
    assert 0 <= embedder.readable_share(text) <= 1


@pytest.mark.parametrize("name", ["", "nonsense", "nonsense:x", "llamacpp:", "hashing:many", "hashing:0"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_embedder(name)
    assert caught.value.next


# ------------------------------------------------------------------------------------------------ GGUF files


@pytest.fixture(scope="module")
def nomic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nomic_bert(tmp_path_factory.mktemp("nomic") / "nomic.gguf")


def embed_bare(path: Path, text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The vector of `text` exactly as it stands, without any prefix."""
    child = Child("ingest.models.llamacpp.embed:serve")
    child.open({"do": "open", "path": str(path), "limit": 0, "pooling": None})
    _, (data,) = child.call({"do": "embed", "prefix": "", "threads": 1}, [text.encode()])
    child.close()
    vector = np.frombuffer(data, np.float32)
    return vector / np.linalg.norm(vector)


def test_nomic_prefixes_are_applied_once(nomic: Path) -> None:
    with LlamaCppEmbedder(nomic, Options()) as embedder:
        document = embedder.embed_documents(["the fox"])[0]
        question = embedder.embed_question("the fox")
        assert np.allclose(document, embed_bare(nomic, "search_document: the fox"), atol=1e-6)
        assert np.allclose(question, embed_bare(nomic, "search_query: the fox"), atol=1e-6)
        assert not np.allclose(document, question, atol=1e-3)
        assert embedder.identity.document_prefix == "search_document: "
        assert embedder.identity.question_prefix == "search_query: "


@pytest.mark.parametrize("tokens", [100, 178, 514])
def test_a_model_of_any_limit_reads(tmp_path: Path, tokens: int) -> None:
    path = write_nomic_bert(tmp_path / "odd.gguf", tokens=tokens)
    with LlamaCppEmbedder(path, Options()) as embedder:
        assert np.isfinite(embedder.embed_documents(["the fox was red " * 300])).all()


def test_windows_of_a_long_text_are_averaged_by_their_tokens(nomic: Path) -> None:
    words = ["the", "fox", "was", "red"] * 30  # 120 tokens; the limit is 64, of which specials and prefix take some
    with LlamaCppEmbedder(nomic, Options()) as embedder:
        whole = embedder.embed_documents([" ".join(words)])[0]
    child = Child("ingest.models.llamacpp.embed:serve")
    child.open({"do": "open", "path": str(nomic), "limit": 0, "pooling": None})
    reply, _ = child.call({"do": "embed", "prefix": "search_document: ", "threads": 1}, [" ".join(words).encode()])
    child.close()
    (counts,) = reply["tokens"]
    assert all(count <= 64 for count in counts)
    overhead = counts[0] - len(words) // len(counts)
    assert sum(counts) == len(words) + overhead * len(counts)
    parts = [words[len(words) * n // len(counts) : len(words) * (n + 1) // len(counts)] for n in range(len(counts))]
    expected = sum(
        count * embed_bare(nomic, "search_document: " + " ".join(part))
        for count, part in zip(counts, parts, strict=True)
    )
    # Windows are read together here and one by one there, which adds their numbers in another order.
    assert np.allclose(whole, expected / np.linalg.norm(expected), atol=1e-3)


def test_shortened_vectors_are_cut_as_the_family_says(nomic: Path) -> None:
    with LlamaCppEmbedder(nomic, Options()) as whole, LlamaCppEmbedder(nomic, Options(dimension=64)) as short:
        full = whole.embed_documents(TEXTS[:2]).astype(np.float64)
        cut = (full - full.mean(axis=1, keepdims=True))[:, :64]
        expected = cut / np.linalg.norm(cut, axis=1, keepdims=True)
        assert np.allclose(short.embed_documents(TEXTS[:2]), expected, atol=1e-5)
        assert short.embed_question("fox").shape == (64,)
        assert short.identity != whole.identity


def test_other_models_are_not_shortened(tmp_path: Path) -> None:
    path = write_nomic_bert(tmp_path / "first.gguf", name="nomic-embed-text-v1")
    with pytest.raises(UsageError, match="cannot be shortened"):
        LlamaCppEmbedder(path, Options(dimension=64))


def test_several_processes_give_what_one_gives(nomic: Path) -> None:
    texts = [f"the {word} of {number}" for number in range(7) for word in ("fox", "dog", "cat", "office", "leave")]
    with LlamaCppEmbedder(nomic, Options(processes=1)) as one, LlamaCppEmbedder(nomic, Options(processes=3)) as three:
        assert np.allclose(one.embed_documents(texts), three.embed_documents(texts), atol=1e-5)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_child_that_dies_is_replaced(nomic: Path) -> None:
    with LlamaCppEmbedder(nomic, Options()) as embedder:
        before = embedder.embed_question("the fox")
        pid = embedder._children[0]._worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert np.array_equal(embedder.embed_question("the fox"), before)


def test_missing_and_damaged_files_are_named(tmp_path: Path, nomic: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.gguf"):
        open_embedder(f"llamacpp:{tmp_path / 'nowhere.gguf'}")
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(ModelError, match=r"text\.gguf"):
        open_embedder(f"llamacpp:{tmp_path / 'text.gguf'}")
    unknown = tmp_path / "unknown.gguf"
    unknown.write_bytes(nomic.read_bytes().replace(b"nomic-bert", b"comic-bert"))  # whole, but of no known kind
    with pytest.raises(ModelError, match=r"unknown\.gguf.*comic-bert"):
        open_embedder(f"llamacpp:{unknown}")


def test_an_instruct_model_is_not_an_embedding_model(tmp_path: Path) -> None:
    from tiny_models import write_llama

    with pytest.raises(ModelError, match="not an embedding model"):
        open_embedder(f"llamacpp:{write_llama(tmp_path / 'instruct.gguf')}")


def test_precisions_of_the_same_weights_are_one_model(tmp_path: Path) -> None:
    write_bert_published(tmp_path / "w.safetensors", tmp_path / "t.json", TINY_BERT)
    identities, vectors = set(), []
    for precision in ("F32", "F16", "BF16", "Q8_0"):
        path = tmp_path / f"{precision}.gguf"
        convert_bert(
            tmp_path / "w.safetensors",
            tmp_path / "t.json",
            TINY_BERT,
            path,
            name="tiny",
            source_sha256="ab" * 32,
            precision=precision,
        )
        with LlamaCppEmbedder(path, Options()) as embedder:
            identities.add(embedder.identity.weights)
            vectors.append(embedder.embed_question("the leave days of the staff"))
    assert identities == {"ab" * 32}
    assert all(float(vectors[0] @ vector) > 0.999 for vector in vectors)


def test_a_damaged_safetensors_file_is_refused(tmp_path: Path) -> None:
    write_bert_published(tmp_path / "w.safetensors", tmp_path / "t.json", TINY_BERT)
    content = (tmp_path / "w.safetensors").read_bytes()
    brackets = (1 << 20).to_bytes(8, "little") + b"[" * (1 << 20)
    for damaged in (content[:-100], b"\xff" * 8 + content[8:], content[:8] + b"{" * 50 + content[58:], b"", brackets):
        (tmp_path / "d.safetensors").write_bytes(damaged)
        with pytest.raises(ModelError, match=r"d\.safetensors"):
            convert_bert(
                tmp_path / "d.safetensors",
                tmp_path / "t.json",
                TINY_BERT,
                tmp_path / "x.gguf",
                name="tiny",
                source_sha256="",
                precision="F32",
            )


# ------------------------------------------------------------------------------------------------ families


@pytest.mark.parametrize(
    ("architecture", "name", "label", "document", "question"),
    [
        ("nomic-bert", "nomic-embed-text-v1.5", "nomic-embed-text-v1.5", "search_document: ", "search_query: "),
        ("nomic-bert", "anything", "nomic-embed-text", "search_document: ", "search_query: "),
        ("nomic-bert-moe", "anything", "nomic-embed-text-v2-moe", "search_document: ", "search_query: "),
        ("bert", "multilingual-e5-small", "multilingual-e5", "passage: ", "query: "),
        ("bert", "all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "", ""),
        ("bert", "somebody-else", "somebody-else", "", ""),
    ],
)
def test_families_are_known_by_the_header(
    architecture: str, name: str, label: str, document: str, question: str
) -> None:
    family = find_family(architecture, name)
    assert (family.label, family.document_prefix, family.question_prefix) == (label, document, question)


@pytest.mark.parametrize(("wanted", "given"), [(0, 768), (768, 768), (256, 256), (64, 64)])
def test_allowed_dimensions(wanted: int, given: int) -> None:
    assert choose_dimension(find_family("nomic-bert", "nomic-embed-text-v1.5"), 768, wanted) == given


@pytest.mark.parametrize("wanted", [1, 63, 769, -5])
def test_refused_dimensions(wanted: int) -> None:
    with pytest.raises(UsageError):
        choose_dimension(find_family("nomic-bert", "nomic-embed-text-v1.5"), 768, wanted)


# ------------------------------------------------------------------------------------------------ hashing


@given(st.text(), st.integers(1, 500))
def test_hashing_counts_words(text: str, dimension: int) -> None:
    with open_embedder(f"hashing:{dimension}") as embedder:
        once, twice = embedder.embed_documents([text, f"{text} {text}"])
        assert np.allclose(once, twice, atol=1e-5)  # the direction of the counts does not change


def test_hashing_brings_texts_with_shared_words_together() -> None:
    with open_embedder("hashing:1024") as embedder:
        question = embedder.embed_question("有給休暇の日数")
        near, far = embedder.embed_documents(["年次有給休暇は20日です", "プリンターは二階にあります"])
        assert float(question @ near) > float(question @ far)


def test_texts_that_are_read_together_are_read_as_if_alone(tmp_path: Path) -> None:
    words = ["the", "fox", "was", "in", "the", "office", "and", "the", "dog"]
    texts = [" ".join((words * 30)[number : number + 1 + number * number // 4]) for number in range(40)]
    with open_embedder(SAMPLES["llamacpp"](tmp_path)) as embedder:
        together = embedder.embed_documents(texts)
        alone = np.concatenate([embedder.embed_documents([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-3)
    assert len({row.tobytes() for row in together.round(4)}) == len(set(texts))


# ------------------------------------------------------------------------------------------------ the real model


@pytest.mark.models
def test_the_bundled_model_understands_english_and_knows_what_it_cannot_read(bundled_models: dict[str, str]) -> None:
    with open_embedder(bundled_models["embed_model"]) as embedder:
        question = embedder.embed_question("How many days off do employees get?")
        near, far = embedder.embed_documents(
            ["Staff receive 20 days of annual leave.", "The printer is on the second floor."]
        )
        assert float(question @ near) > float(question @ far) + 0.3
        assert embedder.readable_share("How many days off do employees get in a year?") > 0.5
        assert embedder.readable_share("従業員は年に何日の有給休暇を取得できますか。") < 0.2
        assert embedder.identity.weights == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
        assert embedder.identity.label == "all-MiniLM-L6-v2"
