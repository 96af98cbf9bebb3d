#!/usr/bin/env python3
"""Measure ``rag.check`` on statements from question sets and on written ones: what it supports and contradicts.

    python tests/bench/check.py --data DIR [--embed-model llamacpp:PATH] [--limit 400] [--part unseen|fit|all]
                                [--written heldout …] [--show KIND] [--json]

DIR holds the folders squad2 and jsquad. Sources: "sentence" is that of the answer (and that of the answer put in its
place), "cited" the same with a neighbour on each side, "passage" the whole paragraph. The weights of the check were
fitted on the articles of part "fit"; "unseen" are the others. "written" are English statements on the passages of
files of written_statements.py, which are harder on purpose. Without an embedding model words alone decide; what reads
a statement together with its source is asked where `rag setup` keeps it, beside the model. The milliseconds are of one
check; a model reads a sentence once while the last few hundred are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import statements  # noqa: E402
from written_statements import HELD_OUT, NAMES, read_written  # noqa: E402

from rag.checking import Readings, check  # noqa: E402
from rag.configured_check import open_readings  # noqa: E402
from rag.settings import Settings  # noqa: E402

SETS = (("en", "squad2"), ("ja", "jsquad"))
SOURCES = ("sentence", "cited", "passage")


def measure(rows: list[statements.Row], column: str, readings: Readings) -> dict[str, Counter[str]]:
    verdicts: dict[str, Counter[str]] = {}
    for row in rows:
        verdict = check(row.statement, [getattr(row, column)], readings).verdict
        verdicts.setdefault(row.kind, Counter())[verdict] += 1
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embed-model", default="", help="the model asked where words leave a statement open")
    parser.add_argument("--limit", type=int, default=400, help="statements of each kind and language")
    parser.add_argument("--part", choices=("all", *statements.PARTS), default="unseen", help="which articles")
    parser.add_argument("--source", choices=SOURCES, help="only this one")
    parser.add_argument("--written", nargs="+", choices=NAMES, default=[HELD_OUT], help="which files of those")
    parser.add_argument("--show", help="print the rows of this kind that fail")
    parser.add_argument("--language", choices=("en", "ja"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    readings = open_readings(Settings(embed_model=options.embed_model, threads=1))
    report: dict[str, object] = {}
    for language, name in SETS:
        if options.language not in (None, language):
            continue
        rows = statements.rows(options.data / name, language, options.limit, options.part)
        if options.show:
            show([row for row in rows if row.kind == options.show], options.source or "cited", readings)
            continue
        parts = [(column, rows) for column in ((options.source,) if options.source else SOURCES)]
        if language == "en":
            parts.append(("passage", list_written(options.written)))
        for column, some in parts:
            title = f"{language} {column}" if some is rows else f"{language} written"
            began = time.perf_counter()
            verdicts = measure(some, column, readings)
            milliseconds = 1000 * (time.perf_counter() - began) / len(some)
            report[title] = summary(some, verdicts, milliseconds)
            if not options.json:
                table(title, some, verdicts, report[title])
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))


def list_written(names: Sequence[str]) -> list[statements.Row]:
    """The statements of some files of written/, each with its passage."""
    return [
        statements.Row(row.kind, row.truth, row.statement, row.passage, row.passage, row.passage, name)
        for name in names
        for row in read_written(name)
    ]


def summary(rows: list[statements.Row], verdicts: dict[str, Counter[str]], milliseconds: float) -> dict[str, object]:
    truth = {row.kind: row.truth for row in rows}
    kinds = {
        kind: {v: round(c[v] / c.total(), 3) for v in ("supported", "contradicted", "unchecked")} | {"n": c.total()}
        for kind, c in verdicts.items()
    }

    def mean(true: bool, verdict: str, questions: bool | None = None) -> float:
        among = [k for k in kinds if truth[k] is true and questions in (None, k in statements.OF_QUESTIONS)]
        return round(sum(kinds[k][verdict] for k in among) / len(among), 3)

    return {
        "true supported": mean(True, "supported"),
        "... from sentences": mean(True, "supported", False),
        "... from questions": mean(True, "supported", True),
        "true contradicted": mean(True, "contradicted"),
        "false supported": mean(False, "supported"),
        "false contradicted": mean(False, "contradicted"),
        "milliseconds": round(milliseconds, 2),
        "kinds": kinds,
    }


def table(title: str, rows: list[statements.Row], verdicts: dict[str, Counter[str]], report: object) -> None:
    truth = {row.kind: row.truth for row in rows}
    print(f"\n{title:34} {'n':>5} {'supported':>10} {'contradicted':>13} {'unchecked':>10}")
    for kind in sorted(verdicts, key=lambda k: (not truth[k], k)):
        c = verdicts[kind]
        shares = [c[v] / c.total() for v in ("supported", "contradicted", "unchecked")]
        label = f"{'true ' if truth[kind] else 'false'} {kind}"
        print(f"{label:34} {c.total():5} {shares[0]:10.3f} {shares[1]:13.3f} {shares[2]:10.3f}")
    assert isinstance(report, dict)
    print({k: v for k, v in report.items() if k != "kinds"}, "(means over kinds)")


def show(rows: list[statements.Row], column: str, readings: Readings) -> None:
    for row in rows:
        found = check(row.statement, [getattr(row, column)], readings)
        if (found.verdict == "supported") is not row.truth:
            print(f"\n[{found.verdict}] {row.statement}\n   {' '.join(found.reasons)}\n   ← {getattr(row, column)}")


if __name__ == "__main__":
    main()
