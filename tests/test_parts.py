"""A prompt in parts, and what two of them share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import count, takewhile
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from conftest import needs
from hypothesis import given
from hypothesis import strategies as st
from mlx_folder import write_mlx_folder
from tiny_models import write_llama

from ingest.models.gguf_header import read_header
from ingest.models.hub_folder import HubFolder
from ingest.worker import Handler, Payload
from rag.decoding import llamacpp_model, mlx_model
from rag.decoding.parts import SHORT, Part, count_shared, part_prompt

BREAK = 10
TOKENS = st.lists(st.integers(BREAK, BREAK + 3), max_size=6)
LONG = [12] * SHORT


def piece(token: int) -> bytes:
    return b".\n" if token == BREAK else b"word"


def test_the_question_stands_behind_the_last_line_break() -> None:
    text = [11, BREAK, *LONG, BREAK, 13]
    assert part_prompt([1, 2], text, [3], piece) == [[1, 2], [11, BREAK, *LONG, BREAK], [13, 3]]
    assert part_prompt([1, 2], [11, 12], [3], piece) == [[1, 2], [11, 12, 3]]
    assert part_prompt([1, 2], [], [], piece) == [[1], [2]]


def test_few_tokens_of_sources_are_read_together_with_the_question() -> None:
    few = [*LONG[2:], BREAK]
    assert part_prompt([1, 2], [*few, 13], [3], piece) == [[1, 2], [*few, 13, 3]]
    assert part_prompt([1, 2], [12, *few, 13], [3], piece) == [[1, 2], [12, *few], [13, 3]]


@given(TOKENS, TOKENS | TOKENS.map(lambda tokens: LONG + tokens), TOKENS)
def test_parts_are_the_whole_prompt_in_order_and_never_empty(begin: Part, text: Part, end: Part) -> None:
    whole = [*begin, *text, *end]
    parts = part_prompt(begin, text, end, piece)
    assert [token for part in parts for token in part] == whole
    assert all(parts)
    if begin and len(whole) > 1:
        assert len(parts) >= 2


@given(st.lists(TOKENS, max_size=4), st.lists(TOKENS, min_size=1, max_size=4))
def test_what_is_shared_stands_at_the_head_of_both(kept: list[Part], wanted: list[Part]) -> None:
    same = count_shared(kept, wanted)
    head = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(kept, wanted, strict=False))))
    if kept == wanted:
        assert same == len(wanted)
    else:
        assert same == min(head, len(wanted) - 1) or (head == len(kept) == same)


def test_a_prompt_that_another_one_began_with_is_not_read_whole() -> None:
    assert count_shared([[1], [2], [3]], [[1], [2]]) == 1
    assert count_shared([[1], [2]], [[1], [2], [3]]) == 2
    assert count_shared([[1], [2]], [[1], [2]]) == 2


# ------------------------------------------------------------------------------------------------ in a model


def test_a_begin_that_was_kept_in_memory_is_not_said_to_come_from_a_file(tmp_path: Path) -> None:
    model = llamacpp_model._Instruct(open_llamacpp(write_llama(tmp_path / "tiny.gguf"), tmp_path)[1])
    model._cut_back = lambda _: False  # type: ignore[method-assign]  # as with a model that keeps no single tokens
    origins = [reading.origin for _ in range(2) if (reading := model.read_prompt([[70, 71], [72]], lambda: False))]
    assert origins == ["evaluated", "memory"]


def open_llamacpp(model: Path, _: Path) -> tuple[Handler, Payload]:
    opening = {"lora": "", "template": read_header(model).chat_template, "context": 512, "kv": "f16", "flash": True}
    return llamacpp_model.serve(), {**opening, "path": str(model), "threads": 1, "prompt_threads": 1}


def open_mlx(model: Path, folder: Path) -> tuple[Handler, Payload]:
    return mlx_model.serve(), {"path": str(write_mlx_folder(model, folder / "mlx"))}


@pytest.mark.parametrize("opened", [open_llamacpp, pytest.param(open_mlx, marks=[needs("mlx_lm"), pytest.mark.slow])])
def test_whenever_a_prompt_is_cancelled_the_next_answers_are_those_of_a_new_model(
    opened: Callable[[Path, Path], tuple[Handler, Payload]], tmp_path: Path
) -> None:
    # In a process of its own: other tests say which libraries are in this one.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(cancel_everywhere, opened, tmp_path).result() > 0


QUESTIONS = ("How many days?", "Who gets them, and when?")
LOOKS = (*range(12), *range(12, 400, 9))


class Model:
    """An open instruct model; `looks` is how often a prompt may be looked at before it is cancelled."""

    def __init__(self, opened: tuple[Handler, Payload]) -> None:
        self.handler, opening = opened
        list(self.handler({"do": "open", **opening}, [], lambda: False))

    def write(self, question: str, looks: float = float("inf"), begin: str = "Answer.") -> tuple[str, str]:
        """The answer and why it ended."""
        message = {"role": "user", "content": f"[1] Staff of full time get 20 days of leave.\n{question}"}
        messages = [{"role": "system", "content": begin}, message]
        request = {"do": "generate", "messages": messages, "max_tokens": 8, "stop": [], "constraint": None}
        looked = count()
        replies = [reply for reply, _ in self.handler(request, [], lambda: next(looked) >= looks)]
        return "".join(reply.get("text", "") for reply in replies), replies[-1]["run"]["finish"]


def cancel_everywhere(opened: Callable[[Path, Path], tuple[Handler, Payload]], tmp_path: Path) -> int:
    """How many prompts were cancelled, with the answers to others in between."""
    model = Model(opened(write_llama(tmp_path / "tiny.gguf"), tmp_path))
    answers = [model.write(question) for question in QUESTIONS]
    cancelled = 0
    for looks in LOOKS:
        ended = [model.write(question, looks)[1] for question in QUESTIONS]
        new = f"Answer {looks} times."  # a begin that is read for the first time
        ended.append(model.write(QUESTIONS[1], looks, new)[1])
        cancelled += ended.count("cancelled")
        assert [model.write(question) for question in QUESTIONS] == answers
    return cancelled


@needs("mlx_lm")
@pytest.mark.slow
def test_whenever_mlx_fails_the_next_answers_are_those_of_a_new_model(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(fail_everywhere, tmp_path).result() > 0


class Failing:
    """A model that fails once `left` calls went well: its cache was written, and nobody knows of it."""

    def __init__(self, model: Any) -> None:
        self.model, self.left = model, float("inf")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        logits = self.model(*arguments, **named)
        self.left -= 1
        if self.left < 0:
            raise MemoryError
        return logits

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def fail_everywhere(tmp_path: Path) -> int:
    """How many prompts failed, with the answers to others in between."""
    made: list[Failing] = []
    load = mlx_model._load_model

    def load_failing(folder: HubFolder) -> Failing:
        made.append(Failing(load(folder)))
        return made[0]

    with patch.object(mlx_model, "_load_model", load_failing):
        model = Model(open_mlx(write_llama(tmp_path / "tiny.gguf"), tmp_path))
    answers = [model.write(question) for question in QUESTIONS]
    failed = 0
    for left in LOOKS:
        made[0].left = left
        for question in QUESTIONS:
            try:
                model.write(question)
            except MemoryError:
                failed += 1
        made[0].left = float("inf")
        assert [model.write(question) for question in QUESTIONS] == answers
    return failed
