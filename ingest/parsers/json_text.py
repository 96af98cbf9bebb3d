"""JSON, JSON lines and notebooks as lines a person can read: "path: value"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from index.errors import DocumentError, LimitError
from index.types import Document, Kind
from ingest.parsers import ParseOptions
from ingest.parsers.markdown import add_markdown
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode

EXTENSIONS = (".json", ".jsonl", ".ndjson", ".geojson", ".ipynb")
REQUIRES = ()
EXTRA = ""

_TITLES = ("title", "name", "Title", "Name")
_MAX_OUTPUT = 10_000  # characters of one printed output in a notebook: tables end before that, progress bars do not


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """One paragraph for each record, one row for each line of a JSON-lines file.

    Numbers stay as they are written. Raises DocumentError for what is not JSON, LimitError when it nests too deep.
    """
    decoded = decode(data)
    builder = TextBuilder(warnings=list(decoded.warnings))
    extension = name.lower().rpartition(".")[2]
    if not decoded.text.strip():
        return builder.build("")
    if extension in ("jsonl", "ndjson"):
        for number, line in enumerate(decoded.text.split("\n"), 1):
            if line.strip():
                builder.add(_flatten(_load(line, f"line {number}")), Kind.ROW, line=number)
        return builder.build("")
    value = _load(decoded.text, "the file")
    if extension == "ipynb" and isinstance(value, dict) and isinstance(value.get("cells"), list):
        return _read_notebook(builder, value)
    title = (
        next((value[key] for key in _TITLES if isinstance(value.get(key), str)), "") if isinstance(value, dict) else ""
    )
    for group in _groups(value):
        builder.add("\n".join(group))
    return builder.build(title)


def _load(text: str, where: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as error:
        raise LimitError(f"The JSON of {where} nests too deep.", "Leave the file out with .ragignore.") from error
    except ValueError as error:
        raise DocumentError(
            f"This is not valid JSON: {error}, in {where}.", "Repair it, or rename it to .txt."
        ) from error


def _groups(value: Any) -> Iterator[list[str]]:
    """The lines of each record, in the order of the file; every entry of a list of objects is a record of its own.

    Without recursion: what the JSON reader's own nesting limit let through may still be deeper than Python calls.
    """
    records: list[tuple[str, Any]] = [("", value)]
    while records:
        lines: list[str] = []
        inner: list[tuple[str, Any]] = []
        waiting = [records.pop()]
        while waiting:
            path, entry = waiting.pop()
            if isinstance(entry, dict):
                waiting.extend(reversed([(f"{path}.{key}" if path else key, below) for key, below in entry.items()]))
            elif isinstance(entry, list) and any(isinstance(below, dict | list) for below in entry):
                inner.extend((f"{path}[{number}]", below) for number, below in enumerate(entry, 1))
            else:
                lines.append(_line(path, entry))
        yield lines
        records.extend(reversed(inner))


def _line(path: str, value: Any) -> str:
    shown = " ".join(_show(value).split())
    return f"{path}: {shown}" if path and shown else shown


def _flatten(value: Any) -> str:
    return " | ".join(line for group in _groups(value) for line in group)


def _show(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_show, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_notebook(builder: TextBuilder, notebook: dict[str, Any]) -> Document:
    for cell in notebook["cells"]:
        if not isinstance(cell, dict):
            continue
        source = _join(cell.get("source"))
        if cell.get("cell_type") == "markdown":
            add_markdown(builder, source, first=None)
        else:
            builder.add(source, Kind.CODE)
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                data = output.get("data")
                shown = output.get("text") or (data.get("text/plain") if isinstance(data, dict) else None)
                builder.add(_join(shown)[:_MAX_OUTPUT], Kind.CODE)
    metadata = notebook.get("metadata")
    title = metadata.get("title", "") if isinstance(metadata, dict) else ""
    return builder.build(title if isinstance(title, str) else "")


def _join(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else source if isinstance(source, str) else ""
