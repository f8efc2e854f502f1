"""One number for each period as columns; two to four as lines, told apart by dashes, marks and letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from app.rules.quarters import Quarter

from .chart import Chart
from .figures import Cell, isolated, known, must_be_counts, written
from .scale import SHORTEST, Scale, percent, scale_for

MOST_SERIES = 4
LETTERS = "ABCD"
WIDEST_COLUMN = 12
# In per cent of the width, what a label needs: on a wide screen, and on a narrow one.
WIDE_LABEL, NARROW_LABEL = 10, 24
# Names of this length stand below each period; on a narrow screen, where there are no more than these.
SHORT, MOST_SHORT = 2, 10
# In per cent of the width, what a digit needs on the narrowest of the wide screens.
DIGIT = 1.9
# In per cent of the height, what a letter needs at the end of its line.
LINE_OF_TEXT = 9


class Period(NamedTuple):
    """A period: its name in the table and, below the chart, its part of a group: "2021-22-Q1", "Q1", "2021-22"."""

    name: str
    part: str = ""
    group: str = ""

    @property
    def halves(self) -> tuple[str, str]:
        """The name, in two where a line may end within it: "2021-22-", "Q1"."""
        before = self.name.removesuffix(self.part)
        return (before, self.part) if before != self.name else (self.name, "")

    @classmethod
    def of(cls, quarter: Quarter) -> Period:
        """A quarter of a financial year."""
        year, _, part = quarter.name.rpartition("-")
        return cls(quarter.name, part, year)


class Series(NamedTuple):
    """A name, and a number for each period."""

    name: str
    cells: Sequence[Cell]


class Column(NamedTuple):
    """In per cent of the chart: its upper left corner, how wide and how high it is."""

    x: float
    y: float
    width: float
    height: float


class Label(NamedTuple):
    """Words at a place. `is_wide` where only a wide screen has room for them."""

    x: float
    y: float
    text: str
    is_wide: bool = False


@dataclass(frozen=True)
class Line:
    """A series as it is drawn: a path in a box of 100 by 100, its marks, and where its letter stands."""

    number: int
    letter: str
    name: str
    path: str
    marks: list[Label]
    end: float | None


@dataclass(frozen=True)
class OverTime(Chart):
    """Numbers of up to four series, in periods in their order."""

    template = "over_time"
    periods: Sequence[Period] = ()
    series: Sequence[Series] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.series) > MOST_SERIES:
            raise ValueError("More than four series cannot be told apart. Use Grid.")
        if any(len(one.cells) != len(self.periods) for one in self.series):
            raise ValueError("A series has a number for each period.")
        must_be_counts(cell for one in self.series for cell in one.cells)

    @property
    def is_empty(self) -> bool:
        return not (self.periods and self.series)

    @property
    def is_of_columns(self) -> bool:
        return len(self.series) == 1

    def said(self) -> str:
        return " ".join(self._said_of(one) for one in self.series)

    def _said_of(self, one: Series) -> str:
        values = [(cell.number, period) for cell, period in zip(one.cells, self.periods, strict=True)]
        found = [(number, period.name) for number, period in values if number is not None]
        # A number that is not shown may be higher.
        shown = " shown" if len(found) < len(values) else ""
        if not found:
            return f"{isolated(one.name)}: no number is shown."
        last, when = found[-1]
        highest, where = max(found, key=lambda pair: pair[0])
        sentence = f"{isolated(one.name)}: {self.unit.with_number(last)} in {when}"
        if highest == min(number for number, _ in found):
            return f"{sentence}{f', as in each period{shown}' if len(found) > 1 else ''}."
        if highest == last:
            return f"{sentence}, the highest number{shown}."
        return f"{sentence}; the highest number{shown} was {written(highest)}, in {where}."

    @property
    def drawing(self) -> str:
        """How it is drawn, for whoever does not see it."""
        marks = "Columns" if self.is_of_columns else "Lines"
        top = self.unit.with_number(self.scale.highest)
        first, last = self.periods[0].name, self.periods[-1].name
        return f"{marks} from {first} to {last}, on a scale from 0 to {top}. The table has every number."

    @property
    def gaps(self) -> str:
        """What is not drawn, in words."""
        cells = [cell for one in self.series for cell in one.cells]
        missing = len(cells) - len(known(cells))
        if not missing:
            return ""
        return f"{missing} of {len(cells)} numbers {'has' if missing == 1 else 'have'} no mark: see the table."

    @cached_property
    def scale(self) -> Scale:
        return scale_for(0, max((number for one in self.series for number in known(one.cells)), default=0))

    @property
    def ticks(self) -> list[Label]:
        scale = self.scale
        return [Label(0, self._y(number), written(number)) for number in scale.ticks]

    @property
    def room(self) -> str:
        """How much room the numbers at the axis need: s, m or l."""
        longest = len(self.ticks[-1].text)
        return "s" if longest <= 3 else "m" if longest <= 6 else "l"

    def _x(self, place: int) -> float:
        return percent((place + 0.5) / len(self.periods))

    def _y(self, number: float) -> float:
        return round(100 - self.scale.at(number), 2)

    @property
    def columns(self) -> list[Column]:
        """A column for each number above zero of the one series."""
        width = min(WIDEST_COLUMN, round(75 / len(self.periods), 2))
        columns = []
        for place, cell in enumerate(self.series[0].cells):
            if cell.number:
                height = max(SHORTEST, self.scale.at(cell.number))
                columns.append(Column(round(self._x(place) - width / 2, 2), round(100 - height, 2), width, height))
        return columns

    @property
    def column_labels(self) -> list[Label]:
        """The numbers over the columns, where all have room; and the signs that stand for a number."""
        cells = self.series[0].cells
        room = 100 / len(cells)
        has_room = (
            max(len(cell.text) for cell in cells if cell.number is not None) * DIGIT <= room if known(cells) else False
        )
        return [
            Label(self._x(place), self._y(cell.number or 0), cell.text, is_wide=cell.number is not None)
            for place, cell in enumerate(cells)
            if (has_room if cell.number is not None else len(cell.text) == 1)
        ]

    @property
    def lines(self) -> list[Line]:
        ends = self._ends()
        return [
            Line(order + 1, LETTERS[order], one.name, self._path(one), list(self._marks(order, one)), ends[order])
            for order, one in enumerate(self.series)
        ]

    def _path(self, one: Series) -> str:
        """A line from number to number. Where one is missing, it stops and begins again."""
        path, command = [], "M"
        for place, cell in enumerate(one.cells):
            if cell.number is None:
                command = "M"
            else:
                path.append(f"{command}{self._x(place)} {self._y(cell.number)}")
                command = "L"
        return "".join(path)

    def _marks(self, order: int, one: Series) -> Iterator[Label]:
        """A mark on each number. On a narrow screen every fourth is left, each series' at places of its own, and those
        that no line reaches."""
        cells = one.cells
        for place, cell in enumerate(cells):
            if cell.number is not None:
                beside = [*cells[max(0, place - 1) : place], *cells[place + 1 : place + 2]]
                is_spare = len(cells) > 8 and place % MOST_SERIES != order and bool(known(beside))
                yield Label(self._x(place), self._y(cell.number), "", is_spare)

    def _ends(self) -> list[float | None]:
        """Where letters stand: beside the last number of each line, as far apart as letters need."""
        last = [(known(one.cells)[-1:], order) for order, one in enumerate(self.series)]
        order_down = sorted((self._y(numbers[0]), order) for numbers, order in last if numbers)
        ends: list[float | None] = [None] * len(self.series)
        least = 0.0
        for y, order in order_down:
            ends[order] = least = max(y, least)
            least += LINE_OF_TEXT
        most = 100.0
        for _, order in reversed(order_down):
            ends[order] = most = min(ends[order] or 0, most)
            most -= LINE_OF_TEXT
        return ends

    @property
    def parts(self) -> list[Label]:
        """The short names below the chart. On a narrow screen groups do for many of them; without groups, some stand
        for all."""
        names = [one.part or one.name for one in self.periods]
        if all(one.group and len(one.part) <= SHORT for one in self.periods):
            return [Label(self._x(place), 100, name, len(names) > MOST_SHORT) for place, name in enumerate(names)]
        return _spaced([(self._x(place), name) for place, name in enumerate(names)], WIDE_LABEL)

    @property
    def groups(self) -> list[Label]:
        """The groups below, each where it begins."""
        names = [one.group for one in self.periods]
        begins = [place for place, name in enumerate(names) if name and name not in names[:place]]
        return _spaced([(percent(place / len(names)), names[place]) for place in begins], WIDE_LABEL)


def _spaced(labels: Sequence[tuple[float, str]], least: float) -> list[Label]:
    """The labels that have room on a wide screen; those that have none on a narrow one say so."""
    shown: list[Label] = []
    wide = narrow = -100.0
    for x, text in labels:
        if x - wide >= least:
            wide = x
            is_wide = x - narrow < NARROW_LABEL
            narrow = narrow if is_wide else x
            shown.append(Label(x, 100, text, is_wide))
    return shown
