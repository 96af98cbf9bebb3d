"""Tables as text (CSV, TSV): every record a row with its line, the row that names the columns marked as such."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from index.types import Document, Kind
from ingest.office.table_rows import join_cells
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode

EXTENSIONS = (".csv", ".tsv", ".tab", ".psv")
REQUIRES = ()
EXTRA = ""

_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 200  # what the choice of delimiter and header looks at
_LONGEST_CELL = 200  # lines of one quoted cell: beyond that, the quote that opens it was meant as a character
_DECLARED = re.compile(r"sep=(.)\n", re.I)  # Excel's own way to name the delimiter, in the first line
_VALUE = re.compile(r"[-+△▲(]?[¥$€£]?\s*[\d０-９][\d０-９,.:/\s%-]*[)年月日時分円個件人%]*$")
_PERIOD = re.compile(r"(?:19|20)\d\d(?:年度?)?$|\d{1,2}月$|(?:令和|平成)\S{1,4}年度?$")  # columns of years and months


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """One block a record, cells parted by " | "; `line` is that of the file, of which a quoted cell may take several.

    Lines above the header that fill one cell are paragraphs (a table's caption). Raises DocumentError when the bytes
    are not text.
    """
    decoded = decode(data)
    builder = TextBuilder(warnings=list(decoded.warnings))
    text, line = decoded.text, 1
    declared = _DECLARED.match(text)
    if declared:
        text, line = text[declared.end() :], 2
    delimiter = declared.group(1) if declared else _find_delimiter(text, tabs=name.lower().endswith((".tsv", ".tab")))
    records = _read(text, delimiter)
    header = _find_header(records)
    for number, cells in enumerate(records):
        filled = sum(1 for cell in cells if cell.strip())
        kind = Kind.HEADER if number == header else Kind.ROW
        if header is not None and number < header and filled == 1:
            kind = Kind.TEXT
        builder.add(join_cells(cells), kind, line=line)
        line += 1 + sum(cell.count("\n") for cell in cells)
    if header is not None:
        width = len(_filled(records[header]))
        odd = sum(1 for cells in records[header + 1 :] if len(_filled(cells)) > width)
        if odd:
            builder.warnings.append(f"{odd} {'row has' if odd == 1 else 'rows have'} more cells than the header")
    return builder.build("")


def _read(text: str, delimiter: str, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL) -> list[list[str]]:
    """Records of `text`; where a quote is never closed, quotes are plain characters."""
    try:
        records = [*csv.reader(io.StringIO(text), delimiter=delimiter, quoting=quoting)]
    except csv.Error:  # a cell longer than the module's limit of 131,072 characters, or a lone control character
        records = []
    if quoting == csv.QUOTE_NONE:
        return records or [line.split(delimiter) for line in text.split("\n")]
    runaway = any(cell.count("\n") > _LONGEST_CELL for record in records for cell in record)
    return _read(text, delimiter, csv.QUOTE_NONE) if runaway or not records else records


def _find_delimiter(text: str, *, tabs: bool) -> str:
    """The delimiter that gives the most records the same number of cells, more than one."""
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])
    if tabs and "\t" in sample:
        return "\t"

    def evenness(delimiter: str) -> tuple[float, int]:
        widths = [len(record) for record in _read(sample, delimiter) if any(map(str.strip, record))]
        width, records = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (records / len(widths), width) if width > 1 else (0.0, 1)

    return max(_DELIMITERS, key=evenness)


def _find_header(records: Sequence[list[str]]) -> int | None:
    """The record that names the columns: the first that fills most of them, if it holds names and no values."""
    widths = Counter(len(_filled(record)) for record in records[:_SAMPLE_LINES] if any(map(str.strip, record)))
    width = widths.most_common(1)[0][0] if widths else 0
    if width < 2:
        return None
    for number, record in enumerate(records[:_SAMPLE_LINES]):
        names = [cell.strip() for cell in record if cell.strip()]
        if len(names) < max(2, 0.5 * width):
            continue
        named = len(set(names)) == len(names) and not any(_VALUE.match(n) and not _PERIOD.match(n) for n in names)
        return number if named and any(map(_filled, records[number + 1 :])) else None
    return None


def _filled(record: Sequence[str]) -> Sequence[str]:
    """The record without the empty cells at its end."""
    end = len(record)
    while end and not record[end - 1].strip():
        end -= 1
    return record[:end]
