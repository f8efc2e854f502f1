"""What a plan would touch: counts of cases, people and extracts. Administrators see counts, never a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy import case as when

from app.access.clock import ENGLAND
from app.access.row_scope import every_organisation
from app.rules.reorganisation import Change, What
from app.rules.succession import Organisations, Place
from models import CaseReview, Extract, Grant, Person
from models.enumerations import Status

from .plans import first_day_of


@dataclass(frozen=True)
class Touched:
    """One organisation that a plan touches: cases that it answers for, and people who hold a grant on it.

    `late` counts cases that were added after what would be its last day.
    """

    place: Place
    cases: int
    open_cases: int
    people: int
    grants: int
    late: int


@dataclass(frozen=True)
class Rehearsal:
    """What a plan would touch. `extracts` are quarters that were drawn after its first day: they stay as they are."""

    touched: list[Touched]
    extracts: list[str]

    @property
    def late(self) -> int:
        return sum(one.late for one in self.touched)


def rehearse(plan: Sequence[Change], known: Organisations, *, by: UUID, today: date) -> Rehearsal:
    """Counts what a plan touches, over all of England. That it was counted, and by whom, is in the audit."""
    places = {(place.kind, place.code): place for place in known.places.values()}
    touched = sorted(
        {
            places[key]
            for change in plan
            for key in (change.key, change.other if change.what is What.TAKEN_OVER else None)
            if key in places
        },
        key=lambda place: (place.kind, place.name, place.code),
    )
    last_days = {
        places[change.key].id: change.day for change in plan if change.what is What.CLOSED and change.key in places
    }
    answered_for = {place.id: {place.id, *known.predecessors_of(place.id, today)} for place in touched}
    with every_organisation("rehearsal of a reorganisation", by) as session:
        cases = session.execute(
            select(CaseReview.ccg_id, func.count(), func.sum(when((CaseReview.status == Status.OPEN, 1), else_=0)))
            .where(CaseReview.withdrawn_at.is_(None), CaseReview.ccg_id.in_(set().union(*answered_for.values())))
            .group_by(CaseReview.ccg_id)
        )
        counted: dict[UUID, tuple[int, int]] = {row[0]: (int(row[1]), int(row[2])) for row in cases}
        closing = [(id_, last) for id_, last in last_days.items() if last is not None]
        late = {
            row[0]: int(row[1])
            for row in session.execute(
                select(CaseReview.ccg_id, func.count())
                .where(
                    CaseReview.withdrawn_at.is_(None),
                    or_(
                        false(),
                        *(and_(CaseReview.ccg_id == id_, CaseReview.date_added > last) for id_, last in closing),
                    ),
                )
                .group_by(CaseReview.ccg_id)
            )
        }
        held: dict[UUID, list[UUID]] = defaultdict(list)
        holding = (
            select(Grant.organisation_id, Grant.person_id)
            .join(Person, Person.id == Grant.person_id)
            .where(
                Person.is_active,
                Grant.ended_at.is_(None),
                or_(Grant.ends_on.is_(None), Grant.ends_on >= today),
                Grant.organisation_id.in_([place.id for place in touched]),
            )
        )
        for organisation_id, person_id in session.execute(holding):
            held[organisation_id].append(person_id)
        first = first_day_of(plan)
        since = datetime.combine(first, time.min, ENGLAND) if first else None
        extracts = (
            session.scalars(select(Extract.quarter).where(Extract.cut_off > since).distinct()).all() if since else []
        )
    return Rehearsal(
        [
            Touched(
                place,
                sum(counted.get(id_, (0, 0))[0] for id_ in answered_for[place.id]),
                sum(counted.get(id_, (0, 0))[1] for id_ in answered_for[place.id]),
                len(set(held[place.id])),
                len(held[place.id]),
                late.get(place.id, 0),
            )
            for place in touched
        ],
        sorted(extracts),
    )
