"""What somebody wants counted: a period of quarters, and the filters of the pages about themes; all in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.access.lookups import Lookups
from app.rules.quarters import Quarter, quarter_named, quarter_of
from app.rules.succession import Place
from models import CaseReview

from .filters import AS_TODAY, DATES, FIRST_ONLY, LEVELS, Filter, chosen, filters_for, place_of

USUAL_QUARTERS, MOST_QUARTERS = 9, 40
_PERIOD = ("from", "to")


@dataclass(frozen=True)
class Choice:
    """What was chosen. Both quarters belong to the period; `conditions` are those of everything but the period.

    `values` are those of the filters, by their name in the address.
    """

    begins: Quarter
    ends: Quarter
    values: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[ColumnElement[bool], ...] = ()

    @property
    def quarters(self) -> list[Quarter]:
        """Every quarter of the period."""
        found = [self.begins]
        while found[-1] < self.ends:
            found.append(found[-1].next)
        return found

    @property
    def before(self) -> tuple[Quarter, Quarter]:
        """The first and the last of as many quarters before the period."""
        begins = self.begins
        for _ in self.quarters:
            begins = begins.previous
        return begins, self.begins.previous

    @property
    def counted_by(self) -> tuple[str, Any]:
        """The date by which a case lies in a quarter: its label and its column."""
        return DATES[self.values.get("quarters_by", "added")]

    @property
    def is_as_today(self) -> bool:
        """Whether a case lies where the CCG that answers for it lies today, or where it was recorded."""
        return self.values.get("area_as") == AS_TODAY

    @property
    def is_first_only(self) -> bool:
        """Whether a theme counts only where it is the main one."""
        return self.values.get("theme_place") == FIRST_ONLY

    def as_args(self, **changes: str) -> dict[str, str]:
        """What stands in the address, with changes; what is empty is left out."""
        args = {"from": self.begins.name, "to": self.ends.name, **self.values} | changes
        return {name: value for name, value in args.items() if value}

    def in_quarters(self, begins: Quarter, ends: Quarter) -> list[ColumnElement[bool]]:
        """The conditions that a case lies between two quarters, both included."""
        _, column = self.counted_by
        return [column >= begins.first_day, column <= ends.last_day]

    def area_of(self, ccg_id: UUID, level: str, lookups: Lookups) -> Place | None:
        """The region, STP or CCG (`level`) in which cases recorded under a CCG are counted; None where it has none."""
        ccg = lookups.organisations.places[ccg_id]
        return place_of(ccg, LEVELS[level], lookups, as_today=self.is_as_today)


@dataclass(frozen=True)
class Read:
    """A choice as it was read from an address, the filters that are offered, and what was not understood."""

    choice: Choice
    offered: list[Filter]
    left_out: list[str]


def read_choice(args: Mapping[str, str], ccgs: Iterable[Place], lookups: Lookups) -> Read:
    """The choice in an address. What is not understood, or out of scope, is left out and named.

    `ccgs` are those whose cases are in scope. Without a period it is the nine quarters up to the present one.
    """
    offered = filters_for(args, list(ccgs), lookups)
    found = chosen(args, [one for one in offered if one.name not in _PERIOD])
    left_out = list(found.left_out)
    usual = _usual_period(lookups.today)
    begins, ends = (
        _quarter(args.get(name, ""), default, left_out) for name, default in zip(_PERIOD, usual, strict=True)
    )
    choice = Choice(
        min(begins, ends), max(begins, ends), found.values, (CaseReview.withdrawn_at.is_(None), *found.conditions)
    )
    if len(choice.quarters) > MOST_QUARTERS:
        left_out.append(f"more than {MOST_QUARTERS} quarters")
        choice = Choice(*usual, choice.values, choice.conditions)
    return Read(choice, offered, left_out)


def _usual_period(today: date) -> tuple[Quarter, Quarter]:
    begins = ends = quarter_of(today)
    for _ in range(USUAL_QUARTERS - 1):
        begins = begins.previous
    return begins, ends


def _quarter(typed: str, default: Quarter, left_out: list[str]) -> Quarter:
    if not typed:
        return default
    try:
        return quarter_named(typed)
    except ValueError:
        left_out.append("quarter")
        return default
