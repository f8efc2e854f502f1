"""The open sessions of somebody: listed, and ended at once. A session is named by the hash of its id, which opens no
door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import audit
from models import SignInSession
from models.enumerations import AuditAction, SessionEnd


@dataclass(frozen=True)
class OpenSession:
    """A browser in which somebody is signed in: since when, and when it was used last."""

    id_hash: str
    started_at: datetime
    seen_at: datetime


def open_sessions(session: Session, person_id: UUID, config: Mapping[str, Any], *, at: datetime) -> list[OpenSession]:
    """The sessions of somebody that nobody has ended and that have not ended by themselves, the newest first."""
    theirs = (
        select(SignInSession)
        .where(
            SignInSession.person_id == person_id,
            SignInSession.ended_at.is_(None),
            SignInSession.seen_at >= at - config["SESSION_IDLE"],
            SignInSession.started_at >= at - config["SESSION_ABSOLUTE"],
        )
        .order_by(SignInSession.started_at.desc(), SignInSession.id_hash)
    )
    return [OpenSession(one.id_hash, one.started_at, one.seen_at) for one in session.scalars(theirs)]


def end_one(session: Session, person_id: UUID, id_hash: str, *, by: UUID, at: datetime) -> bool:
    """Ends one session of somebody. Whether there was one to end."""
    is_hash = re.fullmatch(r"[0-9a-f]{64}", id_hash) is not None
    row = session.get(SignInSession, id_hash, populate_existing=True) if is_hash else None
    if row is None or row.person_id != person_id or row.ended_at is not None:
        return False
    _end(session, row, SessionEnd.ENDED, by=by, at=at)
    return True


def end_all(
    session: Session, person_id: UUID, *, by: UUID, at: datetime, but: str = "", deactivated: bool = False
) -> int:
    """Ends every session of somebody but one, and says how many."""
    theirs = select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    rows = [row for row in session.scalars(theirs) if row.id_hash != but]
    for row in rows:
        _end(session, row, SessionEnd.DEACTIVATED if deactivated else SessionEnd.ENDED, by=by, at=at)
    return len(rows)


def _end(session: Session, row: SignInSession, because: SessionEnd, *, by: UUID, at: datetime) -> None:
    row.ended_at, row.ended_because = at, because
    audit.write(
        session,
        AuditAction.SESSION_ENDED,
        by=by,
        at=at,
        about="person",
        about_id=row.person_id,
        details=because.label,
    )
