"""The chain of audit events: a seal closes a batch of them, and its hash covers them, their order and the seal before.

Whoever saves only adds events, and waits for nobody. From time to time one process seals what is committed and not
sealed yet: each event gets a position in the chain, once. An event whose transaction was still open is sealed with the
next batch, for its place does not depend on when it was made.

What the chain cannot prove: somebody with the owner's rights can take it off and make all of it anew, or leave out the
newest seals; and an event that is added by hand with the present moment is an event like any other. Therefore keep the
number and hash of a seal in another place now and then (`flask audit verify` prints the newest): from then on nothing
up to that seal can be changed unnoticed (`--expect`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, String, func, insert, select, type_coerce
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.database import lock_sealing
from models import AuditEvent, AuditSeal, SealedEvent, db

from . import clock

log = logging.getLogger(__name__)

SEAL_EVERY = timedelta(minutes=1)
MOST_AT_ONCE = 500
# How long before the moment that is covered an event may still have been in an open transaction. `flask audit seal`
# looks for older ones too.
LOOK_BACK = timedelta(minutes=15)
# Everything that an event says. A test holds it to the table.
FIELDS = (
    "id", "at", "person_id", "action", "address", "from_address", "reference", "reason", "about", "about_id", "details",
)  # fmt: skip
# What a moment of an event lies between. In any time zone, the years 1 to 9999 can be read.
FIRST_MOMENT, LAST_MOMENT = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_DUE = "tracker.sealing_due"


def columns_of_event() -> list[Any]:
    """What is selected of an event. The action as text: it may have been changed to one that is none."""
    return [
        type_coerce(AuditEvent.action, String).label(name) if name == "action" else getattr(AuditEvent, name)
        for name in FIELDS
    ]


def canonical(event: Mapping[Any, Any]) -> bytes:
    """An event as bytes, the same from either database: JSON of what it says, names in order, moments in UTC.

    What is empty is left out, so that a column that is added later changes no earlier event.
    """
    said = {name: _written(event[name]) for name in FIELDS if event[name] not in (None, "")}
    return json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)


def digest_of(position: int, event: Mapping[Any, Any]) -> str:
    """SHA-256 of an event at its position in the chain."""
    return hashlib.sha256(f"{position}\n".encode() + canonical(event)).hexdigest()


def hash_of(seal: AuditSeal, digests: Iterable[str]) -> str:
    """SHA-256 of all that a seal says, the hash of the seal before included, and of its events' digests in order."""
    lines = [
        str(seal.number),
        _written(seal.sealed_at),
        _written(seal.covers_to),
        f"{seal.first_position}-{seal.last_position}",
        seal.previous_hash,
        *digests,
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def unsealed() -> ColumnElement[bool]:
    """A condition: the event has no place in the chain yet."""
    return ~select(SealedEvent.position).where(SealedEvent.event_id == AuditEvent.id).exists()


def has_a_moment() -> ColumnElement[bool]:
    """A condition: the event's moment can be read. PostgreSQL stores "infinity" and years before Christ, and SQLite any
    word: one such event, written past the service, would hold up sealing and every page of the audit."""
    return AuditEvent.at.between(FIRST_MOMENT, LAST_MOMENT)


def newest_seal(session: Session) -> AuditSeal | None:
    return session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))


# More events than this that wait for a seal are not counted one by one.
MOST_COUNTED = 10_000


def state_of(session: Session) -> tuple[datetime | None, int]:
    """When the newest seal was made, and how many events wait for the next one, MOST_COUNTED at most."""
    newest = newest_seal(session)
    waiting = select(AuditEvent.id).where(unsealed(), has_a_moment())
    if newest is not None:
        waiting = waiting.where(AuditEvent.at >= newest.covers_to - LOOK_BACK)
    number = session.scalar(select(func.count()).select_from(waiting.limit(MOST_COUNTED).subquery())) or 0
    return newest.sealed_at if newest else None, number


def seal(session: Session, *, at: datetime) -> int:
    """Seals the oldest events that are committed and not sealed yet, MOST_AT_ONCE at most. Gives how many; commits.

    0 as well where another process is sealing. The session holds nothing else unsaved.
    """
    session.rollback()
    before = newest_seal(session)
    return len(_seal(session, at, before.covers_to - LOOK_BACK if before else None, wait=False))


def seal_all(session: Session, *, at: datetime) -> int:
    """Seals every event that is committed, whatever its moment, batch by batch. Gives how many; waits for others."""
    number, since = 0, None
    while events := _seal(session, at, since, wait=True):
        number, since = number + len(events), events[-1]["at"]
    return number


def _seal(session: Session, at: datetime, since: datetime | None, *, wait: bool) -> list[dict[Any, Any]]:
    """Seals the oldest events since a moment, that moment included, or since ever. Gives what it sealed."""
    session.rollback()
    if not lock_sealing(session, wait=wait):
        session.rollback()
        return []
    before = newest_seal(session)
    waiting = select(*columns_of_event()).where(unsealed(), has_a_moment())
    waiting = waiting.order_by(AuditEvent.at, AuditEvent.id).limit(MOST_AT_ONCE)
    if since is not None:
        waiting = waiting.where(AuditEvent.at >= since)
    events = [dict(event) for event in session.execute(waiting).mappings()]
    if not events:
        session.rollback()
        return []
    first = before.last_position + 1 if before else 1
    places = [
        {"position": position, "event_id": event["id"], "digest": digest_of(position, event)}
        for position, event in enumerate(events, first)
    ]
    covers_to = min(events[-1]["at"], at) if len(events) == MOST_AT_ONCE else at
    new = AuditSeal(
        number=before.number + 1 if before else 1,
        sealed_at=at,
        covers_to=max(covers_to, before.covers_to) if before else covers_to,
        first_position=first,
        last_position=first + len(places) - 1,
        previous_hash=before.hash if before else "",
    )
    new.hash = hash_of(new, (place["digest"] for place in places))
    try:
        # All is worked out before the first of it is written: in SQLite savers wait for whoever writes.
        session.execute(insert(SealedEvent), places)
        session.add(new)
        session.commit()
    except IntegrityError:
        session.rollback()  # another process was quicker
        return []
    return events


def seal_when_due(app: Flask) -> None:
    """Seals a batch at the end of a request, once a minute. Nobody's page fails because of it."""
    now, session = time.monotonic(), db.session()
    if now < app.extensions.setdefault(_DUE, now + SEAL_EVERY.total_seconds()):
        return
    app.extensions[_DUE] = now + SEAL_EVERY.total_seconds()
    try:
        session.rollback()
        before = newest_seal(session)
        if before is not None and before.sealed_at == before.covers_to > clock.now() - SEAL_EVERY:
            return
        if seal(session, at=clock.now()) == MOST_AT_ONCE:
            app.extensions[_DUE] = now
    except (SQLAlchemyError, ValueError) as error:  # ValueError: what stands in SQLite cannot be read
        session.rollback()
        log.warning("The audit could not be sealed, and will be later: %s", type(error).__name__)
