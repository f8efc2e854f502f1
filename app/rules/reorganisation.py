"""What happens to organisations: one is added, closed, renamed, moved, or takes over from another.

A plan is a list of such changes, made by a guided task, from the lists of the Organisation Data Service, or from a file
of changes; whatever its door, it is judged here. Reorganisations are data: nothing here knows a year or a code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from itertools import pairwise
from typing import TypeVar
from uuid import UUID, uuid4

from .succession import KindOfPlace, Organisations, Part, Place, Takeover
from .words import in_words

DAY = timedelta(days=1)
Key = tuple[str, str]
Fact = TypeVar("Fact", Part, Takeover)


class What(Enum):
    """What happens to an organisation."""

    KIND = "New kind of organisation"
    ADDED = "Added"
    CLOSED = "Closed"
    RENAMED = "Renamed"
    MOVED = "Moved"
    TAKEN_OVER = "Taken over"


@dataclass(frozen=True)
class Change:
    """One change of an organisation, which its kind and code name. `day` is None where somebody must say it.

    `day` is the first on which it is so, of a closing the last on which it is open. `name` is what it is called from
    then on; `other` names what it is part of, or who takes over. `closed_on` is the last day of one that is added
    closed, `ons_code` its code of the Office for National Statistics. A new kind has a code, a label as its `name`, a
    `plural`, and the kind in whose place it comes in `other`.
    """

    what: What
    kind: str
    code: str
    day: date | None = None
    name: str = ""
    other: Key | None = None
    closed_on: date | None = None
    ons_code: str = ""
    plural: str = ""
    parent_kind: str = ""
    line: int = 0

    @property
    def key(self) -> Key:
        return (self.kind, self.code)

    @property
    def lacks_a_day(self) -> bool:
        """Whether somebody must still say when."""
        return self.day is None and self.what is not What.KIND


class CannotBe(Exception):
    """A plan that contradicts what is known, or itself. The words say how."""


@dataclass(frozen=True)
class Planned:
    """What would be known after a plan, and which organisations it touches. Ids of what it adds are already given."""

    known: Organisations
    touched: frozenset[UUID]


def planned(plan: Sequence[Change], known: Organisations) -> Planned:
    """What would be known if all changes of a plan were made. Raises CannotBe, with what contradicts it first.

    Kinds come first, then what is added, closings, and the rest, whatever order the plan is in.
    """
    work = _Work(known)
    for what in What:
        changes = [change for change in plan if change.what is what]
        # What is added is part of something else that may be added too: the highest first.
        for change in sorted(changes, key=lambda one: work.level_of(one.kind)) if what is What.ADDED else changes:
            work.make(change)
    found = work.result()
    problem = next(contradictions(found, work.touched), None)
    if problem:
        raise CannotBe(problem)
    return Planned(found, frozenset(work.touched))


def closes_most(plan: Iterable[Change], known: Organisations, today: date) -> bool:
    """Whether over half of the open organisations of any kind would close: a wrong file, or the end of that kind."""
    closing = Counter(change.kind for change in plan if change.what is What.CLOSED)
    there = Counter(place.kind for place in known.places.values() if place.is_open_on(today))
    return any(number * 2 > there[kind] for kind, number in closing.items() if there[kind] > 1)


class _Work:
    """The facts while a plan is being made of them."""

    def __init__(self, known: Organisations) -> None:
        self.known = known
        self.kinds = dict(known.kinds)
        self.places = dict(known.places)
        self.parts = list(known.parts)
        self.takeovers = list(known.takeovers)
        self.by_key = {(place.kind, place.code): place.id for place in known.places.values()}
        self.touched: set[UUID] = set()

    def result(self) -> Organisations:
        return Organisations(
            self.places,
            tuple(self.parts),
            tuple(self.takeovers),
            frozenset(kind.code for kind in self.kinds.values() if kind.may_hold_cases),
            self.kinds,
        )

    def level_of(self, kind: str) -> int:
        return self.kinds[kind].level if kind in self.kinds else 0

    def make(self, change: Change) -> None:
        if change.what is What.KIND:
            self._add_kind(change)
            return
        if change.day is None:
            raise CannotBe(f"Enter the date for {change.code}")
        if change.what is What.ADDED:
            self._add(change, change.day)
            return
        place = self.find(change.key)
        self.touched.add(place.id)
        if change.what is What.CLOSED:
            self._close(place, change.day)
        elif change.what is What.RENAMED:
            self._rename(place, change)
        elif change.what is What.MOVED:
            self._move(place, change, change.day)
        else:
            self._take_over(place, change, change.day)

    def find(self, key: Key | None) -> Place:
        if key is None or key not in self.by_key:
            raise CannotBe(f"There is no {self.label_of(key[0])} with the code {key[1]}" if key else "Name the other")
        return self.places[self.by_key[key]]

    def label_of(self, kind: str) -> str:
        return self.kinds[kind].label if kind in self.kinds else "organisation"

    def _add_kind(self, change: Change) -> None:
        instead = self.kinds.get(change.other[0]) if change.other else None
        if instead is None:
            raise CannotBe(f"The kind {change.kind} must say in the place of which kind it comes")
        if change.kind in self.kinds:
            raise CannotBe(f"There is a kind {change.kind} already")
        if change.parent_kind not in self.kinds or self.level_of(change.parent_kind) >= instead.level:
            raise CannotBe(f"{change.name} must be part of a kind that stands above it")
        self.kinds[change.kind] = KindOfPlace(
            change.kind, change.name, change.plural, change.parent_kind, instead.may_hold_cases, instead.level
        )

    def _add(self, change: Change, day: date) -> None:
        if change.kind not in self.kinds:
            raise CannotBe(f"{change.kind} is not a kind of organisation that is known")
        if change.key in self.by_key:
            there = self.places[self.by_key[change.key]]
            raise CannotBe(f"The code {change.code} is that of {there.name} already")
        if change.closed_on and change.closed_on < day:
            raise CannotBe(f"{change.name} ({change.code}) would close before it opens")
        parent = self.find(change.other)
        place = Place(uuid4(), change.kind, change.code, change.name, day, change.closed_on)
        self.places[place.id], self.by_key[change.key] = place, place.id
        self.parts.append(Part(place.id, parent.id, day, change.closed_on))
        self.touched.add(place.id)

    def _close(self, place: Place, last: date) -> None:
        if place.closed_on is not None:
            raise CannotBe(f"{named(place)} closed on {in_words(place.closed_on)}")
        if place.opened_on and last < place.opened_on:
            raise CannotBe(f"{named(place)} opened on {in_words(place.opened_on)}, after its last day would be")
        self.places[place.id] = replace(place, closed_on=last)
        self.parts = [
            replace(part, valid_to=last) if part.child == place.id and part.valid_to is None else part
            for part in self.parts
        ]

    def _rename(self, place: Place, change: Change) -> None:
        if change.day is None or not place.is_open_on(change.day):
            raise CannotBe(f"{named(place)} is not open on {in_words(change.day)}" if change.day else "Enter the date")
        if not change.name or change.name == place.name:
            raise CannotBe(f"{named(place)} has that name already" if change.name else "Enter the new name")
        self.places[place.id] = replace(place, name=change.name)

    def _move(self, place: Place, change: Change, day: date) -> None:
        parent = self.find(change.other)
        still = next((part for part in self.parts if part.child == place.id and part.valid_to is None), None)
        if still is None:
            raise CannotBe(f"{named(place)} is closed, or its move is already known")
        if still.parent == parent.id:
            raise CannotBe(f"{named(place)} is part of {named(parent)} already")
        if day <= still.valid_from:
            raise CannotBe(
                f"{named(place)} has been part of {named(self.places[still.parent])} since"
                f" {in_words(still.valid_from)}. It can move after that day"
            )
        self.parts.remove(still)
        self.parts += [replace(still, valid_to=day - DAY), Part(place.id, parent.id, day, None)]

    def _take_over(self, place: Place, change: Change, day: date) -> None:
        successor = self.find(change.other)
        self.touched.add(successor.id)
        if place.id == successor.id:
            raise CannotBe(f"{named(place)} cannot take over from itself")
        if self.level_of(place.kind) != self.level_of(successor.kind):
            raise CannotBe(f"{named(successor)} is not of a kind that can take over from {named(place)}")
        if any((one.predecessor, one.successor) == (place.id, successor.id) for one in self.takeovers):
            raise CannotBe(f"{named(successor)} has taken over from {named(place)} already")
        self.takeovers.append(Takeover(place.id, successor.id, day))


def unmade(plan: Sequence[Change], known: Organisations) -> Organisations:
    """What was known before a plan was made. Raises CannotBe where its organisations have changed again since.

    Names are not looked at: a plan that is unmade leaves them to whoever keeps them by their dates.
    """
    work = _Unmaking(known)
    for what in reversed(What):
        changes = [change for change in plan if change.what is what]
        for change in sorted(changes, key=lambda one: -work.level_of(one.kind)) if what is What.ADDED else changes:
            work.unmake(change)
    found = work.result()
    problem = next(contradictions(found, work.touched & found.places.keys()), None)
    if problem:
        raise CannotBe(problem)
    return found


class _Unmaking(_Work):
    """The facts while a plan is being taken back from them."""

    def unmake(self, change: Change) -> None:
        if change.what is What.KIND:
            if any(place.kind == change.kind for place in self.places.values()):
                raise CannotBe(f"There are {change.plural or change.name} that came later")
            self.kinds.pop(change.kind, None)
            return
        place = self.find(change.key)
        self.touched.add(place.id)
        if change.what is What.TAKEN_OVER:
            other = self.find(change.other)
            self.touched.add(other.id)
            self._remove(self.takeovers, lambda one: (one.predecessor, one.successor) == (place.id, other.id), place)
        elif change.what is What.MOVED:
            self._unmove(place, change)
        elif change.what is What.CLOSED:
            self._reopen(place, change)
        elif change.what is What.ADDED:
            self._unadd(place, change)

    def _remove(self, facts: list[Fact], is_it: Callable[[Fact], bool], place: Place) -> Fact:
        found = next((one for one in facts if is_it(one)), None)
        if found is None:
            raise self._changed(place)
        facts.remove(found)
        return found

    @staticmethod
    def _changed(place: Place) -> CannotBe:
        return CannotBe(f"{named(place)} has changed again since. Undo that first")

    def _unmove(self, place: Place, change: Change) -> None:
        now = self._remove(self.parts, lambda one: (one.child, one.valid_from) == (place.id, change.day), place)
        last = now.valid_from - DAY
        before = self._remove(self.parts, lambda one: (one.child, one.valid_to) == (place.id, last), place)
        if now.valid_to is not None:
            raise self._changed(place)
        self.parts.append(replace(before, valid_to=None))

    def _reopen(self, place: Place, change: Change) -> None:
        if place.closed_on != change.day:
            raise self._changed(place)
        self.places[place.id] = replace(place, closed_on=None)
        last = self._remove(self.parts, lambda one: (one.child, one.valid_to) == (place.id, change.day), place)
        self.parts.append(replace(last, valid_to=None))

    def _unadd(self, place: Place, change: Change) -> None:
        as_added = place.opened_on == change.day and place.closed_on == change.closed_on
        in_use = any(place.id in (one.predecessor, one.successor) for one in self.takeovers)
        if not as_added or in_use or any(part.parent == place.id for part in self.parts):
            raise self._changed(place)
        self._remove(self.parts, lambda one: one.child == place.id, place)
        if any(part.child == place.id for part in self.parts):
            raise self._changed(place)
        del self.places[place.id], self.by_key[change.key]


def contradictions(known: Organisations, touched: Iterable[UUID]) -> Iterator[str]:
    """What cannot be so, in sentences: of the organisations that were touched, those that are part of them included."""
    affected = set(touched)
    affected |= {part.child for part in known.parts if part.parent in affected}
    for place in sorted((known.places[id_] for id_ in affected), key=lambda one: (one.kind, one.code)):
        yield from _of_membership(place, known)
        yield from _of_succession(place, known)


def _of_membership(place: Place, known: Organisations) -> Iterator[str]:
    kind = known.kinds[place.kind]
    parts = sorted((part for part in known.parts if part.child == place.id), key=lambda part: part.valid_from)
    if kind.parent is None:
        return
    if not parts:
        yield f"{named(place)} must be part of something"
        return
    for before, after in pairwise(parts):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            yield f"{named(place)} would be part of two organisations on {in_words(after.valid_from)}"
        elif before.valid_to + DAY < after.valid_from:
            yield f"{named(place)} would be part of nothing on {in_words(before.valid_to + DAY)}"
    if parts[-1].valid_to != place.closed_on:
        last = parts[-1].valid_to
        if last is None or (place.closed_on and last > place.closed_on):
            yield f"{named(place)} would be part of something after it closes"
        else:
            yield f"{named(place)} would be part of nothing after {in_words(last)}"
    for part in parts:
        parent = known.places[part.parent]
        if known.kinds[parent.kind].level >= kind.level:
            yield f"{named(place)} cannot be part of {named(parent)}"
        if parent.closed_on and (part.valid_to is None or part.valid_to > parent.closed_on):
            yield (
                f"{named(place)} would still be part of {named(parent)} after that closes on"
                f" {in_words(parent.closed_on)}. Move it first"
            )
        if parent.opened_on and part.valid_from < parent.opened_on:
            yield f"{named(parent)} opens on {in_words(parent.opened_on)}, after {named(place)} would be part of it"


def _of_succession(place: Place, known: Organisations) -> Iterator[str]:
    for one in known.successors_of(place.id):
        successor = known.places[one.successor]
        if place.closed_on is None:
            yield f"{named(successor)} would take over from {named(place)}, which does not close"
        elif place.closed_on + DAY != one.effective_on:
            yield (
                f"{named(place)} closes on {in_words(place.closed_on)}, so {named(successor)} takes over on"
                f" {in_words(place.closed_on + DAY)}, not on {in_words(one.effective_on)}"
            )
        if not successor.is_open_on(one.effective_on):
            yield f"{named(successor)} is not open on {in_words(one.effective_on)}"
        if _leads_to(known, one.successor, place.id):
            yield f"{named(successor)} would take over from {named(place)}, which took over from it"


def _leads_to(known: Organisations, start: UUID, end: UUID) -> bool:
    waiting, seen = [start], set()
    while waiting:
        at = waiting.pop()
        if at == end:
            return True
        if at not in seen:
            seen.add(at)
            waiting += [one.successor for one in known.successors_of(at)]
    return False


def named(place: Place) -> str:
    """An organisation by its name and code."""
    return f"{place.name} ({place.code})"
