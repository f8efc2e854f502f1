"""Conditions on cases that have a name of their own; the home page's figures and the list's filters share them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from app.access.lookups import Lookups
from models import CaseReview
from models.enumerations import Publication, Status

DAYS_WITHOUT_UPDATE = 90

Condition = Callable[[Lookups], ColumnElement[bool]]


def is_recorded(lookups: Lookups) -> ColumnElement[bool]:
    """Not withdrawn."""
    return CaseReview.withdrawn_at.is_(None)


def is_withdrawn(lookups: Lookups) -> ColumnElement[bool]:
    return CaseReview.withdrawn_at.is_not(None)


def is_open(lookups: Lookups) -> ColumnElement[bool]:
    return CaseReview.status == Status.OPEN


def has_no_update(lookups: Lookups) -> ColumnElement[bool]:
    """Open, and its latest update last changed 90 days ago or longer."""
    return and_(is_open(lookups), CaseReview.latest_update_on <= lookups.today - timedelta(days=DAYS_WITHOUT_UPDATE))


def is_signed_off_but_not_published(lookups: Lookups) -> ColumnElement[bool]:
    """Report signed off, not embargoed, and no publication date that has come."""
    return and_(
        CaseReview.report_signed_off_on.is_not(None),
        CaseReview.publication != Publication.EMBARGOED,
        or_(CaseReview.publication_date.is_(None), CaseReview.publication_date > lookups.today),
    )


def may_be_a_duplicate(lookups: Lookups) -> ColumnElement[bool]:
    """Another case of the same CCG, or of its line of succession, has the same incident date and type, or the same
    StEIS number, and neither grew out of the other."""
    other: Any = aliased(CaseReview)
    not_the_same_or_linked = (
        _same_line(other, lookups),
        other.id != CaseReview.id,
        other.withdrawn_at.is_(None),
        or_(other.converted_from_id.is_(None), other.converted_from_id != CaseReview.id),
        or_(CaseReview.converted_from_id.is_(None), CaseReview.converted_from_id != other.id),
    )
    same_day_and_type = (
        other.incident_date == CaseReview.incident_date,
        other.review_type_id == CaseReview.review_type_id,
    )
    # Two questions, so that each can use an index of its own.
    return or_(
        exists().where(*not_the_same_or_linked, *same_day_and_type),
        exists().where(*not_the_same_or_linked, other.steis_number == CaseReview.steis_number),
    )


def _same_line(other: Any, lookups: Lookups) -> ColumnElement[bool]:
    """Both cases belong to one CCG, or to CCGs for whose cases one answers today: a merger may bring a case twice."""
    lines: dict[UUID, list[UUID]] = defaultdict(list)
    for ccg in lookups.organisations.case_holders():
        lines[lookups.organisations.current_of(ccg.id, lookups.today)].append(ccg.id)
    together = [line for line in lines.values() if len(line) > 1]
    of_one_line = [and_(CaseReview.ccg_id.in_(line), other.ccg_id.in_(line)) for line in together]
    if lookups.organisations.splits_on(lookups.today):
        # What was allocated to somebody is theirs too.
        of_one_line += [and_(CaseReview.held_by_id.in_(line), other.held_by_id.in_(line)) for line in lines.values()]
    return or_(other.ccg_id == CaseReview.ccg_id, *of_one_line)


def where_split(lookups: Lookups) -> list[UUID]:
    """The CCGs for whose cases nobody answers since several took over, with those before them."""
    known, today = lookups.organisations, lookups.today
    split = known.splits_on(today)
    return [ccg.id for ccg in known.case_holders() if split and known.current_of(ccg.id, today) in split]


def waits_for_allocation(lookups: Lookups) -> ColumnElement[bool]:
    """Open, of a CCG that was split, and with none of those that took over."""
    return and_(is_open(lookups), CaseReview.held_by_id.in_(where_split(lookups)))
