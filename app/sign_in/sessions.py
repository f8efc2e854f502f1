"""Signed-in sessions, kept on the server by the hash of a random id. The browser holds the id and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_login import UserMixin
from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import Person, SignInSession, UsedFormToken
from models.enumerations import SessionEnd

SEEN_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(days=7)


@dataclass
class SignedIn(UserMixin):
    """A person in one signed-in browser, as Flask-Login knows them: by the session's random id."""

    person: Person
    session_id: str

    def get_id(self) -> str:
        return self.session_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SignedIn) and other.session_id == self.session_id

    def __hash__(self) -> int:
        return hash(self.session_id)


def hash_of(session_id: str) -> str:
    """What the table holds of a session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def start(session: Session, person: Person, *, at: datetime) -> SignedIn:
    """A new session with a fresh random id of 256 bits. The caller commits."""
    session_id = secrets.token_urlsafe(32)
    person.last_seen_at = at
    session.add(SignInSession(id_hash=hash_of(session_id), person_id=person.id, started_at=at, seen_at=at))
    return SignedIn(person, session_id)


def find(session: Session, session_id: str, *, at: datetime, idle: timedelta, absolute: timedelta) -> SignedIn | None:
    """The session of an id, or None where there is none, it has ended, or it was idle or open for too long.

    `seen_at` moves on at most once a minute, so that reading pages writes little.
    """
    row = session.get(SignInSession, hash_of(session_id))
    if row is None or row.ended_at is not None or not row.person.is_active:
        return None
    if at - row.seen_at > idle or at - row.started_at > absolute:
        return None
    if at - row.seen_at > SEEN_EVERY:
        row.seen_at = row.person.last_seen_at = at
        session.commit()
    return SignedIn(row.person, session_id)


def end(session: Session, session_id: str, *, at: datetime, because: SessionEnd) -> None:
    """Ends a session at once. One that has ended, or never was, stays as it is."""
    row = session.get(SignInSession, hash_of(session_id))
    if row is not None and row.ended_at is None:
        row.ended_at, row.ended_because = at, because


def clear_away(session: Session, *, at: datetime) -> None:
    """Erases sessions and used form tokens that can no longer matter: a session lasts for hours, and a form with it."""
    session.execute(delete(SignInSession).where(SignInSession.started_at < at - KEPT_FOR))
    session.execute(delete(UsedFormToken).where(UsedFormToken.used_at < at - KEPT_FOR))
