"""A line of a file of cases: its cells as texts, and each text as the value that the form would make of it.

The sentences about what cannot be read are those of the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, BinaryIO
from uuid import UUID

from app.access.lookups import Lookups
from app.access.people import Access
from app.extracts.download import taken_off
from app.imports.spreadsheets import Cell, rows_of
from app.imports.texts import NotUsable
from app.rules import dates
from app.rules.case_rules import Problems
from app.rules.typed_text import case_reference, on_one_line, problem_with, regular, shown
from models.declarations import Item, Kind

from .headings import ITEMS, Columns, match, plain

MOST_LINES = 50_000
# The day before the first of Excel's serial dates, as they count since March 1900.
BEFORE_SERIAL_DATES = date(1899, 12, 30)
FIRST_SERIAL, LAST_SERIAL = 10_000, 73_415  # 18 May 1927 to 31 December 2100: fewer digits may be a year
# What other systems and spreadsheets write after a date. A zone could make it another day.
_TIME = re.compile(r"[ T](?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[ap]m)?|00:00(?::00(?:\.0+)?)?Z)$", re.I)
_SERIAL = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_CHOSEN = frozenset({Kind.CHOICE, Kind.CODE, Kind.ORGANISATION, Kind.YES_NO})
MOST_SEEN, LONGEST_SEEN = 20_000, 100
_IN_BRACKETS = re.compile(r"\(([0-9A-Za-z]{3,12})(?:,[^)]*)?\)\s*$")


@dataclass
class FileOfCases:
    """A file that is being read: its headings, its columns, and its lines, one at a time."""

    headings: list[str]
    matched: Columns
    lines: Iterator[tuple[int, list[str]]]


@dataclass
class Line:
    """What a line says: the value of each item that has a column, and what could not be read, by item."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)


def open_file(file: BinaryIO) -> FileOfCases:
    """Reads the heading of a file; the lines follow. Raises NotUsable, also while the lines are read."""
    rows = rows_of(file)
    _, first = next(rows, (1, []))
    headings = [shown(_as_text(cell))[:200] for cell in first]
    return FileOfCases(headings, match(first), _lines(rows))


def _lines(rows: Iterator[tuple[int, list[Cell]]]) -> Iterator[tuple[int, list[str]]]:
    for count, (number, cells) in enumerate(rows):
        if count >= MOST_LINES:
            raise NotUsable(f"The file has more than {MOST_LINES:,} lines. Divide it.")
        yield number, [_as_text(cell) for cell in cells]


def _as_text(cell: Cell) -> str:
    """A cell as somebody in England would have typed it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, date):
        return f"{cell.day}/{cell.month}/{cell.year}"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


class Reader:
    """Makes values of the lines of one file, for somebody on a day."""

    def __init__(self, columns: Mapping[int, str], width: int, lookups: Lookups, access: Access) -> None:
        self.width, self.lookups = width, lookups
        self._items = [(position, ITEMS[name]) for position, name in columns.items()]
        self._codes: dict[str, dict[str, list[Any]]] = {}
        # What was made of an answer or a date before: in thousands of lines the same ones come again and again.
        self._seen: dict[tuple[str, str], Any] = {}
        line_of_ccgs = sorted(
            access.line_of_current_ccgs(lookups.today), key=lambda one: (one.closed_on is not None, one.code)
        )
        self._ccgs: dict[str, list[UUID]] = {}
        for place in line_of_ccgs:
            for called in {plain(place.code), plain(place.name)}:
                self._ccgs.setdefault(called, []).append(place.id)

    def read(self, cells: Sequence[str]) -> Line:
        """The values of a line. A row that has not the columns of the heading is a problem of the line as a whole."""
        line = Line()
        if len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
            line.problems[""] = [f"The line has {len(cells)} cells, and the heading {self.width}"]
        given = {
            item.name: taken_off(cells[position]) if position < len(cells) else "" for position, item in self._items
        }
        # What the date added is decides between entries and organisations of the same name.
        added = self._again("date_added", given.get("date_added", ""), self._date)[0]
        for _, item in self._items:
            line.values[item.name], problem = self._value(item, given[item.name], added)
            if problem:
                line.problems[item.name] = [problem]
        return line

    def _value(self, item: Item, typed: str, added: date | None) -> tuple[Any, str]:
        if item.kind is Kind.DATE:
            found: tuple[date | None, str] = self._again(item.name, typed, self._date)
            return found
        if item.kind in _CHOSEN:
            answer, called = self._again("", typed, _called)
            if not answer:
                return None, ""
            value = self._chosen(item, answer, called, added)
            return value, "" if value is not None else item.not_in_the_list
        if item.kind is Kind.CASE:
            value = case_reference(typed)
        elif item.kind is Kind.TEXT:
            value = regular(typed)
        else:
            value = on_one_line(typed)
        problem = problem_with(value, item.label, item.max_length)
        return ("", problem) if problem else (value, "")

    def _again(self, name: str, typed: str, made: Callable[[str, str], Any]) -> Any:
        """What is made of a short text, under a name."""
        if len(typed) > LONGEST_SEEN:
            return made(name, typed)
        if (name, typed) not in self._seen:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            self._seen[name, typed] = made(name, typed)
        return self._seen[name, typed]

    def _date(self, name: str, typed: str) -> tuple[date | None, str]:
        written = _TIME.sub("", shown(on_one_line(typed)))
        if (serial := _SERIAL.fullmatch(written)) and FIRST_SERIAL <= int(serial[1]) <= LAST_SERIAL:
            return BEFORE_SERIAL_DATES + timedelta(days=int(serial[1])), ""
        result = dates.read([written, "", ""], ITEMS[name].label)
        return result.value, result.problem

    def _chosen(self, item: Item, answer: str, called: str, added: date | None) -> Any:
        if item.kind is Kind.YES_NO:
            return {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}.get(called)
        if item.choices is not None:
            return _choices(item.name).get(called)
        if item.kind is Kind.ORGANISATION:
            return self._ccg(answer, called, added)
        found = self._entries(item).get(called, [])
        if added is not None:
            active = [one for one in found if one.is_active_on(added)]
            found = active or found
        return found[0].id if found else None

    def _entries(self, item: Item) -> dict[str, list[Any]]:
        if item.code_list not in self._codes:
            by_name: dict[str, list[Any]] = {}
            for entry in self.lookups.codes[item.code_list].values():
                for called in {plain(entry.label), plain(entry.code)}:
                    by_name.setdefault(called, []).append(entry)
            self._codes[item.code_list] = by_name
        return self._codes[item.code_list]

    def _ccg(self, answer: str, called: str, added: date | None) -> UUID | None:
        """One of the person's own CCGs or those before them, by code, by name, or by name with its code."""
        found = self._ccgs.get(called, [])
        if not found and (in_brackets := _IN_BRACKETS.search(answer)):
            found = self._ccgs.get(plain(in_brackets[1]), [])
        places = self.lookups.organisations.places
        open_then = [one for one in found if added is not None and places[one].is_open_on(added)]
        return next(iter([*open_then, *found]), None)


def _called(name: str, typed: str) -> tuple[str, str]:
    """An answer as it was given, and as it is compared."""
    answer = on_one_line(shown(typed))
    return answer, plain(answer)


@cache
def _choices(name: str) -> dict[str, Any]:
    """The answers of a fixed list, by what they are called; of two that are called the same the first."""
    found: dict[str, Any] = {}
    for one in ITEMS[name].choices or ():
        for called in (plain(one.label), plain(one.value)):
            found.setdefault(called, one)
    return found
