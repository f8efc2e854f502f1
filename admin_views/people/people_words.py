"""The words for what somebody is granted."""

from __future__ import annotations

from app.access.current import lookups
from app.rules.words import in_words
from models import Grant, Person


def in_words_of(grant: Grant) -> str:
    """A role and where it holds: Oversight, England."""
    place = lookups().organisations.places[grant.organisation_id]
    return f"{grant.role.label}, {place.name}"


def held_in_words(person: Person) -> list[str]:
    """What somebody may do today: role, where, and until when."""
    return [
        in_words_of(grant) + (f", until {in_words(grant.ends_on)}" if grant.ends_on else "")
        for grant in sorted(person.grants, key=in_words_of)
        if grant.holds_on(lookups().today)
    ]
