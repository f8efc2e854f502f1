"""Who can see a case: the organisations and roles whose people can, and why. Names nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.rules.succession import Organisations, Place
from app.rules.words import in_words
from models.enumerations import Role
from models.organisations import COUNTRY


@dataclass(frozen=True)
class Viewer:
    """People of one role on one organisation, and through what they see the case."""

    role: Role
    place: Place
    because: str


def who_can_see(
    ccg_id: UUID, organisations: Organisations, today: date, allocated_to: UUID | None = None
) -> list[Viewer]:
    """Everybody who can see the cases of a CCG on a day, or one that was allocated after a split, from the nearest to
    the widest.

    The same facts as row scope: the CCG and whoever took over from it; the one to which the case was allocated, and
    whoever took over from that; then what the one that answers today is part of.
    """
    at = organisations.places[ccg_id]
    viewers = [Viewer(Role.CCG_EDITOR, at, "The case was recorded under it")]
    viewers += _who_took_over(at, organisations, today)
    if allocated_to is not None:
        at = organisations.places[allocated_to]
        viewers.append(Viewer(Role.CCG_EDITOR, at, "The case was allocated to it"))
        viewers += _who_took_over(at, organisations, today)
    answers = organisations.places[organisations.current_of(at.id, today)]
    below, above = answers, organisations.parent_of(answers.id, today)
    while above is not None:
        viewers.append(Viewer(Role.OVERSIGHT, above, f"{below.name} is part of it"))
        if above.kind == COUNTRY:
            viewers.append(Viewer(Role.ANALYST, above, "Analysts see the whole of it"))
        below, above = above, organisations.parent_of(above.id, today)
    return viewers


def _who_took_over(at: Place, organisations: Organisations, today: date) -> list[Viewer]:
    viewers = []
    answers = organisations.current_of(at.id, today)
    while at.id != answers:
        takeover = next(one for one in organisations.successors_of(at.id) if one.effective_on <= today)
        following = organisations.places[takeover.successor]
        viewers.append(
            Viewer(Role.CCG_EDITOR, following, f"It took over from {at.name} on {in_words(takeover.effective_on)}")
        )
        at = following
    return viewers
