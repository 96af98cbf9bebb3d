"""Workbooks of Excel and LibreOffice: one line a row with its sheet and row number, tables with their header rows.

Values come from calamine (the results stored with formulas, dates as dates); for .xlsx and .xlsm their number formats
are applied, so that 0.15 reads 15% as on the screen. Tables on a sheet are parted by empty rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from index.errors import DocumentError, EncryptedError
from index.types import Document, Kind
from ingest.office.number_format import plain_number, show_number
from ingest.office.odf_encryption import decrypt_odf
from ingest.office.office_encryption import OLE_SIGNATURE, decrypt
from ingest.office.ole_sectors import check_sectors
from ingest.office.table_rows import add_table
from ingest.office.xlsx_details import SheetDetails, read_details
from ingest.office.zip_package import Package
from ingest.parsers import ParseOptions, find_parser
from ingest.text_builder import TextBuilder

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

EXTENSIONS = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlsb", ".ods")
REQUIRES = ()
EXTRA = ""

_DAMAGED = "Open it in Excel or LibreOffice and save it again."
_YEARS = range(1900, 2101)  # numbers that name columns rather than fill them

Cell: TypeAlias = int | float | str | bool | time | date | datetime | timedelta


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read a workbook; a block's line is its row on its sheet. Hidden sheets are read, and a warning names them."""
    if not data:
        raise DocumentError(f"{name} is empty (0 bytes).", "Get a complete copy of the file.")
    if data.startswith(OLE_SIGNATURE):
        check_sectors(name, data)
    data = decrypt(name, data, options.passwords)
    if data.startswith(b"PK"):
        data = decrypt_odf(name, data, options.passwords)
    if not data.startswith((b"PK", OLE_SIGNATURE)) and (reader := _text_reader(data)) is not None:
        document: Document = reader.parse(name, data, options)
        return document
    title, stated, details = _package_facts(name, data)
    book = _open(name, data)
    out = TextBuilder()
    hidden: list[str] = []
    broken: list[str] = []
    for sheet in book.sheets_metadata:
        if not str(sheet.visible).endswith(".Visible"):
            hidden.append(sheet.name)
        out.add(sheet.name, Kind.HEADING, level=1, sheet=sheet.name)
        try:
            _read_sheet(book.get_sheet_by_name(sheet.name), details.get(sheet.name, SheetDetails()), out)
        except Exception as error:  # calamine's own, of which there are many; the other sheets may be whole
            broken.append(f"{sheet.name} ({error})")
    if broken and len(broken) == len(book.sheet_names):
        raise DocumentError(f"No sheet of {name} can be read: {', '.join(broken)}.", _DAMAGED)
    damaged = [sheet for sheet, found in details.items() if found.damaged]
    unanswered = sum(sheet.unanswered for sheet in details.values())
    if hidden:
        out.warnings.append(f"hidden {'sheet' if len(hidden) == 1 else 'sheets'} read: {', '.join(hidden)}")
    if broken:
        out.warnings.append(f"unreadable {'sheet' if len(broken) == 1 else 'sheets'}: {', '.join(broken)}")
    if damaged:
        out.warnings.append(f"read as far as it goes, being damaged: {', '.join(damaged)}")
    if unanswered:
        formulas = "1 formula has" if unanswered == 1 else f"{unanswered} formulas have"
        out.warnings.append(f"{formulas} no stored value; open the file in Excel and save it")
    if all(block.kind is Kind.HEADING for block in out.blocks):
        out.warnings.append("no sheet holds any values")
    return out.build(title or PurePath(name).stem, date=stated)


def _text_reader(data: bytes) -> ModuleType | None:
    """The reader of a table that a program exported as HTML or CSV under the name .xls, if it is one."""
    start = data[:512].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head")):
        return find_parser(".html")
    if b"\x00" not in start and (b"\t" in start or b"," in start):
        return find_parser(".tsv" if b"\t" in start else ".csv")
    return None


def _package_facts(name: str, data: bytes) -> tuple[str, str | None, dict[str, SheetDetails]]:
    """Title, date and details of the cells, as far as the kind of workbook has them."""
    if not data.startswith(b"PK"):
        return "", None, {}
    package = Package(name, data)
    if "xl/workbook.bin" in package or package.main_part("").endswith(".bin"):
        return *package.properties(), {}
    if "content.xml" in package:
        return "", None, {}
    return *package.properties(), read_details(name, package)


def _open(name: str, data: bytes) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise EncryptedError(f"{name} needs a password.", "Save it without a password and try again.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise DocumentError(f"{name} is damaged or not a workbook ({error}).", _DAMAGED) from error


def _read_sheet(sheet: CalamineSheet, details: SheetDetails, out: TextBuilder) -> None:
    first, left = sheet.start or (0, 0)
    cells = [
        [_show(value, details.formats.get((row, column), "")) for column, value in enumerate(values, start=left)]
        for row, values in enumerate(sheet.to_python(), start=first)
    ]
    wide = _fill_merged(cells, sheet.merged_cell_ranges or (), first, left)
    for top, bottom in _tables(cells):
        rows = _without_empty_columns(cells[top:bottom])
        numbers = list(range(first + top + 1, first + bottom + 1))
        if len(rows[0]) == 1:  # a list or lines of text in one column
            for number, (text,) in zip(numbers, rows, strict=True):
                out.add(" ".join(text.split()), Kind.ROW, sheet=sheet.name, line=number)
            continue
        at = _header_place(rows)
        headers = 0 if at is None else 1 + (first + top + at in wide and at + 1 < len(rows) and _names(rows[at + 1]))
        add_table(out, rows, headers=headers, sheet=sheet.name, lines=numbers)
    for row, text in sorted(details.comments):
        out.add(text, Kind.NOTE, sheet=sheet.name, line=row + 1)
    for text in details.boxes:
        out.add(text, sheet=sheet.name)
    for title, values in details.charts:
        out.add(title, sheet=sheet.name)
        add_table(out, values, sheet=sheet.name, captions=False)


def _show(value: Cell, code: str) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return show_number(value, code) if code else plain_number(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else _clock(f"{value:%Y-%m-%d %H:%M:%S}")
    if isinstance(value, time):
        return _clock(f"{value:%H:%M:%S}")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return _clock(f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}")
    return str(value)


def _clock(shown: str) -> str:
    """A time without its seconds when they are nought."""
    return shown.removesuffix(":00")


def _fill_merged(
    cells: list[list[str]], ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]], first: int, left: int
) -> set[int]:
    """Repeat a cell merged downwards in every row that has something else; the rows that hold a cell merged sideways.

    Rows are those of the sheet, from 0.
    """
    wide: set[int] = set()
    for (top, start), (bottom, end) in ranges:
        if end > start:
            wide.add(top)
        if bottom == top or not (0 <= top - first < len(cells) and 0 <= start - left < len(cells[top - first])):
            continue
        text = cells[top - first][start - left]
        for row in cells[top - first + 1 : bottom - first + 1]:
            if any(row[: start - left]) or any(row[end - left + 1 :]):
                row[start - left] = row[start - left] or text
    return wide


def _tables(cells: list[list[str]]) -> Iterator[tuple[int, int]]:
    """Ranges of rows between empty rows."""
    start: int | None = None
    for row, values in enumerate([*cells, []]):
        filled = any(value.strip() for value in values)
        if filled and start is None:
            start = row
        elif not filled and start is not None:
            yield start, row
            start = None


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    """The rows from the first column that any of them fills to the last."""
    filled = {place for row in rows for place, value in enumerate(row) if value.strip()}
    first, last = min(filled), max(filled)
    return [row[first : last + 1] for row in rows]


def _header_place(rows: list[list[str]]) -> int | None:
    """The row that names the columns: the first to fill several cells, if it holds names and not values."""
    for place, row in enumerate(rows[:-1]):
        if sum(1 for value in row if value.strip()) > 1:
            return place if _names(row) else None
    return None


def _names(row: list[str]) -> bool:
    values = [value.strip() for value in row if value.strip()]
    return all(not _is_number(value) or (value.isdecimal() and int(value) in _YEARS) for value in values)


def _is_number(text: str) -> bool:
    return text[-1:].isdigit() and not any(sign.isalpha() for sign in text)
