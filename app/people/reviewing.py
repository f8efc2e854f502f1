"""The quarterly review of access: who may still do what they may, confirmed person by person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.access.turns import take_turn
from app.rules.quarters import Quarter
from app.rules.succession import Organisations
from models import AccessDecision, Grant, Person
from models.enumerations import AccessDecided, AuditAction
from models.people import TURN_TO_CHANGE_PEOPLE

from . import keeping


def not_confirmed(quarter: Quarter, today: date) -> Select[Person]:
    """Whoever may do something today and was not confirmed in a quarter, by name."""
    confirmed = select(AccessDecision.person_id).where(AccessDecision.quarter == quarter.name)
    granted = select(Grant.person_id).where(
        Grant.ended_at.is_(None), or_(Grant.ends_on.is_(None), Grant.ends_on >= today)
    )
    return (
        select(Person)
        .where(Person.is_active, Person.id.in_(granted), Person.id.not_in(confirmed))
        .order_by(Person.name, Person.id)
        .options(selectinload(Person.grants))
    )


def seen(person: Person, today: date) -> str:
    """Stands for what somebody may do today, so that nothing is confirmed that was not on the page."""
    held = sorted(f"{grant.id} {grant.ends_on} {grant.granted_at}" for grant in person.grants if grant.holds_on(today))
    return hashlib.sha256("\0".join(held).encode()).hexdigest()[:16]


def confirm(
    session: Session,
    shown: Mapping[UUID, str],
    quarter: Quarter,
    *,
    by: Person,
    at: datetime,
    today: date,
    known: Organisations,
) -> int:
    """Confirms people as they were `shown` (their ids, and what `seen` gave), and says how many.

    Left out are those whose grants have changed since, who were confirmed meanwhile, and whoever confirms: nobody
    confirms themselves.
    """
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    keeping.still_administers(session, by, today, known)
    waiting = not_confirmed(quarter, today).where(Person.id.in_(shown)).execution_options(populate_existing=True)
    found = [one for one in session.scalars(waiting) if one.id != by.id and shown[one.id] == seen(one, today)]
    for person in found:
        keeping.decide(
            session,
            person,
            AccessDecided.CONFIRMED,
            AuditAction.ACCESS_CONFIRMED,
            by=by,
            at=at,
            quarter=quarter.name,
        )
    return len(found)


def count_not_confirmed(session: Session, quarter: Quarter, today: date) -> int:
    """How many may do something today and were not confirmed in a quarter."""
    waiting = not_confirmed(quarter, today).order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(waiting) or 0
