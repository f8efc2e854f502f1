"""Bars in the rows of a table, in the order that they are given: themes, types of review, bands of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .chart import Chart, the_most
from .figures import NOT_KNOWN, PROTECTED, Cell, isolated, known, must_be_counts, written
from .scale import SHORTEST, percent


class Bar(NamedTuple):
    """A row: its name, its number, and the number of the period before."""

    name: str
    now: Cell
    before: Cell | None = None


class Change(NamedTuple):
    """A difference in words, and which way it points: up, down, or nothing."""

    text: str
    direction: str = ""
    spoken: str = ""


@dataclass(frozen=True)
class Bars(Chart):
    """`now` and `before` are the headings over the numbers: "2021-22-Q2", "2021-22-Q1". No `before`, no comparison."""

    template = "bars"
    rows: Sequence[Bar] = ()
    now: str = "Cases"
    before: str = ""
    # What `before` is called in a sentence, where its heading is short.
    before_in_words: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if any((row.before is None) == bool(self.before) for row in self.rows):
            raise ValueError("Either all rows have a number of the period before, and a heading for it, or none has.")
        must_be_counts(self._cells)

    @property
    def _cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in (row.now, row.before) if cell is not None]

    @cached_property
    def _highest(self) -> float:
        return max(known(self._cells))

    @property
    def now_beside_unit(self) -> str:
        """The heading over the numbers, for a link that already says the unit: "42 cases, Neglect", not "…, Cases"."""
        return "" if self.now.lower() == self.unit.many else self.now

    @property
    def is_empty(self) -> bool:
        return not self.rows

    def said(self) -> str:
        return the_most([(isolated(row.name), row.now.number) for row in self.rows], self.unit)

    def length(self, cell: Cell | None) -> float | None:
        """How long the bar of a number is, in per cent of the longest; None where there is no bar."""
        if cell is None or cell.number is None:
            return None
        return max(SHORTEST, percent(cell.number / self._highest)) if cell.number else 0

    def change(self, row: Bar) -> Change:
        """The difference from the period before. What one protected number hides, a difference must not tell."""
        if row.before is None or row.before.number is None or row.now.number is None:
            protected = row.before is not None and PROTECTED in (row.before.value, row.now.value)
            return Change(PROTECTED, spoken=Cell(PROTECTED).spoken) if protected else Change(NOT_KNOWN)
        difference = row.now.number - row.before.number
        if difference == 0:
            return Change("No change")
        if difference > 0:
            return Change(f"{written(difference)} more", "up")
        return Change(f"{written(-difference)} fewer", "down")
