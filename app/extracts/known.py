"""Every case as it was known at a moment, in the order of references, and those that look alike: keys alone.

Some bytes a case and no object for it, so that the cases of England fit where their words do not. The words are read
afterwards, some hundreds of cases at a time.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count, islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.database import in_byte_order, newest_known, plain_rows, plainly, versions_called
from models import CaseReview, version_of
from models.enumerations import Change

from .cells import Remembered

AT_ONCE = 500
MOST_TWINS = 5
# The first few of a heap are enough to say that there is one.
FIRST = MOST_TWINS + 2
_PARTS = 16
# A key to sort by is a number of 64 bits: of a day, a type, a line of succession and a place; or of a hash and a place.
_TYPES, _LINES, _PLACES = 1 << 10, 1 << 12, 1 << 24
_HASHES = 1 << 40
_NO_GROUP = 0xFFFFFFFF
_KEYS = ("id", "number", "reference", "ccg_id", "allocated_to_id", "incident_date", "review_type_id", "steis_number")


class Known:
    """The cases that were recorded and not withdrawn at a moment, by their place in the order of references, from 0."""

    def __init__(self, session: Session, moment: datetime, lists: Lookups) -> None:
        self._ids, self._numbers = bytearray(), array("I")
        self._references, self._ends = bytearray(), array("I", [0])
        # The rapid review that a case grew out of.
        self._sources: dict[int, bytes] = {}
        alike = _Alike(lists)
        for rows in plain_rows(session, _recorded(session, moment), AT_ONCE):
            self._add(rows, alike)
        self._groups = array("I")
        self._group_of = array("I", [_NO_GROUP]) * len(self)
        # Of those whose group does not say it all.
        self._more: dict[int, set[int]] = defaultdict(set)
        for places in alike.of_same_day():
            self._note(places)
        self._note_same_numbers(session, alike)

    def __len__(self) -> int:
        return len(self._numbers)

    def _add(self, rows: Sequence[Any], alike: _Alike) -> None:
        for id_, number, reference, ccg, allocated, day, type_, steis, source in rows:
            place = len(self._numbers)
            self._ids += bytes.fromhex(id_.replace("-", ""))
            self._numbers.append(number)
            self._references += reference.encode()
            self._ends.append(len(self._references))
            if source is not None:
                self._sources[place] = bytes.fromhex(source.replace("-", ""))
            alike.add(place, (ccg, allocated), day, type_, steis)
        if len(self) > _PLACES:
            raise OverflowError(f"More than {_PLACES} cases.")

    # Who is who

    def called(self, places: Iterable[int]) -> list[tuple[str, int]]:
        """The ids, in hexadecimal, and the numbers of the versions at some places."""
        return [(self._ids[place * 16 : place * 16 + 16].hex(), self._numbers[place]) for place in places]

    def reference(self, place: int) -> str:
        return self._references[self._ends[place] : self._ends[place + 1]].decode()

    # Who looks like whom

    def twins(self, place: int) -> list[str]:
        """The references of at most MOST_TWINS cases that look like the one at a place."""
        group = self._group_of[place]
        others = set(self._more.get(place, ()))
        if group != _NO_GROUP:
            others.update(self._groups[group + 1 : group + 1 + self._groups[group]])
            others.discard(place)
        return [self.reference(other) for other in sorted(others)[:MOST_TWINS]]

    def has_twins(self, places: range) -> list[bool]:
        """Whether `twins` gives any, for each of some places."""
        more = self._more
        groups = self._group_of[places.start : places.stop]
        return [group != _NO_GROUP or place in more for group, place in zip(groups, places, strict=True)]

    def _note(self, alike: Sequence[int]) -> None:
        """Notes that cases look alike, given in order: each like the first few others that it is not linked to."""
        first = alike[:FIRST]
        if any(place in self._sources for place in alike):
            for place in alike:
                others = [one for one in first if one != place and not self._are_linked(place, one)]
                if others:
                    self._more[place].update(others)
            return
        start = len(self._groups)
        self._groups.append(len(first))
        self._groups.extend(first)
        for place in alike:
            if self._group_of[place] == _NO_GROUP:
                self._group_of[place] = start
            else:
                self._more[place].update(one for one in first if one != place)

    def _are_linked(self, one: int, other: int) -> bool:
        return self._sources.get(one) == self._id(other) or self._sources.get(other) == self._id(one)

    def _id(self, place: int) -> bytes:
        return bytes(self._ids[place * 16 : place * 16 + 16])

    def _note_same_numbers(self, session: Session, alike: _Alike) -> None:
        versions = version_of(CaseReview)
        wanted = [
            plainly(session, getattr(versions, name)) for name in ("id", "ccg_id", "allocated_to_id", "steis_number")
        ]
        possible = alike.of_same_hash()
        while batch := list(islice(possible, AT_ONCE)):
            places = sorted({place for places in batch for place in places})
            asked = versions_called(session, self.called(places)).with_only_columns(*wanted, maintain_column_froms=True)
            found = {
                bytes.fromhex(id_.replace("-", "")): (alike.lines[ccg, allocated], steis)
                for rows in plain_rows(session, asked, AT_ONCE)
                for id_, ccg, allocated, steis in rows
            }
            for places in batch:
                by_line: dict[tuple[int, str], list[int]] = defaultdict(list)
                for place in places:
                    lines, steis = found[self._id(place)]
                    for line in lines:
                        by_line[line, steis].append(place)
                for same in by_line.values():
                    if len(same) > 1:
                        self._note(same)


def _recorded(session: Session, moment: datetime) -> Select[Any]:
    known = newest_known(session, moment, *_KEYS[1:], "converted_from_id", "change", "withdrawn_at").c
    wanted = [plainly(session, known[name]) for name in (*_KEYS, "converted_from_id")]
    recorded = select(*wanted).where(known.change != Change.DELETED, known.withdrawn_at.is_(None))
    return recorded.order_by(in_byte_order(session, known.reference))


class _Alike:
    """What may bring cases together, as numbers to sort: their days and types, and the hashes of their numbers."""

    def __init__(self, lists: Lookups) -> None:
        known, today = lists.organisations, lists.today
        line_of = Remembered(_number(_LINES))

        def lines_of(places: tuple[str, str | None]) -> tuple[int, ...]:
            # After a split, both of the CCG that was split and of the one that a case was allocated to.
            ccgs = {known.current_of(UUID(ccg), today) for ccg in places if ccg is not None}
            return tuple(sorted(line_of[ccg] for ccg in ccgs))

        self.lines = Remembered(lines_of)
        self._days, self._types = Remembered(_number()), Remembered(_number(_TYPES))
        self._of_day = [array("Q") for _ in range(_PARTS)]
        self._of_hash = [array("Q") for _ in range(_PARTS)]

    def add(self, place: int, ccgs: tuple[str, str | None], day: str, type_: str, steis: str | None) -> None:
        number = self._days[day]
        for line in self.lines[ccgs]:
            key = (number * _TYPES + self._types[type_]) * _LINES + line
            self._of_day[number % _PARTS].append(key * _PLACES + place)
        if steis is not None:
            key = hash(steis) % _HASHES
            self._of_hash[key % _PARTS].append(key * _PLACES + place)

    def of_same_day(self) -> Iterator[list[int]]:
        """The places, in order, of cases of one line that have the same incident date and type."""
        return _runs(self._of_day)

    def of_same_hash(self) -> Iterator[list[int]]:
        """The places, in order, of cases that may have the same StEIS number."""
        return _runs(self._of_hash)


def _number(most: int = 1 << 18) -> Callable[[Any], int]:
    numbers = count()

    def next_number(what: Any) -> int:
        number = next(numbers)
        if number >= most:
            raise OverflowError(f"More than {most} of what cases are compared by.")
        return number

    return next_number


def _runs(parts: list[array[int]]) -> Iterator[list[int]]:
    """What stands under one key, where several do. Each part is sorted by itself, and forgotten."""
    while parts:
        run: list[int] = []
        of = -1
        for key in sorted(parts.pop()):
            group, place = divmod(key, _PLACES)
            if group != of:
                if len(run) > 1:
                    yield run
                run, of = [], group
            run.append(place)
        if len(run) > 1:
            yield run
