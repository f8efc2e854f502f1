"""What became of a person's access, the newest first: what was given and ended, decided and confirmed, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select

from app.access.lookups import Lookups
from app.nhsuk.wording import nhs_moment
from app.rules.quarters import quarter_named
from app.rules.words import in_words
from models import AccessDecision, Grant, Person, db, version_of

from ..history import names_of_people, who_and_when
from ..tables import TableOf, words

MOST_SHOWN = 200


@dataclass(frozen=True)
class Event:
    """What was done, by whom and when in words, and why."""

    at: datetime
    what: str
    who: str
    reason: str = ""


def of_person(person: Person, lookups: Lookups) -> TableOf:
    """Everything that became of somebody's access."""
    events = sorted([*_of_grants(person, lookups), *_of_decisions(person)], key=lambda one: one.at, reverse=True)
    return TableOf(
        "History",
        ["What", "Who and when", "Reason"],
        [words(one.what, one.who, one.reason) for one in events[:MOST_SHOWN]],
    )


def _of_grants(person: Person, lookups: Lookups) -> Iterator[Event]:
    versions = version_of(Grant)
    theirs = select(versions).where(versions.person_id == person.id).order_by(versions.id, versions.number)
    found = db.session.scalars(theirs).all()
    names = names_of_people(found)
    for _, of_one in groupby(found, key=lambda one: one.id):
        before: Any = None
        for after in of_one:
            who = who_and_when(after, names)
            yield Event(
                after.known_from, _what(before, after, lookups), who[0].upper() + who[1:], after.change_reason or ""
            )
            before = after


def _what(before: Any, after: Any, lookups: Lookups) -> str:
    place = lookups.organisations.places[after.organisation_id]
    grant = f"{after.role.label}, {place.name}"
    until = f" until {in_words(after.ends_on)}" if after.ends_on else ""
    if after.ended_at is not None:
        return f"Ended: {grant}"
    if before is None or before.ended_at is not None or before.granted_at != after.granted_at:
        return f"Given: {grant}{until}"
    if before.ends_on != after.ends_on:
        return f"Last day changed: {grant}{until or ', without a last day'}"
    if before.from_claims != after.from_claims:
        return f"Named by the identity provider from now on: {grant}"
    return f"Changed: {grant}"


def _of_decisions(person: Person) -> Iterator[Event]:
    for one in db.session.scalars(select(AccessDecision).where(AccessDecision.person_id == person.id)):
        quarter = f" for {quarter_named(one.quarter).in_words}" if one.quarter else ""
        who = f"By {one.decided_by.name} on {nhs_moment(one.decided_at)}"
        yield Event(one.decided_at, f"{one.decision.label}{quarter}", who, one.reason)
