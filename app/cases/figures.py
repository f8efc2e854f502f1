"""The figures of the home page: how many cases are in which state, over the whole scope or by organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from models import CaseReview

from . import conditions, duplicates


@dataclass(frozen=True)
class Figures:
    """Counts of cases that are not withdrawn."""

    cases: int = 0
    open: int = 0
    without_update: int = 0
    signed_off_not_published: int = 0
    possible_duplicates: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.cases + other.cases,
            self.open + other.open,
            self.without_update + other.without_update,
            self.signed_off_not_published + other.signed_off_not_published,
            self.possible_duplicates + other.possible_duplicates,
        )


def by_ccg(session: Session, lookups: Lookups) -> dict[UUID, Figures]:
    """The figures of each CCG in scope that has a case, in one pass over the table."""
    counted = {
        "open": conditions.is_open(lookups),
        "without_update": conditions.has_no_update(lookups),
        "signed_off": conditions.is_signed_off_but_not_published(lookups),
    }
    cases = duplicates.with_likeness(
        lookups,
        CaseReview.ccg_id.label("ccg_id"),
        *(when((condition, 1), else_=0).label(name) for name, condition in counted.items()),
    )
    rows = session.execute(
        select(
            cases.c.ccg_id,
            func.count(),
            *(func.sum(cases.c[name]) for name in counted),
            func.sum(when((cases.c[duplicates.IS_ALIKE], 1), else_=0)),
        ).group_by(cases.c.ccg_id)
    )
    return {row[0]: Figures(*(int(number) for number in row[1:])) for row in rows}


def waiting(session: Session, lookups: Lookups) -> dict[UUID, int]:
    """How many open cases wait to be allocated, by the CCG that was split; only those in scope are counted."""
    if not conditions.where_split(lookups):
        return {}
    rows = session.execute(
        select(CaseReview.ccg_id, func.count())
        .where(conditions.is_recorded(lookups), conditions.waits_for_allocation(lookups))
        .group_by(CaseReview.ccg_id)
    )
    found: Counter[UUID] = Counter()
    for place, number in rows:
        found[lookups.organisations.current_of(place, lookups.today)] += number
    return dict(found)


def total(figures: Iterable[Figures]) -> Figures:
    return sum(figures, Figures())


def last_changed(session: Session, number: int = 5) -> list[CaseReview]:
    """The cases that were changed last, withdrawn ones too."""
    return list(session.scalars(select(CaseReview).order_by(CaseReview.changed_at.desc(), CaseReview.id).limit(number)))
