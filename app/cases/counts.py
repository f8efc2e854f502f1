"""How many cases a scope has, from the counts that triggers keep: exact, and without reading a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.row_scope import scope_of
from models import CaseCount


@dataclass(frozen=True)
class Counts:
    """Cases that are not withdrawn, by the month in which they were added, the newest first."""

    by_month: tuple[tuple[date, int], ...]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.by_month)

    def place_of(self, position: int) -> tuple[date | None, int]:
        """Where the case at a position (from 0, the newest first) is: the last day of its month, and how many newer
        cases that month has. (None, 0) where there is no such case."""
        for month, number in self.by_month:
            if position < number:
                return _last_day_of(month), position
            position -= number
        return None, 0


def counts_of(session: Session) -> Counts | None:
    """The counts of a session's scope; None for somebody whom a split concerns: what is allocated is not counted."""
    scope = scope_of(session)
    if scope.waiting or scope.allocated:
        return None
    rows = session.execute(
        select(CaseCount.month, func.sum(CaseCount.number)).group_by(CaseCount.month).order_by(CaseCount.month.desc())
    )
    return Counts(tuple((month, int(number)) for month, number in rows))


def _last_day_of(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
