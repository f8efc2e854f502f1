"""What CCGs say about their data: answers to queries, and that a quarter is complete. Nothing is taken back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.lookups import Lookups
from app.rules.quarters import Quarter, quarter_of
from models import CaseReview, Organisation, Person, QuarterConfirmation, QueryAnswer
from models.enumerations import AuditAction, Query


def to_be_confirmed(today: date) -> list[Quarter]:
    """The quarters that can be confirmed on a day: the one that has ended last, and the present one."""
    present = quarter_of(today)
    return [present.previous, present]


def answer(session: Session, case: CaseReview, query: Query, note: str, *, by: Person, at: datetime) -> None:
    """Answers a query about a case, for the quarter in which `at` lies; the caller commits."""
    session.add(
        QueryAnswer(ccg_id=case.ccg_id, case_id=case.id, query=query, note=note, answered_at=at, answered_by_id=by.id)
    )
    audit.write(
        session, AuditAction.QUERY_ANSWERED, by=by.id, at=at, about=audit.CASE, about_id=case.id, details=query.label
    )


def confirm(
    session: Session, ccg_id: UUID, quarter: Quarter, *, cases: int, unanswered: int, by: Person, at: datetime
) -> None:
    """Confirms that a CCG's records of a quarter are complete; the caller commits."""
    session.add(
        QuarterConfirmation(
            ccg_id=ccg_id,
            quarter=quarter.name,
            cases=cases,
            unanswered=unanswered,
            confirmed_at=at,
            confirmed_by_id=by.id,
        )
    )
    audit.write(
        session,
        AuditAction.QUARTER_CONFIRMED,
        by=by.id,
        at=at,
        about=Organisation.__tablename__,
        about_id=ccg_id,
        details=quarter.name,
    )


def confirmations_of(session: Session, quarter: Quarter) -> dict[UUID, QuarterConfirmation]:
    """The newest confirmation of a quarter by each CCG in the session's scope."""
    return confirmations_of_each(session, [quarter])[quarter]


def confirmations_of_each(session: Session, quarters: list[Quarter]) -> dict[Quarter, dict[UUID, QuarterConfirmation]]:
    """As `confirmations_of`, of several quarters at once."""
    asked = {quarter.name: quarter for quarter in quarters}
    found: dict[Quarter, dict[UUID, QuarterConfirmation]] = {quarter: {} for quarter in quarters}
    given = select(QuarterConfirmation).where(QuarterConfirmation.quarter.in_(asked))
    for one in session.scalars(given.order_by(QuarterConfirmation.confirmed_at)):
        found[asked[one.quarter]][one.ccg_id] = one
    return found


def expected_of(lists: Lookups, quarter: Quarter) -> set[UUID]:
    """The CCGs that confirm a quarter: those in force on its last day, or today where it has not ended."""
    day = min(quarter.last_day, lists.today)
    return {ccg.id for ccg in lists.organisations.case_holders() if ccg.is_open_on(day)}


def cases_in_scope(session: Session) -> int:
    """How many cases there are in the session's scope, withdrawn ones left out."""
    return session.scalar(select(func.count()).select_from(CaseReview).where(CaseReview.withdrawn_at.is_(None))) or 0
