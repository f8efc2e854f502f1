"""The cells of a file, column by column: what `text_of` says of each value, worked out once for each that is different.

A file of a million cases names a few hundred organisations, entries and words, and some thousand days. Rows come as the
driver gives them, some hundreds at a time, and each column is turned into text as a whole.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Enum, String
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.database import plainly, value_of_plain
from models.declarations import Kind

from .columns import FileColumn, text_of

Cells = Sequence[Any]
_TWO_QUOTES = '""'
# What a cell begins with that `download.made_safe` may have to change.
_MAY_BE_A_FORMULA = frozenset("'=+-@\t\r")
_STORED = len("2021-05-10 09:30:00.000000")
_OF_FEW_VALUES = (Kind.DATE, Kind.CHOICE, Kind.CODE, Kind.ORGANISATION, Kind.YES_NO)


class Remembered(dict[Any, Any]):
    """What a function gives, by what it was given: asked once for each."""

    def __init__(self, work_out: Callable[[Any], Any]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: Any) -> Any:
        found = self[key] = self._work_out(key)
        return found


class Writer:
    """Writes rows of a statement as lines of CSV: UTF-8, comma, CRLF, without headings.

    `of` gives a column of the statement by its name. `made_safe` is done to each cell, where it is given.
    """

    def __init__(
        self,
        session: Session,
        columns: Sequence[FileColumn],
        of: Callable[[str], Any],
        lookups: Lookups,
        made_safe: Callable[[str], str] | None = None,
    ) -> None:
        names = list(dict.fromkeys(column.item.column for column in columns))
        self.names = names
        self.selected = [plainly(session, of(name)).label(name) for name in names]
        self._made = [
            (names.index(column.item.column), _making(session, column, of(column.item.column), lookups, made_safe))
            for column in columns
        ]

    def lines(self, columns: Sequence[Cells]) -> bytes:
        """The lines of some rows, given column by column in the order of `selected`."""
        made = [make(columns[position]) for position, make in self._made]
        return "".join([f"{line}\r\n" for line in map(",".join, zip(*made, strict=True))]).encode()


def quoted(cell: str) -> str:
    """A cell as Python's csv module writes it where a line has several. That looks at each letter by itself, and took
    most of the time of a file."""
    if "," in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return f'"{cell.replace(chr(34), _TWO_QUOTES)}"' if '"' in cell else f'"{cell}"'
    return cell


def line_of(cells: Iterable[str]) -> bytes:
    """One line."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _making(
    session: Session,
    column: FileColumn,
    of: Any,
    lookups: Lookups,
    made_safe: Callable[[str], str] | None,
) -> Callable[[Cells], Iterable[str]]:
    """What turns a column of plain values into cells."""
    value_of = value_of_plain(session, of)

    def cell(plain: Any) -> str:
        text = text_of(column, None if plain is None else value_of(plain), lookups)
        return quoted(made_safe(text) if made_safe else text)

    if column.item.kind in _OF_FEW_VALUES:
        known = Remembered(cell).__getitem__
        return lambda plain: map(known, plain)
    if column.item.kind is Kind.MOMENT:
        return lambda plain: [_as_stored(one) or cell(one) for one in plain]
    if not isinstance(of.type, String) or isinstance(of.type, Enum):  # a number, or an id: no text to the database
        return lambda plain: map(cell, plain)
    if made_safe is None:
        return lambda plain: [quoted(one) if one else "" for one in plain]
    return lambda plain: [
        "" if not one else quoted(made_safe(one)) if one[0] in _MAY_BE_A_FORMULA else quoted(one) for one in plain
    ]


def _as_stored(plain: Any) -> str:
    """What a file says of a moment as SQLite stores it, by changing its letters alone; "" of any other."""
    if isinstance(plain, str) and len(plain) == _STORED and plain[10] == " " and plain[19] == ".":
        return f"{plain[:10]}T{plain[11:23]}Z"
    return ""
