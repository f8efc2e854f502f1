"""The chain of audit events: each is sealed once, by a hash over the event and all that were sealed before it.

Those who save only add events and wait for nobody. Sealing is a transaction of its own, one at a time, which takes
what is committed and not sealed yet, in the order of moments, many at once. `verify` finds an event that was changed,
is missing, or stands in another place, and says which.

What a chain in one database cannot prove: somebody who owns the database can compute all of it anew. So the command
prints the newest position and its hash, to be kept elsewhere, and is given one that was kept to see that it stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.database import hold_alone, new_session
from models import AuditEvent, AuditSeal

# The key of PostgreSQL's advisory lock that whoever seals holds.
SEALING_LOCK = 0x5EA1
AT_ONCE = 1000
BEGINNING = "0" * 64
# No transaction stays open so long: what is older and not sealed was put there behind the service's back.
LATE = timedelta(hours=24)
_SEALED = ("id", "at", "person_id", "action", "address", "from_address", "reference", "reason", "about", "about_id")


@dataclass(frozen=True)
class Verified:
    """What a look at the whole chain has found. `problems` are sentences; `newest` the last position and its hash."""

    sealed: int
    waiting: int
    problems: list[str]
    newest: tuple[int, str]


def seal(at: datetime) -> int:
    """Seals what is committed and not sealed, AT_ONCE events at most; gives how many. Somebody else at it: none."""
    with new_session() as session:
        try:
            if not hold_alone(session, SEALING_LOCK):
                return 0
            position, chain = _newest(session)
            events = _not_sealed(session, position)
            for event in events:
                position += 1
                digest = digest_of(event)
                chain = _next(chain, digest)
                session.add(AuditSeal(position=position, event_id=event.id, digest=digest, chain=chain, sealed_at=at))
            session.commit()
        except OperationalError:  # the database is busy: the next one seals
            session.rollback()
            return 0
        return len(events)


def seal_all(at: datetime) -> int:
    """Seals everything that is there."""
    total = 0
    while done := seal(at):
        total += done
    return total


def digest_of(event: Any) -> str:
    """SHA-256 of an event: the same on every database."""
    values = [getattr(event, name) for name in (*_SEALED, "details")]
    return hashlib.sha256(json.dumps([_plain(value) for value in values], ensure_ascii=False).encode()).hexdigest()


def verify(session: Session, expected: str = "") -> Verified:
    """Looks at every seal and its event, in order. `expected` is a chain hash that was kept and must still be there."""
    problems: list[str] = []
    position, chain, is_there = 0, BEGINNING, not expected
    earlier: datetime | None = None
    for seal_, event in _pairs(session):
        for missing in range(position + 1, min(seal_.position, position + 11)):
            problems.append(f"Seal {missing} is missing")
        position = seal_.position
        if event is None:
            problems.append(f"Event {seal_.event_id}, sealed at {seal_.position}, is missing")
        elif digest_of(event) != seal_.digest:
            problems.append(f"{_named(event)}, sealed at {seal_.position}, was changed")
        elif earlier is not None and event.at < earlier - LATE:
            problems.append(f"{_named(event)}, sealed at {seal_.position}, says that it is older than those before it")
        if _next(chain, seal_.digest) != seal_.chain:
            problems.append(f"Event {seal_.event_id} does not stand where it was sealed: position {seal_.position}")
        chain, is_there = seal_.chain, is_there or seal_.chain == expected
        if event is not None:
            earlier = max(earlier or event.at, event.at)
    if not is_there:
        problems.append(f"The chain does not hold the hash {expected}, which was kept")
    return Verified(position, _waiting(session), problems, (position, chain))


def _pairs(session: Session) -> Iterator[Any]:
    both = select(AuditSeal, AuditEvent).outerjoin(AuditEvent, AuditEvent.id == AuditSeal.event_id)
    for row in session.execute(both.order_by(AuditSeal.position), execution_options={"yield_per": AT_ONCE}):
        yield row.tuple()


def _newest(session: Session) -> tuple[int, str]:
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.position.desc()).limit(1)).first()
    return (last.position, last.chain) if last else (0, BEGINNING)


def _not_sealed(session: Session, position: int) -> list[AuditEvent]:
    """Events without a seal, the oldest first. Only those since a day before the last seals are looked at, which is
    longer than any transaction lasts; `verify` counts the others."""
    last = session.scalar(
        select(AuditEvent.at).join(AuditSeal, AuditSeal.event_id == AuditEvent.id).where(AuditSeal.position == position)
    )
    waiting = select(AuditEvent).where(~select(AuditSeal.position).where(AuditSeal.event_id == AuditEvent.id).exists())
    if last is not None:
        waiting = waiting.where(AuditEvent.at >= last - LATE)
    return list(session.scalars(waiting.order_by(AuditEvent.at, AuditEvent.id).limit(AT_ONCE)))


def _waiting(session: Session) -> int:
    """How many events are not sealed."""
    sealed = select(AuditSeal.position).where(AuditSeal.event_id == AuditEvent.id).exists()
    return session.scalar(select(func.count()).select_from(AuditEvent).where(~sealed)) or 0


def _next(chain: str, digest: str) -> str:
    return hashlib.sha256(f"{chain}{digest}".encode()).hexdigest()


def _named(event: AuditEvent) -> str:
    return f"Event {event.id} ({event.action.label}, {event.at.astimezone(UTC).isoformat()})"


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else str(value)
