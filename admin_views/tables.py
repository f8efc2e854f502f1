"""Tables of words and links, as `parts/table.html` shows them."""

from __future__ import annotations

from dataclasses import dataclass, field

Cell = tuple[str, str | None]


@dataclass(frozen=True)
class TableOf:
    """A table. Each cell has its words and, where it leads somewhere, an address."""

    caption: str
    head: list[str]
    rows: list[list[Cell]] = field(default_factory=list)


def words(*cells: str) -> list[Cell]:
    """Cells that lead nowhere."""
    return [(cell, None) for cell in cells]
