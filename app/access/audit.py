"""Writes down who did what, when and from where. An event holds no word of a case, and nothing that was searched for.

An event is written in the transaction of what it speaks of: both are kept, or neither. What is only read is in
`readings.py`; how events are chained, in `audit_chain.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from flask import has_request_context, request
from sqlalchemy import Select, event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from app.rules.words import count_of, in_words
from models import AuditEvent, CodeListEntry, Grant, Membership, Organisation, OrganisationName, Person, Succession
from models.audit import LONGEST_DETAILS
from models.base import TrackerSession
from models.enumerations import AuditAction

from . import clock
from .history import signature_of

LONGEST_ADDRESS = 500
CASE = "case"
# A change of one of these is a change of a reference list.
_LISTS = (CodeListEntry, Membership, Organisation, OrganisationName, Succession)


def write_refusal(session: Session, action: AuditAction, *, by: UUID, about: str = "", reference: str = "") -> None:
    """Adds an event about the present request; the caller commits. `about` is the field that named a record, and it."""
    write(session, action, by=by, at=clock.now(), address=address_asked_for() + about, reference=reference)


def address_asked_for() -> str:
    """The present request's address: of it the path and the id, for the rest of a query may hold words of a case.

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


def write(
    session: Session,
    action: AuditAction,
    *,
    by: UUID | None,
    at: datetime,
    about: str = "",
    about_id: UUID | None = None,
    details: str = "",
    address: str | None = None,
    from_address: str | None = None,
    reference: str = "",
    reason: str = "",
) -> None:
    """Adds an event to the session's transaction; the caller commits.

    `about` is the kind of thing that it is about and `about_id` that thing; `details` say which page, list or entry,
    and how many rows. `address` is the path that was asked for, with the id in it, and `from_address` the network
    address it came from: those of the present request unless they are given. `reference` is that of the error page, so
    that somebody who rings up can be told what happened; `reason` says why work outside a request was done.
    """
    if from_address is None:
        from_address = (request.remote_addr or "") if has_request_context() else ""
    session.add(
        AuditEvent(
            id=uuid4(),
            action=action,
            person_id=by,
            at=at,
            about=about,
            about_id=about_id,
            details=_plain(details, LONGEST_DETAILS),
            address=_plain(address_asked_for() if address is None else address, LONGEST_ADDRESS),
            from_address=from_address[:45],
            reference=reference,
            reason=_plain(reason, 200),
        )
    )


def rows_about(action: AuditAction, ids: Iterable[UUID], *, by: UUID, at: datetime, about: str) -> list[dict[str, Any]]:
    """An event about each of many things of one kind, as rows for `adding.add_rows`: for work beside a request."""
    same = {"action": action, "person_id": by, "at": at, "about": about}
    same |= dict.fromkeys(("details", "address", "from_address", "reference", "reason"), "")
    return [{"id": uuid4(), "about_id": one} | same for one in ids]


def _plain(text: str, length: int) -> str:
    return "".join(c for c in text if c.isprintable())[:length]


def events_about(case_id: UUID) -> Select[tuple[AuditEvent]]:
    """What was done with one case, the newest first. Whoever asks has looked the case up in their scope before."""
    return (
        select(AuditEvent)
        .where(AuditEvent.about_id == case_id, AuditEvent.about == CASE)
        .order_by(AuditEvent.at.desc(), AuditEvent.id)
    )


@event.listens_for(TrackerSession, "before_flush")
def _write_down_grants_and_lists(session: Session, flush: UOWTransaction, rows: object) -> None:
    """Writes a change of grants or reference lists down, whichever screen, import or command makes it.

    One event for each table and kind of change of a flush. A session that has not said who makes its changes writes
    none: whatever it changes is nobody's in the history too.
    """
    signature = signature_of(session)
    if signature is None:
        return
    changed: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for how, several in (("added", session.new), ("changed", session.dirty), ("removed", session.deleted)):
        for row in several:
            if isinstance(row, (*_LISTS, Grant)) and (how != "changed" or session.is_modified(row)):
                # Each grant is an event of its own: whose it is matters.
                which = str(id(row)) if isinstance(row, Grant) else inspect(row).mapper.class_.__name__
                changed[which, how].append(row)
    for (_, how), found in changed.items():
        _write_down_change(session, how, found, by=signature[0])


def _write_down_change(session: Session, how: str, rows: list[Any], *, by: UUID | None) -> None:
    first = rows[0]
    mapper = inspect(first).mapper
    if first.id is None:
        first.id = uuid4()
    # A code is an entry's own, and a role that of a grant: neither is a word of a case.
    which = _words_of(session, first) if isinstance(first, Grant) else getattr(first, "code", "one row")
    table = str(mapper.persist_selectable.name)
    write(
        session,
        AuditAction.GRANT_CHANGED if isinstance(first, Grant) else AuditAction.LIST_CHANGED,
        by=by,
        at=clock.now(),
        about=table,
        about_id=first.id if len(rows) == 1 else None,
        details=f"{table.replace('_', ' ').capitalize()}: {how} "
        + (which if len(rows) == 1 else count_of(len(rows), "row")),
    )


def _words_of(session: Session, grant: Grant) -> str:
    """A grant in words: the role, where, until when, and whose."""
    # A row that is new knows its relations only where they were set.
    given: dict[str, Any] = inspect(grant).dict
    place = given.get("organisation") or session.get(Organisation, grant.organisation_id)
    person = given.get("person") or session.get(Person, grant.person_id)
    until = f" until {in_words(grant.ends_on)}" if grant.ends_on else ""
    ended = ", ended" if grant.ended_at else ""
    provider = ", named by the identity provider" if grant.from_claims else ""
    where = place.code if place else "somewhere"
    return f"{grant.role.label}, {where}{until}{ended}{provider}: {person.name if person else 'somebody'}"
