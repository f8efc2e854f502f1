"""Writes down who did what, when and from where. An event holds no word of a case, and none that was searched for.

A change and its event are of one transaction. What somebody only read is written at the end of the request, before the
answer leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from flask import g, has_request_context, request
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from models import AuditEvent, CaseReview, Grant, Versioned
from models.base import TrackerSession
from models.enumerations import AuditAction, Status

from . import clock
from .history import is_dating_back, signature_of

LONGEST_ADDRESS = 500
CASE = CaseReview.__tablename__


@dataclass(frozen=True)
class Reading:
    """Something that was read in this request."""

    action: AuditAction
    about: str
    about_id: UUID | None
    details: str


def write_refusal(session: Session, action: AuditAction, *, by: UUID, about: str = "", reference: str = "") -> None:
    """Adds an event about the present request; the caller commits. `about` is the field that named a record, and it."""
    write(session, action, by=by, at=clock.now(), address=address_asked_for() + about, reference=reference)


def write(
    session: Session,
    action: AuditAction,
    *,
    by: UUID | None,
    at: datetime,
    address: str = "",
    reference: str = "",
    reason: str = "",
    about: str = "",
    about_id: UUID | None = None,
    details: str = "",
) -> None:
    """Adds an event to the session's transaction; the caller commits.

    `address` is the path that was asked for, with the id in it, by default that of the present request; `reference`
    that of the error page, so that somebody who rings up can be told what happened; `reason` why work outside a request
    was done; `about` and `about_id` the kind of row and its key; `details` no word of a case.
    """
    session.add(
        AuditEvent(
            action=action,
            person_id=by,
            at=at,
            address="".join(c for c in address or address_asked_for() if c.isprintable())[:LONGEST_ADDRESS],
            from_address=(request.remote_addr or "")[:45] if has_request_context() else "",
            reference=reference,
            reason=reason,
            about=about,
            about_id=about_id,
            details=details[:LONGEST_ADDRESS],
        )
    )


def address_asked_for() -> str:
    """The method, path and id of the present request: the rest of a query may hold words of a case.

    An id is written as the service read it, however it was spelled. "" outside a request.
    """
    if not has_request_context():
        return ""
    asked_for = request.args.get("id", "")
    try:
        asked_for = str(UUID(asked_for))
    except ValueError:
        asked_for = quote(asked_for[:100])
    return f"{request.method} {quote(request.path)}" + (f"?id={asked_for}" if asked_for else "")


def note_reading(action: AuditAction, *, about: str = "", about_id: UUID | None = None, details: str = "") -> None:
    """Notes that something is read in this request. Each thing once, however often it is noted."""
    found: dict[Reading, None] = g.setdefault("readings", {})
    found[Reading(action, about, about_id, details)] = None


def readings_noted() -> list[Reading]:
    """What was noted in this request."""
    return list(g.get("readings", {}))


@event.listens_for(TrackerSession, "before_flush")
def _write_changes(session: Session, flush: UOWTransaction, rows: object) -> None:
    """Adds an event for each row that is added or changed and whose history is kept, in the same transaction."""
    if is_dating_back(session):
        return
    by, _ = signature_of(session)
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Versioned) and session.is_modified(row):
            if row.id is None:  # type: ignore[attr-defined]
                row.id = uuid4()  # type: ignore[attr-defined]
            write(
                session,
                _action_of(row),
                by=by,
                at=clock.now(),
                about=row.__tablename__,  # type: ignore[attr-defined]
                about_id=row.id,  # type: ignore[attr-defined]
            )


def _action_of(row: Versioned) -> AuditAction:
    if isinstance(row, Grant):
        return AuditAction.GRANT_CHANGED
    if not isinstance(row, CaseReview):
        return AuditAction.LIST_CHANGED
    state: Any = inspect(row)
    if state.transient or state.pending:
        return AuditAction.ADDED
    if state.attrs.withdrawn_at.history.has_changes():
        return AuditAction.WITHDRAWN if row.withdrawn_at else AuditAction.BROUGHT_BACK
    if state.attrs.status.history.has_changes():
        return AuditAction.CLOSED if row.status == Status.CLOSED else AuditAction.REOPENED
    return AuditAction.CHANGED
