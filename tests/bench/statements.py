"""True and false statements made by rule from question sets other people made, for measuring ``rag.check``.

A row holds a statement and three sources for it: `sentence` is that of the gold answer, `cited` the same with one
neighbour on each side, `passage` the whole paragraph. True kinds restate; false kinds change one thing. Half of the
articles are for fitting ("fit"), the other half only for measuring ("unseen"). Nothing of the product is used to make
them, so that a mistake in its reading of numbers or names cannot hide in the benchmark.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import rewordings_en
import rewordings_ja

_SHARE = 8  # questions looked at for each row of a kind; the rarest kinds stay short of the limit


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    truth: bool
    statement: str
    sentence: str
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
                re.sub(r"(?:#|(?<=\d)p).*", "", document),
                tuple(dict.fromkeys(answers[document])),
            )
        )
    return asked


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


PARTS = ("fit", "unseen")
OF_QUESTIONS = frozenset({"question+answer", "question: answer", "answer to question", "question+answer framed"})


def part_of(article: str, articles: Sequence[str]) -> str:
    """Every other article is in the same part."""
    return PARTS[articles.index(article) % 2]


def rows(folder: Path, language: str, limit: int, part: str = "all") -> list[Row]:
    """At most `limit` rows of each kind, of one part of the articles or of all."""
    rewordings = rewordings_en if language == "en" else rewordings_ja
    asked = load(folder)
    articles = sorted({one.article for one in asked})
    asked = [one for one in asked if part in ("all", part_of(one.article, articles))]
    chance = random.Random(7)
    chance.shuffle(asked)
    made: dict[str, list[Row]] = {}
    kept: set[tuple[str, str]] = set()
    for one in asked[: limit * _SHARE]:
        stranger = chance.choice(asked)
        for kind, truth, statement, sentence, cited in _made(one, stranger, rewordings, chance):
            bucket = made.setdefault(kind, [])
            if len(bucket) < limit and (kind, statement) not in kept:
                kept.add((kind, statement))
                bucket.append(Row(kind, truth, statement, sentence, cited, one.passage, one.article))
    return [row for kind in sorted(made) for row in made[kind]]


def _made(
    one: Asked, stranger: Asked, rewordings: ModuleType, chance: random.Random
) -> Iterator[tuple[str, bool, str, str, str]]:
    """(kind, truth, statement, sentence, cited) of one question; `stranger` is a question about another passage."""
    sentence, cited = around(one.passage, one.start, 0), around(one.passage, one.start, 1)
    for kind, truth, statement in rewordings.changes(sentence, one.passage, chance):
        yield kind, truth, statement, sentence, cited
    for kind, truth, statement in _answered(one, rewordings, chance):
        yield kind, truth, statement, sentence, cited
    answer_kind = rewordings.kind_of(one.answer)
    if answer_kind == rewordings.kind_of(stranger.answer) and stranger.answer not in one.passage:
        if one.answer in sentence:
            yield "foreign answer put in", False, sentence.replace(one.answer, stranger.answer, 1), sentence, cited
        yield "foreign answer", False, rewordings.declare(one.question, stranger.answer), sentence, cited
    rivals = [other for other in one.others if rewordings.kind_of(other) == answer_kind and _apart(other, one)]
    spare = [other for other in rewordings.spans(one.passage, answer_kind) if _apart(other, one)]
    if rivals and one.answer in sentence:
        rival = chance.choice(rivals)
        if rival not in sentence:
            statement = sentence.replace(one.answer, rival, 1)
            yield f"answer put in ({answer_kind})", False, statement, sentence, _with(one, rival, cited)
    if rivals:
        rival = chance.choice(rivals)
        both, wide = _with(one, rival, sentence), _with(one, rival, cited)
        yield f"swap answer ({answer_kind})", False, rewordings.declare(one.question, rival), both, wide
        yield "swap question: answer", False, f"{one.question} {rival}", both, wide
    elif spare and answer_kind != "phrase":
        rival = chance.choice(spare)
        both, wide = _with(one, rival, sentence), _with(one, rival, cited)
        yield f"swap span ({answer_kind})", False, rewordings.declare(one.question, rival), both, wide


def _answered(one: Asked, rewordings: ModuleType, chance: random.Random) -> Iterator[tuple[str, bool, str]]:
    """(kind, truth, statement) made of the question and its answer."""
    declared = rewordings.declare(one.question, one.answer)
    yield "question+answer", True, declared
    yield "question: answer", True, f"{one.question} {one.answer}"
    yield "answer to question", True, rewordings.answer_to(one.question, one.answer)
    yield "question+answer framed", True, rewordings.frame(declared, chance)
    for kind, change in (("number", rewordings.change_number), ("date", rewordings.change_date)):
        if changed := change(one.answer, one.passage, chance):
            yield f"answer's {kind} changed", False, rewordings.declare(one.question, changed)
    if negated := rewordings.negate(declared, one.passage, chance):
        yield "question+answer negated", False, negated


def _with(one: Asked, rival: str, cited: str) -> str:
    """What a model that took the rival would cite: its sentence and the gold one's."""
    return cited if rival in cited else f"{cited}\n{around(one.passage, one.passage.find(rival), 0)}"


def _apart(other: str, one: Asked) -> bool:
    """Neither an accepted answer nor part of one, nor already in the question."""
    a = other.casefold()
    return (
        all(a not in g.casefold() and g.casefold() not in a for g in one.accepted) and a not in one.question.casefold()
    )
