"""The audit: who did what, for administrators and analysts. Cases are named by their ids alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.access.audit_chain import has_a_moment
from app.access.current import may
from app.access.lookups import Lookups
from app.access.permissions import Permission
from app.cases.searching import beginning_with
from models import AuditEvent, CaseReview, Person, db
from models.audit import OCCASION, ORIGIN

from .base import TrackerView
from .lists.filters import TrackerFilter

OF_A_CASE = "Case (reference or id)"


class PersonFilter(TrackerFilter):
    """The events of everybody whose name begins with what was typed."""

    kind = "text"

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        named = select(Person.id).where(beginning_with(Person.name, value))
        return AuditEvent.person_id.in_(named)


class CaseFilter(TrackerFilter):
    """The events about one case, for those who may see it: to everybody else no case answers to anything."""

    kind = "text"

    def is_offered(self, lookups: Lookups) -> bool:
        return may(Permission.CASE_READ)

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        if not may(Permission.CASE_READ):
            raise ValueError(value)
        case_id = db.session.scalar(select(CaseReview.id).where(_is_called(value)))
        if case_id is None:
            raise ValueError(value)
        return AuditEvent.about_id == case_id


def _is_called(typed: str) -> ColumnElement[bool]:
    try:
        return CaseReview.id == UUID(typed)
    except ValueError:
        return CaseReview.reference == typed.upper()


class AuditView(TrackerView):
    """Every event, the newest first."""

    list_of = AuditEvent
    address, title, one, many = "audit", "Audit", "event", "events"
    reads = downloads = Permission.AUDIT_READ
    newest_first = "at"
    section_order = (OCCASION, ORIGIN)
    named_filters = (PersonFilter("person", "Who", OCCASION), CaseFilter("case", OF_A_CASE, OCCASION))

    def standing_conditions(self, filters: list[tuple[int, str, str]]) -> list[ColumnElement[bool]]:
        """One event without a moment, written past the service, would hold up the whole list."""
        return [has_a_moment()]

    def name_of(self, row: AuditEvent) -> str:
        return row.action.label
