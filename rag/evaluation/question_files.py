"""A user's own questions: JSON Lines, CSV with a header, or a BEIR folder (Thakur et al., 2021).

One question a line, with what is right for it under any of the usual names, for example::

    {"question": "How many days of leave?", "answers": ["25 days"], "document": "hr/leave.md"}
    {"question": "What colour are the company cars?", "answerable": false}
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from index.errors import DocumentError, UsageError
from index.store import Listing
from ingest.texts.decoding import decode
from rag.evaluation.questions import JudgedQuestion, question_id
from rag.languages import language_of

# What people call the columns; the first that is there counts.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "text", "query", "質問", "問い"),
    "answers": ("answers", "answer", "gold", "回答", "答え", "正解"),
    "documents": ("documents", "document", "paths", "path", "files", "file", "source", "文書", "ファイル"),
    "answerable": ("answerable", "回答可能"),
    "language": ("language", "lang", "言語"),
    "id": ("id", "_id", "qid"),
}
_NO = {"false", "no", "0", "n", "いいえ", "否", "×"}
_YES = {"true", "yes", "1", "y", "はい", "可", "○"}
_OPENING = 200  # characters by which documents of one title are told apart
_PART = "|"  # between several answers or documents in one cell: it stands in no Windows file name and few answers

Row = tuple[str, Mapping[str, Any]]  # where it stands, and its fields


def read_questions(
    path: Path, listings: Sequence[Listing], text_of: Callable[[str], str]
) -> tuple[list[JudgedQuestion], list[str]]:
    """The questions of a file or BEIR folder, and a sentence about each that names a document that is not there.

    `text_of` gives the text of the document at a path. A question whose document is missing stays in and is missed.
    Raises UsageError, with file and line, for what cannot be understood, and when none of the documents is there.
    """
    names = DocumentNames(listings)
    rows = list(_beir_rows(path, names, text_of) if path.is_dir() else _rows(path))
    problems: list[str] = []
    questions = [_question(where, row, names, problems) for where, row in rows]
    if not questions:
        raise UsageError(f"{path} holds no question.", "Write one a line; see: rag eval --help")
    wanting = [question for question in questions if question.documents]
    if wanting and not any(names.knows(path) for question in wanting for path in question.documents):
        raise UsageError(
            f"None of the documents that {path} names is in this knowledge base.",
            f"{problems[0]} See the names with: rag list",
        )
    return questions, problems


def _question(where: str, row: Mapping[str, Any], names: DocumentNames, problems: list[str]) -> JudgedQuestion:
    row = {name.strip().casefold(): value for name, value in row.items()}
    asked = _list(_field(row, "question"), where)
    if len(asked) > 1:
        raise UsageError(f"{where}: there are {len(asked)} questions.", "Write one question a line.")
    text = asked[0] if asked else ""
    if not text:
        known = ", ".join(map(str, row)) or "nothing"
        raise UsageError(f"{where}: there is no question (found: {known}).", 'Name its field "question".')
    answers = _list(_field(row, "answers"), where)
    wanted = _list(_field(row, "documents"), where)
    answerable = _answerable(_field(row, "answerable"), where)
    if answerable and not answers and not wanted:
        raise UsageError(
            f"{where}: nothing says what is right for {text!r}.",
            'Give "answers", "document", or "answerable": false.',
        )
    documents: dict[str, None] = {}
    for name in wanted if answerable else ():
        found = names.find(name)
        if not found:
            problems.append(f"{where}: there is no document {name!r}{names.nearest(name)}.")
        documents.update(dict.fromkeys(found or [name]))
    number = _field(row, "id")
    return JudgedQuestion(
        id=str(number) if number not in (None, "") else question_id(text, "file"),
        text=text,
        language=str(_field(row, "language") or language_of(text)),
        kind="file",
        answerable=answerable,
        documents=tuple(documents),
        answers=tuple(answers) if answerable else (),
    )


def _field(row: Mapping[str, Any], meaning: str) -> Any:
    return next((row[name] for name in _NAMES[meaning] if row.get(name) not in (None, "")), None)


def _list(value: Any, where: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str | int | float):
        return [str(value).strip()]
    if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
        return [str(part).strip() for part in value if str(part).strip()]
    raise UsageError(f"{where}: {value!r} is neither a text nor a list of texts.", "Correct the line.")


def _answerable(value: Any, where: str) -> bool:
    if value is None or isinstance(value, bool):
        return value is not False
    said = str(value).strip().casefold()
    if said in _YES | _NO:
        return said in _YES
    raise UsageError(f"{where}: answerable is {value!r}.", "Write true or false.")


# ---------------------------------------------------------------- files


def _rows(path: Path) -> Iterator[Row]:
    text = _read(path)
    if path.suffix.casefold() in (".csv", ".tsv"):
        yield from _csv_rows(path, text)
    else:
        for number, row in _json_lines(path, text):
            yield f"{path.name}, line {number}", row


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes()).text
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except DocumentError as error:
        raise UsageError(f"{path} is not text: {error.message}", "Give a JSONL or CSV file.") from error


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{path}, line {number}: this is not JSON ({error}).", "Write one JSON object a line."
            ) from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}, line {number}: this is not a JSON object.", "Write one JSON object a line.")
        yield number, row


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    header = text.partition("\n")[0]
    if text.strip() and not header.strip():
        raise UsageError(f"{path.name}, line 1: it is empty.", "Name the columns there, such as: question,answer")
    mark = max(",;\t", key=header.count)  # Excel writes ";" where the comma is the decimal point
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        for row in reader:
            place = f"{path.name}, line {reader.line_num}"
            if any(row.pop(None, ())):  # cells beyond the header's last
                raise UsageError(
                    f"{place}: there are more cells than the header has names.",
                    'Put a cell that holds a comma in quotation marks, such as "3,000".',
                )
            fields: dict[str, Any] = {name.strip().casefold(): value for name, value in row.items() if name and value}
            for name in (*_NAMES["answers"], *_NAMES["documents"]):
                if name in fields:
                    fields[name] = fields[name].split(_PART)
            if fields:
                yield place, fields
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}.", "Correct the line.") from error


def _beir_rows(folder: Path, names: DocumentNames, text_of: Callable[[str], str]) -> Iterator[Row]:
    """Queries with their judged documents: by id where a document has that name, else by title.

    Where several have the title, it is those that hold the beginning of the text.
    """
    corpus = {str(row.get("_id")): row for _, row in _folder_lines(folder, "corpus.jsonl")}

    @cache
    def called(document: str) -> tuple[str, ...]:
        row = corpus.get(document, {})
        same = [] if names.find(document) else names.find(str(row.get("title") or ""))
        if len(same) > 1:
            opening = _squash(str(row.get("text") or ""))[:_OPENING]
            same = [path for path in same if opening in _squash(text_of(path))]
        return tuple(same) or (document,)

    relevant: dict[str, list[str]] = defaultdict(list)
    judgements = next((p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.is_file()), None)
    if judgements is None:
        raise UsageError(
            f"{folder} has no qrels.tsv and no qrels/test.tsv.", "Give a BEIR folder, or a JSONL or CSV file."
        )
    for number, line in enumerate(_read(judgements).splitlines(), 1):
        try:
            query, document, grade = line.split("\t")[:3]
            if float(grade) > 0:
                relevant[query].append(document)
        except ValueError as error:
            if number == 1:
                continue  # the header
            raise UsageError(
                f"{judgements}, line {number}: expected query, document and grade.", "Correct the line."
            ) from error
    for number, row in _folder_lines(folder, "queries.jsonl"):
        wanted = relevant.get(str(row.get("_id")), [])
        if not wanted and row.get("answerable", True):
            continue  # nobody judged it
        fields: dict[str, Any] = {
            name: row[name] for name in ("_id", "text", "answers", "answerable", "language") if name in row
        }
        yield (
            f"queries.jsonl, line {number}",
            {**fields, "documents": [path for document in wanted for path in called(document)]},
        )


def _squash(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _folder_lines(folder: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    return _json_lines(folder / name, _read(folder / name))


# ---------------------------------------------------------------- names


class DocumentNames:
    """The documents of a knowledge base by everything a person may call them."""

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._found: dict[str, list[str]] = defaultdict(list)
        self._paths: set[str] = set()
        for listing in listings:
            self._paths.add(listing.path)
            parts = _fold(listing.path).split("/")
            names = {"/".join(parts[first:]) for first in range(len(parts))}
            stem = parts[-1].rpartition(".")[0]
            for name in {*names, stem, _fold(listing.title), _fold(listing.file)} - {""}:
                self._found[name].append(listing.path)

    def find(self, name: str) -> list[str]:
        """The documents of that path, end of a path, file name with or without its ending, or title."""
        return self._found.get(_fold(name), [])

    def knows(self, path: str) -> bool:
        return path in self._paths

    def nearest(self, name: str) -> str:
        """The known path that looks most like `name`, as the end of a sentence; "" when none does."""
        near = difflib.get_close_matches(_fold(name), [*self._found], n=1)
        return f"; the nearest is {self._found[near[0]][0]}" if near else ""


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip().replace("\\", "/").removeprefix("./")).casefold()
