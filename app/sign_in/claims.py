"""Who the claims of a verified token speak of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Person

from .tokens import Refused


def person_from(session: Session, claims: Mapping[str, Any], *, at: datetime) -> Person:
    """The person of a token that was believed, known from now on. Raises Refused for somebody who was deactivated."""
    known = select(Person).where(Person.issuer == claims["iss"], Person.subject == claims["sub"])
    person = session.scalar(known)
    if person is None:
        person = Person(issuer=claims["iss"], subject=claims["sub"], name=claims["sub"], created_at=at)
        session.add(person)
        session.flush()
    if not person.is_active:
        raise Refused("deactivated")
    return person
