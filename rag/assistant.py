"""The read story: from a question to evidence, and from evidence to an answer that can be checked.

question ─search→ Ranked passages ─select→ Quotes ─judge→ answerable? ─generate→ statements ─check→ Answer
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from index.errors import RagError
from index.search import Within
from index.types import Quote
from rag.answer import Answer, Evidence, Statement, Step
from rag.answerable import decide
from rag.checking import Readings
from rag.differences import find_difference
from rag.generators import Generator
from rag.languages import language_of
from rag.messages import say
from rag.prompt_budget import choose_budget, remember_speed
from rag.question import Question
from rag.quotes import select_quotes
from rag.relevance import weigh_sentences
from rag.retrieval import Retriever
from rag.spelling import spell_alike
from rag.statements import check_statement, split_statements
from rag.surroundings import add_surroundings
from rag.writing import request_answer

SHOWN = 5  # quotes of an answer: what a screen holds and a person compares
PASSAGES = 10  # whose sentences are weighed: with 20, the answer was in the first three quotes no more often


class Assistant:
    """Answers questions from one knowledge base; the generator may be None.

    It is opened once a question turns out to be answered: before, its process would take the processors from those
    that the first quote waits for.
    """

    def __init__(
        self,
        retriever: Retriever,
        open_generator: Callable[[], Generator | None],
        *,
        prompt_tokens: int,
        answer_tokens: int,
    ) -> None:
        self.retriever = retriever
        self.generator: Generator | None = None
        self._open_generator = open_generator
        self.prompt_tokens = prompt_tokens
        self.answer_tokens = answer_tokens
        self.readings = Readings(lambda: retriever.embedder, retriever.judge_statement)

    def ask(self, question: str, *, generate: bool, within: Within) -> Iterator[Step]:
        """The steps of an answer: Evidence at once, then each Statement as it is checked, and the Answer last."""
        start = time.perf_counter()
        language = language_of(question)
        self.retriever.start_reading()
        with self.retriever.index.reading():
            spelt = spell_alike(question, self.retriever.index)
            ranked = self.retriever.search(spelt.text, PASSAGES, "hybrid", within)
            weighed = weigh_sentences(spelt.text, ranked, self.retriever)
            found = select_quotes(weighed, self.retriever.index.store.text, limit=SHOWN)
            quotes = add_surroundings(found, spelt.text, ranked, self.retriever, within)
            calibration = self.retriever.calibration()
        verdict = decide(weighed, calibration, self.retriever)
        difference = find_difference(spelt.text, quotes, language) if verdict.answerable else ""
        seconds = {"evidence": time.perf_counter() - start}
        yield Evidence(tuple(quotes), verdict.answerable, difference, seconds["evidence"], spelt.slips)
        if not verdict.answerable:
            yield Answer(question, "", "none", True, tuple(quotes), (), (), (), seconds, slips=spelt.slips)
            return
        statements: list[Statement] = []
        notes: list[str] = []
        if generate:
            self.generator = self._open_generator()
            for step in self._write(weighed.question, quotes, language):
                if isinstance(step, str):
                    notes.append(step)
                else:
                    statements.append(step)
                    yield step
            if not statements and not notes:
                notes.append(say("nothing_stated", language))
        seconds["answer"] = time.perf_counter() - start - seconds["evidence"]
        answer = self._conclude(question, quotes, statements, difference, notes, seconds)
        yield replace(answer, slips=spelt.slips)

    def _write(self, question: Question, quotes: Sequence[Quote], language: str) -> Iterator[Statement | str]:
        """The model's statements, each checked; a string is a note on why there are none."""
        generator, failed = self.generator, "model_failed"
        if generator is None:
            yield say("no_model", language)
            return
        try:
            if language not in generator.languages:
                yield say("model_language", language, model=generator.label)
                return
            budget = self.prompt_tokens or choose_budget(generator)
            request = request_answer(question, quotes, language, generator, budget)
            if request is None:
                yield say("not_sure", language, model=generator.label)
                return
            pieces = generator.generate(request.messages, max_tokens=self.answer_tokens, constraint=request.constraint)
            with closing(pieces):
                for text in split_statements(pieces):
                    if statement := check_statement(question.text, text, request.sources, self.readings):
                        failed = "model_ended"
                        yield statement
            remember_speed(generator)
        except RagError as error:
            yield say(failed, language, reason=error.message.rstrip("."))

    def _conclude(
        self,
        question: str,
        quotes: Sequence[Quote],
        statements: Sequence[Statement],
        difference: str,
        notes: Sequence[str],
        seconds: dict[str, float],
    ) -> Answer:
        """The supported statements are the answer; where there are none, the first quote is."""
        supported = [statement for statement in statements if statement.verdict == "supported"]
        marks = sorted({mark for statement in supported for mark in statement.marks})
        if supported:
            text = " ".join(f"{statement.text} {''.join(f'[{n}]' for n in statement.marks)}" for statement in supported)
        else:
            text, marks = f"{quotes[0].text} [{quotes[0].n}]", [quotes[0].n]
            if statements:
                notes = [*notes, say("nothing_supported", language_of(question))]
        return Answer(
            question=question,
            text=text,
            origin="model" if supported else "quotes",
            abstained=False,
            quotes=tuple(quotes),
            citations=tuple(quote for quote in quotes if quote.n in marks),
            unsupported=tuple(s.text for s in statements if s.verdict == "contradicted"),
            unchecked=tuple(s.text for s in statements if s.verdict == "unchecked"),
            timings=seconds,
            difference=difference,
            notes=tuple(notes),
            model=self.generator.label if supported and self.generator else "",
        )
