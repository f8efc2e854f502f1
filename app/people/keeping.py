"""Verbs: add a person, give and end a grant, deactivate and reactivate. Each commits nothing; the caller does.

Each takes its turn first, so that one change of people happens at a time, and what it goes by is still so when it is
saved. Each writes its event of the audit into the same transaction; changes of grants are written down by themselves.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.access import audit
from app.access.people import access_of
from app.access.permissions import Permission, reads_cases
from app.access.turns import take_turn
from app.rules.granting import COUNTRY, holds_on
from app.rules.succession import Organisations, Place
from models import AccessDecision, Grant, Person
from models.enumerations import AccessDecided, AuditAction, Role
from models.people import DEMO_ISSUER, TURN_TO_CHANGE_PEOPLE

from . import sessions

NOT_YOUR_OWN = "Another administrator must give you access"
LAST_ONE = "Nobody else would be an administrator then. Make somebody else an administrator first"
AT_THE_PROVIDER = "The identity provider names this. It is changed there"
NO_LONGER = "You are no longer an administrator"


class CannotChange(Exception):
    """Something is not done; the words say why, and `about` is the field of the form that can mend it, or ""."""

    def __init__(self, sentence: str, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


def add(
    session: Session,
    *,
    issuer: str,
    subject: str,
    name: str,
    email: str,
    by: Person,
    at: datetime,
    today: date,
    known: Organisations,
) -> Person:
    """Adds somebody ahead of their first sign-in. Gives the person who is known by this issuer and subject already."""
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    still_administers(session, by, today, known)
    found = person_of(session, issuer, subject)
    if found is not None:
        return found
    person = Person(id=uuid4(), issuer=issuer, subject=subject, name=name, email=email, created_at=at)
    session.add(person)
    session.flush()
    decide(session, person, AccessDecided.ADDED, AuditAction.PERSON_ADDED, by=by, at=at)
    return person


def make_first_administrator(
    session: Session, *, issuer: str, subject: str, name: str, at: datetime, today: date, known: Organisations
) -> Person:
    """Makes the one administrator of a service that has none, where the identity provider names none.

    For whoever runs the service, from the command line. Raises CannotChange where there is one already.
    """
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    if administrators(session, known, today):
        raise CannotChange("There is an administrator already. They add others at /people/")
    person = person_of(session, issuer, subject)
    if person is None:
        person = Person(id=uuid4(), issuer=issuer, subject=subject, name=name, email="", created_at=at)
        session.add(person)
        session.flush()
    held = _grants_of(session, person)
    if not person.is_active or any(reads_cases(one.role) and one.holds_on(today) for one in held):
        raise CannotChange("This person is deactivated or holds a role that reads cases. Name somebody else")
    england = next(place for place in known.of_kind(COUNTRY))
    found = next((one for one in held if (one.role, one.organisation_id) == (Role.ADMINISTRATOR, england.id)), None)
    if found is None:
        found = Grant(id=uuid4(), person_id=person.id, role=Role.ADMINISTRATOR, organisation_id=england.id)
        session.add(found)
    found.granted_at, found.ends_on, found.ended_at, found.from_claims = at, None, None, False
    session.flush()
    return person


def person_of(session: Session, issuer: str, subject: str) -> Person | None:
    """Whoever is known by an issuer and a subject."""
    found: Person | None = session.scalar(select(Person).where(Person.issuer == issuer, Person.subject == subject))
    return found


def give(
    session: Session,
    person: Person,
    role: Role,
    place: Place,
    ends_on: date | None,
    *,
    by: Person,
    at: datetime,
    today: date,
    known: Organisations,
) -> Grant:
    """Grants a role on an organisation, up to and including a day. One that holds gets that day as its last.

    Raises CannotChange.
    """
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    still_administers(session, by, today, known)
    if person.id == by.id:
        raise CannotChange(NOT_YOUR_OWN)
    if not holds_on(role, place, known):
        raise CannotChange(f"{role.label} does not hold on {place.name}. Select another organisation", "organisation")
    if not place.is_open_on(today):
        raise CannotChange(f"{place.name} is not open. Select another organisation", "organisation")
    if ends_on is not None and ends_on < today:
        raise CannotChange("Last day must be today or in the future", "ends_on")
    held = _grants_of(session, person)
    roles = {grant.role for grant in held if grant.holds_on(today)}
    if (role is Role.ADMINISTRATOR and any(reads_cases(one) for one in roles)) or (
        reads_cases(role) and Role.ADMINISTRATOR in roles
    ):
        raise CannotChange("An administrator cannot hold a role that reads cases. End the other one first", "role")
    found = next((one for one in held if (one.role, one.organisation_id) == (role, place.id)), None)
    if found is not None and found.holds_on(today):
        if found.from_claims:
            raise CannotChange(AT_THE_PROVIDER, "organisation")
        _keep_an_administrator(session, found, ends_on, known)
        found.ends_on = ends_on
        return found
    if found is None:
        found = Grant(id=uuid4(), person_id=person.id, role=role, organisation_id=place.id)
        session.add(found)
    found.granted_at, found.ends_on, found.ended_at, found.from_claims = at, ends_on, None, False
    session.flush()
    return found


def end(session: Session, grant: Grant, *, by: Person, at: datetime, today: date, known: Organisations) -> None:
    """Ends a grant at once. One that has ended stays as it is. Raises CannotChange."""
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    still_administers(session, by, today, known)
    session.refresh(grant)
    if not grant.holds_on(today):
        return
    if grant.from_claims:
        raise CannotChange(AT_THE_PROVIDER)
    _keep_an_administrator(session, grant, today - timedelta(days=1), known)
    grant.ended_at = at


def end_on(session: Session, grant: Grant, day: date | None, *, by: Person, today: date, known: Organisations) -> None:
    """Sets the last day of a grant, or takes it off again. Raises CannotChange."""
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    still_administers(session, by, today, known)
    session.refresh(grant)
    if not grant.holds_on(today):
        raise CannotChange("This has ended already. Give it again if it is still needed")
    if grant.from_claims:
        raise CannotChange(AT_THE_PROVIDER)
    if day is not None and day < today:
        raise CannotChange("Last day must be today or in the future", "ends_on")
    if grant.person_id == by.id and grant.ends_on is not None and (day is None or day > grant.ends_on):
        raise CannotChange(NOT_YOUR_OWN, "ends_on")
    _keep_an_administrator(session, grant, day, known)
    grant.ends_on = day


def deactivate(
    session: Session, person: Person, reason: str, *, by: Person, at: datetime, today: date, known: Organisations
) -> None:
    """Shuts somebody out: their sessions end at once, and no sign-in lets them in. Raises CannotChange."""
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    still_administers(session, by, today, known)
    session.refresh(person)
    if not person.is_active:
        return
    if administers(person, known, today) and not administrators(session, known, today, but=person.id):
        raise CannotChange(LAST_ONE)
    person.is_active = False
    sessions.end_all(session, person.id, by=by.id, at=at, deactivated=True)
    decide(session, person, AccessDecided.DEACTIVATED, AuditAction.PERSON_DEACTIVATED, by=by, at=at, reason=reason)


def reactivate(
    session: Session, person: Person, reason: str, *, by: Person, at: datetime, today: date, known: Organisations
) -> None:
    """Lets somebody in again, with the grants that have not ended. Raises CannotChange."""
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    still_administers(session, by, today, known)
    session.refresh(person)
    if person.is_active:
        return
    person.is_active = True
    decide(session, person, AccessDecided.REACTIVATED, AuditAction.PERSON_REACTIVATED, by=by, at=at, reason=reason)


def decide(
    session: Session,
    person: Person,
    decision: AccessDecided,
    action: AuditAction,
    *,
    by: Person,
    at: datetime,
    reason: str = "",
    quarter: str | None = None,
) -> None:
    """Keeps what was decided about somebody, and writes it down."""
    session.add(
        AccessDecision(
            id=uuid4(),
            person_id=person.id,
            decision=decision,
            reason=reason,
            quarter=quarter,
            decided_at=at,
            decided_by_id=by.id,
        )
    )
    details = ", ".join(one for one in (person.name, quarter) if one)
    audit.write(session, action, by=by.id, at=at, about="person", about_id=person.id, details=details, reason=reason)


def administers(person: Person, known: Organisations, day: date) -> bool:
    """Whether somebody keeps people on a day, as their grants are now."""
    is_demo = current_app.config["TRACKER_MODE"] == "demo"
    return (is_demo or person.issuer != DEMO_ISSUER) and access_of(person, known, day).may(Permission.PEOPLE_KEEP)


def administrators(session: Session, known: Organisations, day: date, *, but: UUID | None = None) -> list[Person]:
    """Everybody who keeps people on a day, read anew, one left out."""
    candidates = (
        select(Person)
        .where(Person.id.in_(select(Grant.person_id).where(Grant.role == Role.ADMINISTRATOR)), Person.is_active)
        .options(selectinload(Person.grants))
        .execution_options(populate_existing=True)
    )
    return [one for one in session.scalars(candidates) if one.id != but and administers(one, known, day)]


def _grants_of(session: Session, person: Person) -> list[Grant]:
    """The grants of somebody as they are now, those that have ended too."""
    theirs = select(Grant).where(Grant.person_id == person.id).execution_options(populate_existing=True)
    return list(session.scalars(theirs))


def still_administers(session: Session, by: Person, today: date, known: Organisations) -> None:
    """Raises CannotChange where somebody else took it from them while they waited for their turn."""
    if by.id not in {one.id for one in administrators(session, known, today)}:
        raise CannotChange(NO_LONGER)


def _keep_an_administrator(session: Session, grant: Grant, last_day: date | None, known: Organisations) -> None:
    """On the first day on which a grant no longer holds, somebody else must be an administrator."""
    if grant.role is not Role.ADMINISTRATOR or last_day is None:
        return
    if not administrators(session, known, last_day + timedelta(days=1), but=grant.person_id):
        raise CannotChange(LAST_ONE)
