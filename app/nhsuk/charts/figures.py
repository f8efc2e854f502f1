"""The numbers of a chart: as they are written, where they lead, and what stands where there is none."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

PROTECTED = "*"
NOT_KNOWN = "Not known"


class Unit(NamedTuple):
    """What is counted, for one and for any other number."""

    one: str
    many: str

    def of(self, number: float) -> str:
        """The word after a number: case, cases."""
        return self.one if number == 1 else self.many

    def with_number(self, number: float) -> str:
        """1,204 cases"""
        return f"{written(number)} {self.of(number)}"


CASES = Unit("case", "cases")
DAYS = Unit("day", "days")


@dataclass(frozen=True)
class Cell:
    """A number, and the address of what was counted; a text such as PROTECTED; or None for what is not known.

    Only a number has a mark in the chart. A number that must not be seen is not given here at all: what the service
    sends can be read.
    """

    value: float | str | None
    href: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError("A number of a chart is finite. Give None for what is not known.")

    @property
    def number(self) -> float | None:
        return None if isinstance(self.value, str) else self.value

    @property
    def text(self) -> str:
        """As it is shown: 1,204, 35.5, *, Not known."""
        if isinstance(self.value, str):
            return self.value
        return NOT_KNOWN if self.value is None else written(self.value)

    @property
    def spoken(self) -> str:
        """What a screen reader says instead of the text; nothing where the text will do."""
        return "Number protected" if self.value == PROTECTED else ""


def written(number: float) -> str:
    """A number with separators, and at most one decimal: 1,204, 35.5."""
    rounded = round(number, 1)
    return f"{int(rounded) if rounded == int(rounded) else rounded:,}".replace("-", "\N{MINUS SIGN}")


def known(cells: Iterable[Cell]) -> list[float]:
    """The numbers among cells."""
    return [cell.number for cell in cells if cell.number is not None]


def must_be_counts(cells: Iterable[Cell]) -> None:
    """Raises ValueError where a number is below zero: bars and shades begin at zero."""
    if any(number < 0 for number in known(cells)):
        raise ValueError("A number below zero has no bar and no shade. Use Ranges.")


def isolated(name: str) -> str:
    """A name for the middle of a sentence. One that is written from right to left would pull along what follows it."""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in name):
        return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    return name
