#!/usr/bin/env python3
"""Make the table of how well documents are found, quoted and refused, beside what is asked of it.

    python tests/bench/table.py --score score.py --data DIR [--sets squad2 jsquad …] [--limit 1500] [--parts ranking …]

Each row is one run of the scoring program in a process of its own, with settings of its own; it prints Markdown. The
scoring program and the question sets are not part of this project. Exit 1 when a run failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rag.machine import read_machine  # noqa: E402

NDCG = "nDCG@10"
YARDSTICK = "(yardstick BM25)"
# nDCG@10 of the hybrid ranking that is asked for; None where only the yardstick and the legs say what is enough.
SETS: dict[str, float | None] = {
    "squad2": 0.935,
    "clapnq": 0.99,
    "stici": 0.87,
    "covidqa": 0.90,
    "tatqa": 0.76,
    "chunking": None,
    "uda": None,
    "sec10q": 0.84,
    "jsquad": 0.955,
    "niilc": 0.885,
}
MEAN_OF = ("squad2", "clapnq", "stici", "covidqa", "tatqa", "chunking", "uda", "sec10q")
MEAN_AT_MOST = 0.60
SMALL = 300  # questions; a set with fewer is allowed more below its better leg
TOGETHER = ("squad2", "jsquad")  # in one knowledge base, each may lose this much
LOST_TOGETHER = 0.01
QUOTED = {  # set → the least "answer in 1" and "answer in 3", the most words or characters of 1 and 3 quotes
    "squad2": (0.87, 0.955, 32, 90),
    "jsquad": (0.87, 0.955, 70, 200),
}
SHOWN_WITHIN = 0.04  # of "answer in 3"
REFUSED = {  # set → sets of foreign questions, the least share refused of those and of withheld ones
    "squad2": (("tatqa", "covidqa"), 0.98, 0.80),
    "jsquad": (("niilc",), 0.95, 0.85),
}
WRONGLY = 0.05
PARTS = ("ranking", "together", "evidence", "refusal")


@dataclass(frozen=True, slots=True)
class Scorer:
    """The scoring program, and what every run of it is given; each run happens once. `failed` is what did not run."""

    program: Path
    data: Path
    limit: int
    embed_model: str
    home: Path
    failed: list[str] = field(default_factory=list)
    results: dict[tuple[str, ...], dict[str, Any] | None] = field(default_factory=dict)

    def run(self, task: str, name: str, *more: str, data: Path | None = None) -> dict[str, Any] | None:
        """The result of one task on one set; None when it failed, which is told on stderr."""
        key = (task, name, *more, str(data or self.data))
        if key not in self.results:
            self.results[key] = self._start(task, name, *more, data=data or self.data)
        return self.results[key]

    def _start(self, task: str, name: str, *more: str, data: Path) -> dict[str, Any] | None:
        command = [
            *(sys.executable, str(self.program), task, name, *more),
            *("--data", str(data), "--limit", str(self.limit), "--json"),
        ]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RAG_")}
        environment |= {"PYTHONPATH": str(ROOT), "RAG_HOME": str(self.home), "RAG_EMBED_MODEL": self.embed_model}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        label = " ".join((task, name, *more))
        if done.returncode or not done.stdout.strip():
            print(f"{label}: ended with {done.returncode}", file=sys.stderr)
            self.failed.append(label)
            return None
        print(f"{label}: done", file=sys.stderr, flush=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", type=Path, required=True, help="the scoring program")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the question sets")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--limit", type=int, default=1500, help="questions of a set, where it has more")
    parser.add_argument("--embed-model", default=os.environ.get("RAG_EMBED_MODEL"), metavar="RUNTIME:MODEL")
    args = parser.parse_args()
    if not args.embed_model:
        parser.error("name the embedding model with --embed-model")
    with tempfile.TemporaryDirectory(prefix="table-") as scratch:
        scorer = Scorer(args.score.resolve(), args.data.resolve(), args.limit, args.embed_model, Path(scratch))
        parts = {
            "ranking": lambda: ranking(scorer, args.sets),
            "together": lambda: together(scorer, args.sets, Path(scratch)),
            "evidence": lambda: evidence(scorer, args.sets),
            "refusal": lambda: refusal(scorer, args.sets),
        }
        lines = [line for part in PARTS if part in args.parts for line in parts[part]()]
    print("\n".join([*heading(scorer), *lines]))
    for label in scorer.failed:
        print(f"\nDid not run: {label}.")
    return 1 if scorer.failed else 0


def heading(scorer: Scorer) -> Iterator[str]:
    """Date, version, machine and model."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    yield f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}, version {commit or 'unknown'}."
    yield f"{read_machine().describe()[0]} Embedding model: {Path(scorer.embed_model).name}."
    yield f"At most {scorer.limit} questions of a set." if scorer.limit else "All questions of each set."


def ranking(scorer: Scorer, sets: Sequence[str]) -> Iterator[str]:
    """nDCG@10 of the whole, of each leg and of the yardstick; what is needed is the most that any condition asks."""
    yield from ("", "### Documents found: nDCG@10", "")
    yield from table("set", "questions", "hybrid", "lexical", "dense", "BM25 of whole documents", "needed", "reached")
    ratios: dict[str, float] = {}
    for name in sets:
        result = scorer.run("retrieval", name)
        if result is None or not result["questions"]:
            continue
        n = result["questions"]
        hybrid, lexical, dense = (result["modes"][mode][NDCG] for mode in ("hybrid", "lexical", "dense"))
        yardstick = result["modes"][YARDSTICK][NDCG]
        least = max(yardstick, max(lexical, dense) - (0.02 if n < SMALL else 0.01), SETS[name] or 0.0)
        yield row(name, n, hybrid, lexical, dense, yardstick, least, hybrid >= least)
        if yardstick < 1:
            ratios[name] = (1 - hybrid) / (1 - yardstick)
    counted = [name for name in MEAN_OF if name in ratios]
    if counted:
        mean = sum(ratios[name] for name in counted) / len(counted)
        every = len(counted) == len(MEAN_OF)
        asked = f"; at most {MEAN_AT_MOST:.2f} is asked: {reached(mean <= MEAN_AT_MOST)}" if every else ""
        yield ""
        yield f"Mean of (1 − hybrid) ÷ (1 − BM25) over {', '.join(counted)}: {mean:.3f}{asked}."


def together(scorer: Scorer, sets: Sequence[str], scratch: Path) -> Iterator[str]:
    """The two languages in one knowledge base, the questions of one set at a time."""
    if not set(TOGETHER) <= set(sets):
        return
    yield from ("", f"### {' and '.join(TOGETHER)} in one knowledge base: nDCG@10 of the hybrid ranking", "")
    yield from table("questions of", "questions", "together", "alone", "reached")
    for name in TOGETHER:
        merge(scorer.data, TOGETHER, name, scratch / "together" / name)
        both = scorer.run("retrieval", name, data=scratch / "together")
        alone = scorer.run("retrieval", name)
        if both and alone:
            here, there = (result["modes"]["hybrid"][NDCG] for result in (both, alone))
            yield row(name, both["questions"], here, there, here >= there - LOST_TOGETHER)


def merge(data: Path, sets: Sequence[str], asked: str, folder: Path) -> None:
    """Write a question set with the documents of all `sets` and the questions of one."""
    folder.mkdir(parents=True)
    for name in ("queries.jsonl", "qrels.tsv"):
        shutil.copyfile(data / asked / name, folder / name)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as corpus:
        for name in sets:
            for line in (data / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
                document = json.loads(line)
                document["_id"] = document["_id"] if name == asked else f"{name}/{document['_id']}"
                corpus.write(json.dumps(document, ensure_ascii=False) + "\n")


def evidence(scorer: Scorer, sets: Sequence[str]) -> Iterator[str]:
    """Whether the first quotes hold the answer, and how much there is to read."""
    chosen = [name for name in sets if name in QUOTED]
    if not chosen:
        return
    yield from ("", "### Evidence: the answer in the first quotes", "")
    yield from table(
        *("set", "questions", "in 1", "needed", "in 3", "needed", "shown", "length of 1", "at most", "length of 3"),
        *("at most", "not exact", "reached"),
    )
    for name in chosen:
        result = scorer.run("evidence", name)
        if result is None:
            continue
        first, three, short, long = QUOTED[name]
        got = {key: result.get(key, 0.0) for key in ("answer in 1", "answer in 3", "shown", "length of 1")}
        got |= {key: result.get(key, 0.0) for key in ("length of 3", "not exact")}
        enough = (
            got["answer in 1"] >= first
            and got["answer in 3"] >= three
            and got["length of 1"] <= short
            and got["length of 3"] <= long
            and got["shown"] >= got["answer in 3"] - SHOWN_WITHIN
            and not got["not exact"]
        )
        yield row(
            *(name, result["questions"], got["answer in 1"], first, got["answer in 3"], three, got["shown"]),
            *(f"{got['length of 1']:.1f}", str(short), f"{got['length of 3']:.1f}", str(long)),
            *(f"{got['not exact']:.3f}", enough),
        )


def refusal(scorer: Scorer, sets: Sequence[str]) -> Iterator[str]:
    """Questions of other sets, questions whose document was taken out, and questions wrongly refused meanwhile."""
    chosen = [name for name in sets if name in REFUSED]
    if not chosen:
        return
    yield from ("", "### Refused", "")
    yield from table("set", "questions", "number", "refused", "needed", "wrongly refused", "at most", "reached")
    for name in chosen:
        foreign, least_foreign, least_withheld = REFUSED[name]
        runs = (
            ("foreign refused", least_foreign, scorer.run("refusal", name, "--foreign", *foreign)),
            (
                "withheld refused",
                least_withheld,
                scorer.run("refusal", name, "--foreign", *foreign, "--withhold", "0.2"),
            ),
        )
        for label, least, result in runs:
            if result is None or result[label] is None:
                continue
            wrongly = result["wrongly refused"]
            enough = result[label] >= least and wrongly <= WRONGLY
            kind = label.removesuffix(" refused")
            yield row(name, kind, str(result[f"n {label}"]), result[label], least, wrongly, WRONGLY, enough)
        result = runs[0][2]
        if result and result["adversarial refused"] is not None:
            number, share = str(result["n adversarial refused"]), result["adversarial refused"]
            yield row(name, "adversarial", number, share, "", result["wrongly refused"], "", "reported")


def table(*columns: str) -> Iterator[str]:
    yield row(*columns)
    yield "|" + "---|" * len(columns)


def row(*cells: object) -> str:
    return "| " + " | ".join(cell_text(cell) for cell in cells) + " |"


def cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return reached(cell)
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def reached(enough: bool) -> str:
    return "yes" if enough else "**no**"


if __name__ == "__main__":
    sys.exit(main())
