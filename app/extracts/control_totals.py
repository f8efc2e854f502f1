"""The walk from one quarter to the next: how many cases there were, what was added and taken away, how many there are.

Each case is in at most one line of a walk. STP and region are those of the CCG under which the case was recorded, and
the CCG is whoever answers for it, as in the columns of the file of cases, so that anybody can count them there.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.rules.succession import Place
from models.organisations import CCG, COUNTRY, REGION, STP

from .states import Places, State, counted_at, counted_between, gone_between

LEVELS = {COUNTRY: "England", REGION: "Region", STP: "STP", CCG: "CCG"}
RECORDED = (State.OPEN, State.CLOSED)
ENGLAND = ("England", "ENGLAND", "England")


class DoNotAddUp(Exception):
    """The walk does not add up; says where. No extract is drawn from such a history."""


@dataclass
class Walk:
    """One line of control totals. Each term is a number of cases; those of `SIGNS` lead from opening to closing."""

    opening: int = 0
    closing: int = 0
    terms: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def is_zero(self) -> bool:
        return not (self.opening or self.closing or any(self.terms.values()))


ALL = {"added": 1, "brought back": 1, "withdrawn": -1, "moved in": 1, "moved out": -1}
OPEN = {
    "added open": 1,
    "reopened": 1,
    "brought back open": 1,
    "closed": -1,
    "withdrawn while open": -1,
    "moved in": 1,
    "moved out": -1,
}
MEASURES = {"All cases": ALL, "Open cases": OPEN}
Area = tuple[str, str]  # the level and the code
Totals = dict[Area, dict[str, Walk]]


@dataclass(frozen=True)
class ControlTotals:
    """The walks of every area, by level and code, in the order of the file, with the area's name."""

    names: Mapping[Area, str]
    walks: Totals

    def write(self, file: IO[str]) -> None:
        """As CSV: one row an area."""
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(headings())
        for area, name in self.names.items():
            writer.writerow([area[0], area[1], name, *(str(number) for number in numbers_of(self.walks[area]))])


def headings() -> list[str]:
    """The headings of the file."""
    return [
        "Level",
        "Code",
        "Name",
        *(f"{measure}: {term}" for measure, signs in MEASURES.items() for term in ("opening", *signs, "closing")),
    ]


def numbers_of(walks: Mapping[str, Walk]) -> list[int]:
    """What stands under the headings after the name."""
    return [
        number
        for measure, signs in MEASURES.items()
        for walk in (walks[measure],)
        for number in (walk.opening, *(walk.terms[term] for term in signs), walk.closing)
    ]


def walked(
    session: Session, opening: datetime, closing: datetime, then: Lookups, now: Lookups, sent: Mapping[Area, list[int]]
) -> ControlTotals:
    """The walk of every area between two moments, with the lists as known at each.

    Opening and closing are counted by themselves, and the terms from what became of each case. `sent` is what the
    extract that is the opening said its closing was (all and open cases), where there is one. Raises DoNotAddUp.
    """
    between = counted_between(session, opening, closing)
    if any(after is State.DELETED and before is not State.ABSENT for _, _, before, after in between):
        gone = gone_between(session, opening, closing)
        raise DoNotAddUp(f"{gone[0]} was deleted from the database, and {len(gone) - 1} more")
    totals: Totals = defaultdict(lambda: {measure: Walk() for measure in MEASURES})
    before, after = _Areas(then), _Areas(now)
    _count(counted_at(session, opening), before, totals, "opening")
    _count(counted_at(session, closing), after, totals, "closing")
    for ((ccg, held_by), was_with, state, state_after), number in between.items():
        if state_after is State.DELETED:
            continue
        there = before.of((ccg, was_with)) if was_with is not None else {}
        _walk(totals, there, after.of((ccg, held_by)), state, state_after, number)
    _check(totals, sent)
    return ControlTotals(*_in_order(totals, now))


class _Areas:
    """Where cases are counted, by level; None where their CCG is part of nothing of that level."""

    def __init__(self, lists: Lookups) -> None:
        self.lists = lists
        self._found: dict[Places, dict[str, Place | None]] = {}

    def of(self, places: Places) -> dict[str, Place | None]:
        """The areas of the cases of some places."""
        if places not in self._found:
            known, today, (ccg, held_by) = self.lists.organisations, self.lists.today, places
            self._found[places] = {
                COUNTRY: None,
                REGION: known.above(ccg, REGION, today),
                STP: known.above(ccg, STP, today),
                CCG: known.places[known.current_of(held_by, today)],
            }
        return self._found[places]


def _area(level: str, place: Place | None) -> Area:
    if level == COUNTRY:
        return ENGLAND[0], ENGLAND[1]
    return LEVELS[level], place.code if place else ""


def _count(counted: Mapping[tuple[Places, State], int], areas: _Areas, totals: Totals, end: str) -> None:
    for (places, state), number in counted.items():
        for level, place in areas.of(places).items():
            walks = totals[_area(level, place)]
            for measure, counts in (("All cases", state in RECORDED), ("Open cases", state is State.OPEN)):
                if counts:
                    setattr(walks[measure], end, getattr(walks[measure], end) + number)


def _walk(
    totals: Totals,
    before: Mapping[str, Place | None],
    after: Mapping[str, Place | None],
    state: State,
    state_after: State,
    number: int,
) -> None:
    """Puts what became of some cases of one CCG into the one term of each walk that it belongs to."""
    for level, place_after in after.items():
        here = totals[_area(level, place_after)]
        there = totals[_area(level, before.get(level))] if state is not State.ABSENT else here
        has_moved = there is not here
        for measure, term, walk in _terms(state, state_after, has_moved, here, there):
            walk[measure].terms[term] += number


def _terms(
    state: State, state_after: State, has_moved: bool, here: dict[str, Walk], there: dict[str, Walk]
) -> Iterable[tuple[str, str, dict[str, Walk]]]:
    was, is_ = state in RECORDED, state_after in RECORDED
    was_open, is_open = state is State.OPEN, state_after is State.OPEN
    if is_ and not was:
        yield "All cases", "added" if state is State.ABSENT else "brought back", here
        if is_open:
            yield "Open cases", "added open" if state is State.ABSENT else "brought back open", here
    elif was and not is_:
        yield "All cases", "withdrawn", there
        if was_open:
            yield "Open cases", "withdrawn while open", there
    elif was:
        if has_moved:
            yield "All cases", "moved out", there
            yield "All cases", "moved in", here
        if was_open and is_open and has_moved:
            yield "Open cases", "moved out", there
            yield "Open cases", "moved in", here
        elif was_open and not is_open:
            yield "Open cases", "closed", there
        elif is_open and not was_open:
            yield "Open cases", "reopened", here


def _check(totals: Totals, sent: Mapping[Area, list[int]]) -> None:
    for area, walks in totals.items():
        for measure, signs in MEASURES.items():
            walk = walks[measure]
            reached = walk.opening + sum(sign * walk.terms[term] for term, sign in signs.items())
            if reached != walk.closing:
                raise DoNotAddUp(f"{measure} of {' '.join(area)}: the walk leads to {reached}, not to {walk.closing}")
    for area in {*totals, *sent} if sent else ():
        said = sent.get(area, [0, 0])
        begins = [totals[area][measure].opening for measure in MEASURES] if area in totals else [0, 0]
        if said != begins:
            raise DoNotAddUp(
                f"{' '.join(area)}: the extract before ended with {said}, and this one opens with {begins}"
            )


def _in_order(totals: Totals, now: Lookups) -> tuple[dict[Area, str], Totals]:
    """England, then regions, STPs and CCGs by code: those in force, and those that have anything to say."""
    names: dict[Area, str] = {(ENGLAND[0], ENGLAND[1]): ENGLAND[2]}
    for level in (REGION, STP, CCG):
        # A code may be that of a kind that is no more and of the one in its place: the one in force speaks for it.
        of_level = sorted(now.organisations.of_kind(level), key=lambda place: place.is_open_on(now.today))
        places = {place.code: place for place in of_level}
        said = {code for (of, code), walks in totals.items() if of == LEVELS[level] and not _all_zero(walks)}
        in_force = {code for code, place in places.items() if place.is_open_on(now.today)}
        for code in sorted(said | in_force):
            names[LEVELS[level], code] = places[code].name if code in places else "Part of no such area"
    return names, {area: totals[area] for area in names}


def _all_zero(walks: Mapping[str, Walk]) -> bool:
    return all(walk.is_zero() for walk in walks.values())
