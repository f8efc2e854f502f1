"""A CCG that is split between one that is there and a new one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.access import clock
from app.access.row_scope import every_organisation
from app.organisations import reorganising
from app.rules.reorganisation import Change, What
from models import CaseReview, Organisation, Person
from models.enumerations import ReorganisationSource
from tests.conftest import NOW
from tests.databases import unguarded

SPLIT_ON = date(2022, 2, 1)
NEW = "9Z9"


def split(
    app: Flask, code: str = "84H", other: str = "16C", *, on: date = SPLIT_ON, part_of: str = "QHM", at: datetime = NOW
) -> UUID:
    """Splits a CCG between another and NEW, a part of an STP, as an administrator does, and gives the plan's id."""
    plan = [
        Change(What.ADDED, "ccg", NEW, on, "NHS New CCG", ("stp", part_of), ons_code="E38000999"),
        Change(What.CLOSED, "ccg", code, on - timedelta(days=1)),
        *(Change(What.TAKEN_OVER, "ccg", code, on, other=("ccg", successor)) for successor in (other, NEW)),
    ]
    with app.app_context(), every_organisation("test") as session:
        by = session.scalars(select(Person).where(Person.subject == "administrator")).one()
        made = reorganising.propose(session, f"Split {code}", plan, source=ReorganisationSource.TASK, by=by, at=at)
        session.flush()
        reorganising.apply(session, made, plan, by=by, at=at, today=clock.today())
        session.commit()
        return made.id


def place(app: Flask, code: str) -> UUID:
    """The id of a CCG."""
    with unguarded(app) as session:
        return session.scalars(select(Organisation.id).filter_by(kind="ccg", code=code)).one()


def allocated_to(app: Flask, case: CaseReview) -> str:
    """The code of the CCG to which a case was allocated, or nothing."""
    with unguarded(app) as session:
        to = session.get_one(CaseReview, case.id).allocated_to_id
        return session.get_one(Organisation, to).code if to else ""
