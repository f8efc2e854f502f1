"""The service's clock: moments in UTC, days in England."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from models.base import utc_now

ENGLAND = ZoneInfo("Europe/London")


def now() -> datetime:
    """The present moment, in UTC."""
    return utc_now()


def today() -> date:
    """The day it is in England. 23:30 UTC on 30 June is 1 July."""
    return day_of(now())


def day_of(moment: datetime) -> date:
    """The day in England on which an aware moment lies."""
    return moment.astimezone(ENGLAND).date()
