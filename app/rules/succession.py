"""Organisations through time: who is part of whom, and who took over from whom.

A date that ends something is the last day in force. A split has no single successor, so what follows it is chosen by
a person, and until then the organisation that was split answers for itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID


@dataclass(frozen=True)
class Place:
    """An organisation's facts: its kind and code identify it; `closed_on` is its last day, None while it is open."""

    id: UUID
    kind: str
    code: str
    name: str
    opened_on: date | None = None
    closed_on: date | None = None

    def is_open_on(self, day: date) -> bool:
        """Whether it was in force on a day, first and last day included."""
        return (self.opened_on is None or self.opened_on <= day) and (self.closed_on is None or day <= self.closed_on)


@dataclass(frozen=True)
class KindOfPlace:
    """A kind of organisation: region, STP, CCG, or what took its place. `parent` is the kind that it is part of.

    Kinds of the same `level` stand at the same height: what took the place of STPs stands where they stood.
    """

    code: str
    label: str
    plural: str
    parent: str | None
    may_hold_cases: bool
    level: int


@dataclass(frozen=True)
class Part:
    """`child` is part of `parent` from one day to another (None: still)."""

    child: UUID
    parent: UUID
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Takeover:
    """`successor` took over from `predecessor` on a day."""

    predecessor: UUID
    successor: UUID
    effective_on: date


@dataclass(frozen=True)
class Organisations:
    """Every organisation with its memberships and successions; answers questions about them as at a day."""

    places: Mapping[UUID, Place]
    parts: tuple[Part, ...]
    takeovers: tuple[Takeover, ...]
    case_kinds: frozenset[str]
    kinds: Mapping[str, KindOfPlace] = field(default_factory=dict)

    @cached_property
    def _successors(self) -> dict[UUID, list[Takeover]]:
        found: dict[UUID, list[Takeover]] = defaultdict(list)
        for takeover in self.takeovers:
            found[takeover.predecessor].append(takeover)
        return found

    @cached_property
    def _predecessors(self) -> dict[UUID, list[Takeover]]:
        found: dict[UUID, list[Takeover]] = defaultdict(list)
        for takeover in self.takeovers:
            found[takeover.successor].append(takeover)
        return found

    @cached_property
    def _parents(self) -> dict[UUID, list[Part]]:
        found: dict[UUID, list[Part]] = defaultdict(list)
        for part in sorted(self.parts, key=lambda one: one.valid_from):
            found[part.child].append(part)
        return found

    def case_holders(self) -> list[Place]:
        """Every organisation that may hold cases, closed ones too, by name."""
        return list(self._case_holders)

    @cached_property
    def _case_holders(self) -> tuple[Place, ...]:
        holders = (place for place in self.places.values() if place.kind in self.case_kinds)
        return tuple(sorted(holders, key=lambda place: (place.name, place.code)))

    def successors_of(self, place: UUID) -> list[Takeover]:
        """Every takeover of a place, also those that lie ahead."""
        return self._successors.get(place, [])

    def current_of(self, place: UUID, day: date) -> UUID:
        """Who answers for a place's cases on a day: the end of its line of succession, or itself after a split."""
        seen = {place}
        while True:
            followed = {t.successor for t in self._successors.get(place, []) if t.effective_on <= day}
            if len(followed) != 1:
                return place
            place = followed.pop()
            if place in seen:
                raise ValueError("A line of succession leads back to itself.")
            seen.add(place)

    def was_split(self, place: UUID, day: date) -> bool:
        """Whether several have taken over from a place by a day, so that none of them answers for its cases."""
        return place in self.splits_on(day)

    @cached_property
    def _splits(self) -> dict[date, dict[UUID, frozenset[UUID]]]:
        return {}

    def splits_on(self, day: date) -> Mapping[UUID, frozenset[UUID]]:
        """Every place from which several had taken over by a day, each with all to whom its cases may be allocated:
        those, and where one of them, or whoever took over from it, was split as well, those that took over then."""
        if day in self._splits:
            return self._splits[day]
        parted = {}
        for place, takeovers in self._successors.items():
            successors = frozenset(one.successor for one in takeovers if one.effective_on <= day)
            if len(successors) > 1:
                parted[place] = successors
        found = self._splits[day] = {}
        for place, successors in parted.items():
            parts, waiting = set(successors), list(successors)
            while waiting:
                more = parted.get(self.current_of(waiting.pop(), day), frozenset()) - parts
                parts |= more
                waiting += more
            found[place] = frozenset(parts)
        return found

    def may_answer_after_a_split(self, place: UUID, day: date) -> list[Place]:
        """To whom a place's cases may be allocated on a day, by name: those that took over in the split and are in
        force, or for which somebody in force answers."""
        successors = self.splits_on(day).get(self.current_of(place, day), frozenset())
        answered_for = (
            self.places[one] for one in successors if self.places[self.current_of(one, day)].is_open_on(day)
        )
        return sorted(answered_for, key=lambda one: (one.name, one.code))

    def parted_again(self, place: UUID, day: date) -> set[UUID]:
        """Those to whom a place's cases may have been allocated and for whose cases nobody answers by a day, because
        they, or whoever took over from them, were split as well."""
        splits = self.splits_on(day)
        return {one for one in splits.get(place, frozenset()) if self.current_of(one, day) in splits}

    def split_from(self, place: UUID, day: date) -> set[UUID]:
        """Every place whose cases may have been allocated to a place, or to one before it, in a split."""
        line = {place, *self.predecessors_of(place, day)}
        split = {one for one, successors in self.splits_on(day).items() if successors & line}
        return {earlier for one in split for earlier in {one, *self.predecessors_of(one, day)}}

    def predecessors_of(self, place: UUID, day: date) -> set[UUID]:
        """Every place whose cases a place answers for on a day, itself left out."""
        found: set[UUID] = set()
        waiting = [place]
        while waiting:
            for takeover in self._predecessors.get(waiting.pop(), []):
                earlier = takeover.predecessor
                if takeover.effective_on <= day and earlier not in found and self.current_of(earlier, day) != earlier:
                    found.add(earlier)
                    waiting.append(earlier)
        return found - {place}

    def same_line(self, one: UUID, other: UUID, day: date) -> bool:
        """Whether two places are the same, or one took over from the other, directly or through others."""
        return one == other or other in self.predecessors_of(one, day) or one in self.predecessors_of(other, day)

    def parent_of(self, place: UUID, day: date) -> Place | None:
        """What a place is part of on a day; once it has closed, what it was part of last."""
        parts = self._parents.get(place, [])
        begun = [part for part in parts if part.valid_from <= day]
        in_force = [part for part in begun if part.valid_to is None or part.valid_to >= day]
        if in_force:
            return self.places[in_force[-1].parent]
        closed_on = self.places[place].closed_on
        if begun and closed_on is not None and closed_on < day:
            return self.places[begun[-1].parent]
        return None

    @cached_property
    def _above(self) -> dict[tuple[str, date], dict[UUID, Place | None]]:
        return {}

    def above(self, place: UUID, kind: str, day: date) -> Place | None:
        """The organisation of a kind, or of one that took that kind's place, that a place is part of on a day."""
        # A list asks for that of every CCG, several times.
        known = self._above.setdefault((kind, day), {})
        if place not in known:
            at: Place | None = self.places[place]
            while at is not None and not self.stands_for(at.kind, kind):
                at = self.parent_of(at.id, day)
            known[place] = at
        return known[place]

    def stands_for(self, kind: str, other: str) -> bool:
        """Whether a kind is another, or stands at its level: what took the place of STPs stands for them."""
        if kind == other:
            return True
        return kind in self.kinds and other in self.kinds and self.kinds[kind].level == self.kinds[other].level

    def case_holders_below(self, place: UUID, day: date) -> set[UUID]:
        """Every organisation whose cases are seen from a place on a day.

        Membership is that of whoever answers for the cases today: a merger into another STP takes the cases along.
        """
        found = set()
        for holder in self.case_holders():
            at: Place | None = self.places[self.current_of(holder.id, day)]
            while at is not None:
                if at.id == place:
                    found.add(holder.id)
                    break
                at = self.parent_of(at.id, day)
        return found

    def of_kind(self, kind: str) -> list[Place]:
        """Every organisation of a kind, or of one that took its place, by name."""
        return sorted(
            (place for place in self.places.values() if self.stands_for(place.kind, kind)),
            key=lambda place: (place.name, place.code),
        )
