"""NHS financial quarters. Q1 is April to June. Quarters begin and end at midnight in England."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ENGLAND = ZoneInfo("Europe/London")
# The financial years that a name can speak of: StEIS and CCGs are younger, and dates end at 9999.
FIRST_YEAR, LAST_YEAR = 1990, 2098
_NAME = re.compile(r"(\d{4})-(\d{2})-Q([1-4])", re.ASCII)
_FIRST_MONTH = (4, 7, 10, 1)


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a financial year: `year` is the one in which the financial year began, `number` 1 to 4.

    >>> Quarter(2021, 1).name
    '2021-22-Q1'
    """

    year: int
    number: int

    @property
    def name(self) -> str:
        return f"{self.year}-{(self.year + 1) % 100:02}-Q{self.number}"

    @property
    def in_words(self) -> str:
        """Its months: April to June 2021."""
        return f"{self.first_day:%B} to {self.last_day:%B %Y}"

    @property
    def first_day(self) -> date:
        return date(self.year + (self.number == 4), _FIRST_MONTH[self.number - 1], 1)

    @property
    def last_day(self) -> date:
        return self.next.first_day - timedelta(days=1)

    @property
    def begins(self) -> datetime:
        """Its first moment, in UTC: midnight in England."""
        return _midnight(self.first_day)

    @property
    def ends(self) -> datetime:
        """The first moment after it, in UTC. What became known before this moment belongs to the quarter."""
        return self.next.begins

    @property
    def previous(self) -> Quarter:
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    def __str__(self) -> str:
        return self.name


def quarter_of(day: date) -> Quarter:
    """The quarter in which a day in England lies."""
    return Quarter(day.year, (day.month - 1) // 3) if day.month > 3 else Quarter(day.year - 1, 4)


def quarter_at(moment: datetime) -> Quarter:
    """The quarter in which an aware moment lies. 23:30 UTC on 30 June is 1 July in England: the second quarter."""
    return quarter_of(moment.astimezone(ENGLAND).date())


def quarter_named(name: str) -> Quarter:
    """The quarter of a name such as `2021-22-Q1`. Raises ValueError, with a sentence, for any other text."""
    found = _NAME.fullmatch(name)
    if found:
        year, end, number = (int(part) for part in found.groups())
        if FIRST_YEAR <= year <= LAST_YEAR and (year + 1) % 100 == end:
            return Quarter(year, number)
    raise ValueError("A quarter is named like 2021-22-Q1: the two years of the financial year, then Q1 to Q4.")


class ClocksChanged(ValueError):
    """A time that England's clocks left out, or showed twice: it names no moment, or two."""


def moment_in_england(day: date, at: time) -> datetime:
    """The moment, in UTC, when England's clocks show a time. Raises ClocksChanged in the hour in which they change."""
    shown = datetime.combine(day, at, ENGLAND)
    if shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset():
        raise ClocksChanged("The clocks changed in that hour")
    return shown.astimezone(UTC)


def moment_named(text: str) -> datetime:
    """A moment in ISO 8601, in UTC; without a zone, on England's clock. Raises ValueError, with a sentence."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment_in_england(moment.date(), moment.time())
    except ClocksChanged:
        raise ValueError(f"The clocks changed in that hour. Say which is meant, such as {text}+00:00.") from None
    except (ValueError, OverflowError):
        raise ValueError("A moment is written like 2021-07-09T17:00 or 2021-07-09T17:00+01:00.") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ENGLAND).astimezone(UTC)
