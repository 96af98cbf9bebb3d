"""An answer on the screen as it arrives: evidence first, then what the model wrote and the check let through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import StoreError
from index.store import format_time
from index.types import Quote
from rag.answer import Answer, Evidence, Statement, Step
from rag.languages import language_of
from rag.last_answer import remember
from rag.messages import say
from rag.quotes import lead_of
from rag.screen import Piece, note, one_line, print_json, show
from rag.show_hits import headline, show_limits, show_slips

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

NEAREST = 3  # passages shown when the documents do not answer: enough to see what they do hold


def show_answer(kb: KnowledgeBase, question: str, steps: Iterator[Step], as_json: bool) -> Answer:
    """Show the steps and return the answer they end in."""
    language = language_of(question)
    streaming = False
    for step in steps:
        if isinstance(step, Evidence) and not as_json:
            show_slips(step.slips, question)
            _show_evidence(step, language)
            _remember(kb, step.quotes)  # from here on they are on the screen, also where the answer is interrupted
        elif isinstance(step, Statement) and step.verdict == "supported" and not as_json:
            if not streaming:
                model = kb.generator.label if kb.generator else ""
                show(f"{say('answer', language)}  ({say('checked', language, model=model, marks='[n]')})", style="bold")
            streaming = True
            show(f"  {step.text} {_marks(step.marks)}")
        elif isinstance(step, Answer):
            if as_json:
                _remember(kb, step.quotes)
                print_json(step)
                show_limits(kb, question)
            else:
                _show_rest(kb, step, language, streaming)
            return step
    raise AssertionError("an answer always ends the steps")


def _remember(kb: KnowledgeBase, quotes: Sequence[Quote]) -> None:
    if not kb.shared:
        try:
            remember(kb.folder, quotes)
        except StoreError as error:  # the answer is right all the same
            note(f"{error.message} rag open does not know these quotes.")


def _show_evidence(step: Evidence, language: str) -> None:
    title = say("evidence" if step.answerable else "nearest", language)
    # What was not found but stands around it shows what a document holds; it is not near to what was asked.
    quotes = step.quotes if step.answerable else [quote for quote in step.quotes[:NEAREST] if quote.score]
    if quotes:
        show(title, style="bold")
    for quote in quotes:
        _show_quote(quote, language)
    if step.difference:
        show(step.difference, style="yellow")


def _show_quote(quote: Quote, language: str) -> None:
    changed = [Piece(f"  ({say('changed', language)})", "yellow")] if _changed(quote) else []
    show("  ", *headline(quote.n, quote), *changed, hang=6)  # as far in as its text
    for span in quote.context:
        show(f"      {one_line(span.text)}", style="dim")
    show(f"      {one_line(quote.text)}")
    if quote.also:
        show(f"      {say('also', language, paths=', '.join(quote.also))}", style="dim")


def _changed(quote: Quote) -> bool:
    """Whether the quoted file is not the one that was read."""
    try:
        return format_time(Path(quote.file).stat().st_mtime_ns) != quote.modified
    except OSError:
        return True


def _show_rest(kb: KnowledgeBase, answer: Answer, language: str, streamed: bool) -> None:
    if answer.abstained:
        show(answer.refusal, style="bold")
    elif not streamed:
        show(f"{say('answer', language)}  ({say('quoted', language)})", style="bold")
        first = answer.quotes[0]
        if lead := lead_of(first):
            show(f"  {lead}")
        show(f"  {one_line(first.text)} {_marks([first.n])}")
    _show_list(say("unchecked", language), answer.unchecked)
    _show_list(say("set_aside", language), answer.unsupported)
    for sentence in answer.notes:
        note(sentence)
    show_limits(kb, answer.question)
    note(" · ".join(say(f"seconds_{name}", language, seconds=took) for name, took in answer.timings.items()))


def _show_list(title: str, texts: Sequence[str]) -> None:
    if texts:
        show(title, style="dim")
        for text in texts:
            show(f"  - {text}", style="dim")


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"[{n}]" for n in numbers)
