"""Dates and numbers in words, as the NHS service manual writes them: 31 December 2025."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


def in_words(day: date) -> str:
    """A date as people read it."""
    return f"{day.day} {day:%B %Y}"


def in_short(day: date) -> str:
    """A date for a narrow column, where the style guide of GOV.UK allows short months: 31 Dec 2025."""
    return f"{day.day} {day:%b %Y}"


def count_of(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 case, 2 cases, 1,204 cases."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names one after the other: Name, Name and Code, Name, Code and Date."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
