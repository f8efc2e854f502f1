"""The counts behind the themes view. Each is asked of the database in a scope, and worked out in plain numbers.

Every case that is counted is recorded and not withdrawn, and fits what was chosen. A case with three themes counts
under each of them, so that themes add up to more than cases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, cast, extract, func, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session, aliased

from app.access.lookups import CodeEntry, Lookups
from app.database import days_between
from app.rules.quarters import Quarter, quarter_of
from app.rules.succession import Place
from models import CaseReview
from models.enumerations import Status

from .choice import Choice
from .filters import counted_under

THEMES = ("theme_1_id", "theme_2_id", "theme_3_id")
STEPS = ("date_added", "date_closed", "report_signed_off_on", "publication_date")
# Bands of the age of an open case, in days, the last without an end.
AGES: tuple[tuple[int, int | None, str], ...] = (
    (0, 90, "Up to 90 days"),
    (91, 180, "91 to 180 days"),
    (181, 365, "181 to 365 days"),
    (366, 730, "1 to 2 years"),
    (731, None, "Over 2 years"),
)


@dataclass(frozen=True)
class Quartiles:
    """How many cases there are, and the days at a quarter, a half and three quarters of them."""

    cases: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class Ranked:
    """How many cases have a theme, and how many had it in as many quarters before."""

    theme: CodeEntry
    cases: int
    before: int


@dataclass(frozen=True)
class OfType:
    """How many cases of a type there are, and how many of those are open."""

    type: CodeEntry
    cases: int
    open: int


@dataclass(frozen=True)
class Rapid:
    """How many rapid reviews there are, how many a full review has grown out of, and how many days that took."""

    cases: int
    grown: int
    days: Quartiles | None


class Counts:
    """The counts of one choice, for the session's scope."""

    def __init__(self, session: Session, choice: Choice, lookups: Lookups) -> None:
        self.session, self.choice, self.lookups = session, choice, lookups
        self._at_any_time = list(choice.conditions)
        self._chosen = [*choice.conditions, *choice.in_quarters(choice.begins, choice.ends)]

    def states(self) -> dict[Status, tuple[int, int]]:
        """How many cases are in each state now: of all times, and of the period."""
        in_period = and_(*self.choice.in_quarters(self.choice.begins, self.choice.ends))
        rows = self._grouped([CaseReview.status], self._at_any_time, _number_where(in_period))
        counted = {status: (all_, int(some)) for status, all_, some in rows}
        return {status: counted.get(status, (0, 0)) for status in Status}

    def by_quarter(self, steps: Iterable[str] = STEPS) -> dict[Quarter, dict[str, int]]:
        """Of each quarter of the period how many cases were added, closed, signed off and published in it.

        A publication that lies ahead is none yet.
        """
        found: dict[Quarter, dict[str, int]] = {quarter: {} for quarter in self.choice.quarters}
        first, last = self.choice.begins.first_day, self.choice.ends.last_day
        for name in steps:
            column = getattr(CaseReview, name)
            days = self._grouped(
                [column], [*self._at_any_time, column >= first, column <= min(last, self.lookups.today)]
            )
            counted: Counter[Quarter] = Counter()
            for day, cases in days:
                counted[quarter_of(day)] += cases
            for quarter, here in found.items():
                here[name] = counted[quarter]
        return found

    def ranked(self) -> list[Ranked]:
        """Every theme that a case has, now or in the period before, the most frequent first."""
        now = self._themes_of(self._combinations(self._chosen))
        earlier = self._themes_of(
            self._combinations([*self._at_any_time, *self.choice.in_quarters(*self.choice.before)])
        )
        found = [
            Ranked(theme, now[theme.id], earlier[theme.id])
            for theme in self._themes()
            if now[theme.id] or earlier[theme.id]
        ]
        return sorted(found, key=lambda one: (-one.cases, -one.before, one.theme.label))

    def by_quarter_state_type_and_ccg(self) -> dict[Quarter, Counter[tuple[Status, UUID, UUID]]]:
        """How many cases of each quarter of the period have each status and type, under each CCG."""
        found: dict[Quarter, Counter[Any]] = {quarter: Counter() for quarter in self.choice.quarters}
        by = [self._quarter, CaseReview.status, CaseReview.review_type_id, self._under]
        for number, *values, cases in self._grouped(by, self._chosen):
            found[_quarter(number)][tuple(values)] = cases
        return found

    def themes_by_quarter(self) -> dict[UUID, dict[Quarter, int]]:
        """How many cases have a theme, by theme and quarter of the period."""
        found: dict[UUID, dict[Quarter, int]] = defaultdict(Counter)
        columns = [getattr(CaseReview, name) for name in (THEMES[:1] if self.choice.is_first_only else THEMES)]
        for number, *themes, cases in self._grouped([self._quarter, *columns], self._chosen):
            for theme_id in themes:
                if theme_id is not None:
                    found[theme_id][_quarter(number)] += cases
        return found

    def themes_by_area(self, level: str) -> dict[Place | None, dict[UUID, int]]:
        """How many cases have a theme, by region, STP or CCG and theme. None is where a CCG has none."""
        found: dict[Place | None, dict[UUID, int]] = defaultdict(Counter)
        for (theme_id, ccg_id), cases in self._by_theme([self._under]):
            found[self._area(ccg_id, level)][theme_id] += cases
        return found

    def by_area(self, level: str) -> dict[Place | None, tuple[int, int]]:
        """How many cases there are in each region, STP or CCG, and how many of those are open."""
        found: dict[Place | None, tuple[int, int]] = {}
        open_ = _number_where(CaseReview.status == Status.OPEN)
        for ccg_id, cases, open_cases in self._grouped([self._under], self._chosen, open_):
            area = self._area(ccg_id, level)
            so_far = found.get(area, (0, 0))
            found[area] = (so_far[0] + cases, so_far[1] + int(open_cases))
        return found

    def pairs(self) -> list[tuple[CodeEntry, CodeEntry, int]]:
        """Which two themes meet in one case, and in how many, the most frequent first."""
        found: Counter[tuple[CodeEntry, CodeEntry]] = Counter()
        entries = self.lookups.codes["theme"]
        in_order = {entry_id: number for number, entry_id in enumerate(entries)}
        for themes, cases in self._combinations(self._chosen).items():
            for one, other in combinations(sorted(themes, key=in_order.__getitem__), 2):
                found[entries[one], entries[other]] += cases
        return sorted(
            ((one, other, cases) for (one, other), cases in found.items()),
            key=lambda pair: (-pair[2], pair[0].label, pair[1].label),
        )

    def types(self) -> list[OfType]:
        """How many cases there are of each type that has one, the most frequent first."""
        open_ = _number_where(CaseReview.status == Status.OPEN)
        types = self.lookups.codes["review_type"]
        found = [
            OfType(types[type_id], cases, int(open_cases))
            for type_id, cases, open_cases in self._grouped([CaseReview.review_type_id], self._chosen, open_)
        ]
        return sorted(found, key=lambda one: (-one.cases, one.type.label))

    def rapid_reviews(self) -> Rapid:
        """How many rapid reviews there are, how many became a full review, and in how many days."""
        asked = select(func.count()).select_from(CaseReview).where(*self._chosen, self._is_rapid)
        found = _together(self.days_to_full_review())
        return Rapid(self.session.scalar(asked) or 0, found.total(), quartiles(found))

    def days_to_full_review(self) -> dict[Quarter, Counter[int]]:
        """Of each quarter how many rapid reviews became a full review in how many days between their dates added. Of
        several that grew out of one, the first counts. What grew is looked for in the session's scope."""
        grown: Any = aliased(CaseReview)
        days = func.min(days_between(self.session, grown.date_added, CaseReview.date_added))
        first = (
            select(self._quarter, days)
            .join(grown, grown.converted_from_id == CaseReview.id)
            .where(*self._chosen, self._is_rapid, grown.withdrawn_at.is_(None))
            .group_by(CaseReview.id, self._quarter)
        )
        found: dict[Quarter, Counter[int]] = {quarter: Counter() for quarter in self.choice.quarters}
        for number, of_days in self.session.execute(first):
            found[_quarter(number)][int(of_days)] += 1
        return found

    def times(self) -> dict[str, Quartiles | None]:
        """How many days lie between the dates added, signed off and published; None where no case has both."""
        found = {name: self._grouped(*asked) for name, asked in self._days_asked().items()}
        return {name: quartiles(Counter({int(days): cases for days, cases in rows})) for name, rows in found.items()}

    def days_by_quarter(self) -> dict[str, dict[Quarter, Counter[int]]]:
        """Of each quarter how many cases have so many days between the dates added, signed off and published.

        A publication that lies ahead is none yet.
        """
        found: dict[str, dict[Quarter, Counter[int]]] = {}
        for name, (by, conditions) in self._days_asked().items():
            found[name] = {quarter: Counter() for quarter in self.choice.quarters}
            for number, days, cases in self._grouped([self._quarter, *by], conditions):
                found[name][_quarter(number)][int(days)] = cases
        return found

    def ages(self) -> list[int]:
        """How many open cases of all times there are in each of AGES, by the days since they were added."""
        today = self.lookups.today
        bands = [
            _number_where(
                and_(
                    CaseReview.date_added <= today - timedelta(days=low),
                    *([CaseReview.date_added >= today - timedelta(days=high)] if high is not None else []),
                )
            )
            for low, high, _ in AGES
        ]
        asked = select(*bands).select_from(CaseReview).where(*self._at_any_time, CaseReview.status == Status.OPEN)
        return [int(number or 0) for number in self.session.execute(asked).one()]

    # How it is asked

    def _grouped(self, by: list[Any], conditions: list[ColumnElement[bool]], *more: Any) -> list[Any]:
        return list(self.session.execute(select(*by, func.count(), *more).where(*conditions).group_by(*by)))

    def _combinations(self, conditions: list[ColumnElement[bool]]) -> dict[tuple[UUID, ...], int]:
        """How many cases have exactly these themes, in their order."""
        columns = [getattr(CaseReview, name) for name in THEMES]
        return {
            tuple(theme for theme in themes if theme is not None): cases
            for *themes, cases in self._grouped(columns, conditions)
        }

    def _themes_of(self, combined: Mapping[tuple[UUID, ...], int]) -> Counter[UUID]:
        found: Counter[UUID] = Counter()
        for themes, cases in combined.items():
            for theme in themes[:1] if self.choice.is_first_only else themes:
                found[theme] += cases
        return found

    def _by_theme(self, by: list[Any]) -> Iterable[tuple[tuple[Any, ...], int]]:
        for name in THEMES[:1] if self.choice.is_first_only else THEMES:
            column = getattr(CaseReview, name)
            for *key, cases in self._grouped([column, *by], [*self._chosen, column.is_not(None)]):
                yield tuple(key), cases

    def _themes(self) -> Iterable[CodeEntry]:
        return self.lookups.codes["theme"].values()

    def _area(self, ccg_id: UUID, level: str) -> Place | None:
        return self.choice.area_of(ccg_id, level, self.lookups)

    def _days_asked(self) -> dict[str, tuple[list[Any], list[ColumnElement[bool]]]]:
        """The days from one date to another, and the conditions that a case has both."""
        added, signed, published = CaseReview.date_added, CaseReview.report_signed_off_on, CaseReview.publication_date
        both = {"signed_off": (added, signed), "published": (signed, published), "whole": (added, published)}
        found = {}
        for name, (earlier, later) in both.items():
            # A publication that lies ahead is none yet.
            there = later <= self.lookups.today if later is published else later.is_not(None)
            conditions = [*self._chosen, earlier.is_not(None), there]
            found[name] = [days_between(self.session, later, earlier)], conditions
        return found

    @property
    def _under(self) -> ColumnElement[UUID]:
        return counted_under(self.lookups, as_today=self.choice.is_as_today)

    @property
    def _quarter(self) -> ColumnElement[int]:
        return _quarter_of(self.choice.counted_by[1])

    @property
    def _is_rapid(self) -> ColumnElement[bool]:
        types = self.lookups.codes["review_type"].values()
        return CaseReview.review_type_id.in_([entry.id for entry in types if entry.is_rapid_review])


def _together(found: Mapping[Quarter, Counter[int]]) -> Counter[int]:
    return sum(found.values(), Counter())


def quartiles(found: Counter[int]) -> Quartiles | None:
    """The quartiles of numbers that occur so often, between two neighbours in proportion (the default of R and NumPy).

    None of no numbers.
    """
    cases = found.total()
    if not cases:
        return None
    numbers = sorted(found)
    ends, so_far = [], 0
    for number in numbers:
        so_far += found[number]
        ends.append(so_far)

    def at(index: int) -> int:
        return next(number for number, end in zip(numbers, ends, strict=True) if index < end)

    def quantile(numerator: int) -> float:
        index, rest = divmod((cases - 1) * numerator, 4)
        low, high = at(index), at(min(index + 1, cases - 1))
        return low + (high - low) * rest / 4

    return Quartiles(cases, quantile(1), quantile(2), quantile(3))


def _number_where(condition: ColumnElement[bool]) -> Any:
    return func.sum(when((condition, 1), else_=0))


def _quarter_of(column: Any) -> ColumnElement[int]:
    """The quarter of a date as a number that counts on: financial years, four to each."""
    return (cast(extract("year", column), Integer) * 12 + cast(extract("month", column), Integer) - 4) // 3


def _quarter(number: int) -> Quarter:
    year, quarter = divmod(int(number), 4)
    return Quarter(year, quarter + 1)
