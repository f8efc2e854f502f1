"""Median and quartiles: how long it takes from one day to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .chart import Chart
from .figures import CASES, DAYS, Cell, Unit, isolated, known, written
from .scale import Scale, scale_for

# On one line above the drawing.
MOST_DIGITS = 20


class Range(NamedTuple):
    """A row: its name, lower quartile, median, upper quartile, and of how many cases."""

    name: str
    lower: Cell
    median: Cell
    upper: Cell
    number: Cell

    @property
    def numbers(self) -> list[float]:
        """The three of them, or none where one is missing."""
        found = known((self.lower, self.median, self.upper))
        return found if len(found) == 3 else []


class Band(NamedTuple):
    """In per cent: where the middle half begins, how wide it is, and where the median stands."""

    x: float
    width: float
    median: float


@dataclass(frozen=True)
class Ranges(Chart):
    """Numbers may be below zero: a report that was signed off before its case was added. `count` is the heading over
    the last column, `of` what it counts."""

    template = "ranges"
    unit: Unit = DAYS
    rows: Sequence[Range] = ()
    count: str = "Cases"
    of: Unit = CASES

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(row.numbers != sorted(row.numbers) for row in self.rows):
            raise ValueError("A median stands between its quartiles.")

    @property
    def is_empty(self) -> bool:
        return not self.rows

    def said(self) -> str:
        found = [(row.median.number, row.name) for row in self.rows if row.median.number is not None]
        if not found:
            return "No number is shown."
        (shortest, first), (longest, last) = min(found), max(found)
        shown = " shown" if len(found) < len(self.rows) else ""
        sentence = f"The longest median{shown} is {self.unit.with_number(longest)}: {isolated(last)}."
        if shortest == longest:
            return f"The median is {self.unit.with_number(longest)}{f': {isolated(last)}' if shown else ''}."
        return f"{sentence} The shortest is {self.unit.with_number(shortest)}: {isolated(first)}."

    @cached_property
    def scale(self) -> Scale:
        numbers = [number for row in self.rows for number in row.numbers] or [0]
        return scale_for(min(numbers), max(numbers))

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Where thin lines stand, and their numbers. Long ones stand at both ends alone."""
        if not self.reading:
            return []
        scale = self.scale
        texts = [written(number) for number in scale.ticks]
        has_room = sum(len(text) for text in texts) <= MOST_DIGITS
        return [
            (scale.at(number), text if has_room or number in (scale.lowest, scale.highest) else "")
            for number, text in zip(scale.ticks, texts, strict=True)
        ]

    @property
    def reading(self) -> str:
        """How to read the drawing; nothing where none of the rows has one."""
        if not any(row.numbers for row in self.rows):
            return ""
        scale = self.scale
        return (
            "Each band holds the middle half of the cases, from the lower to the upper quartile; the dark line in it is"
            f" the median. The scale goes from {written(scale.lowest)} to {self.unit.with_number(scale.highest)},"
            f" with a thin line every {written(scale.step)}."
        )

    def band(self, row: Range) -> Band | None:
        if not row.numbers:
            return None
        lower, median, upper = (self.scale.at(number) for number in row.numbers)
        return Band(lower, round(upper - lower, 2), median)
