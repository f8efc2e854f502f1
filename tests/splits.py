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
from models import CaseReview, Organisation, Person, Succession
from models.enumerations import ReorganisationSource
from tests.conftest import NOW
from tests.databases import unguarded

SPLIT_ON, LATER = date(2022, 2, 1), date(2022, 2, 10)
NEW = "9Z9"


def split(
    app: Flask,
    code: str = "84H",
    other: str = "16C",
    *,
    new: str = NEW,
    on: date = SPLIT_ON,
    part_of: str = "QHM",
    at: datetime = NOW,
) -> UUID:
    """Splits a CCG between another and a new one, a part of an STP, as an administrator does; gives the plan's id."""
    plan = [
        Change(What.ADDED, "ccg", new, on, f"NHS New {new} CCG", ("stp", part_of), ons_code="E38000999"),
        Change(What.CLOSED, "ccg", code, on - timedelta(days=1)),
        *(Change(What.TAKEN_OVER, "ccg", code, on, other=("ccg", successor)) for successor in (other, new)),
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


def merge(app: Flask, code: str, into: str, *, on: date = LATER) -> None:
    """Lets a CCG take over from another that closes the day before."""
    predecessor, successor = place(app, code), place(app, into)
    with unguarded(app) as session:
        session.get_one(Organisation, predecessor).closed_on = on - timedelta(days=1)
        session.add(Succession(predecessor_id=predecessor, successor_id=successor, effective_on=on))
        session.commit()


def allocated_to(app: Flask, case: CaseReview) -> str:
    """The code of the CCG to which a case was allocated, or nothing."""
    with unguarded(app) as session:
        to = session.get_one(CaseReview, case.id).allocated_to_id
        return session.get_one(Organisation, to).code if to else ""
