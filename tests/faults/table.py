"""What `make faults` prints at its end: what was broken, what was promised, what was measured."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

LINES: list[tuple[str, str, str]] = []
WIDTHS = (36, 40, 44)
Measured = Callable[[str, str, str], None]


def note(broken: str, promised: str, measured: str) -> None:
    """One line of the table."""
    LINES.append((broken, promised, measured))


def as_text() -> list[str]:
    """The table, its cells folded."""
    rows = [("What was broken", "What was promised", "What was measured"), *LINES]
    written = []
    for row in rows:
        cells = [textwrap.wrap(cell, width) for cell, width in zip(row, WIDTHS, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            written.append("  ".join(f"{part:<{width}}" for part, width in zip(parts, WIDTHS, strict=True)).rstrip())
        written.append("-" * (sum(WIDTHS) + 4))
    return written
