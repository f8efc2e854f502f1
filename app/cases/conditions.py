"""Conditions on cases that have a name of their own; the home page's figures and the list's filters share them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

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


def where_split(lookups: Lookups) -> list[UUID]:
    """The CCGs for whose cases nobody answers since several took over, with those before them."""
    known, today = lookups.organisations, lookups.today
    split = known.splits_on(today)
    return [ccg.id for ccg in known.case_holders() if split and known.current_of(ccg.id, today) in split]


def waits_for_allocation(lookups: Lookups) -> ColumnElement[bool]:
    """Open, of a CCG that was split, and with none of those that took over."""
    return and_(is_open(lookups), CaseReview.held_by_id.in_(where_split(lookups)))
