"""The CSV download for people: the rows on screen, every one of them, made safe for a spreadsheet.

A byte order mark comes first: without one Excel shows every letter beyond ASCII as two others. A cell that a
spreadsheet would take for a formula gets a leading apostrophe, and so does a cell that begins with apostrophes before
such a character; an import takes one off again, so that what comes back is what was entered.
Source: OWASP, "CSV Injection"; RFC 4180.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from sqlalchemy import Select
from sqlalchemy.orm import Session, aliased

from app.access.lookups import Lookups
from app.database import plain_rows
from models.declarations import Kind

from .cells import Writer, line_of
from .columns import columns_of

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_MADE_SAFE = re.compile(r"'+[=+\-@\t\r]")
AT_ONCE = 500
IN_MEMORY = 1024 * 1024


def made_safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def taken_off(text: str) -> str:
    """The cell as it was before `made_safe`."""
    return text[1:] if _MADE_SAFE.match(text) else text


def lines_of(session: Session, chosen: Select[Any], model: Any, lookups: Lookups) -> Iterator[bytes]:
    """Every row of a statement that selects a model, as CSV: the headings, then the lines of some rows at a time.

    UTF-8 with a byte order mark, comma, CRLF. Memory does not grow with rows.
    """
    columns = columns_of(model, download=True)
    of = {column.item.column: getattr(model, column.item.column) for column in columns}
    for column in columns:
        if column.item.kind is Kind.CASE:
            linked: Any = aliased(model)
            chosen = chosen.outerjoin(linked, linked.id == of[column.item.column])
            of[column.item.column] = linked.reference
    writer = Writer(session, columns, of.__getitem__, lookups, made_safe)
    yield codecs.BOM_UTF8 + line_of(column.heading for column in columns)
    for rows in plain_rows(session, chosen.with_only_columns(*writer.selected, maintain_column_froms=True), AT_ONCE):
        yield writer.lines(list(zip(*rows, strict=True)))


def safe_copy(rows: Iterable[Sequence[str]]) -> IO[bytes]:
    """A temporary file, at its beginning, with rows of text made safe for a spreadsheet, and a byte order mark."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller sends it and closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    csv.writer(text, lineterminator="\r\n").writerows([made_safe(cell) for cell in row] for row in rows)
    text.detach()
    file.seek(0)
    return file
