"""The files of the Organisation Data Service as it publishes them: `eccg.csv` and `succ.csv`, or either in its zip.

Neither has a heading. `eccg.csv` has 27 columns, of which the code, the name, the region, the STP, the first and the
last day and the roles are read; `succ.csv` has 5. A row that cannot be read is rejected with its line and why.
Source: NHS Digital, Organisation Data Service, "Other NHS organisations".
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from .texts import NotUsable, not_csv, text_of

CCG_COLUMNS, SUCCESSION_COLUMNS = 27, 5
CODE, NAME, REGION, STP, OPENED, CLOSED, ROLES = 0, 1, 2, 3, 10, 11, 13
# Rows with one of these roles stand among the CCGs and are none.
NOT_CCGS = {"RO218": "a commissioning hub", "RO327": "a reporting entity"}
MOST_ROWS = 100_000
LONGEST_NAME = 200
RECONFIGURATION = "R"
_CODE = re.compile(r"[0-9A-Z]{3}|[A-Z][0-9][A-Z][0-9][A-Z]", re.ASCII)
_ANY_CODE = re.compile(r"[0-9A-Z]{3,12}", re.ASCII)
_REGION = re.compile(r"Y[0-9]{2}", re.ASCII)
_STP = re.compile(r"Q[0-9A-Z]{2}", re.ASCII)
_DAY = re.compile(r"[0-9]{8}", re.ASCII)


@dataclass(frozen=True)
class CCGRow:
    """A CCG as the file has it. `closed_on` is its last day, None while it is open."""

    line: int
    code: str
    name: str
    region: str
    stp: str
    opened_on: date | None
    closed_on: date | None


@dataclass(frozen=True)
class SuccessionRow:
    """`new` took over from `old` on a day. Organisations of every kind stand in the file."""

    line: int
    old: str
    new: str
    effective_on: date


@dataclass(frozen=True)
class LeftOut:
    """A line that is not taken, and why."""

    line: int
    reason: str


Row = TypeVar("Row")


@dataclass(frozen=True)
class Read(Generic[Row]):
    """What a file holds: its rows, those that were rejected, those that are of another kind, and the file's SHA-256."""

    rows: list[Row]
    rejected: list[LeftOut]
    of_another_kind: list[LeftOut]
    sha256: str


class _Reject(Exception):
    """A row that cannot be read."""


class _OfAnotherKind(Exception):
    """A row that means something else."""


def read_ccgs(data: bytes) -> Read[CCGRow]:
    """The CCGs of an `eccg.csv`. Raises NotUsable where the file is something else.

    A code that stands twice is rejected the second time.
    """
    known: set[str] = set()

    def ccg(line: int, cells: list[str]) -> CCGRow:
        code = _matching(cells[CODE], _CODE, "the code of a CCG")
        for role in re.findall(r"RO\d+", cells[ROLES]):
            if role in NOT_CCGS:
                raise _OfAnotherKind(f"{code} is {NOT_CCGS[role]}, not a CCG")
        name = " ".join(cells[NAME].split())
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise _Reject("The name is missing or too long")
        opened, closed = _day(cells[OPENED], "open"), _day(cells[CLOSED], "close")
        if opened and closed and closed < opened:
            raise _Reject("It closes before it opens")
        row = CCGRow(
            line,
            code,
            name,
            _matching(cells[REGION], _REGION, "the code of a region"),
            _matching(cells[STP], _STP, "the code of an STP"),
            opened,
            closed,
        )
        if code in known:
            raise _Reject(f"{code} stands in the file before")
        known.add(code)
        return row

    found = _read(data, CCG_COLUMNS, "eccg.csv", ccg)
    if not found.rows:
        raise NotUsable("No row of the file is a CCG. Give eccg.csv as the Organisation Data Service publishes it.")
    return found


def read_successions(data: bytes) -> Read[SuccessionRow]:
    """The successions of a `succ.csv`. Raises NotUsable where the file is something else."""

    def succession(line: int, cells: list[str]) -> SuccessionRow:
        old, new = (_matching(cell, _ANY_CODE, "an organisation's code") for cell in cells[:2])
        if cells[2].strip() != RECONFIGURATION:
            raise _OfAnotherKind(f"{old} to {new} is no reconfiguration")
        if old == new:
            raise _Reject(f"{old} would take over from itself")
        effective = _day(cells[3], "effective")
        if effective is None:
            raise _Reject("The effective date is missing")
        return SuccessionRow(line, old, new, effective)

    return _read(data, SUCCESSION_COLUMNS, "succ.csv", succession)


def _read(data: bytes, columns: int, name: str, parse: Callable[[int, list[str]], Row]) -> Read[Row]:
    found: Read[Row] = Read([], [], [], hashlib.sha256(data).hexdigest())
    for number, (line, cells) in enumerate(_lines(text_of(data))):
        if len(cells) != columns:
            if number == 0:
                raise NotUsable(f"The first line has {len(cells)} columns. {name} has {columns}.")
            found.rejected.append(LeftOut(line, f"It has {len(cells)} columns, not {columns}"))
            continue
        if number >= MOST_ROWS:
            raise NotUsable(f"The file has more than {MOST_ROWS:,} lines.")
        try:
            found.rows.append(parse(line, cells))
        except _Reject as problem:
            found.rejected.append(LeftOut(line, str(problem)))
        except _OfAnotherKind as problem:
            found.of_another_kind.append(LeftOut(line, str(problem)))
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV with the line on which each ends; empty ones are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as problem:
        raise not_csv(reader.line_num, problem) from None


def _matching(cell: str, pattern: re.Pattern[str], what: str) -> str:
    code = cell.strip()
    if not pattern.fullmatch(code):
        raise _Reject(f"{_short(code)} is not {what}" if code else f"There is no {what.removeprefix('the ')}")
    return code


def _day(cell: str, what: str) -> date | None:
    """A date as yyyymmdd, None where there is none."""
    written = cell.strip()
    if not written:
        return None
    try:
        if not _DAY.fullmatch(written):
            raise ValueError(written)
        return datetime.strptime(written, "%Y%m%d").date()  # noqa: DTZ007 - a day, without a time
    except ValueError:
        raise _Reject(f"The {what} date {_short(written)} is not a date such as 20200401") from None


def _short(cell: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in cell[:20])
    return f"{shown}…" if len(cell) > 20 else shown
