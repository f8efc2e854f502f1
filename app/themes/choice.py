"""What somebody wants counted or searched: a period, a place, and what sort of case. The address holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from app.access.lookups import CodeEntry, Lookups
from app.rules.quarters import Quarter, quarter_named, quarter_of
from app.rules.succession import Place
from models import CaseReview
from models.enumerations import Labelled, PartnershipKind, Status
from models.organisations import REGION, STP

USUAL_QUARTERS, MOST_QUARTERS = 9, 40
THEMES = ("theme_1_id", "theme_2_id", "theme_3_id")


class CountedBy(Labelled):
    """The date of a case by which it lies in a quarter: a column of it."""

    ADDED = "date_added", "Date added"
    INCIDENT = "incident_date", "Incident date"
    CLOSED = "date_closed", "Date closed"
    PUBLISHED = "publication_date", "Publication date"


class Places(Labelled):
    """Which CCG counts, and with it which STP and region."""

    RECORDED = "recorded", "The CCG as recorded"
    TODAY = "today", "The CCG as it is today, after mergers"


class InPlace(Labelled):
    """Whether a theme counts wherever it stands."""

    ANY = "any", "In any place"
    FIRST = "first", "Main theme only"


@dataclass(frozen=True)
class Choice:
    """What was chosen. Codes that are empty choose everything. Both quarters belong to the period."""

    begins: Quarter
    ends: Quarter
    by: CountedBy = CountedBy.ADDED
    places: Places = Places.RECORDED
    region: str = ""
    stp: str = ""
    ccg: str = ""
    type: str = ""
    board: str = ""
    status: str = ""
    theme: str = ""
    place: InPlace = InPlace.ANY

    @property
    def quarters(self) -> list[Quarter]:
        """Every quarter of the period."""
        found = [self.begins]
        while found[-1] < self.ends:
            found.append(found[-1].next)
        return found

    @property
    def before(self) -> tuple[date, date]:
        """The first and last day of as many quarters before the period."""
        begins = self.begins
        for _ in self.quarters:
            begins = begins.previous
        return begins.first_day, self.begins.first_day - timedelta(days=1)

    def as_args(self) -> dict[str, str]:
        """What stands in the address: names and values, without what is chosen anyway."""
        usual = Choice(self.begins, self.ends)
        found = {"from": self.begins.name, "to": self.ends.name}
        for one in fields(self)[2:]:
            if getattr(self, one.name) != getattr(usual, one.name):
                found[one.name] = str(getattr(self, one.name))
        return found


@dataclass(frozen=True)
class Read:
    """A choice as it was read from an address, and what in the address was not understood."""

    choice: Choice
    not_understood: list[str] = field(default_factory=list)


def usual_choice(today: date) -> Choice:
    """The nine quarters up to the one that has not ended."""
    begins = ends = quarter_of(today)
    for _ in range(USUAL_QUARTERS - 1):
        begins = begins.previous
    return Choice(begins, ends)


def read_choice(args: Mapping[str, str], lookups: Lookups, readable: Iterable[Place]) -> Read:
    """The choice in an address. What it does not understand, or what is out of scope, is left out and named.

    `readable` are the CCGs whose cases are in scope.
    """
    usual, values, wrong = usual_choice(lookups.today), {}, []
    offered = {name: {code for code, _ in options} for name, options in options_of(lookups, readable).items()}
    for name, options in offered.items():
        typed = args.get(name, "")
        if typed in options:
            values[name] = typed
        elif typed:
            wrong.append(typed)
    begins, ends = (
        _quarter(args.get(name, ""), default, wrong) for name, default in (("from", usual.begins), ("to", usual.ends))
    )
    if begins > ends:
        begins, ends = ends, begins
    choice = Choice(
        begins,
        ends,
        CountedBy(values.pop("by", CountedBy.ADDED.value)),  # type: ignore[call-arg]
        Places(values.pop("places", Places.RECORDED.value)),  # type: ignore[call-arg]
        place=InPlace(values.pop("place", InPlace.ANY.value)),  # type: ignore[call-arg]
        **values,
    )
    if len(choice.quarters) > MOST_QUARTERS:
        wrong.append(f"{begins.name} to {ends.name}, more than {MOST_QUARTERS} quarters")
        choice = Choice(usual.begins, usual.ends, *(getattr(choice, one.name) for one in fields(choice)[2:]))
    return Read(choice, wrong)


def _quarter(typed: str, default: Quarter, wrong: list[str]) -> Quarter:
    if not typed:
        return default
    try:
        return quarter_named(typed)
    except ValueError:
        wrong.append(typed)
        return default


def options_of(lookups: Lookups, readable: Iterable[Place]) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen, by the name in the address: values and words. Places are those of the CCGs in scope."""
    found: dict[str, list[tuple[str, str]]] = {
        "by": [(one.value, one.label) for one in CountedBy],
        "places": [(one.value, one.label) for one in Places],
        "type": _codes(lookups.codes["review_type"].values()),
        "board": [(one.value, one.label) for one in PartnershipKind],
        "status": [(one.value, one.label) for one in Status],
        "theme": _codes(lookups.codes["theme"].values()),
        "place": [(one.value, one.label) for one in InPlace],
    }
    for level in ("region", "stp", "ccg"):
        there = {
            at.code: at.name
            for ccg in readable
            for at in (area_of(ccg.id, level, how, lookups) for how in Places)
            if at is not None
        }
        found[level] = sorted(there.items(), key=lambda one: (one[1], one[0]))
    return found


def _codes(entries: Iterable[CodeEntry]) -> list[tuple[str, str]]:
    return [(entry.code, entry.label) for entry in entries]


def area_of(ccg_id: UUID, level: str, places: Places, lookups: Lookups) -> Place | None:
    """The CCG, STP or region (`level`) in which cases recorded under a CCG are counted; None where it has none."""
    known, today = lookups.organisations, lookups.today
    if places is Places.TODAY:
        ccg_id = known.current_of(ccg_id, today)
    if level == "ccg":
        return known.places[ccg_id]
    return known.above(ccg_id, {"stp": STP, "region": REGION}[level], today)


def ccgs_in(choice: Choice, lookups: Lookups, readable: Iterable[Place]) -> set[UUID] | None:
    """The CCGs in scope whose cases are in the place that was chosen; None where all are."""
    asked = [(level, getattr(choice, level)) for level in ("region", "stp", "ccg") if getattr(choice, level)]
    if not asked:
        return None
    found = set()
    for ccg in readable:
        areas = [(area_of(ccg.id, level, choice.places, lookups), code) for level, code in asked]
        if all(at is not None and at.code == code for at, code in areas):
            found.add(ccg.id)
    return found


def conditions(
    choice: Choice, lookups: Lookups, readable: Iterable[Place], *, in_period: bool = True
) -> list[ColumnElement[bool]]:
    """The conditions on cases: recorded and not withdrawn, and all that was chosen; the period too unless told not."""
    found: list[ColumnElement[bool]] = [CaseReview.withdrawn_at.is_(None)]
    ccgs = ccgs_in(choice, lookups, readable)
    if ccgs is not None:
        found.append(CaseReview.ccg_id.in_(sorted(ccgs)))
    if choice.type:
        found.append(CaseReview.review_type_id == _id_of(lookups, "review_type", choice.type))
    words: dict[str, type[Labelled]] = {"board": PartnershipKind, "status": Status}
    columns_of: dict[str, Any] = {"board": CaseReview.partnership_kind, "status": CaseReview.status}
    for name, enumeration in words.items():
        if typed := getattr(choice, name):
            found.append(columns_of[name] == enumeration(typed))  # type: ignore[call-arg]
    if choice.theme:
        theme = _id_of(lookups, "theme", choice.theme)
        columns = THEMES if choice.place is InPlace.ANY else THEMES[:1]
        found.append(or_(*(getattr(CaseReview, column) == theme for column in columns)))
    if in_period:
        found += between(choice.by, choice.begins.first_day, choice.ends.last_day)
    return found


def between(by: CountedBy, first: date, last: date) -> list[ColumnElement[bool]]:
    """The conditions that a date of a case lies between two days, both included."""
    column: Any = getattr(CaseReview, by.value)
    return [column >= first, column <= last]


def _id_of(lookups: Lookups, code_list: str, code: str) -> UUID:
    found: UUID = next(entry.id for entry in lookups.codes[code_list].values() if entry.code == code)
    return found
