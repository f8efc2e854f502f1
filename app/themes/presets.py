"""What can be prepared for sharing: England, a region or an STP as they are today, and a quarter or a year that ended.

Nothing else can be chosen: each further choice would make more tables of the same cases, and of enough tables that
overlap a small number can be worked out. Quarters do not overlap, and a year is protected together with its quarters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.access.lookups import Lookups
from app.rules.quarters import Quarter, quarter_of
from app.rules.succession import Place
from models.organisations import CCG, COUNTRY, REGION, STP

QUARTERS, YEARS = 20, 5
# The kinds that are prepared, and the kind by which their cases are counted.
PARTS = {COUNTRY: REGION, REGION: STP, STP: CCG}


@dataclass(frozen=True)
class Area:
    """An area with its parts, in the order of their names. `level` is its kind, or that whose place its kind took."""

    place: Place
    level: str
    # The part in which the cases of a CCG are counted: that of the CCG that answers for them today; None for no part.
    part_of: Mapping[UUID, UUID | None]
    parts: tuple[Place, ...]

    @property
    def ccgs(self) -> frozenset[UUID]:
        """Those whose cases are counted in it."""
        return frozenset(self.part_of)

    @property
    def name(self) -> str:
        """As it stands in an address: region-Y63."""
        return f"{self.place.kind}-{self.place.code}"


@dataclass(frozen=True)
class Span:
    """A quarter, or a financial year of four of them."""

    quarters: tuple[Quarter, ...]

    @property
    def name(self) -> str:
        """2021-22-Q1, or 2021-22."""
        first = self.quarters[0].name
        return first if len(self.quarters) == 1 else first.rpartition("-")[0]

    @property
    def in_words(self) -> str:
        """April to June 2021, or April 2020 to March 2021."""
        if len(self.quarters) == 1:
            return self.quarters[0].in_words
        return f"{self.quarters[0].first_day:%B %Y} to {self.quarters[-1].last_day:%B %Y}"

    @property
    def is_year(self) -> bool:
        return len(self.quarters) > 1


def areas_for(ccgs: Iterable[Place], lookups: Lookups) -> list[Area]:
    """The areas of which every case lies in a scope: the widest kind first, then by name.

    `ccgs` are those whose cases are in scope.
    """
    known, today = lookups.organisations, lookups.today
    seen = {ccg.id for ccg in ccgs}
    inside: dict[tuple[str, UUID], dict[UUID, Place | None]] = defaultdict(dict)
    for holder in known.case_holders():
        at = known.current_of(holder.id, today)
        above = {kind: known.above(at, kind, today) for kind in (*PARTS, CCG)}
        for kind, part_kind in PARTS.items():
            if (place := above[kind]) is not None:
                inside[kind, place.id][holder.id] = above[part_kind]
    found = [
        Area(
            known.places[place],
            level,
            {ccg: part.id if part else None for ccg, part in parts.items()},
            tuple(sorted({part for part in parts.values() if part}, key=lambda one: one.name)),
        )
        for (level, place), parts in inside.items()
        if parts.keys() <= seen and known.places[place].is_open_on(today)
    ]
    kinds = list(PARTS)
    return sorted(found, key=lambda one: (kinds.index(one.level), one.place.name))


def spans_at(today: date) -> list[Span]:
    """The quarters and years that ended before a day, the newest first, quarters before years."""
    quarters = [quarter_of(today).previous]
    while len(quarters) < QUARTERS:
        quarters.append(quarters[-1].previous)
    newest = quarters[0].year if quarters[0].number == 4 else quarters[0].year - 1
    years = range(newest, newest - YEARS, -1)
    return [
        *(Span((quarter,)) for quarter in quarters),
        *(Span(tuple(Quarter(year, number) for number in (1, 2, 3, 4))) for year in years),
    ]
