"""Dates and moments in words, as the NHS service manual writes them.

Source: https://service-manual.nhs.uk/content/numbers-measurements-dates-time
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from app.access.clock import ENGLAND, day_of
from app.rules.words import in_words


def nhs_date(day: date | None) -> str:
    """31 December 2025; nothing for None. A moment gives its day in London."""
    if day is None:
        return ""
    return in_words(day_of(day) if isinstance(day, datetime) else day)


def nhs_moment(moment: datetime | None) -> str:
    """31 December 2025 at 10:30am, on the clock in London; nothing for None. Takes an aware datetime."""
    if moment is None:
        return ""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return f"{in_words(day_of(moment))} at {nhs_time(moment)}"


def until(moment: datetime) -> str:
    """A moment up to which something counts: midnight is the end of the day before. Takes an aware datetime."""
    if nhs_time(moment) == "midnight":
        return f"end of {in_words(day_of(moment - timedelta(seconds=1)))}"
    return nhs_moment(moment)


def nhs_time(moment: datetime) -> str:
    """10:30am, midday, midnight: on the clock in London."""
    there = moment.astimezone(ENGLAND)
    if there.minute == 0 and there.hour in (0, 12):
        return "midday" if there.hour else "midnight"
    minutes = f":{there.minute:02}" if there.minute else ""
    return f"{there.hour % 12 or 12}{minutes}{'am' if there.hour < 12 else 'pm'}"
