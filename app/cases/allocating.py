"""After a split: cases are given to one of those that took over, which sees them from then on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.access.organisations import read_organisations
from app.access.people import Access
from app.access.turns import take_turn
from app.rules.succession import Organisations, Place
from models import CaseReview, Person
from models.enumerations import Status
from models.reorganisations import TURN_TO_REORGANISE

from . import writing

ALLOCATED = "Allocated to "


class Which(StrEnum):
    """Which cases of a CCG that was split are looked at."""

    OPEN = "open"
    CLOSED = "closed"
    ALLOCATED = "allocated"


def splits_of(access: Access, today: date) -> list[Place]:
    """The CCGs that were split whose cases a person allocates: those on which they are still granted, by name."""
    split = access.organisations.splits_on(today).keys() & access.scope.writable
    return sorted((access.organisations.places[one] for one in split), key=lambda one: (one.name, one.code))


def cases_of(split: Place, which: Which, known: Organisations, today: date) -> list[ColumnElement[bool]]:
    """The conditions of the cases of a CCG that was split, and of those before it: waiting, or allocated.

    A case waits again where the one to which it was allocated was split as well.
    """
    of_split = CaseReview.ccg_id.in_([split.id, *known.predecessors_of(split.id, today)])
    recorded = CaseReview.withdrawn_at.is_(None)
    waits: ColumnElement[bool] = CaseReview.allocated_to_id.is_(None)
    if parted_again := known.parted_again(split.id, today):
        waits = or_(waits, CaseReview.allocated_to_id.in_(sorted(parted_again)))
    if which is Which.ALLOCATED:
        return [of_split, recorded, not_(waits)]
    status = Status.OPEN if which is Which.OPEN else Status.CLOSED
    return [of_split, recorded, waits, CaseReview.status == status]


def how_many(session: Session, split: Place, known: Organisations, today: date) -> dict[Which, int]:
    """How many cases there are of each."""
    return {
        which: session.scalar(select(func.count()).select_from(CaseReview).where(*cases_of(split, which, known, today)))
        or 0
        for which in Which
    }


def is_newly_allocated(lookups: Lookups) -> ColumnElement[bool]:
    """Given to one that took over, and not changed since."""
    return and_(
        CaseReview.withdrawn_at.is_(None),
        CaseReview.allocated_to_id.is_not(None),
        CaseReview.change_reason.startswith(ALLOCATED),
    )


def newly_allocated_to(session: Session, access: Access, lookups: Lookups) -> dict[UUID, int]:
    """How many cases were given to each CCG on which a person writes, and not changed since."""
    if not lookups.organisations.splits_on(lookups.today):
        return {}
    rows = session.execute(
        select(CaseReview.allocated_to_id, func.count())
        .where(is_newly_allocated(lookups), CaseReview.allocated_to_id.in_(access.scope.writable))
        .group_by(CaseReview.allocated_to_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


def name_of(successor: Place, known: Organisations, today: date) -> str:
    """One that took over, by its name; where another has taken over from it, by that one's first."""
    now = known.places[known.current_of(successor.id, today)]
    called = f"{now.name} ({now.code})"
    return called if now == successor else f"{called}, which took over from {successor.name} ({successor.code})"


def still_answers(session: Session, to: Place, split: Place, today: date) -> bool:
    """Whether one still answers for cases of a CCG that was split. From now on nobody reorganises until the end of the
    transaction, and a split cannot be undone that has not seen what is allocated in it."""
    take_turn(session, TURN_TO_REORGANISE)
    return to.id in {one.id for one in read_organisations(session, today).may_answer_after_a_split(split.id, today)}


def allocate(cases: Iterable[CaseReview], to: Place, called: str, *, by: Person, at: datetime) -> list[UUID]:
    """Gives cases to a CCG that took over, and says which were not with it already; the caller checks and commits.

    `called` is its name as the history is to say it (`name_of`).
    """
    given = []
    for case in cases:
        if case.allocated_to_id != to.id:
            writing.allocate(case, to.id, by=by, at=at, reason=f"{ALLOCATED}{called}")
            given.append(case.id)
    return given
