"""Conditions on cases that have a name of their own; the home page's figures and the list's filters share them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from models import CaseReview
from models.enumerations import Publication, Status

DAYS_WITHOUT_UPDATE = 90

Condition = Callable[[date], ColumnElement[bool]]


def is_recorded(today: date) -> ColumnElement[bool]:
    """Not withdrawn."""
    return CaseReview.withdrawn_at.is_(None)


def is_withdrawn(today: date) -> ColumnElement[bool]:
    return CaseReview.withdrawn_at.is_not(None)


def is_open(today: date) -> ColumnElement[bool]:
    return CaseReview.status == Status.OPEN


def has_no_update(today: date) -> ColumnElement[bool]:
    """Open, and its latest update last changed more than 90 days ago."""
    return and_(is_open(today), CaseReview.latest_update_on < today - timedelta(days=DAYS_WITHOUT_UPDATE))


def is_signed_off_but_not_published(today: date) -> ColumnElement[bool]:
    """Report signed off, not embargoed, and no publication date that has come."""
    return and_(
        CaseReview.report_signed_off_on.is_not(None),
        CaseReview.publication != Publication.EMBARGOED,
        or_(CaseReview.publication_date.is_(None), CaseReview.publication_date > today),
    )


def may_be_a_duplicate(today: date) -> ColumnElement[bool]:
    """Another case of the same CCG has the same incident date and type, or StEIS number, and neither grew out of
    the other."""
    other: Any = aliased(CaseReview)
    not_the_same_or_linked = (
        other.ccg_id == CaseReview.ccg_id,
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


def has_theme(theme: UUID) -> ColumnElement[bool]:
    """The theme stands in any of the three places."""
    return or_(CaseReview.theme_1_id == theme, CaseReview.theme_2_id == theme, CaseReview.theme_3_id == theme)
