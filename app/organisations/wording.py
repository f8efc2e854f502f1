"""A plan in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.rules.reorganisation import Change, Key, What, named
from app.rules.succession import Organisations
from app.rules.words import in_words


def names_in(plan: Sequence[Change], known: Organisations) -> dict[Key, str]:
    """What the organisations of a plan are called: as they are known, or as the plan adds them."""
    return {
        **{change.key: f"{change.name} ({change.code})" for change in plan if change.what is What.ADDED},
        **{(place.kind, place.code): named(place) for place in known.places.values()},
    }


def sentence_for(change: Change, names: Mapping[Key, str]) -> str:
    """One change as a sentence without a full stop."""

    def name_of(key: Key | None) -> str:
        return names.get(key, key[1]) if key else "nothing"

    this, other = name_of(change.key), name_of(change.other)
    day = in_words(change.day) if change.day else "a day that you give"
    if change.what is What.KIND:
        return f"A new kind of organisation, {change.name}, stands in the place of {change.other and change.other[0]}"
    if change.what is What.ADDED:
        closes = f" and closes on {in_words(change.closed_on)}" if change.closed_on else ""
        return f"{this} opens on {day} as part of {other}{closes}"
    if change.what is What.CLOSED:
        return f"{this} closes. Its last day is {day}"
    if change.what is What.RENAMED:
        return f"{this} is called {change.name} from {day}"
    if change.what is What.MOVED:
        return f"{this} is part of {other} from {day}"
    return f"{other} takes over from {this} on {day}"
