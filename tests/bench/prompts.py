#!/usr/bin/env python3
"""What a model makes of each way of asking it: the figures behind the table in rag/sizes.py.

    python tests/bench/prompts.py SET --score score.py --data DIR --embed-model RUNTIME:MODEL --model RUNTIME:MODEL
                                  [--limit 300] [--ways "choose, 1 quote" …]

Evidence is found and judged as `ask` does it; then the model answers every question in each way, and every statement is
checked, by words alone. Printed are the share of all questions with a supported answer of the model, the share of those
that hold the right one, their words, the share of all questions that were answered wrongly so, and the median time to
the first token. The scoring program and the question sets are not part of this project.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import rag  # noqa: E402
from index.types import Quote  # noqa: E402
from rag.answerable import decide  # noqa: E402
from rag.assistant import PASSAGES, SHOWN  # noqa: E402
from rag.generators import Constraint, Generator  # noqa: E402
from rag.prompt import build_choice, build_messages, fence  # noqa: E402
from rag.question import Question  # noqa: E402
from rag.quotes import select_quotes  # noqa: E402
from rag.relevance import weigh_sentences  # noqa: E402
from rag.statements import check_statement, split_statements  # noqa: E402
from rag.writing import SURE, Request, list_statements  # noqa: E402

BUDGET = 400  # tokens of sources: what is taken where the machine's speed is not known yet
WRITTEN = 120  # tokens

Answer = tuple[Iterable[str], Sequence[Quote]]  # statements, and the quotes that they are checked against
Way = Callable[[Question, Sequence[Quote], Generator], Answer]
NOTHING: Answer = ([], [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set")
    parser.add_argument("--score", type=Path, required=True, help="the scoring program")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the question sets")
    parser.add_argument("--embed-model", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    args = parser.parse_args()
    score = load(args.score)
    questions = score.QuestionSet(args.data, args.set)
    with (
        tempfile.TemporaryDirectory() as scratch,
        rag.open(Path(scratch) / "kb", embed_model=args.embed_model, model=args.model) as kb,
    ):
        documents = Path(scratch) / "documents"
        documents.mkdir()
        questions.write_files(documents)
        kb.ingest([documents])
        asked = [row for row in questions.sample(args.limit) if row.get("answers")]
        cases = [find_evidence(kb, row["text"]) for row in asked]
        for name in args.ways:
            print(measure(name, kb.generator, asked, cases, score), flush=True)
    return 0


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_evidence(kb: rag.KnowledgeBase, text: str) -> tuple[Question, list[Quote]]:
    """The question taken apart, and its quotes; none where it would be refused."""
    retriever = kb.retriever
    with retriever.index.reading():
        weighed = weigh_sentences(text, retriever.search(text, PASSAGES, "hybrid"), retriever)
        answerable = decide(weighed, retriever.calibration(), retriever).answerable
        return weighed.question, select_quotes(weighed, kb.index.store.text, limit=SHOWN) if answerable else []


def measure(name: str, generator: Any, asked: Sequence[Any], cases: Sequence[Any], score: Any) -> str:
    answered = right = words = 0
    first: list[float] = []
    for row, (question, quotes) in zip(asked, cases, strict=True):
        generator.last_run = None
        texts, used = WAYS[name](question, quotes, generator) if quotes else NOTHING
        checked = [check_statement(question.text, text, used) for text in texts]
        if generator.last_run:
            first.append(generator.last_run.first_token)
        if answer := " ".join(entry.text for entry in checked if entry and entry.verdict == "supported"):
            answered += 1
            right += score.contains(answer, row["answers"])
            words += score.length(answer)
    number = max(1, answered)
    shares = f"{answered / len(asked):.3f} answered   {right / number:.3f} of them right   {words / number:4.1f} words"
    wrong = f"{(answered - right) / len(asked):.3f} wrong"
    return f"{name:24} {shares}   {wrong}   {statistics.median(first or [0.0]):.3f} s"


def write(request: Request, generator: Generator) -> Answer:
    pieces = generator.generate(request.messages, max_tokens=WRITTEN, constraint=request.constraint)
    return split_statements(pieces), request.sources


def choose(number: int) -> Way:
    """One of the statements of the first `number` quotes."""

    def way(question: Question, quotes: Sequence[Quote], generator: Generator) -> Answer:
        used = quotes[:number]
        found = dict.fromkeys(text for quote in used for text in list_statements(question, quote))
        if quotes[0].score < SURE or not found:
            return NOTHING
        messages = build_choice(question.text, " ".join(map(fence, used)), "en")
        return write(Request(messages, Constraint(0, choices=tuple(found)), list(used)), generator)

    return way


def choose_without_model(length: Callable[[Sequence[str]], str]) -> Way:
    def way(question: Question, quotes: Sequence[Quote], generator: Generator) -> Answer:
        found = list_statements(question, quotes[0]) if quotes[0].score >= SURE else []
        return ([length(found)], quotes[:1]) if found else NOTHING

    return way


def choose_number(question: Question, quotes: Sequence[Quote], generator: Generator) -> Answer:
    """A quote by its number, then one of its statements."""
    messages, used = build_messages(question.text, quotes, "en", budget=BUDGET, count_tokens=generator.count_tokens)
    messages[0]["content"] = "Which numbered source answers the question? Answer with its number."
    marks = Constraint(0, choices=tuple(f"[{quote.n}]" for quote in used))
    number = "".join(generator.generate(messages, max_tokens=8, constraint=marks))
    quote = next(quote for quote in used if f"[{quote.n}]" == number)
    found = list_statements(question, quote)
    if not found:
        return NOTHING
    messages = build_choice(question.text, fence(quote), "en")
    return write(Request(messages, Constraint(0, choices=tuple(found)), [quote]), generator)


def compose(number: int) -> Way:
    """Sentences of its own from the first `number` quotes."""

    def way(question: Question, quotes: Sequence[Quote], generator: Generator) -> Answer:
        messages, used = build_messages(
            question.text, quotes[:number], "en", budget=BUDGET, count_tokens=generator.count_tokens
        )
        return write(Request(messages, Constraint(len(used), tuple(map(fence, used))), used), generator)

    return way


WAYS: dict[str, Way] = {
    "choose, 1 quote": choose(1),
    "choose, 2 quotes": choose(2),
    "choose, 3 quotes": choose(3),
    "longest, no model": choose_without_model(lambda found: found[-1]),
    "shortest, no model": choose_without_model(lambda found: found[0]),
    "choose number, choose": choose_number,
    "write, 1 quote": compose(1),
    "write, 2 quotes": compose(2),
    "write, 3 quotes": compose(3),
    "write, 5 quotes": compose(5),
}


if __name__ == "__main__":
    sys.exit(main())
