"""Reading the data files that stand beside this module."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parent


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file in `seeds/data/`, every value as text."""
    with (FOLDER / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_text(name: str) -> str:
    """A text in `seeds/narratives/`."""
    return (FOLDER / "narratives" / name).read_text(encoding="utf-8")


def day_or_none(value: str) -> date | None:
    """A date such as 2019-04-01, or None where the file leaves it blank."""
    return date.fromisoformat(value) if value else None
