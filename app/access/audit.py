"""Writes down who did what. An event holds no word of a case."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from models import AuditEvent
from models.enumerations import AuditAction

from . import clock

LONGEST_ADDRESS = 500


def write_refusal(session: Session, action: AuditAction, *, by: UUID, about: str = "", reference: str = "") -> None:
    """Adds an event about the present request; the caller commits. `about` is the field that named a record, and it.

    Of the address it keeps the path and the id: the rest of a query may hold words of a case. An id is written as the
    service read it, however it was spelled.
    """
    asked_for = request.args.get("id", "")
    try:
        asked_for = str(UUID(asked_for))
    except ValueError:
        asked_for = quote(asked_for[:100])
    write(
        session,
        action,
        by=by,
        at=clock.now(),
        address=f"{request.method} {quote(request.path)}" + (f"?id={asked_for}" if asked_for else "") + about,
        from_address=request.remote_addr or "",
        reference=reference,
    )


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
