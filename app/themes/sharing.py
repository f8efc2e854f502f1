"""The counts of an area that are prepared for sharing: those of a quarter or a year, with small numbers protected.

All tables are protected together, with all that everybody knows of how they belong together. Quarters come first; then
their year, in which its quarters stay as they are shown by themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.rules.protection import NOTHING, Relation, Shown, protected
from app.rules.quarters import Quarter
from models import CaseReview
from models.enumerations import Status

from .choice import Choice
from .counts import STEPS as STEPS_OF_A_CASE
from .counts import THEMES as THEMES_OF_A_CASE
from .counts import Counts, Quartiles, quartiles
from .filters import AS_TODAY, counted_under
from .presets import Area, Span

# Tables, and rows of them that are no type, theme or area.
CASES, STATES, STEPS, TYPES, AREAS, THEMES, TIMES = "cases", "states", "steps", "types", "areas", "themes", "times"
ALL, RAPID, GROWN = "all", "rapid", "grown"
STEPS_AFTER_ADDING = STEPS_OF_A_CASE[1:]


class Fact(NamedTuple):
    """What a count counts: the name of its span, its chart and its row."""

    span: str
    chart: str
    row: Hashable


@dataclass(frozen=True)
class Protected:
    """What may be shown. `medians` are those of TIMES, in whole days, of as many cases as a number that is shown says.

    A half or a quarter of a day would tell how many cases there are.
    """

    shown: Mapping[Fact, Shown]
    medians: Mapping[str, Quartiles]

    def of(self, span: Span | Quarter, table: str, row: Hashable) -> Shown:
        """How a count is shown; what is not among the counts is zero."""
        return self.shown.get(Fact(span.name, table, row), NOTHING)

    def rows_of(self, span: Span, table: str, label: Callable[[Hashable], str]) -> list[Hashable]:
        """The rows of a table that are not zero: by the number that is shown, protected ones last, then by label.

        By what is shown, because the order of the numbers behind it would tell of them.
        """
        rows = [fact.row for fact in self.shown if (fact.span, fact.chart) == (span.name, table)]
        found = [(self.of(span, table, row), row) for row in rows]
        return [
            row
            for shown, row in sorted(found, key=lambda one: (-(one[0].number or 0), label(one[1])))
            if shown != NOTHING
        ]


def prepare(session: Session, area: Area, span: Span, lookups: Lookups) -> Protected:
    """Everything that is shown of an area in a span, from the cases in the session's scope as they are now."""
    conditions = (CaseReview.withdrawn_at.is_(None), counted_under(lookups, as_today=True).in_(area.ccgs))
    counts = Counts(session, Choice(span.quarters[0], span.quarters[-1], {"area_as": AS_TODAY}, conditions), lookups)
    days = {**counts.days_by_quarter(), GROWN: counts.days_to_full_review()}
    exact = _counted(counts, area, days)
    shown = protected_together(exact, span, rapid_types(lookups))
    medians = {name: quartiles(sum(found.values(), Counter())) for name, found in days.items()}
    in_whole_days = {
        name: Quartiles(number, round(found.lower), round(found.median), round(found.upper))
        for name, found in medians.items()
        if found and (number := shown[Fact(span.name, TIMES, name)].number)
    }
    return Protected(shown, in_whole_days)


def protected_together(exact: Mapping[Fact, int], span: Span, rapid: frozenset[Hashable]) -> dict[Fact, Shown]:
    """How the counts of a span's quarters are shown, and those of its year."""
    relations = {quarter: list(_known(exact, quarter.name, rapid)) for quarter in span.quarters}
    shown: dict[Fact, Shown] = {}
    for quarter, known in relations.items():
        shown |= protected({fact: n for fact, n in exact.items() if fact.span == quarter.name}, known)
    if not span.is_year:
        return shown
    year: Counter[Fact] = Counter()
    quarters: dict[Fact, list[Fact]] = defaultdict(list)
    for fact, number in exact.items():
        whole = fact._replace(span=span.name)
        year[whole] += number
        quarters[whole].append(fact)
    return protected(
        {**exact, **year},
        [
            *(relation for known in relations.values() for relation in known),
            *_known(year, span.name, rapid),
            *(Relation(whole, tuple(parts)) for whole, parts in quarters.items()),
        ],
        shown,
    )


def _known(exact: Mapping[Fact, int], span: str, rapid: frozenset[Hashable]) -> Iterator[Relation]:
    """What everybody knows of the counts of a span."""

    def fact(table: str, row: Hashable) -> Fact:
        return Fact(span, table, row)

    def rows(table: str) -> tuple[Fact, ...]:
        return tuple(one for one in exact if (one.span, one.chart) == (span, table))

    all_ = fact(CASES, ALL)
    for table in (STATES, TYPES, AREAS):
        yield Relation(all_, rows(table))
    # A case has one theme at least, and each of its themes once.
    yield Relation(all_, rows(THEMES), most=len(THEMES_OF_A_CASE))
    for theme in rows(THEMES):
        yield _part(theme, all_)
    yield Relation(fact(CASES, RAPID), tuple(one for one in rows(TYPES) if one.row in rapid))
    yield _part(fact(TIMES, GROWN), fact(CASES, RAPID))
    # Nothing is published, and nothing closed, before its report is signed off.
    yield _part(fact(TIMES, "signed_off"), all_)
    yield _part(fact(TIMES, "published"), fact(TIMES, "signed_off"))
    yield _part(fact(STATES, Status.CLOSED), fact(TIMES, "signed_off"))
    yield Relation(fact(TIMES, "published"), (fact(TIMES, "whole"),))


def _part(part: Fact, whole: Fact) -> Relation:
    return Relation(whole, (part,), least=0)


def _counted(counts: Counts, area: Area, days: Mapping[str, Mapping[Quarter, Counter[int]]]) -> dict[Fact, int]:
    """Every count of each quarter. Of types and themes those that some case of the quarter has."""
    rapid = rapid_types(counts.lookups)
    found: Counter[Fact] = Counter()

    def add(quarter: Quarter, table: str, row: Hashable, cases: int) -> None:
        found[Fact(quarter.name, table, row)] += cases

    for quarter, together in counts.by_quarter_state_type_and_ccg().items():
        always = [(CASES, ALL), (CASES, RAPID), *((STATES, status) for status in Status)]
        for table, row in [*always, *((AREAS, part.id) for part in area.parts)]:
            add(quarter, table, row, 0)
        for (status, type_, ccg), cases in together.items():
            add(quarter, CASES, ALL, cases)
            add(quarter, CASES, RAPID, cases if type_ in rapid else 0)
            add(quarter, STATES, status, cases)
            add(quarter, TYPES, type_, cases)
            add(quarter, AREAS, area.part_of[ccg], cases)
    for theme, quarters in counts.themes_by_quarter().items():
        for quarter, cases in quarters.items():
            add(quarter, THEMES, theme, cases)
    for quarter, steps in counts.by_quarter(STEPS_AFTER_ADDING).items():
        for step, cases in steps.items():
            add(quarter, STEPS, step, cases)
    for name, by_quarter in days.items():
        for quarter, of_days in by_quarter.items():
            add(quarter, TIMES, name, of_days.total())
    return found


def rapid_types(lookups: Lookups) -> frozenset[Hashable]:
    """The types of review that are rapid reviews."""
    return frozenset(entry.id for entry in lookups.codes["review_type"].values() if entry.is_rapid_review)
