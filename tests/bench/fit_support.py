#!/usr/bin/env python3
"""Teach the reader to tell whether a text bears a statement out, write that as an adapter, and weigh what it says.

    python tests/bench/fit_support.py --data DIR --embed-model llamacpp:PATH [--teach answers|supports] [--write]

DIR holds the folder squad2. What teaches are statements made by rule from its articles of part "fit" (statements.py),
those that language models wrote on passages of many kinds (written/), and the questions of our articles, each with its
answer and with another of the same section. Every third article of the part, every fifth of ours and the files
LEFT_OUT teach nothing; the figures printed are of them. It is read as the check reads it: the nearest sentences of the
source, and most of it what rules leave open. --teach answers begins as the adapter of that name, which had learnt by
questions of all these articles that a passage answers (not by what); --teach supports goes on from the adapter that is
there, at half of the rate. Without it, the adapter that is there is weighed. It needs torch, and prints how long it
takes. The weights and borders of "whole" (rag/checking/confidence.json) are fitted to the articles of squad2 that
taught nothing; --write keeps what was made. The adapter that ships was taught by scratch scripts by nearly these
rules: from "answers" on by at most 900 statements of a kind of squad2 and the articles up to file 18, and twice from
there on by all of both, with less of what had taught before and, the second time, nearly only what rules leave open. A
third time all that only reading decides taught, all of squad2 and half of the rest of what is open, and .07 of what
rules decide; what ships is the mean of the weights before and after (Wortsman et al., "Model soups", 2022), since the
latter told squad2's worse apart and the others' better. The statements drawn by chance were others.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import rewordings_en  # noqa: E402
import statements  # noqa: E402
from articles import read_articles  # noqa: E402
from cases import number_article  # noqa: E402
from fit_confidence import (  # noqa: E402
    BY_READING,
    HOPELESS,
    OPEN,
    TARGET,
    Model,
    Sample,
    by_meaning_of,
    by_words_of,
    compare,
    fit,
    judge,
    show_and_cut,
    weights_of,
    write_models,
)
from written_statements import LEFT_OUT, NAMES, read_written  # noqa: E402

from index.words import normalize  # noqa: E402
from ingest.models.adapters import ANSWERS, LAYOUTS, SUPPORTS, lay_out  # noqa: E402
from rag.checking.framing import bare  # noqa: E402
from rag.checking.verification import nearest  # noqa: E402
from rag.configured_check import open_readings  # noqa: E402
from rag.cross_encoder import find_reader  # noqa: E402
from rag.settings import Settings  # noqa: E402

EACH = 900  # statements of a kind of squad2 that are weighed; all of them teach
FALSE = 0.028  # of the false statements, that may be supported, as by the other borders of English
# Of those that only what reads both decides. They are harder where people write them than where rules do.
ALONE = 0.02
CLOSED = 0.3  # of what rules decide, the share that teaches; of what was written, all of it


@dataclass(frozen=True)
class Told:
    """A statement and its source; `data` says where it is from, and `teaches` whether it teaches."""

    data: str
    kind: str
    truth: bool
    statement: str
    source: str
    article: str
    teaches: bool


def list_made(data: Path, chance: random.Random) -> Iterator[Told]:
    """Statements by rule, each with one of its sources."""
    rows = statements.rows(data / "squad2", "en", sys.maxsize, "fit")
    kept = left_out(rows)
    for row in rows:
        source = chance.choice((row.sentence, row.cited, row.passage))
        yield Told("squad2", row.kind, row.truth, row.statement, source, row.article, row.article not in kept)


def left_out(rows: Sequence[statements.Row]) -> list[str]:
    """Every third article."""
    return sorted({row.article for row in rows})[::3]


def list_written() -> Iterator[Told]:
    for name in NAMES:
        for row in read_written(name):
            yield Told("written", row.kind, row.truth, row.statement, row.passage, name, name not in LEFT_OUT)


def list_asked(chance: random.Random) -> Iterator[Told]:
    """Of our articles every question with its answer, and with another of its section and kind, if there is one."""
    corpus, questions, relevant = read_articles("articles")
    texts = {row["_id"]: row["text"] for row in corpus}
    by_section: dict[str, list[tuple[str, str]]] = {}
    for row in questions:
        [section] = relevant[row["_id"]]
        by_section.setdefault(section, []).append((row["text"], row["answers"][0]))
    for section, asked in by_section.items():
        teaches = number_article(section) % 5 != 0
        for question, answer in asked:
            form = chance.choice((rewordings_en.declare, "{} {}".format, rewordings_en.answer_to))
            others = [other for _, other in asked]
            rivals = _rivals(question, answer, others) or _rivals(
                question, answer, rewordings_en.spans(texts[section], rewordings_en.kind_of(answer))
            )
            yield Told("articles", "answer", True, form(question, answer), texts[section], section, teaches)
            if rivals:
                other = form(question, chance.choice(rivals))
                yield Told("articles", "other answer", False, other, texts[section], section, teaches)


def _rivals(question: str, answer: str, others: Sequence[str]) -> list[str]:
    """What is of the same kind as the answer, no part of it and not in the question."""
    kind, told = rewordings_en.kind_of(answer), answer.lower()
    return [
        other
        for other in others
        if rewordings_en.kind_of(other) == kind
        and (low := other.lower()) not in told
        and told not in low
        and low not in question.lower()
    ]


@dataclass(frozen=True)
class Read:
    """A statement and the nearest sentences of its source, as the check reads them; `open` where rules leave it so."""

    told: Told
    statement: str
    text: str
    open: bool


def read_all(some: Sequence[Told]) -> Iterator[Read]:
    for told in some:
        verdict, comparison = compare(bare(normalize(told.statement)), normalize(told.source))
        if comparison is not None:
            yield Read(told, comparison.statement, nearest(comparison), verdict in (*OPEN, BY_READING))


def choose(some: Sequence[Read], chance: random.Random) -> list[Read]:
    """Those that teach: what rules leave open, what was written, and a share of the rest."""
    return [
        one for one in some if one.told.teaches and (one.open or one.told.data == "written" or chance.random() < CLOSED)
    ]


def teach(reader: Path, some: Sequence[Read], start: str, chance: random.Random, keep: bool) -> None:
    """Begin as the adapter `start`, teach by those that teach, and print what the others score."""
    from adapter_training import Llama, Pair, begin, prepare, rate_of, write
    from adapter_training import teach as teach_model

    from ingest.models.llamacpp.library import Model

    prepare(2)
    vocabulary = Model(str(reader))

    def lay(one: Read) -> Pair:
        tokens, tail = lay_out(
            LAYOUTS[SUPPORTS], one.text, one.statement, lambda part: vocabulary.tokens(part, special=False)
        )
        return Pair(tuple(tokens), tail, one.told.truth)

    chosen = choose(some, chance)
    print(f"{len(chosen)} statements teach, {sum(one.told.truth for one in chosen)} of them true", flush=True)
    model = Llama(reader)
    begin(model, start)
    teach_model(model, [lay(one) for one in chosen], 1, rate_of(SUPPORTS, start))
    if keep:
        write(model, SUPPORTS)
    left = [one for one in some if not one.told.teaches]
    for line in describe(left, model.score_all([lay(one) for one in left])):
        print(line, flush=True)


def describe(some: Sequence[Read], scores: np.ndarray) -> Iterator[str]:
    """Of what taught nothing: how much of the true scores higher than nearly all of the false."""
    for name in sorted({one.told.data for one in some}):
        for mine in ("open", "all"):
            here = [n for n, one in enumerate(some) if one.told.data == name and (one.open or mine == "all")]
            truth = np.array([some[n].told.truth for n in here])
            high = {share: np.quantile(scores[here][~truth], 1 - share) for share in (0.03, 0.05, 0.1)}
            above = ", ".join(f"{np.mean(scores[here][truth] > at):.3f} of the true" for share, at in high.items())
            yield f"{name}, {mine}: {len(here)} statements; where .03, .05 and .1 of the false are supported: {above}"


def weigh(data: Path, embed_model: str) -> Model:
    """The model "whole" of rag/checking/confidence.json: where meaning leaves a statement open, and what decides then.

    Fitted to the articles that taught nothing, each statement with each of its sources.
    """
    readings = open_readings(Settings(embed_model=embed_model, threads=1))
    samples: list[Sample] = []
    scores: list[float] = []
    together: list[float] = []
    unsure: list[tuple[int, float]] = []  # the place of a sample, and the odds
    rows = statements.rows(data / "squad2", "en", EACH, "fit")
    kept = left_out(rows)
    for row in (row for row in rows if row.article in kept):
        for source in dict.fromkeys((row.sentence, row.cited, row.passage)):
            stated, text = bare(normalize(row.statement)), normalize(source)
            sample = Sample(("en", row.kind), row.truth, row.article, *judge(stated, text, readings))
            score = by_meaning_of(sample, by_words_of(sample))
            asked = np.isfinite(score) or sample.verdict == BY_READING
            _, comparison = compare(stated, text) if asked else ("", None)
            odds = readings.judge(stated, nearest(comparison)) if comparison else None
            if sample.verdict == BY_READING and odds is not None:
                unsure.append((len(samples), odds))
            samples.append(sample)
            scores.append(score)
            together.append(0.0 if odds is None else odds)
    return fit_whole(samples, np.array(scores), np.array(together), unsure)


def fit_whole(
    samples: Sequence[Sample], by_meaning: np.ndarray, together: np.ndarray, unsure: Sequence[tuple[int, float]]
) -> Model:
    """The same of what was read: `by_meaning` is infinite where nothing is open, `unsure` what reading alone decides.

    What that supports counts as supported where the border of the rest is set.
    """
    truth, weight = np.array([float(sample.truth) for sample in samples]), weights_of(samples)
    alone = border_of(unsure, truth, weight)
    by_meaning = by_meaning.copy()
    by_meaning[[place for place, odds in unsure if odds >= alone]] = np.inf
    opened = np.isfinite(by_meaning)
    x = np.c_[np.where(opened, by_meaning, 0.0), together]
    found, bias = fit(x[opened], truth[opened], weight[opened])
    score_all = np.where(opened, x @ found + bias, by_meaning)
    before = show_and_cut("meaning", samples, by_meaning, FALSE)
    cut = show_and_cut("meaning and what is read together", samples, score_all, FALSE)
    gained = by_meaning[opened & (truth > 0) & (by_meaning < before) & (score_all >= cut)]
    lost = by_meaning[opened & (truth < 1) & (by_meaning >= before) & (score_all < cut)]
    hopeless = round(float(np.quantile(gained, HOPELESS)), 3)
    sure = round(float(np.quantile(lost, 1 - HOPELESS)), 3)
    read = np.mean((by_meaning < sure) & (by_meaning > hopeless))
    print(f"sure {sure}, hopeless {hopeless}, read together {read:.3f}")
    weights = {"meaning": round(float(found[0]), 3), "together": round(float(found[1]), 3)}
    return {"bias": round(bias - cut, 3), **weights, "sure": sure, "hopeless": hopeless, "alone": alone}


def border_of(unsure: Sequence[tuple[int, float]], truth: np.ndarray, weight: np.ndarray) -> float:
    """The odds above which ALONE of the false statements are, and print what is above them of the true ones."""
    places, odds = (np.array(column) for column in zip(*sorted(unsure, key=lambda one: -one[1]), strict=True))
    true, false = weight[places] * truth[places], weight[places] * (1 - truth[places])
    border = round(float(odds[np.searchsorted(np.cumsum(false), ALONE * false.sum())]), 3)
    share = true[odds >= border].sum() / true.sum()
    print(f"by what reads both alone: {len(odds)} statements; above {border}: {share:.3f} of the true")
    return border


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embed-model", required=True, help="the reader lies beside it")
    parser.add_argument("--teach", choices=(ANSWERS, SUPPORTS), help="teach the adapter, from this one on")
    parser.add_argument("--write", action="store_true", help="keep what was made")
    options = parser.parse_args()
    if options.teach:
        reader = find_reader(options.embed_model)
        if reader is None:
            parser.error(f"there is no reader beside {options.embed_model}: rag setup")
        chance = random.Random(7)
        some = [*list_made(options.data, chance), *list_written(), *list_asked(chance)]
        teach(reader, list(read_all(some)), options.teach, chance, options.write)
    whole = weigh(options.data, options.embed_model)
    print(json.dumps(whole))
    if options.write:
        models = json.loads(TARGET.read_text(encoding="utf-8"))
        models["whole"] = {"en": whole}
        write_models(models)


if __name__ == "__main__":
    main()
