"""Signed-in sessions, kept on the server by the hash of a random id. The browser holds the id and nothing else."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_login import UserMixin
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from app.access import audit
from models import Person, SignInSession, UsedFormToken, UsedLogoutToken
from models.enumerations import AuditAction, SessionEnd

log = logging.getLogger(__name__)
SEEN_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(days=7)
REMEMBERED_FOR = timedelta(days=1)


@dataclass
class SignedIn(UserMixin):
    """A person in one signed-in browser, as Flask-Login knows them: by the session's random id.

    `ends_at` is when it ends if nothing is done until then; at `ends_anyway_at` it ends whatever is done.
    `authenticated_at` is when the person showed who they are.
    """

    person: Person
    session_id: str
    ends_at: datetime
    ends_anyway_at: datetime
    authenticated_at: datetime

    def get_id(self) -> str:
        return self.session_id

    @property
    def id_hash(self) -> str:
        """What the table holds of the id: names the session without opening it."""
        return hash_of(self.session_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SignedIn) and other.session_id == self.session_id

    def __hash__(self) -> int:
        return hash(self.session_id)


def hash_of(session_id: str) -> str:
    """What the table holds of a session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


@dataclass(frozen=True)
class Limits:
    """How long a session lasts: without a request, and at most."""

    idle: timedelta
    absolute: timedelta


def limits_of(config: Mapping[str, Any]) -> Limits:
    return Limits(config["SESSION_IDLE"], config["SESSION_ABSOLUTE"])


def start(
    session: Session,
    person: Person,
    limits: Limits,
    *,
    at: datetime,
    authenticated_at: datetime | None = None,
    provider_session: str = "",
) -> SignedIn:
    """A new session with a fresh random id of 256 bits. The caller commits.

    `authenticated_at` is when the person showed who they are, if that was before; `provider_session` is the session's
    name at the identity provider.
    """
    session_id = secrets.token_urlsafe(32)
    person.last_seen_at = at
    row = SignInSession(
        id_hash=hash_of(session_id),
        person_id=person.id,
        started_at=at,
        seen_at=at,
        authenticated_at=authenticated_at,
        provider_session_hash=hash_of(provider_session) if provider_session else None,
    )
    session.add(row)
    audit.write(session, AuditAction.SIGNED_IN, by=person.id, at=at)
    return _signed_in(row, person, session_id, limits)


def find(
    session: Session, session_id: str, limits: Limits, *, at: datetime, seen: bool = True, at_once: bool = False
) -> SignedIn | None:
    """The session of an id, or None where there is none, it has ended, or it was idle or open for too long.

    Where it is `seen`, its end moves on: at most once a minute, so that reading pages writes little, or `at_once`.
    """
    with_grants = joinedload(SignInSession.person).joinedload(Person.grants)
    row = session.get(SignInSession, hash_of(session_id), options=[with_grants])
    if row is None or row.ended_at is not None or not row.person.is_active or at > _end_of(row, limits):
        return None
    if seen and (at_once or at - row.seen_at > SEEN_EVERY):
        _note_seen(session, row, at)
    return _signed_in(row, row.person, session_id, limits)


def _note_seen(session: Session, row: SignInSession, at: datetime) -> None:
    """Moves the session's end on. Where nothing can be written it stays where it is, and reading goes on."""
    row.seen_at = row.person.last_seen_at = at
    try:
        session.commit()
    except OperationalError as error:
        log.warning("That somebody is there could not be noted: %s", type(error.orig).__qualname__)
        session.rollback()


@dataclass(frozen=True)
class TimedOut:
    """Whose session it was that ended by itself, and whether because nothing was done."""

    person: Person
    was_idle: bool


def find_timed_out(session: Session, session_id: str, limits: Limits, *, at: datetime) -> TimedOut | None:
    """The session of an id that ended by itself less than a day ago. None where somebody ended it."""
    row = session.get(SignInSession, hash_of(session_id))
    if row is None or row.ended_at is not None or not row.person.is_active:
        return None
    if not _end_of(row, limits) < at <= _end_of(row, limits) + REMEMBERED_FOR:
        return None
    return TimedOut(row.person, was_idle=row.seen_at + limits.idle <= row.started_at + limits.absolute)


def end_timed_out(session: Session, person: Person, limits: Limits, *, at: datetime) -> None:
    """Ends a person's sessions that ended by themselves: from a new sign-in on, nothing is kept for an old cookie."""
    mine = select(SignInSession).where(SignInSession.person_id == person.id, SignInSession.ended_at.is_(None))
    for row in session.scalars(mine):
        if (end := _end_of(row, limits)) < at:
            row.ended_at, row.ended_because = at, SessionEnd.REPLACED
            details = f"By itself, at {end:%Y-%m-%d %H:%M} UTC"
            audit.write(session, AuditAction.SESSION_ENDED, by=person.id, at=at, details=details)


def _end_of(row: SignInSession, limits: Limits) -> datetime:
    return min(row.seen_at + limits.idle, row.started_at + limits.absolute)


def _signed_in(row: SignInSession, person: Person, session_id: str, limits: Limits) -> SignedIn:
    return SignedIn(
        person,
        session_id,
        _end_of(row, limits),
        row.started_at + limits.absolute,
        row.authenticated_at or row.started_at,
    )


def end(session: Session, session_id: str, *, at: datetime, because: SessionEnd) -> None:
    """Ends a session at once. One that has ended, or never was, stays as it is."""
    row = session.get(SignInSession, hash_of(session_id))
    if row is not None and row.ended_at is None:
        row.ended_at, row.ended_because = at, because
        ended = because is SessionEnd.SIGNED_OUT
        action = AuditAction.SIGNED_OUT if ended else AuditAction.SESSION_ENDED
        audit.write(session, action, by=row.person_id, at=at, details="" if ended else because.label)


def end_at_provider(session: Session, issuer: str, subject: str, provider_session: str, *, at: datetime) -> int:
    """Ends the sessions of somebody, or one of them, because the identity provider says so. Gives how many.

    A logout names the provider's session, or nobody's in particular: then all of the subject's end.
    """
    theirs = select(SignInSession).join(Person).where(Person.issuer == issuer, SignInSession.ended_at.is_(None))
    if subject:
        theirs = theirs.where(Person.subject == subject)
    if provider_session:
        theirs = theirs.where(SignInSession.provider_session_hash == hash_of(provider_session))
    ended = list(session.scalars(theirs)) if subject or provider_session else []
    for row in ended:
        row.ended_at, row.ended_because = at, SessionEnd.SIGNED_OUT
        audit.write(session, AuditAction.SIGNED_OUT, by=row.person_id, at=at, details="At the identity provider")
    return len(ended)


def clear_away(session: Session, *, at: datetime) -> None:
    """Erases sessions and used form tokens that can no longer matter: a session lasts for hours, and a form with it."""
    session.execute(delete(SignInSession).where(SignInSession.started_at < at - KEPT_FOR))
    session.execute(delete(UsedFormToken).where(UsedFormToken.used_at < at - KEPT_FOR))
    session.execute(delete(UsedLogoutToken).where(UsedLogoutToken.used_at < at - KEPT_FOR))
