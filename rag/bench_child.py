"""The process in which ``rag bench`` measures one model: alone first, then answering questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from index.platform import children_peak_memory
from ingest.worker import Handler, Message, Payload
from rag.bench import Asked
from rag.settings import load_settings

if TYPE_CHECKING:
    from rag.evaluation.questions import JudgedQuestion
    from rag.generators import Generator, Run
    from rag.knowledge_base import KnowledgeBase

# A few hundred tokens that no state kept from another run begins with, and a task long enough to write WRITTEN_TOKENS.
PASSAGE = " ".join(f"Shelf {number} holds {number * 7 % 90} boxes of part {number * 31 % 997}." for number in range(24))
TASK = "List the shelves above one by one, each in a sentence of its own."
WRITTEN_TOKENS = 48
WARMING = "Say yes."  # what is prepared once is not the model's speed


def serve() -> Handler:
    """The handler of ingest.worker for one request (rag.bench.compare_models)."""

    def handle(request: Payload, _: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        label, speeds = measure_alone(request["name"], Path(request["kb"]) if request["kb"] else None)
        yield {"label": label, "speeds": speeds}, []
        if not request["questions"]:
            return
        for number, asked in enumerate(_ask_all(request, cancelled), 1):
            yield {"asked": asdict(asked)}, []
            if number % 10 == 0:
                yield {"progress": f"{number} questions asked."}, []

    return handle


def measure_alone(name: str, kb: Path | None) -> tuple[str, dict[str, float | None]]:
    """What the model is called, its load time, its two speeds, and the most memory its process took (MB).

    With the settings of the knowledge base in `kb`, as questions are asked of it: threads, the type of keys and values.
    """
    from rag.generators import open_generator

    settings = load_settings(kb, {"model": name})
    start = time.perf_counter()
    with open_generator(settings) as generator:
        generator.count_tokens("ready")  # loading goes on in the background; this waits for it
        load = time.perf_counter() - start
        _write(generator, WARMING, 2)
        read = _write(generator, f"{PASSAGE}\n\n{TASK}", WRITTEN_TOKENS)
        label = generator.label
    memory = children_peak_memory()  # of the process the model ran in, which has ended now
    writing = read.seconds - read.first_token if read else 0.0
    return label, {
        "load": load,
        "prompt_speed": read.prompt_tokens / read.first_token if read and read.first_token else None,
        "writing_speed": (read.tokens - 1) / writing if read and read.tokens > 1 and writing > 0 else None,
        "memory": memory / 1e6 if memory else None,
    }


def _write(generator: Generator, content: str, tokens: int) -> Run | None:
    for _ in generator.generate([{"role": "user", "content": content}], max_tokens=tokens):
        pass
    return generator.last_run


def _ask_all(request: Payload, cancelled: Callable[[], bool]) -> Iterator[Asked]:
    from rag.evaluation.question_files import read_questions
    from rag.knowledge_base import open_knowledge_base

    with open_knowledge_base(request["kb"], create=False, model=request["name"]) as base:
        questions, _ = read_questions(Path(request["questions"]), base.documents(), base.text)
        questions = questions[: request["limit"] or None]
        # Loads both models. The instruct model reads no question that is measured: it would keep what it read.
        for _ in base.ask_in_steps(questions[0].text, generate=False):
            pass
        if base.generator:
            _write(base.generator, WARMING, 2)
        for question in questions:
            if cancelled():
                return
            yield ask_once(base, question)


def ask_once(base: KnowledgeBase, question: JudgedQuestion) -> Asked:
    """Ask one question and time its steps."""
    from rag.answer import Answer, Evidence
    from rag.evaluation.measures import holds_answer

    generator = base.generator
    before = generator.last_run if generator else None
    first_quote, answer = 0.0, None
    start = time.perf_counter()
    for step in base.ask_in_steps(question.text):
        if isinstance(step, Evidence):
            first_quote = time.perf_counter() - start
        elif isinstance(step, Answer):
            answer = step
    whole = time.perf_counter() - start
    assert answer is not None, "an answer always ends the steps"
    run = generator.last_run if generator else None
    return Asked(
        answerable=question.answerable,
        first_quote=first_quote,
        first_token=first_quote + run.first_token if run and run is not before else None,
        whole_answer=whole,
        quoted=any(holds_answer(quote.text, question.answers) for quote in answer.quotes),
        written=answer.origin == "model",
        expected=holds_answer(answer.text, question.answers),
        refused=answer.abstained,
    )
