"""Files for tests: CSV and XLSX as spreadsheets write them, and XLSX by hand, as no spreadsheet does."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def as_csv(*rows: Sequence[object], encoding: str = "utf-8", delimiter: str = ",", end: str = "\r\n") -> bytes:
    """A CSV of rows."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end).writerows(rows)
    return written.getvalue().encode(encoding)


def as_xlsx(*rows: Sequence[Any], sheet: str = "Sheet1", **more: Sequence[Sequence[Any]]) -> bytes:
    """A workbook with one sheet of rows, and others after it by name. A date is a date, and "=1+1" a formula."""
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    for name, others in more.items():
        added = book.create_sheet(name)
        for row in others:
            added.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def sheet_of(cells: str) -> str:
    """The XML of a sheet with the given XML for its rows."""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'


def by_hand(sheet: str | bytes, *, strings: str = "", parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A workbook whose one sheet has this XML, as no spreadsheet writes it. `parts` come instead of others."""
    inside: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(as_xlsx(["Incident date", "x"]))) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    inside["xl/worksheets/sheet1.xml"] = sheet
    if strings:
        inside["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    return zipped(inside | dict(parts or {}))


def zipped(inside: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, data in inside.items():
            archive.writestr(name, data)
    return made.getvalue()
