"""What a person may do and see on a day, worked out from their grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from app.rules.succession import Organisations, Place
from models import Person
from models.enumerations import Role
from models.organisations import COUNTRY

from .permissions import Permission, permissions_of, reads_cases
from .row_scope import RowScope


@dataclass(frozen=True)
class Access:
    """A person's access on a day: permissions, row scope, and the CCGs under which they may record a case."""

    person: Person
    person_id: UUID
    name: str
    permissions: frozenset[Permission]
    scope: RowScope
    roles: frozenset[Role]
    granted_on: tuple[Place, ...]
    current_ccgs: tuple[Place, ...]
    organisations: Organisations

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @cached_property
    def readable_ccgs(self) -> tuple[Place, ...]:
        """The CCGs of whose cases the person may see any, closed ones too, by name. A page asks several times."""
        return tuple(
            place
            for place in self.organisations.case_holders()
            if self.scope.may_read(place.id) or place.id in self.scope.split
        )

    @cached_property
    def whole_ccgs(self) -> tuple[Place, ...]:
        """The CCGs of which the person sees every case that is with them, closed ones too, by name."""
        return tuple(place for place in self.organisations.case_holders() if self.scope.may_read(place.id))

    def ccgs_as_today(self, today: date) -> tuple[Place, ...]:
        """The CCGs of whose cases the person may see any, and those to which such cases may have been allocated."""
        seen = {place.id for place in self.readable_ccgs}
        splits = self.organisations.splits_on(today)
        seen |= {successor for place in splits.keys() & seen for successor in splits[place]}
        return tuple(place for place in self.organisations.case_holders() if place.id in seen)

    def line_of_current_ccgs(self, today: date) -> set[Place]:
        """The person's current CCGs and those they took over from: where the person may record, each in its time."""
        return {self.organisations.places[place_id] for place_id in self._line(today)}

    def is_in_line(self, ccg_id: UUID, today: date) -> bool:
        """Whether a CCG is one of those: asked of each line of a file."""
        return ccg_id in self._line(today)

    def _line(self, today: date) -> frozenset[UUID]:
        if today not in self._lines:
            self._lines[today] = frozenset(
                place_id
                for ccg in self.current_ccgs
                for place_id in {ccg.id, *self.organisations.predecessors_of(ccg.id, today)}
            )
        return self._lines[today]

    @cached_property
    def _lines(self) -> dict[date, frozenset[UUID]]:
        return {}

    def may_record_under(self, day_added: date, today: date) -> list[Place]:
        """CCGs under which the person may record a case added on a day."""
        offered = {place for place in self.line_of_current_ccgs(today) if place.is_open_on(day_added)}
        return sorted(offered, key=lambda place: (place.name, place.code))


# Roles that are held on all of England or not at all.
OF_ENGLAND = {Role.ANALYST, Role.ADMINISTRATOR}


def _counts(role: Role, place: Place) -> bool:
    return role not in OF_ENGLAND or place.kind == COUNTRY


def access_of(person: Person, organisations: Organisations, today: date) -> Access:
    """A person's access on a day, from the grants that have not ended. An inactive person has none.

    A grant on the wrong kind of organisation gives no row (oversight of one CCG), and what is granted on England alone
    counts nowhere else (an analyst's on a region).
    """
    grants = [
        grant
        for grant in person.grants
        if person.is_active
        and grant.holds_on(today)
        and _counts(grant.role, organisations.places[grant.organisation_id])
    ]
    roles = frozenset(grant.role for grant in grants)
    if any(reads_cases(role) for role in roles):
        roles -= {Role.ADMINISTRATOR}
    readable: set[UUID] = set()
    writable: set[UUID] = set()
    below: set[UUID] = set()
    current: list[Place] = []
    everything = False
    for grant in grants:
        place = organisations.places[grant.organisation_id]
        if grant.role == Role.CCG_EDITOR and place.kind in organisations.case_kinds:
            answered_for = {place.id, *organisations.predecessors_of(place.id, today)}
            readable |= answered_for
            writable |= answered_for
            if place.is_open_on(today):
                current.append(place)
        elif grant.role in (Role.OVERSIGHT, Role.ANALYST) and place.kind == COUNTRY:
            everything = True
        elif grant.role == Role.OVERSIGHT and place.kind not in organisations.case_kinds:
            below |= organisations.case_holders_below(place.id, today)
    return Access(
        person=person,
        # As values: an error page needs them when the database no longer answers.
        person_id=person.id,
        name=person.name,
        permissions=permissions_of(roles),
        scope=_scope_of(readable, writable, below, everything, organisations, today),
        roles=roles,
        granted_on=tuple(
            sorted({organisations.places[g.organisation_id] for g in grants}, key=lambda p: (p.name, p.code))
        ),
        current_ccgs=tuple(sorted(set(current), key=lambda p: (p.name, p.code))),
        organisations=organisations,
    )


def _scope_of(
    readable: set[UUID], writable: set[UUID], below: set[UUID], everything: bool, known: Organisations, today: date
) -> RowScope:
    """The row scope of somebody who holds CCGs (`readable`, `writable`) and oversees others (`below`).

    Whoever holds a CCG that was split goes on seeing its cases. Whoever oversees it sees them until they are allocated,
    and then those that are allocated to what they oversee.
    """
    splits = known.splits_on(today)
    seen = readable | below
    # A split all of whose parts are seen is none for this person.
    apart = {one: successors for one, successors in splits.items() if one in seen and not successors <= seen}
    waiting = {place for place in below - readable if known.current_of(place, today) in apart}
    plain = seen - waiting
    hidden = {one: successors for one, successors in splits.items() if one not in plain}
    allocated = {successor for successors in hidden.values() for successor in successors} & seen
    came_from = {one for one, successors in hidden.items() if successors & allocated}
    return RowScope(
        frozenset(plain),
        frozenset(writable),
        reads_everything=everything,
        waiting=frozenset(waiting),
        allocated=frozenset(allocated),
        writable_allocated=frozenset(allocated & writable),
        split=frozenset(
            earlier
            for one in came_from
            for earlier in {one, *known.predecessors_of(one, today)}
            if earlier not in plain
        ),
    )
