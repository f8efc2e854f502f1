"""Whether the chain of audit events holds: which event was changed, taken away, moved or added, and which seal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import read_one_state
from models import AuditEvent, AuditSeal, SealedEvent

from .audit_chain import columns_of_event, digest_of, has_a_moment, hash_of, newest_seal, unsealed

AT_ONCE = 2000
# An event that says it is this much older than what was sealed when it came cannot have been in an open transaction.
LATE = timedelta(hours=1)
# Of as many events that no seal covers each is named.
NAMED = 20
_BEFORE_ALL = -(2**62)


@dataclass(frozen=True)
class Place:
    """One position of the chain, with the event that stands there now: None where there is none that can be read."""

    position: int
    event_id: Any
    digest: str
    event: dict[str, Any] | None
    is_readable: bool = True

    @property
    def name(self) -> str:
        """Which event: its id, moment and action."""
        if self.event is None:
            return f"Event {self.event_id}"
        at: datetime = self.event["at"]
        return f"Event {self.event_id}, {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {self.event['action']}"


@dataclass
class Outcome:
    """What a check found: how much it checked, the newest seal, and a sentence for each problem."""

    seals: int = 0
    events: int = 0
    waiting: int = 0
    newest: AuditSeal | None = None
    problems: list[str] = field(default_factory=list)


def check(session: Session, expected: str = "") -> Outcome:
    """Checks the whole chain as it is at this moment. `expected` is the hash of a seal that was noted down earlier."""
    read_one_state(session)
    found = Outcome(newest=newest_seal(session))
    places = _Places(session)
    before: AuditSeal | None = None
    covered: datetime | None = None
    for seal in _seals(session):
        found.seals += 1
        number = before.number + 1 if before else 1
        if seal.number > number:
            missing = f"Seal {number} is" if seal.number == number + 1 else f"Seals {number} to {seal.number - 1} are"
            found.problems.append(f"{missing} missing.")
            # What stood under it is looked at by itself.
            for place in places.up_to(seal.first_position - 1):
                found.events += 1
                found.problems += _problem_with(place, [place], None)
        else:
            found.problems += _not_covered(list(places.up_to(seal.first_position - 1)))
            if (seal.previous_hash, seal.first_position) != (
                (before.hash, before.last_position + 1) if before else ("", 1)
            ):
                found.problems.append(f"Seal {seal.number} does not follow the one before it: one of them was changed.")
        mine = list(places.up_to(seal.last_position))
        found.events += len(mine)
        if covered is not None and seal.covers_to < covered:
            found.problems.append(
                f"Seal {seal.number} covers less than the one before it: the service makes no such seal."
            )
        found.problems += _problems_of(seal, mine, covered)
        before = seal
        # The latest of all: whoever adds a seal that covers less makes no room for events of long ago.
        covered = max(seal.covers_to, covered) if covered is not None else seal.covers_to
        session.expunge(seal)
    found.problems += _not_covered(list(places.up_to(None)))
    found.waiting = session.scalar(select(func.count(AuditEvent.id)).where(unsealed())) or 0
    without = session.scalars(select(AuditEvent.id).where(unsealed(), ~has_a_moment()).limit(NAMED))
    found.problems += [f"Event {one}: has no moment that can be read, and is never sealed." for one in without]
    if expected and session.scalar(select(AuditSeal.number).where(AuditSeal.hash == expected.lower())) is None:
        found.problems.append(
            "No seal has the hash that is expected: the chain was cut off, or made anew, after it was noted."
        )
    return found


def _problems_of(seal: AuditSeal, places: list[Place], covered: datetime | None) -> list[str]:
    """What is wrong with a seal's events, or with the seal itself where nothing is with them.

    `covered` is the moment that the seals before cover to.
    """
    problems = [problem for place in places for problem in _problem_with(place, places, covered)]
    empty = sorted(set(range(seal.first_position, seal.last_position + 1)) - {place.position for place in places})
    problems += [f"Position {position} of seal {seal.number} is empty: its event was taken out." for position in empty]
    if not problems and hash_of(seal, (place.digest for place in places)) != seal.hash:
        problems.append(f"Seal {seal.number} does not fit its events: it was changed, or they or their order were.")
    return problems


def _problem_with(place: Place, beside: list[Place], covered: datetime | None) -> list[str]:
    """What is wrong with one event, as a list of one sentence or none. `beside` are the places of the same seal."""
    if not place.is_readable:
        return [f"{place.name}: was changed after it was sealed, and cannot be read."]
    event = place.event
    if event is None:
        return [f"{place.name}: is missing. It was sealed at position {place.position}."]
    if digest_of(place.position, event) != place.digest:
        digests = {one.digest for one in beside}
        was_at = next((one.position for one in beside if digest_of(one.position, event) in digests), None)
        if was_at is None:
            return [f"{place.name}: was changed after it was sealed."]
        return [f"{place.name}: was moved. It stands at position {place.position} and was sealed at {was_at}."]
    if covered is not None and event["at"] < covered - LATE:
        return [f"{place.name}: was added later than it says. Events of that time had been sealed before it came."]
    return []


def _not_covered(places: list[Place]) -> list[str]:
    """Places that lie under no seal."""
    if not places:
        return []
    if len(places) > NAMED:
        first, last = places[0].position, places[-1].position
        return [f"Positions {first} to {last} are under no seal: a seal was taken away, or events were added."]
    return [f"{place.name}: is under no seal. Its seal was taken away, or it was added past it." for place in places]


def _seals(session: Session) -> Iterator[AuditSeal]:
    number = -(2**31)
    by_number = select(AuditSeal).order_by(AuditSeal.number).limit(AT_ONCE)
    while seals := session.scalars(by_number.where(AuditSeal.number > number)).all():
        yield from seals
        number = seals[-1].number


class _Places:
    """The places of the chain in order, read some at a time."""

    def __init__(self, session: Session) -> None:
        self._rows = _read(session)
        self._next: Place | None = next(self._rows, None)

    def up_to(self, position: int | None) -> Iterator[Place]:
        """The places that have not been given yet, up to and including a position; None for all."""
        while self._next is not None and (position is None or self._next.position <= position):
            yield self._next
            self._next = next(self._rows, None)


def _read(session: Session) -> Iterator[Place]:
    position, at_once = _BEFORE_ALL, AT_ONCE
    place = (SealedEvent.position, SealedEvent.event_id, SealedEvent.digest)
    with_events = (
        select(*(column.label(f"place_{column.key}") for column in place), *columns_of_event())
        .outerjoin(AuditEvent, AuditEvent.id == SealedEvent.event_id)
        .select_from(SealedEvent)
    )
    while True:
        try:
            found = [_place_of(row) for row in _next_ones(session, with_events, position, at_once)]
            at_once = AT_ONCE
        except (ValueError, TypeError, LookupError):
            # Something stands there that no moment or id can be read from. One by one, to find out where.
            if at_once > 1:
                at_once = 1
                continue
            rows = _next_ones(session, select(*place), position, 1)
            found = [Place(row["position"], row["event_id"], row["digest"], None, is_readable=False) for row in rows]
        if not found:
            return
        yield from found
        position = found[-1].position


def _next_ones(session: Session, statement: Any, position: int, at_once: int) -> list[Any]:
    chosen = statement.where(SealedEvent.position > position).order_by(SealedEvent.position).limit(at_once)
    return list(session.execute(chosen).mappings())


def _place_of(row: Any) -> Place:
    event = {name: value for name, value in row.items() if not name.startswith("place_")}
    return Place(
        row["place_position"], row["place_event_id"], row["place_digest"], event if event["id"] is not None else None
    )
