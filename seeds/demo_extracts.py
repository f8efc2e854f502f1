"""The extracts of demo mode: of the last nine quarters, and of those around the mergers of April 2020 and April 2021.

One analyst draws and the other signs off, all but the newest. They are drawn like any other, from the invented history.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.extracts import confirming, keeping, quarterly_extract
from app.rules.quarters import Quarter, quarter_of
from models import CaseReview, Extract, Person, QuarterConfirmation
from models.people import DEMO_ISSUER

from .reference import organisation_ids

LAST_QUARTERS = 9
CONFIRMING = ("16C", "93C")
MERGERS = (date(2020, 4, 1), date(2021, 4, 1))


def demo_quarters(first_seeded_on: date) -> list[Quarter]:
    """The quarters of which there are extracts in demo mode, oldest first: all have ended on this day."""
    ended = quarter_of(first_seeded_on).previous
    chosen = {ended}
    while len(chosen) < LAST_QUARTERS:
        chosen.add(min(chosen).previous)
    for day in MERGERS:
        chosen |= {quarter_of(day), quarter_of(day).previous}
    return sorted(quarter for quarter in chosen if quarter <= ended)


def seed_demo_confirmations(session: Session, first_seeded_on: date) -> int:
    """Let the leads of two CCGs confirm the quarter that has ended last, shortly before its end; the caller commits."""
    quarter = quarter_of(first_seeded_on).previous
    if session.scalar(select(QuarterConfirmation.id).limit(1)) is not None:
        return 0
    ccgs = {code: id_ for (kind, code), id_ in organisation_ids(session).items() if kind == "ccg"}
    for number, code in enumerate(CONFIRMING):
        by = session.scalars(select(Person).where(Person.subject == f"ccg-{code}")).one()
        recorded = (CaseReview.ccg_id == ccgs[code], CaseReview.withdrawn_at.is_(None))
        confirming.confirm(
            session,
            ccgs[code],
            quarter,
            cases=session.scalar(select(func.count()).where(*recorded)) or 0,
            unanswered=number,
            by=by,
            at=quarter.ends - timedelta(hours=30 + number),
        )
    return len(CONFIRMING)


def seed_demo_extracts(session: Session, first_seeded_on: date) -> int:
    """Draw the extracts where there is none yet, and say how many. The demo cases must be committed."""
    if session.scalar(select(Extract.id).limit(1)) is not None:
        return 0
    people = {one.subject: one for one in session.scalars(select(Person).where(Person.issuer == DEMO_ISSUER))}
    session.rollback()
    quarters = demo_quarters(first_seeded_on)
    for quarter in quarters:
        extract = quarterly_extract.draw(quarter, by=people["analyst"])
        if quarter != quarters[-1]:
            keeping.sign_off(session, extract.id, by=people["second-analyst"])
            session.commit()
    return len(quarters)
