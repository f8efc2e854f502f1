"""Who the claims of a verified token speak of, and what they are granted from now on.

A person is known by issuer and subject. What the claims name is the identity provider's to change: it is granted here
as long as the newest sign-in names it, and what the provider names takes the place of the same grant given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.clock import day_of
from app.access.history import sign
from app.access.organisations import read_organisations
from app.access.permissions import reads_cases
from app.access.turns import take_turn
from app.people.keeping import person_of
from app.rules.granting import Ignored, Meaning, meaning_of
from models import Grant, Person
from models.audit import LONGEST_DETAILS
from models.enumerations import AuditAction, Role
from models.people import TURN_TO_CHANGE_PEOPLE

from .tokens import Refused

LONGEST_NAME, LONGEST_EMAIL, LONGEST_KEY = 200, 254, 255
NAMED_AT_SIGN_IN = "As the identity provider says at sign-in"


def person_from(session: Session, claims: Mapping[str, Any], *, at: datetime) -> Person:
    """The person of a token that was believed, known from now on, with the grants that the claims name.

    The caller commits. Raises Refused for somebody who was deactivated, and for claims that name nobody; then nothing
    is to be kept.
    """
    take_turn(session, TURN_TO_CHANGE_PEOPLE)
    person = _find_or_make(session, _key(claims, "iss"), _key(claims, "sub"), at)
    if not person.is_active:
        raise Refused("deactivated")
    person.name = _text(claims.get("name"), LONGEST_NAME) or person.name
    email = _text(claims.get("email"), LONGEST_EMAIL)
    person.email = email if email and "@" in email else person.email
    meaning = _meaning(session, claims, person, at)
    sign(session, None, NAMED_AT_SIGN_IN)
    _bring_in_line(session, person, {(role, place.id) for role, place in meaning.pairs}, at)
    session.flush()
    if meaning.ignored:
        audit.write(
            session,
            AuditAction.CLAIMS_IGNORED,
            by=person.id,
            at=at,
            about="person",
            about_id=person.id,
            details=_in_words(meaning.ignored),
        )
    return person


def _find_or_make(session: Session, issuer: str, subject: str, at: datetime) -> Person:
    person = person_of(session, issuer, subject)
    if person is None:
        person = Person(
            id=uuid4(), issuer=issuer, subject=subject, name=subject[:LONGEST_NAME], email="", created_at=at
        )
        session.add(person)
        session.flush()
    else:
        session.refresh(person)
    return person


def _meaning(session: Session, claims: Mapping[str, Any], person: Person, at: datetime) -> Meaning:
    today = day_of(at)
    by_hand = frozenset(one.role for one in person.grants if one.holds_on(today) and not one.from_claims)
    return meaning_of(
        claims.get(current_app.config["OIDC_ROLES_CLAIM"]),
        claims.get(current_app.config["OIDC_ORGANISATIONS_CLAIM"]),
        read_organisations(session, today),
        today,
        reads_cases=reads_cases,
        held=by_hand,
    )


def _bring_in_line(session: Session, person: Person, named: set[tuple[Role, UUID]], at: datetime) -> None:
    """Grants what is named, ends what was named before and no longer is, and leaves alone what was given here."""
    today = day_of(at)
    theirs = select(Grant).where(Grant.person_id == person.id).execution_options(populate_existing=True)
    held = {(grant.role, grant.organisation_id): grant for grant in session.scalars(theirs)}
    for pair, grant in held.items():
        if grant.from_claims and grant.ended_at is None and pair not in named:
            grant.ended_at = at
    for role, place_id in sorted(named):
        found = held.get((role, place_id))
        if found is None:
            found = Grant(id=uuid4(), person_id=person.id, role=role, organisation_id=place_id, granted_at=at)
            session.add(found)
        elif not found.holds_on(today):
            found.granted_at, found.ended_at = at, None
        found.ends_on, found.from_claims = None, True
    session.flush()
    session.expire(person, ["grants"])


def _key(claims: Mapping[str, Any], name: str) -> str:
    """The issuer or the subject, letter for letter."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_KEY or not value.isprintable():
        raise Refused(f"wrong_{name}")
    return value


def _text(value: object, longest: int) -> str:
    """A text of sane length on one line; "" for anything else."""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        return ""
    return " ".join(value.split())


def _in_words(ignored: tuple[Ignored, ...]) -> str:
    """What was ignored and why, as much as an event holds, and how much more there was."""
    words: list[str] = []
    for number, one in enumerate(ignored):
        words.append(f"{one.entry}: {one.why}")
        if len("; ".join(words)) > LONGEST_DETAILS - 20:
            return "; ".join([*words[:-1], f"and {len(ignored) - number} more"])
    return "; ".join(words)
