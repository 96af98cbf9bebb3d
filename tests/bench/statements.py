"""True and false statements made by rule from question sets other people made, for measuring ``rag.check``.

A row is (kind, truth, statement, cited, passage): `cited` is the sentence of the gold answer with one neighbour on each
side, `passage` the whole paragraph. True kinds restate; false kinds change one thing. Nothing of the product is used
to make them, so that a mistake in its reading of numbers or names cannot hide in the benchmark.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import rewordings_en
import rewordings_ja


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    truth: bool
    statement: str
    cited: str
    passage: str
    article: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its gold answer where it stands, and the other answers of the same passage."""

    question: str
    answer: str
    accepted: tuple[str, ...]
    start: int
    passage: str
    article: str
    others: tuple[str, ...]


def sentences(text: str) -> list[tuple[int, int]]:
    """Ranges of sentences, by full stops that end one."""
    ends = [m.end() for m in re.finditer(r"[。！？]|[.!?][\"”’)\]]*(?=\s+[A-Z\"“(\[])|\n+", text)]
    bounds = [0, *ends, len(text)]
    return [(a, b) for a, b in pairwise(bounds) if text[a:b].strip()]


def around(text: str, start: int, neighbours: int) -> str:
    """The sentence that holds `start`, with this many neighbours on each side."""
    spans = sentences(text)
    at = next((i for i, (a, b) in enumerate(spans) if a <= start < b), 0)
    first, last = spans[max(0, at - neighbours)], spans[min(len(spans) - 1, at + neighbours)]
    return text[first[0] : last[1]].strip()


def load(folder: Path) -> list[Asked]:
    """The answerable questions of a set whose answer stands in its passage."""
    texts = {row["_id"]: row["text"] for row in _lines(folder / "corpus.jsonl")}
    evidence: dict[str, dict[str, object]] = {}
    for row in _lines(folder / "evidence.jsonl"):
        evidence.setdefault(str(row["query-id"]), row)
    found = []
    answers: dict[str, list[str]] = {}
    for row in _lines(folder / "queries.jsonl"):
        at = evidence.get(row["_id"])
        if at is None or not row["answers"]:
            continue
        answers.setdefault(str(at["corpus-id"]), []).append(str(at["text"]))
        found.append((row, at))
    asked = []
    for row, at in found:
        document = str(at["corpus-id"])
        asked.append(
            Asked(
                row["text"],
                str(at["text"]).rstrip("。."),
                tuple(row["answers"]),
                int(str(at["start"])),
                texts[document],
                re.split(r"[#p]", document)[0],
                tuple(dict.fromkeys(answers[document])),
            )
        )
    return asked


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def rows(folder: Path, language: str, limit: int, part: str = "all") -> list[Row]:
    """At most `limit` rows of each kind; `part` "a" or "b" takes every other article."""
    rewordings = rewordings_en if language == "en" else rewordings_ja
    asked = load(folder)
    if part != "all":
        articles = sorted({one.article for one in asked})
        asked = [one for one in asked if articles.index(one.article) % 2 == "ab".index(part)]
    chance = random.Random(7)
    chance.shuffle(asked)
    made: dict[str, list[Row]] = {}
    for one in asked:
        sentence = around(one.passage, one.start, 0)
        cited = around(one.passage, one.start, 1)
        for kind, truth, statement, source in (
            *_answers(one, rewordings, chance, cited),
            *((k, t, s, cited) for k, t, s in rewordings.changes(sentence, one.passage, chance)),
        ):
            bucket = made.setdefault(kind, [])
            if len(bucket) < limit:
                bucket.append(Row(kind, truth, statement, source, one.passage, one.article))
    return [row for kind in sorted(made) for row in made[kind]]


def _answers(one: Asked, rewordings: object, chance: random.Random, cited: str) -> Iterator[tuple[str, bool, str, str]]:
    declare = rewordings.declare  # type: ignore[attr-defined]
    kind_of = rewordings.kind_of  # type: ignore[attr-defined]
    yield "question+answer", True, declare(one.question, one.answer), cited
    yield "question: answer", True, f"{one.question} {one.answer}", cited
    kind = kind_of(one.answer)
    rivals = [other for other in one.others if kind_of(other) == kind and _apart(other, one)]
    spare = [other for other in rewordings.spans(one.passage, kind) if _apart(other, one)]
    if rivals and one.answer in (sentence := around(one.passage, one.start, 0)):
        rival = chance.choice(rivals)
        if rival not in sentence:
            yield f"answer put in ({kind})", False, sentence.replace(one.answer, rival, 1), cited
    if rivals:
        rival = chance.choice(rivals)
        yield f"swap answer ({kind})", False, declare(one.question, rival), _with(one, rival, cited)
        yield "swap question: answer", False, f"{one.question} {rival}", _with(one, rival, cited)
    elif spare and kind != "phrase":
        rival = chance.choice(spare)
        yield f"swap span ({kind})", False, declare(one.question, rival), _with(one, rival, cited)


def _with(one: Asked, rival: str, cited: str) -> str:
    """What a model that took the rival would cite: its sentence and the gold one's."""
    return cited if rival in cited else f"{cited}\n{around(one.passage, one.passage.find(rival), 0)}"


def _apart(other: str, one: Asked) -> bool:
    """Neither an accepted answer nor part of one, nor already in the question."""
    a = other.casefold()
    return (
        all(a not in g.casefold() and g.casefold() not in a for g in one.accepted) and a not in one.question.casefold()
    )
