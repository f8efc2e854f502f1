"""A table of numbers, shaded by how large they are: themes by quarter, by region, by CCG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .chart import Chart, the_most
from .figures import Cell, isolated, known, must_be_counts, written

SHADES = 5


class GridRow(NamedTuple):
    """A row: its name, and a number for each column."""

    name: str
    cells: Sequence[Cell]


class Shade(NamedTuple):
    """A shade from 0, the lightest, to 5, and the numbers that it stands for."""

    number: int
    text: str


@dataclass(frozen=True)
class Grid(Chart):
    """`columns` are the headings over the numbers: quarters, or regions."""

    template = "grid"
    columns: Sequence[str] = ()
    rows: Sequence[GridRow] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError("A row has a number for each column.")
        must_be_counts(self._cells)

    @property
    def _cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row.cells]

    @property
    def is_empty(self) -> bool:
        return not (self.rows and self.columns)

    def said(self) -> str:
        return the_most(
            [
                (f"{isolated(row.name)}, {isolated(column)}", cell.number)
                for row in self.rows
                for column, cell in zip(self.columns, row.cells, strict=True)
            ],
            self.unit,
        )

    @property
    def is_wide(self) -> bool:
        """Whether paper is turned for it."""
        return len(self.columns) > 8

    @cached_property
    def _width(self) -> int:
        """How many numbers share a shade."""
        return max(1, math.ceil(max(known(self._cells), default=0) / SHADES))

    def shade(self, cell: Cell) -> int | None:
        """The shade of a number; None where there is none."""
        return None if cell.number is None else math.ceil(cell.number / self._width)

    @property
    def shades(self) -> list[Shade]:
        """The shades that occur, with the numbers they stand for."""
        used = {self.shade(cell) for cell in self._cells} - {None, 0}
        bounds = [(one, (one - 1) * self._width + 1, one * self._width) for one in range(1, SHADES + 1) if one in used]
        return [
            Shade(one, written(first) if first == last else f"{written(first)} to {written(last)}")
            for one, first, last in bounds
        ]
