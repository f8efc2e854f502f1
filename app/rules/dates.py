"""Dates as people type them: in three parts, or whole in one of them.

Sentences follow the NHS service manual's date input: https://service-manual.nhs.uk/design-system/components/date-input
"""

from __future__ import annotations

import re
import unicodedata
from calendar import month_name
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

FIRST_YEAR, LAST_YEAR = 1900, 2100
PARTS = ("day", "month", "year")
MONTHS = [name.lower() for name in month_name[1:]]

_DAY_FIRST = re.compile(r"(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d+)", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{1,2})", re.ASCII)
_IN_WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ \-]*([a-z]{3,9})\.?[ ,\-]*(\d+)", re.ASCII)
_ONE_OR_TWO = re.compile(r"\d{1,2}", re.ASCII)
_FOUR = re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True)
class TypedDate:
    """What became of a typed date: its three parts as shown again, its value, and what is wrong with which parts."""

    parts: tuple[str, str, str] = ("", "", "")
    value: date | None = None
    problem: str = ""
    wrong: tuple[str, ...] = ()


def in_parts(day: date | None) -> tuple[str, str, str]:
    """A date as the three parts of a date input."""
    return (str(day.day), str(day.month), str(day.year)) if day else ("", "", "")


def read(parts: Sequence[str], label: str) -> TypedDate:
    """A date from day, month and year as typed. `label` begins the sentence about what is wrong."""
    typed = [part.strip() for part in parts]
    filled = [part for part in typed if part]
    if not filled:
        return TypedDate()
    shown = (typed[0], typed[1], typed[2])
    whole = _split(filled[0]) if len(filled) == 1 else None
    if whole is None and len(filled) == 1 and not filled[0].isdecimal() and not _month(filled[0]):
        where = tuple(name for name, part in zip(PARTS, typed, strict=True) if part)
        return TypedDate(shown, None, f"{label} must be a real date", where)
    value, problem, wrong = _check(whole or shown, label)
    if value is not None:
        return TypedDate(in_parts(value), value)
    return TypedDate(whole or shown, None, problem, wrong)


def _split(typed: str) -> tuple[str, str, str] | None:
    """Day, month and year of a date typed in one go: 3/4/2021, 03-04-2021, 3 April 2021, 2021-04-03."""
    text = " ".join(unicodedata.normalize("NFKC", typed).lower().split())
    if match := _YEAR_FIRST.fullmatch(text):
        return match[3], match[2], match[1]
    if match := _DAY_FIRST.fullmatch(text):
        return match[1], match[2], match[3]
    if (match := _IN_WORDS.fullmatch(text)) and _month(match[2]):
        return match[1], str(_month(match[2])), match[3]
    return None


def _month(typed: str) -> int | None:
    """The number of a month typed as a number, a name or its first letters (apr, sept)."""
    text = unicodedata.normalize("NFKC", typed).lower().rstrip(".")
    if _ONE_OR_TWO.fullmatch(text):
        return int(text) if 1 <= int(text) <= 12 else None
    found = [number for number, name in enumerate(MONTHS, 1) if len(text) >= 3 and name.startswith(text)]
    return found[0] if found else None


def _check(parts: tuple[str, str, str], label: str) -> tuple[date | None, str, tuple[str, ...]]:
    missing = tuple(name for name, part in zip(PARTS, parts, strict=True) if not part)
    if missing:
        return None, f"{label} must include {' and '.join(f'a {name}' for name in missing)}", missing
    day, month, year = (unicodedata.normalize("NFKC", part) for part in parts)
    month_number = _month(month)
    is_day = _ONE_OR_TWO.fullmatch(day) and 1 <= int(day) <= 31
    wrong = tuple(
        name for name, right in zip(PARTS, (is_day, month_number, year.isdecimal()), strict=True) if not right
    )
    if wrong or month_number is None:
        return None, f"{label} must be a real date", wrong
    if not _FOUR.fullmatch(year):
        return None, f"{label} must include a year with 4 numbers", ("year",)
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return None, f"{label} must have a year from {FIRST_YEAR} to {LAST_YEAR}", ("year",)
    try:
        return date(int(year), month_number, int(day)), "", ()
    except ValueError:
        return None, f"{label} must be a real date", PARTS
