"""What every runtime of instruct models owes its callers, and what the runtime for GGUF files adds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from conftest import list_runtimes_to_test
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx_folder import write_mlx_folder
from tiny_models import write_llama, write_nomic_bert

from index.errors import MissingError, ModelError, UsageError
from ingest.models.gguf_header import read_header
from ingest.models.model_child import ModelChild
from ingest.worker import Message, WorkerError
from rag.decoding.prefix import KEPT, keep_prefix, load_prefix, prefix_key
from rag.generators import ChatMessage, Constraint, Generator, open_generator
from rag.settings import Settings

# A small model for each runtime; a new runtime adds its own here.
SAMPLES: dict[str, Callable[[Path], str]] = {
    "llamacpp": lambda folder: f"llamacpp:{write_llama(folder / 'tiny.gguf')}",
    "mlx": lambda folder: f"mlx:{write_mlx_folder(write_llama(folder / 'tiny.gguf'), folder / 'tiny')}",
    "openai": lambda _: "openai:writer",
}

MESSAGES: list[ChatMessage] = [
    {"role": "system", "content": "Answer from the sources."},
    {"role": "user", "content": "[1] Staff get 20 days.\nHow many days?"},
]


@pytest.fixture(scope="module", params=list_runtimes_to_test("rag.generators"))
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    assert request.param in SAMPLES, f"add a small model for the runtime {request.param} to SAMPLES"
    return SAMPLES[request.param](tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def chosen(name: str, request: pytest.FixtureRequest) -> Settings:
    served = {"base_url": request.getfixturevalue("llama_server")} if name.startswith("openai:") else {}
    return Settings(model=name, **served)


@pytest.fixture(scope="module")
def generator(chosen: Settings) -> Iterator[Generator]:
    try:
        with open_generator(chosen) as opened:
            yield opened
    except MissingError as error:
        pytest.skip(error.message)


def write(generator: Generator, messages: list[ChatMessage] = MESSAGES, **options: object) -> str:
    return "".join(generator.generate(messages, **{"max_tokens": 40, **options}))  # type: ignore[arg-type]


def test_says_what_it_is(generator: Generator, name: str) -> None:
    assert generator.name == name
    assert generator.label
    assert "en" in generator.languages
    assert generator.context_tokens > 100


def test_text_stays_on_this_machine(generator: Generator) -> None:
    assert generator.leaves_machine == ""


def test_counts_tokens(generator: Generator) -> None:
    assert generator.count_tokens("") == 0
    assert 0 < generator.count_tokens("leave") <= generator.count_tokens("leave " * 10)


def test_the_same_question_gets_the_same_answer(generator: Generator, chosen: Settings) -> None:
    first = write(generator)
    assert write(generator) == first
    with open_generator(chosen) as other:
        assert write(other) == first


def test_another_question_in_between_changes_nothing(generator: Generator) -> None:
    first = write(generator)
    write(generator, [{"role": "user", "content": "something else"}])
    assert write(generator) == first


def test_what_two_prompts_share_is_read_once_and_changes_nothing(
    generator: Generator, chosen: Settings, name: str
) -> None:
    follow_up: list[ChatMessage] = [MESSAGES[0], {"role": "user", "content": "[1] Staff get 20 days.\nWho gets them?"}]
    read = []
    with open_generator(chosen) as alone:
        answer = write(alone, follow_up)
        assert alone.last_run is not None
        read.append(alone.last_run.prompt_tokens)
    first = write(generator)
    for _ in range(2):
        assert write(generator, follow_up) == answer
        assert generator.last_run is not None
        read.append(generator.last_run.prompt_tokens)
    assert write(generator) == first
    if not name.startswith("openai:"):  # a server keeps what it likes, and does not say
        whole, question, nothing = read
        assert whole > question > nothing == 0


def test_the_answer_ends_at_its_length(generator: Generator) -> None:
    write(generator, max_tokens=5)
    assert generator.last_run is not None
    assert generator.last_run.tokens <= 5


def test_a_stop_text_ends_the_answer_before_it(generator: Generator) -> None:
    whole = write(generator)
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    cut = write(generator, stop=["never there", stop])
    assert cut == whole[: whole.index(stop)]
    assert generator.last_run is not None
    assert generator.last_run.finish == "stop"


def test_closing_the_answer_ends_it_and_the_next_one_is_whole(generator: Generator) -> None:
    whole = write(generator)
    answer = generator.generate(MESSAGES, max_tokens=200)
    next(answer)
    answer.close()
    assert write(generator) == whole


@pytest.mark.slow
def test_cancelling_from_another_thread_ends_the_answer(generator: Generator) -> None:
    whole = write(generator)
    answer = generator.generate(MESSAGES, max_tokens=400)
    next(answer)
    other = threading.Thread(target=generator.cancel)
    other.start()
    other.join()
    list(answer)
    assert write(generator) == whole


def test_a_prompt_too_long_is_refused(generator: Generator) -> None:
    long: list[ChatMessage] = [{"role": "user", "content": "leave " * (generator.context_tokens + 10)}]
    with pytest.raises(UsageError, match="tokens"):
        write(generator, long)


SOURCES = ("Staff get 20 days of annual leave.", "年次有給休暇は20日です。")


@pytest.mark.parametrize("question", ["How many days?", "[", '"', "「", '[1] say "', "何日ですか"])
def test_marks_and_quotations_can_only_be_of_the_sources(generator: Generator, question: str) -> None:
    text = write(
        generator,
        [{"role": "user", "content": question}],
        max_tokens=120,
        constraint=Constraint(citations=2, quotable=SOURCES),
    )
    check_constrained(text)


def check_constrained(text: str) -> None:
    """The slow and plain reading of the constraint: every closed mark and quotation is one of the sources'."""
    assert all(int(mark) in (1, 2) for mark in re.findall(r"\[([^\]]*)\]", text))
    for opener, closer in ('""', "“”", "「」", "『』", "«»"):
        for quoted in re.findall(rf"(?<![0-9A-Za-z]){opener}([^{closer}]*){closer}", text if opener != '"' else ""):
            assert any(quoted in source for source in SOURCES)


# ------------------------------------------------------------------------------------------------ opening


@pytest.mark.parametrize("name", ["nonsense", "nonsense:x", "llamacpp:"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_generator(Settings(model=name))
    assert "llamacpp" in caught.value.next


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.gguf"):
        open_generator(Settings(model=f"llamacpp:{tmp_path / 'nowhere.gguf'}"))
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(ModelError, match=r"text\.gguf"):
        open_generator(Settings(model=f"llamacpp:{tmp_path / 'text.gguf'}"))
    unknown = tmp_path / "unknown.gguf"
    unknown.write_bytes(write_llama(tmp_path / "a.gguf").read_bytes().replace(b"llama", b"panda"))
    with (
        open_generator(Settings(model=f"llamacpp:{unknown}")) as generator,
        pytest.raises(ModelError, match=r"unknown\.gguf"),
    ):
        write(generator)


def write_lora(path: Path, model: Path) -> Path:
    """A LoRA adapter of rank 4 that changes the first layer's queries of `model` a lot."""
    header = read_header(model)
    size = header.number("embedding_length")
    writer = gguf.GGUFWriter(path, header.architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    random = np.random.default_rng(1)
    writer.add_tensor("blk.0.attn_q.weight.lora_a", random.normal(0, 1, (4, size)).astype(np.float32))
    writer.add_tensor("blk.0.attn_q.weight.lora_b", random.normal(0, 1, (size, 4)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_an_adapter_changes_the_answer_and_not_the_plain_models(tmp_path: Path) -> None:
    model = write_llama(tmp_path / "a.gguf")
    adapter = write_lora(tmp_path / "lora.gguf", model)
    answers = []
    for lora in ("", str(adapter), ""):
        with open_generator(Settings(model=f"llamacpp:{model}", lora=lora)) as generator:
            answers.append(write(generator))
    assert answers[0] == answers[2]
    assert answers[0] != answers[1]


def test_an_adapter_that_is_none_is_named(tmp_path: Path) -> None:
    model = write_llama(tmp_path / "a.gguf")
    wrong = write_nomic_bert(tmp_path / "wrong.gguf")
    settings = Settings(model=f"llamacpp:{model}", lora=str(wrong))
    with open_generator(settings) as generator, pytest.raises(ModelError, match=r"wrong\.gguf"):
        write(generator)


@pytest.mark.parametrize("listed", [(), ("multilingual",)])
def test_languages_come_from_the_vocabulary_when_the_file_lists_none(tmp_path: Path, listed: tuple[str, ...]) -> None:
    model = write_llama(tmp_path / "a.gguf", languages=listed)
    with open_generator(Settings(model=f"llamacpp:{model}")) as generator:
        assert generator.languages == ("en",)  # three tokens, one a byte, for every Japanese character


# ------------------------------------------------------------------------------------------------ the kept prefix


def test_the_prefix_is_evaluated_once_and_kept(tmp_path: Path) -> None:
    settings = Settings(model=f"llamacpp:{write_llama(tmp_path / 'a.gguf')}")
    with open_generator(settings) as first:
        answer = write(first)
        assert first.last_run is not None
        assert first.last_run.prefix == "evaluated"
        assert write(first) == answer
        assert first.last_run.prefix == "memory"
    with open_generator(settings) as second:
        assert write(second) == answer
        assert second.last_run is not None
        assert second.last_run.prefix == "file"


def test_a_damaged_prefix_is_evaluated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_MODELS", str(tmp_path / "models"))
    settings = Settings(model=f"llamacpp:{write_llama(tmp_path / 'a.gguf')}")
    with open_generator(settings) as first:
        answer = write(first)
    (state,) = (tmp_path / "models" / "prefixes").glob("*.state")
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    with open_generator(settings) as second:
        assert write(second) == answer
        assert second.last_run is not None
        assert second.last_run.prefix == "evaluated"


def test_another_model_has_another_prefix(tmp_path: Path) -> None:
    for seed in (1, 2):
        path = write_llama(tmp_path / f"{seed}.gguf", seed=seed)
        with open_generator(Settings(model=f"llamacpp:{path}")) as generator:
            write(generator)
            assert generator.last_run is not None
            assert generator.last_run.prefix == "evaluated"


@settings(max_examples=30)  # each writes a file through to the disk
@given(st.binary(max_size=200), st.data())
def test_a_kept_state_comes_back_whole_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, state: bytes, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("prefixes")
    key = prefix_key(["model", "version"], [1, 2, 3])
    keep_prefix(folder, key, state)
    assert load_prefix(folder, key) == state
    assert load_prefix(folder, prefix_key(["model", "version"], [1, 2])) is None
    path = folder / f"{key}.state"
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert load_prefix(folder, key) is None
    assert not path.exists()


def test_only_the_last_prefixes_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        keep_prefix(tmp_path, prefix_key(["model"], [number]), b"state")
    assert len(list(tmp_path.glob("*.state"))) == KEPT


# ------------------------------------------------------------------------------------------------ the real model


@pytest.mark.models
def test_the_bundled_model_answers_in_words(bundled_models: dict[str, str]) -> None:
    messages: list[ChatMessage] = [
        {"role": "system", "content": "Answer the question in one short sentence."},
        {"role": "user", "content": "The office opens at nine in the morning.\nWhen does the office open?"},
    ]
    with open_generator(Settings(model=bundled_models["model"])) as generator:
        assert generator.languages == ("en",)
        assert "nine" in write(generator, messages)
        assert "20 days" in write(
            generator,
            [{"role": "user", "content": f"{SOURCES[0]}\nHow many days of annual leave do staff get?"}],
            constraint=Constraint(1, SOURCES),
        )


@pytest.mark.slow
@pytest.mark.models
def test_keys_and_values_of_eight_bits_answer_as_well(bundled_models: dict[str, str]) -> None:
    question: list[ChatMessage] = [
        {"role": "system", "content": "Answer from the source in one sentence."},
        {"role": "user", "content": "[1] Full-time employees receive 20 days of paid annual leave.\nHow many days?"},
    ]
    answers = {}
    for kv in ("f16", "q8_0"):
        chosen = Settings(model=bundled_models["model"], kv_type=kv)
        with open_generator(chosen) as generator:
            answers[kv] = write(generator, question)
            # A state of the other type would be taken without a word, and read as nonsense.
            assert generator.last_run is not None
            assert generator.last_run.prefix == "evaluated"
        with open_generator(chosen) as generator:
            assert write(generator, question) == answers[kv]
            assert generator.last_run is not None
            assert generator.last_run.prefix == "file"
    assert "20 days" in answers["f16"]
    assert "20 days" in answers["q8_0"]


def test_a_child_that_died_is_not_started_again_to_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_generator(Settings(model=f"llamacpp:{write_llama(tmp_path / 'tiny.gguf')}")) as generator:
        write(generator)
        worker = generator._child._worker  # type: ignore[attr-defined]

        def die(*_: object) -> Iterator[Message]:
            worker.kill()
            raise WorkerError("crash", "The reading process ended without an answer (exit -6).")
            yield

        monkeypatch.setattr(worker, "stream", die)
        with pytest.raises(WorkerError, match="without an answer"):
            write(generator)
        assert worker.pid is None


def test_an_unknown_type_of_keys_and_values_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_llama(tmp_path / "a.gguf")
    ended: list[ModelChild] = []
    monkeypatch.setattr(ModelChild, "close", lambda child: ended.append(child))
    with pytest.raises(UsageError, match="kv_type"):
        open_generator(Settings(model=f"llamacpp:{model}", kv_type="q4"))
    monkeypatch.undo()
    assert ended, "its process would stay"
    ended[0].close()


def test_a_model_that_cannot_keep_eight_bits_keeps_sixteen(tmp_path: Path) -> None:
    model = f"llamacpp:{write_llama(tmp_path / 'a.gguf', heads=4)}"  # heads of 16 numbers are no whole blocks of 32
    with open_generator(Settings(model=model, kv_type="f16")) as generator:
        answer = write(generator)
    with open_generator(Settings(model=model, kv_type="q8_0")) as generator:
        assert write(generator) == answer
        assert generator.last_run is not None
        assert generator.last_run.prefix == "file"  # kept under what was really used
