"""Questions of public sets asked of the product, for fitting what decides about sentences and questions.

Every set is ingested with the embedding model of the settings. Its own questions are asked of all its documents and of
all but their own, and those of another set, too.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import articles  # noqa: E402

import rag  # noqa: E402
from index.characters import normalize  # noqa: E402
from index.search import Ranked  # noqa: E402
from ingest.embedders import Reading  # noqa: E402
from rag.relevance import Weighed, weigh_sentences  # noqa: E402
from rag.retrieval import Retriever  # noqa: E402

_BEFORE_PARAGRAPH = re.compile(r"(?<=\d)p\d+$")  # jsquad: a10336p1
ARTICLES = tuple(articles.FOLDERS)
SETS: Mapping[str, Sequence[str]] = {  # and whose questions they cannot answer
    "squad2": ("tatqa", "covidqa"),
    "clapnq": ("tatqa", "squad2"),
    "covidqa": ("squad2", "tatqa"),
    "jsquad": ("niilc",),
    "niilc": ("jsquad",),
    "articles": ("squad2", "tatqa"),
    "articles-ja": ("jsquad", "niilc"),
}
LIMITS = {"covidqa": 200}  # whole papers: its sentences take three times as long to read as those of the others
JAPANESE = ("jsquad", "niilc", "articles-ja")
PASSAGES = 10
SPARE = 3  # times as many are searched, since those of the right document fall away


@dataclass(frozen=True)
class Case:
    """A question asked of a set; `gold` marks the sentences with the answer.

    `kind` is "own", "withheld", "foreign" or "adversarial" (only seems to be answered);
    `article` is a number by which the questions of one article stay together.
    """

    data: str
    kind: str
    article: int
    weighed: Weighed
    gold: np.ndarray


def mark(weighed: Weighed, answers: Sequence[str], right: Callable[[str], bool]) -> np.ndarray:
    """Which sentences of the right documents hold an answer, letter by letter but for case and width."""
    wanted = [normalize(answer).casefold() for answer in answers if answer]
    return np.array(
        [
            right(weighed.ranked[sentence.rank].passage.path)
            and any(answer in normalize(sentence.text).casefold() for answer in wanted)
            for sentence in weighed.sentences
        ],
        bool,
    )


def collect(
    data: Path, names: Sequence[str], limit: int, foreign: int = 0, *, unanswerable: bool = False
) -> list[Case]:
    """The cases of some sets, at most `limit` questions of a kind of a set.

    `foreign` is how many are asked of each other set, 0 for a quarter of the limit; `unanswerable` adds the questions
    that a set marks as such, as kind "adversarial".
    """
    cases: list[Case] = []
    for name in names:
        questions = QuestionSet.read(data, name)
        bound = min(limit, LIMITS.get(name, limit))
        strange = [
            row
            for other in SETS[name]
            for row in choose_some(QuestionSet.read(data, other).questions, foreign or bound // 4)
        ]
        without = list(read_unanswerable(data / name)) if unanswerable and name not in ARTICLES else []
        with tempfile.TemporaryDirectory(prefix="fit-") as home:
            found = ask_set(questions, strange, bound, Path(home), without)
        print(f"{name}: {len(found)} questions", file=sys.stderr, flush=True)
        cases += found
    return cases


def read_unanswerable(folder: Path) -> Iterator[dict]:
    """The questions that a set marks as such, each under the name of the document that it is about."""
    for row in read_rows(folder / "queries.jsonl"):
        if not row.get("answerable", True):
            yield {**row, "_id": row["about"], "answers": []}


def read_rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


class Remembering:
    """A collection that reads every sentence once: the questions of one article meet the same ones again and again."""

    def __init__(self, retriever: Retriever) -> None:
        self.idf, self.read_question = retriever.idf, retriever.read_question
        self.read_together = retriever.read_together
        self._read = retriever.read
        self._known: dict[str, Reading] = {}

    def read(self, texts: Sequence[str]) -> list[Reading] | None:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        found = self._read(new) if new else []
        if found is None:
            return None
        self._known.update(zip(new, found, strict=True))
        return [self._known[text] for text in texts]


@dataclass(frozen=True)
class QuestionSet:
    """One set: its answerable questions, and which documents answer which."""

    name: str
    corpus: Sequence[dict]
    questions: Sequence[dict]
    relevant: Mapping[str, set[str]]

    @classmethod
    def read(cls, folder: Path, name: str) -> QuestionSet:
        if name in ARTICLES:
            return cls(name, *articles.read_articles(name))
        relevant: dict[str, set[str]] = {}
        for line in (folder / name / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
            question, document, grade = line.split("\t")
            if float(grade) > 0:
                relevant.setdefault(question, set()).add(document)
        rows = read_rows(folder / name / "queries.jsonl")
        return cls(
            name,
            read_rows(folder / name / "corpus.jsonl"),
            [row for row in rows if row.get("answerable", True) and row.get("answers") and relevant.get(row["_id"])],
            relevant,
        )


def ask_set(
    data: QuestionSet, foreign: Sequence[dict], limit: int, home: Path, without: Sequence[dict] = ()
) -> list[Case]:
    """The cases of one set: its own questions, asked of all documents and of all others, and what it cannot answer.

    `without` are questions that only seem to be answered, asked as kind "adversarial".
    """
    docs = home / data.name
    docs.mkdir()
    files = {}
    for number, row in enumerate(data.corpus):
        files[f"{number:06d}.md"] = row["_id"]
        title = (row.get("title") or "").strip()
        text = f"# {title}\n\n{row['text']}\n" if title else row["text"] + "\n"
        (docs / f"{number:06d}.md").write_text(text, encoding="utf-8")
    cases: list[Case] = []
    with rag.open(home / f"{data.name}.kb") as kb:
        kb.ingest([docs])
        collection = Remembering(kb.retriever)

        def ask(row: Mapping, kind: str, article: str, ranked: Sequence[Ranked], right: Callable[[str], bool]) -> None:
            weighed = weigh_sentences(row["text"], ranked[:PASSAGES], collection)
            gold = mark(weighed, row.get("answers") or (), right)
            if weighed.sentences and (kind == "own" or not gold.any()):  # nor answered by chance
                cases.append(Case(data.name, kind, number_article(article), weighed, gold))

        def search(row: Mapping) -> list[Ranked]:
            return kb.retriever.search(row["text"], SPARE * PASSAGES, "hybrid")

        for row in choose_some(data.questions, limit):
            wanted, ranked = data.relevant[row["_id"]], search(row)
            names = [{files[Path(path).name] for path in (hit.passage.path, *hit.also)} for hit in ranked]
            others = [hit for hit, found in zip(ranked, names, strict=True) if not found & wanted]
            ask(row, "own", min(wanted), ranked, lambda path, wanted=wanted: files[Path(path).name] in wanted)  # type: ignore[misc]
            ask(row, "withheld", min(wanted), others, lambda path: True)
        for row in foreign:
            ask(row, "foreign", row["_id"], search(row), lambda path: True)
        for row in without:
            ask(row, "adversarial", row["_id"], search(row), lambda path: True)
    return cases


def number_article(document: str) -> int:
    """A number that the paragraphs of one article share."""
    article = document.partition("#")[0] if "#" in document else _BEFORE_PARAGRAPH.sub("", document)
    return zlib.crc32(article.encode())


def is_taught(case: Case) -> bool:
    """Whether its article taught the adapter (tests/bench/fit_adapter.py): three of four did, of our English ones four
    of five, of our Japanese ones none."""
    return case.data != "articles-ja" and case.article % (5 if case.data in ARTICLES else 4) != 0


def choose_some(rows: Sequence[dict], limit: int) -> Sequence[dict]:
    rows = sorted(rows, key=lambda row: row["_id"])
    return rows if not limit or len(rows) <= limit else random.Random(7).sample(rows, limit)
