"""Which cases may have been recorded twice: those of one CCG, or of its line of succession, that are alike.

Alike are two with the same incident date and type, or with the same StEIS number, where neither grew out of the other.
They are counted in one pass, group by group: to look for each case's twins by itself takes minutes for all of England.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select, union_all
from sqlalchemy import case as when
from sqlalchemy.orm import aliased

from app.access.lookups import Lookups
from models import CaseReview

IS_ALIKE = "is_alike"
Lines = dict[UUID, list[UUID]]


def may_be_a_duplicate(lookups: Lookups) -> ColumnElement[bool]:
    """Whether there is another case like it, among those that its reader sees. Withdrawn ones are like none."""
    found = with_likeness(lookups, CaseReview.id.label("id"))
    return CaseReview.id.in_(select(found.c.id).where(found.c[IS_ALIKE]))


def with_likeness(lookups: Lookups, *columns: Any) -> Subquery:
    """Columns of every case that is not withdrawn, and `is_alike`: whether there is another like it."""
    lines = _lines(lookups)
    # What was allocated to somebody after a split is theirs too.
    places = ("ccg_id", "held_by_id") if lookups.organisations.splits_on(lookups.today) else ("ccg_id",)
    asked = ("id", "incident_date", "review_type_id", "steis_number")
    cases = (
        select(
            *(getattr(CaseReview, name).label(f"case_{name}") for name in asked),
            *(_line_of(getattr(CaseReview, place), lines).label(f"line_by_{place}") for place in places),
            *columns,
        )
        .where(CaseReview.withdrawn_at.is_(None))
        .subquery("cases")
    )
    chosen, is_alike = select(*(cases.c[one.name] for one in columns)).select_from(cases), []
    for place in places:
        line, linked = cases.c[f"line_by_{place}"], _linked(place, lines)
        chosen = chosen.outerjoin(linked, linked.c.id == cases.c.case_id)
        day = [line, cases.c.case_incident_date, cases.c.case_review_type_id]
        of_the_day = func.count(cases.c.case_incident_date).over(partition_by=day)
        number = [line, cases.c.case_steis_number]
        of_the_number = func.count(cases.c.case_steis_number).over(partition_by=number)
        is_alike += [
            of_the_day - func.coalesce(linked.c.same_day, 0) > 1,
            of_the_number - func.coalesce(linked.c.same_number, 0) > 1,
        ]
    return chosen.add_columns(or_(*is_alike).label(IS_ALIKE)).subquery()


def _line_of(place: Any, lines: Lines) -> ColumnElement[Any]:
    """The CCG that answers for a case today."""
    return when(*((place.in_(line), own) for own, line in lines.items()), else_=place) if lines else place


def _same_line(one: Any, other: Any, lines: Lines) -> ColumnElement[bool]:
    return or_(one == other, *(and_(one.in_(line), other.in_(line)) for line in lines.values()))


def _lines(lookups: Lookups) -> Lines:
    """Of whom one answers today for the cases of several CCGs, which: a merger may bring a case twice."""
    lines: dict[UUID, list[UUID]] = defaultdict(list)
    for ccg in lookups.organisations.case_holders():
        lines[lookups.organisations.current_of(ccg.id, lookups.today)].append(ccg.id)
    return {own: line for own, line in lines.items() if len(line) > 1}


def _linked(place: str, lines: Lines) -> Subquery:
    """Cases that grew out of one of their line, or the other way round: how many of these are otherwise like them."""
    source, grown = aliased(CaseReview), aliased(CaseReview)
    same_line = _same_line(getattr(source, place), getattr(grown, place), lines)
    same_day = and_(source.incident_date == grown.incident_date, source.review_type_id == grown.review_type_id)
    same_number = source.steis_number == grown.steis_number
    pairs = (
        select(
            source.id.label("source"),
            grown.id.label("grown"),
            when((and_(same_day, same_line), 1), else_=0).label("same_day"),
            when((and_(same_number, same_line), 1), else_=0).label("same_number"),
        )
        .join(grown, grown.converted_from_id == source.id)
        .where(source.withdrawn_at.is_(None), grown.withdrawn_at.is_(None))
        .cte(f"pairs_by_{place}")
    )
    both = union_all(
        *(select(pairs.c[one].label("id"), pairs.c.same_day, pairs.c.same_number) for one in ("source", "grown"))
    ).subquery()
    sums = (func.sum(both.c[name]).label(name) for name in ("same_day", "same_number"))
    return select(both.c.id, *sums).group_by(both.c.id).subquery()
