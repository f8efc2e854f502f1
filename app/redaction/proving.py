"""Looking everywhere for words: every column of every table, every file of every kept extract, SQLite's own files.

This is how it is shown that a redaction has left nothing. It knows of no place in particular, so that it also finds
what `places.py` forgot.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import files_of_sqlite
from app.extracts import keeping, package
from app.rules import redaction as rules
from models import Extract, ExtractPart, db

ROWS_AT_ONCE = 1000
AT_ONCE = 1024 * 1024


def places_that_hold(session: Session, words: str) -> Iterator[str]:
    """Each place where words stand, in words. For a session that reads everything.

    In SQLite's files only text as it was typed is found, whatever its case; a page that is free is overwritten.
    """
    pattern = rules.pattern_of(rules.tidied(words))
    for table in db.metadata.sorted_tables:
        if table is ExtractPart.__table__:
            continue
        found: Counter[str] = Counter()
        for row in session.execute(select(table), execution_options={"yield_per": ROWS_AT_ONCE}):
            found.update(name for name, value in row._mapping.items() if _holds(value, pattern))
        yield from (f"table {table.name}, column {name}: {number:,}" for name, number in sorted(found.items()))
    for extract in session.scalars(select(Extract).order_by(Extract.quarter, Extract.number)).all():
        with keeping.bytes_of(session, extract) as file, package.members_of(file) as archive:
            for name in archive.namelist():
                if _is_in_member(archive, name, pattern):
                    yield f"extract {extract.quarter} number {extract.number}, {name}"
    for path in files_of_sqlite(session):
        if _is_in_file(path, rules.tidied(words)):
            yield f"file {path.name}"


def _holds(value: Any, pattern: re.Pattern[str]) -> bool:
    if isinstance(value, dict | list):
        values = value.values() if isinstance(value, dict) else value
        return any(_holds(one, pattern) for one in values)
    if isinstance(value, bytes):
        return bool(pattern.search(value.decode(errors="replace")))
    return not isinstance(value, UUID) and isinstance(value, str) and bool(pattern.search(value))


def _is_in_member(archive: zipfile.ZipFile, name: str, pattern: re.Pattern[str]) -> bool:
    with archive.open(name) as member:
        text = io.TextIOWrapper(member, encoding="utf-8", newline="")
        if name.endswith(".csv"):
            return any(pattern.search(cell) for row in csv.reader(text) for cell in row)
        return bool(pattern.search(text.read()))


def _is_in_file(path: Path, words: str) -> bool:
    sought, before = words.lower().encode(), b""
    with path.open("rb") as file:
        while piece := file.read(AT_ONCE):
            if sought in (before + piece).lower():
                return True
            before = piece[-len(sought) :]
    return False
