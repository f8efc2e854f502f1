"""Writes down who did what. An event holds no word of a case."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from models import AuditEvent
from models.enumerations import AuditAction

LONGEST_ADDRESS = 500


def write(
    session: Session,
    action: AuditAction,
    *,
    by: UUID | None,
    at: datetime,
    address: str = "",
    from_address: str = "",
    reference: str = "",
    reason: str = "",
) -> None:
    """Adds an event to the session's transaction; the caller commits.

    `address` is the path that was asked for, with the id in it; `from_address` the network address it came from;
    `reference` that of the error page, so that somebody who rings up can be told what happened; `reason` why work
    outside a request was done.
    """
    session.add(
        AuditEvent(
            action=action,
            person_id=by,
            at=at,
            address="".join(c for c in address if c.isprintable())[:LONGEST_ADDRESS],
            from_address=from_address[:45],
            reference=reference,
            reason=reason,
        )
    )
