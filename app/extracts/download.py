"""The CSV download for people: the rows on screen, every one of them, made safe for a spreadsheet.

A cell that a spreadsheet would take for a formula gets a leading apostrophe, and so does a cell that begins with
apostrophes before such a character; an import takes one off again, so that what comes back is what was entered.
Source: OWASP, "CSV Injection"; RFC 4180.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from typing import IO, Any

from sqlalchemy import Select
from sqlalchemy.orm import Session, aliased

from app.access.lookups import Lookups
from models.declarations import Kind

from .columns import FileColumn, columns_of, text_of

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_MADE_SAFE = re.compile(r"'+[=+\-@\t\r]")
ROWS_AT_ONCE = 1000
IN_MEMORY = 1024 * 1024


def made_safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def taken_off(text: str) -> str:
    """The cell as it was before `made_safe`."""
    return text[1:] if _MADE_SAFE.match(text) else text


def write_csv(session: Session, chosen: Select[Any], model: type, lookups: Lookups) -> tuple[IO[bytes], int]:
    """A temporary file, at its beginning, with every row of a statement that selects a model; and how many they are.

    UTF-8, comma, CRLF. The whole file is written before any of it is sent: a file or an error, never half of one.
    """
    columns = columns_of(model, download=True)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller sends it and closes it
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.heading for column in columns])
    number = 0
    rows = session.execute(_only_columns(chosen, model, columns), execution_options={"yield_per": ROWS_AT_ONCE})
    for row in rows:
        number += 1
        writer.writerow(
            [made_safe(text_of(column, value, lookups)) for column, value in zip(columns, row, strict=True)]
        )
    text.detach()
    file.seek(0)
    return file, number


def _only_columns(chosen: Select[Any], model: Any, columns: list[FileColumn]) -> Select[Any]:
    """The statement with the columns of the file in place of whole rows."""
    wanted = []
    for column in columns:
        of = getattr(model, column.item.column)
        if column.item.kind is Kind.CASE:
            linked: Any = aliased(model)
            chosen = chosen.outerjoin(linked, linked.id == of)
            of = linked.reference
        wanted.append(of)
    return chosen.with_only_columns(*wanted, maintain_column_froms=True)
