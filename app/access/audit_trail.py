"""What the audit tells of one thing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent

MOST = 200


def events_about(session: Session, about_id: UUID) -> tuple[list[AuditEvent], bool]:
    """The newest MOST events about a row, the newest first, and whether there are more.

    The caller has made sure that the reader may see the row.
    """
    newest = select(AuditEvent).where(AuditEvent.about_id == about_id).order_by(AuditEvent.at.desc(), AuditEvent.id)
    events = list(session.scalars(newest.limit(MOST + 1)))
    return events[:MOST], len(events) > MOST
