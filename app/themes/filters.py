"""The filters of the pages about themes: what can be chosen, and the conditions that a choice stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.access.lookups import Lookups
from app.rules.quarters import Quarter, quarter_named, quarter_of
from app.rules.succession import Place
from app.rules.words import in_words
from models import CaseReview
from models.enumerations import Labelled, PartnershipKind, Status
from models.organisations import REGION, STP

Condition = ColumnElement[bool]
Option = tuple[str, str]

AREA, KIND, TIME = "Area", "Kind of case", "Time"
AS_TODAY = "today"
FIRST_ONLY = "first"
# What cases are counted by, by its name in the address: the kind of organisation, or none for the CCG itself.
LEVELS = {"region": REGION, "stp": STP, "ccg": ""}
# The dates by which quarters are counted, by their name in the address.
DATES = {
    "added": ("Date added", CaseReview.date_added),
    "incident": ("Incident date", CaseReview.incident_date),
    "closing": ("Date closed", CaseReview.date_closed),
    "publication": ("Publication date", CaseReview.publication_date),
}
QUARTERS_BACK, QUARTERS_AHEAD = 40, 4


@dataclass(frozen=True)
class Filter:
    """Something that can be chosen: its name in the address, its words, and its options as (value, words).

    Without a choice it is `usual`, or none of the options. What only says how others are meant has no condition.
    """

    name: str
    label: str
    group: str
    options: tuple[Option, ...]
    condition: Callable[[str], Condition] | None = None
    usual: str = ""

    def words_for(self, value: str) -> str:
        return dict(self.options)[value]


@dataclass(frozen=True)
class Chosen:
    """What an address chooses: values by the name of their filter, conditions, and the filters not understood."""

    values: dict[str, str] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def chosen(args: Mapping[str, str], filters: Iterable[Filter]) -> Chosen:
    """The conditions for the arguments of an address. What is not among a filter's options is left out, and named."""
    found = Chosen()
    for one in filters:
        value = args.get(one.name, "").strip()
        if not value or value == one.usual:
            continue
        if value not in dict(one.options):
            found.left_out.append(one.label)
            continue
        found.values[one.name] = value
        if one.condition is not None:
            found.conditions.append(one.condition(value))
    return found


def filters_for(args: Mapping[str, str], ccgs: Sequence[Place], lookups: Lookups) -> list[Filter]:
    """The filters for somebody who sees the cases of some CCGs, as at today. Areas are offered where there are several.

    The address says by which date quarters count, and whether a case is meant to lie where it was recorded or where the
    CCG that answers for it lies today.
    """
    as_today = args.get("area_as") == AS_TODAY
    dated = DATES.get(args.get("quarters_by", ""), DATES["added"])
    first_only = args.get("theme_place") == FIRST_ONLY
    themes = (CaseReview.theme_1_id, CaseReview.theme_2_id, CaseReview.theme_3_id)[: 1 if first_only else 3]
    found = [
        _area("region", "Region", ccgs, lookups, as_today=as_today),
        _area("stp", "STP", ccgs, lookups, as_today=as_today),
        _area("ccg", "CCG", ccgs, lookups, as_today=as_today),
        Filter(
            "area_as",
            "Region, STP and CCG",
            AREA,
            (("recorded", "As recorded"), (AS_TODAY, "As today, after mergers")),
            usual="recorded",
        ),
        _code("review_type", "Type of review", "review_type", (CaseReview.review_type_id,), lookups),
        _choice("partnership_kind", "Partnership type", PartnershipKind, CaseReview.partnership_kind),
        _choice("status", "Status", Status, CaseReview.status),
        _code("theme", "Theme", "theme", themes, lookups),
        Filter(
            "theme_place",
            "Where a theme stands",
            KIND,
            (("any", "In any place"), (FIRST_ONLY, "As the main theme")),
            usual="any",
        ),
        Filter(
            "quarters_by",
            "Quarters by",
            TIME,
            tuple((name, label) for name, (label, _) in DATES.items()),
            usual="added",
        ),
        _quarter("from", "From quarter", lookups, lambda quarter: dated[1] >= quarter.first_day),
        _quarter("to", "To quarter", lookups, lambda quarter: dated[1] <= quarter.last_day),
    ]
    several = any(len(one.options) > 1 for one in found[:3])
    return [one for one in found if one.group != AREA or (several and len(one.options) > 1)]


def place_of(ccg: Place, kind: str, lookups: Lookups, *, as_today: bool) -> Place | None:
    """The organisation of a kind that a CCG is part of, or the CCG; or that of the CCG that answers for it today."""
    known, today = lookups.organisations, lookups.today
    at = known.places[known.current_of(ccg.id, today)] if as_today else ccg
    return known.above(at.id, kind, today) if kind else at


def counted_under(lookups: Lookups, *, as_today: bool, model: Any = CaseReview) -> ColumnElement[UUID]:
    """The CCG under which a case is counted: that of its record, or the one that it is with as allocated since.

    Where no CCG was split these are the same, and an index answers.
    """
    is_split = as_today and bool(lookups.organisations.splits_on(lookups.today))
    found: ColumnElement[UUID] = model.held_by_id if is_split else model.ccg_id
    return found


def _area(name: str, label: str, ccgs: Sequence[Place], lookups: Lookups, *, as_today: bool) -> Filter:
    """A CCG, or what CCGs are part of. Both what holds as recorded and what holds today can be chosen at any time."""
    kind = LEVELS[name]

    def condition(code: str) -> Condition:
        inside = {ccg.id for ccg in ccgs if _code_of(place_of(ccg, kind, lookups, as_today=as_today)) == code}
        return counted_under(lookups, as_today=as_today).in_(inside)

    places = {place for ccg in ccgs for now in (False, True) if (place := place_of(ccg, kind, lookups, as_today=now))}
    options = sorted((_name_of(place), place.code) for place in places)
    return Filter(name, label, AREA, tuple((code, words) for words, code in options), condition)


def _code_of(place: Place | None) -> str:
    return place.code if place else ""


def _name_of(place: Place) -> str:
    closed = f", closed {in_words(place.closed_on)}" if place.closed_on else ""
    return f"{place.name} ({place.code}{closed})"


def _code(
    name: str, label: str, code_list: str, columns: Iterable[InstrumentedAttribute[Any]], lookups: Lookups
) -> Filter:
    entries = lookups.codes[code_list].values()
    ids = {entry.code: entry.id for entry in entries}
    return Filter(
        name,
        label,
        KIND,
        tuple((entry.code, entry.label) for entry in entries),
        lambda value: or_(*(column == ids[value] for column in columns)),
    )


def _choice(name: str, label: str, choices: type[Labelled], column: InstrumentedAttribute[Any]) -> Filter:
    options = tuple((choice.value, choice.label) for choice in choices)
    return Filter(name, label, KIND, options, lambda value: column == value)


def _quarter(name: str, label: str, lookups: Lookups, condition: Callable[[Quarter], Condition]) -> Filter:
    quarters = [quarter_of(lookups.today)]
    for _ in range(QUARTERS_AHEAD):
        quarters.insert(0, quarters[0].next)
    for _ in range(QUARTERS_BACK):
        quarters.append(quarters[-1].previous)
    options = tuple((one.name, one.name) for one in quarters)
    return Filter(name, label, TIME, options, lambda value: condition(quarter_named(value)))
