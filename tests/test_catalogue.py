"""The model catalogue: its data, the memory it estimates, and what it recommends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import write_tree

import rag
import rag.catalogue
from index.errors import UsageError
from index.platform import available_memory, physical_memory
from ingest.models.gguf_header import read_header
from rag.catalogue import Model, choose_form, find_model, load_catalogue
from rag.catalogue.memory import FREE, cache_bytes, choose_memory, estimate_file_memory, estimate_memory
from rag.catalogue.recommendation import ROOM, Measured, recommend
from rag.catalogue.requantise import Gain, requantise
from rag.cli import _run
from rag.decoding.llamacpp_model import KV_TYPES
from rag.machine import Machine
from rag.setup import originals

ASKED_FOR = [
    "nomic-embed-text-v1.5", "nomic-embed-text-v2-moe", "bge-m3", "qwen3-embedding-0.6b",
    "embeddinggemma-300m", "ruri-v3-310m", "lfm2.5-1.2b", "qwen3-0.6b",
    "qwen3-1.7b", "qwen3-4b", "qwen3-8b", "qwen3-14b",
    "qwen3-vl-8b", "gemma-3-1b", "gemma-3-4b", "gemma-3-12b",
    "gemma-3-27b", "llama-3.1-8b", "llama-3.1-swallow-8b", "mistral-7b-v0.3",
    "mistral-nemo", "phi-3.5-mini", "phi-4", "calm3-22b",
    "glm-4.6v-flash", "openchat-3.5", "gpt-oss-20b", "all-minilm-l6-v2",
    "smollm2-135m",
]  # fmt: skip


# ------------------------------------------------------------------------------------------------ the data


def test_it_holds_what_people_ask_for() -> None:
    assert {model.name for model in load_catalogue()} == set(ASKED_FOR)


@pytest.mark.parametrize("model", load_catalogue(), ids=lambda model: model.name)
def test_every_fact_names_what_it_was_read_from(model: Model) -> None:
    assert model.read_from
    assert model.languages
    assert model.licence
    for form in model.forms:
        assert form.bundled or (form.read_from and re.fullmatch(r"[\w.-]+/[\w.-]+", form.repository))
        assert form.files or (form.precision and form.runtime == "mlx")
        for file in form.files:
            assert re.fullmatch(r"[\w.-]+\.gguf", file.name)
            assert re.fullmatch(r"[0-9a-f]{64}|", file.sha256)
            assert file.bytes > 0
        for source in (*form.read_from, *model.read_from):
            assert (source.startswith("https://") and source.endswith(")")) or not source.startswith("http")


@pytest.mark.parametrize("model", load_catalogue(), ids=lambda model: model.name)
def test_sizes_are_what_so_many_parameters_take(model: Model) -> None:
    """A slip of the pen in a size or a number of parameters would be far off."""
    for form in model.forms:
        for precision in form.precisions:
            estimated = model.parameters * rag.catalogue.BITS[precision] / 8
            assert 0.65 < model.size(form, precision) / estimated < 1.6, precision


def test_an_instruct_model_has_a_shape() -> None:
    for model in load_catalogue():
        if model.purpose == "instruct":
            assert min(model.layers, model.heads, model.kv_heads, model.head_dim) > 0
            assert model.heads % model.kv_heads == 0


def test_it_agrees_with_the_files_that_setup_pins() -> None:
    pinned = {
        value.name: value
        for value in vars(originals).values()
        if isinstance(value, originals.Original) and value.repository and value.name.endswith(".gguf")
    }
    files = {file.name: (form, file) for model in load_catalogue() for form in model.forms for file in form.files}
    assert pinned.keys() <= files.keys()
    for name, original in pinned.items():
        form, file = files[name]
        assert (form.repository, file.sha256, file.bytes) == (original.repository, original.sha256, original.size)


def test_a_name_that_is_none_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        find_model("qwen3-4")
    assert "qwen3-4b" in caught.value.next


def test_a_form_is_chosen_by_runtime_and_precision() -> None:
    model = find_model("qwen3-4b")
    assert choose_form(model)[1] == "Q4_K_M"
    assert choose_form(model, "llamacpp", "q8_0")[0].repository.startswith("bartowski/")
    assert choose_form(model, "mlx")[1] == "4bit"
    for arguments in (("openai", ""), ("llamacpp", "Q2_K")):
        with pytest.raises(UsageError):
            choose_form(model, *arguments)
    with pytest.raises(UsageError, match="mlx"):
        choose_form(find_model("glm-4.6v-flash"), "mlx")


# ------------------------------------------------------------------------------------------------ memory


def test_keys_and_values_are_counted_one_by_one() -> None:
    layers, heads, width, tokens = 3, 2, 8, 5
    slow = sum(
        2 for _ in range(layers) for _ in range(heads) for _ in range(width) for _ in range(tokens) for _ in "KV"
    )
    assert cache_bytes(layers, heads, width, tokens) == slow
    # Blocks of 32 numbers in 32 bytes and a scale of two.
    assert cache_bytes(layers, heads, 64, tokens, "q8_0") == 2 * layers * heads * tokens * (64 // 32) * 34


def test_keys_and_values_are_chosen_by_what_is_free(tmp_path: Path) -> None:
    from tiny_models import write_llama

    header = read_header(write_llama(tmp_path / "tiny.gguf"))
    wide = replace(header, metadata={**header.metadata, "llama.context_length": 8192, "llama.attention.key_length": 64})
    whole = estimate_file_memory(wide)
    half = estimate_file_memory(wide, 2048)
    eight = estimate_file_memory(wide, 2048, "q8_0")
    # The whole context in 8 bits, which reads at a third of the speed, saves less than half the context does.
    assert whole.total > estimate_file_memory(wide, kv="q8_0").total > half.total > eight.total
    assert choose_memory(wide, 0) == whole  # nobody knows
    for memory, less in ((whole, half), (half, eight)):
        assert choose_memory(wide, int(memory.total / FREE) + 1) == memory
        assert choose_memory(wide, int(memory.total / FREE) - 1) == less
    assert choose_memory(wide, 1) == eight  # nothing fits: the least is tried
    uneven = replace(wide, metadata={**wide.metadata, "llama.attention.key_length": 80})
    assert choose_memory(uneven, 1) == estimate_file_memory(uneven, 2048)  # no whole blocks


def test_what_is_free_is_part_of_the_memory() -> None:
    assert 0 < available_memory() <= physical_memory()


STATE = """
import sys
from ingest.models.llamacpp.library import Model
model = Model(sys.argv[1])
library, tokens = model.library, 256
if not library.llama_model_has_decoder(model.handle) or library.llama_model_n_head_kv(model.handle) == 0:
    print(0); raise SystemExit
context = model.context(n_ctx=tokens, n_batch=tokens, n_ubatch=tokens, n_threads=1, n_threads_batch=1,
    type_k=int(sys.argv[2]), type_v=int(sys.argv[2]))
if not library.llama_get_memory(context):
    print(0); raise SystemExit
array = (library.llama_token * tokens)(*range(5, 5 + tokens))
assert library.llama_decode(context, library.llama_batch_get_one(array, tokens)) == 0
print(library.llama_state_seq_get_size(context, 0) / tokens)
"""


def cache_bytes_a_token(path: Path, kv: str) -> float:
    """What llama.cpp itself keeps for a token of context, from the state it would write to a file."""
    done = subprocess.run(
        [sys.executable, "-c", STATE, str(path), str(KV_TYPES[kv])],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    return float(done.stdout)


@pytest.mark.models
@pytest.mark.slow
def test_memory_of_three_real_files_is_estimated_within_a_tenth(bundled_models: dict[str, str], tmp_path: Path) -> None:
    embedding, instruct = (Path(bundled_models[key].partition(":")[2]) for key in ("embed_model", "model"))
    precision = "Q8_0" if "Q4_0" in instruct.name else "Q4_0"
    *_, gain = requantise(instruct, precision, tmp_path)
    assert isinstance(gain, Gain)
    assert gain.bytes[1] == gain.target.stat().st_size
    rows = {"all-MiniLM": find_model("all-minilm-l6-v2"), "SmolLM2": find_model("smollm2-135m")}
    for path, kv in ((embedding, "f16"), *((path, kv) for path in (instruct, gain.target) for kv in KV_TYPES)):
        tokens = 2048
        estimated = estimate_file_memory(read_header(path), tokens, kv)
        truth = path.stat().st_size + cache_bytes_a_token(path, kv) * estimated.tokens
        assert estimated.total == pytest.approx(truth, rel=0.1), path.name
        model = next(row for name, row in rows.items() if path.name.startswith(name))
        listed = [file for form in model.forms for file in form.files if file.name == path.name]
        if listed:  # the precision that is made depends on the machine
            from_row = estimate_memory(model, model.forms[0], listed[0].precision, tokens, kv)
            assert from_row.total == pytest.approx(truth, rel=0.1), path.name


# ------------------------------------------------------------------------------------------------ what suits


LAPTOP = Machine("a processor", 16 << 30, 8, ("avx2",), False, False)

# 40 GB a second of memory, and 200 prompt tokens a second of a model of a billion parameters.
FAST = Measured(40e9, 200e9, "a test")


def test_a_recommendation_fits_together_and_gives_its_reasons() -> None:
    found = recommend(["ja", "en"], machine=LAPTOP, measured=FAST)
    assert found.embedding and found.instruct
    assert found.embedding.model == "nomic-embed-text-v2-moe"
    assert (found.embedding.memory.total + found.instruct.memory.total) < 16 * 2**30
    assert [reason[:2] for reason in found.reasons if reason[0].isdigit()] == ["1.", "2.", "3.", "4."]
    for row in found.candidates:
        assert row.fits or row.why_not
        if row.fits:
            assert find_model(row.model).reads("ja")


def test_english_documents_get_the_english_embedding() -> None:
    found = recommend(["en"], purposes=["embedding"], machine=LAPTOP, measured=FAST)
    assert found.embedding
    assert found.embedding.model == "nomic-embed-text-v1.5"
    assert found.instruct is None


@pytest.mark.parametrize(
    ("memory", "measured", "reason"),
    [(2 << 30, FAST, "GB are left"), (16 << 30, Measured(1e9, 5e9, "a test"), "an answer would take")],
)
def test_a_smaller_machine_gets_a_smaller_model(memory: int, measured: Measured, reason: str) -> None:
    large = recommend(["en"], machine=LAPTOP, measured=FAST).instruct
    found = recommend(["en"], machine=replace(LAPTOP, memory=memory), measured=measured)
    assert large and found.instruct
    assert find_model(found.instruct.model).parameters < find_model(large.model).parameters
    assert any(reason in row.why_not for row in found.candidates if row.model == large.model)


def test_what_only_fits_with_a_shorter_context_is_offered_so() -> None:
    whole = estimate_memory(find_model("qwen3-8b"), find_model("qwen3-8b").forms[0], "Q4_K_M")
    tight = replace(LAPTOP, memory=int((whole.total - whole.cache / 4) / ROOM))
    rows = recommend(["en"], purposes=["instruct"], machine=tight, measured=FAST).candidates
    row = next(row for row in rows if (row.model, row.precision) == ("qwen3-8b", "Q4_K_M"))
    assert (row.memory.kv, row.memory.tokens) == ("f16", 2048)
    assert whole.total > tight.memory * ROOM >= row.memory.total


def test_speeds_follow_from_the_measurement() -> None:
    found = recommend(["en"], machine=LAPTOP, measured=FAST)
    rows = {(row.model, row.precision): row for row in found.candidates}
    dense, experts = rows["qwen3-8b", "Q4_K_M"], rows["gpt-oss-20b", "MXFP4"]
    assert dense.writing_speed == pytest.approx(40e9 / 5_027_783_488)
    assert dense.prompt_speed == pytest.approx(200e9 / 8.2e9)
    assert experts.writing_speed > dense.writing_speed  # it reads 3.6 of its 20.9 billion parameters
    assert experts.memory.total > dense.memory.total


def test_apple_silicon_is_offered_mlx() -> None:
    found = recommend(["en"], machine=replace(LAPTOP, apple_silicon=True), measured=FAST)
    assert {row.runtime for row in found.candidates} == {"llamacpp", "mlx"}
    assert not any(row.model == "glm-4.6v-flash" and row.runtime == "mlx" for row in found.candidates)


# ------------------------------------------------------------------------------------------------ the command


def test_the_command_lists_shows_and_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["models", "list", "--all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["catalogue"]) == len(ASKED_FOR)
    assert _run(["models", "list", "--all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ASKED_FOR)
    assert _run(["models", "show", "phi-4"]) == 0
    assert "read from https://" in capsys.readouterr().out
    assert _run(["models", "show", "phi4"]) == 2
    assert "phi-4" in capsys.readouterr().err
    assert _run(["models", "rm", "nothing.gguf"]) == 2
    assert _run(["models", "list"]) == 0
    assert "rag setup" in capsys.readouterr().err


@pytest.mark.slow
def test_where_nothing_fits_it_says_what_is_done_without() -> None:
    found = recommend(["en"], machine=replace(LAPTOP, memory=50_000_000), measured=FAST)
    assert found.embedding is found.instruct is None
    said = " ".join(found.reasons)
    assert "0.0 GB together" not in " ".join(
        recommend(["en"], machine=replace(LAPTOP, memory=0), measured=FAST).reasons
    )
    assert "found by their words" in said and "quotes of the documents" in said


def test_the_command_recommends_from_a_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["models", "recommend", "--language", "en", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["embedding"]["model"] == "nomic-embed-text-v1.5"
    speeds = {row["model"]: row["writing_speed"] for row in found["candidates"] if row["runtime"] == "llamacpp"}
    assert 0 < speeds["gemma-3-27b"] < speeds["smollm2-135m"]


def test_models_are_recommended_for_the_languages_of_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def record(languages: tuple[str, ...], **_: object) -> object:
        asked.append(tuple(languages))
        return recommend(["en"], machine=LAPTOP, measured=FAST)

    monkeypatch.setattr("rag.catalogue.recommendation.recommend", record)
    monkeypatch.setenv("RAG_KB", str(tmp_path / "kb"))
    monkeypatch.setenv("LC_ALL", "en_IE.UTF-8")
    files = {f"{n}.txt": "有給休暇は10日とする。" for n in range(30)} | {
        "a.md": "Staff get 20 days.",
        "b.md": "So do we.",
    }
    assert _run(["models", "recommend", "--json"]) == 0  # no knowledge base yet
    with rag.open(tmp_path / "kb", embed_model="") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
        assert _run(["models", "recommend", "--json"]) == 0
        kb.remove("docs/b.md")  # one of 31: a stray
        assert _run(["models", "recommend", "--json"]) == 0
    assert _run(["models", "recommend", "--language", "de", "--json"]) == 0
    assert _run(["models", "recommend", "--language", "EN", "--language", "ja-JP", "--json"]) == 0
    assert asked == [("en",), ("ja", "en"), ("ja",), ("de",), ("en", "ja")]
    assert _run(["models", "recommend", "--language", "english"]) == _run(["setup", "--language", "日本語"]) == 2
