"""What every chart declares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from .figures import CASES, Unit

_KEY = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Chart:
    """A chart: `key` is its own on the page and begins its ids, `title` is its heading.

    `summary` replaces the sentence that the numbers make; `note` stands below and says, for example, what * means.
    `head` is the heading over the names of rows. `level` is that of the heading.
    """

    template: ClassVar[str]
    key: str
    title: str
    _: KW_ONLY
    unit: Unit = CASES
    head: str = ""
    summary: str = ""
    note: str = ""
    level: int = 2

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"The key of a chart is of small letters, digits and hyphens, not {self.key!r}.")

    @property
    def is_empty(self) -> bool:
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """What the chart says, in a sentence or two."""
        if self.is_empty:
            return "There is nothing to show."
        return self.summary or self.said()

    def said(self) -> str:
        """The sentence that the numbers make. Some row is there."""
        raise NotImplementedError


def the_most(named: Sequence[tuple[str, float | None]], unit: Unit) -> str:
    """What is largest, of names with their numbers: "The highest number is 42 cases: Neglect.".

    One that is not shown may be larger, and is not none.
    """
    found = [(name, number) for name, number in named if number is not None]
    is_part = len(found) < len(named)
    if not found:
        return "No number is shown."
    highest = max(number for _, number in found)
    if highest == 0:
        return "No number above 0 is shown." if is_part else f"There are no {unit.many}."
    names = [name for name, number in found if number == highest]
    where = f": {' and '.join(names)}" if len(names) < 3 else f", {len(names)} times"
    return f"The highest number{' shown' if is_part else ''} is {unit.with_number(highest)}{where}."
