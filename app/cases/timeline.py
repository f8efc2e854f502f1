"""The life of a case in the order of its days: what its dates, its withdrawal and its linked reviews tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.access.clock import day_of
from models import CaseReview
from models.enumerations import Change, Publication, Status


@dataclass(frozen=True)
class Event:
    """One day of a case, in England. `case` is the linked review that it speaks of; `is_ahead` where it is to come."""

    day: date
    what: str
    detail: str = ""
    case: CaseReview | None = None
    is_ahead: bool = False


def timeline_of(case: CaseReview, today: date) -> list[Event]:
    """Every day that a case knows of, the first first; on one day in the order in which a review goes.

    Linked reviews are those that the session's scope shows. An earlier closing or withdrawal that was taken back is
    not among its dates.
    """
    by = f"By {case.created_by.name}" if case.created_by else ""
    events = [
        Event(case.incident_date, "Incident"),
        *_linked(case.converted_from, "Rapid review recorded that this review grew out of"),
        Event(case.date_added, "Case added", by if day_of(case.created_at) == case.date_added else ""),
    ]
    if day_of(case.created_at) != case.date_added:
        events.append(Event(day_of(case.created_at), "Entered in the tracker", by))
    for grown in case.grown_into:
        events += _linked(grown, f"{grown.review_type.label} recorded that grew out of this review")
    if case.latest_update:
        events.append(Event(case.latest_update_on, "Latest update"))
    events += _dated(case.report_signed_off_on, "Report signed off", today)
    events += _dated(case.publication_date, "Report published", today, "Publication planned")
    embargoed = case.publication == Publication.EMBARGOED
    if case.status == Status.CLOSED:
        events += _dated(case.date_closed, "Case closed", today, detail="Embargoed" if embargoed else "")
    if case.withdrawn_at is not None:
        events.append(Event(day_of(case.withdrawn_at), "Case withdrawn", case.withdrawn_reason or ""))
    return sorted(events, key=lambda event: event.day)


def done_between(before: Any, after: Any) -> str:
    """What was done to a case from one version to the next (`before` is None for the first): "Closed", "Withdrawn"."""
    if before is None or after.change != Change.CHANGED:
        return str(after.change.label)
    if (before.withdrawn_at is None) != (after.withdrawn_at is None):
        return "Withdrawn" if after.withdrawn_at is not None else "Brought back"
    if before.status != after.status:
        return "Closed" if after.status == Status.CLOSED else "Reopened"
    return "Changed" if before.allocated_to_id == after.allocated_to_id else "Allocated"


def _dated(day: date | None, what: str, today: date, planned: str = "", detail: str = "") -> list[Event]:
    if day is None:
        return []
    ahead = day > today
    return [Event(day, planned if ahead and planned else what, detail, is_ahead=ahead)]


def _linked(case: CaseReview | None, what: str) -> list[Event]:
    return [Event(case.date_added, what, case=case)] if case is not None else []
