"""What a demo case looked like before: the versions that lead to it, each with the moment from which it was known.

Pure: the same case has the same past. Every version keeps the rules that the database keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from models.enumerations import MediaInterest, Publication, Status

from .case import DemoCase

# What nobody knows of a review on the day it is recorded.
NOT_KNOWN_YET: dict[str, Any] = {
    "status": Status.OPEN,
    "media_interest": MediaInterest.NONE_KNOWN,
    "latest_update": "",
    "lessons": "",
    "comments": "",
    "report_signed_off_on": None,
    "publication": Publication.NOT_DECIDED,
    "publication_date": None,
    "report_link": None,
    "date_closed": None,
    "withdrawn_at": None,
    "withdrawn_reason": None,
}
UNDER_WAY = (
    "The panel has met and agreed its terms of reference.",
    "Chronologies have come in from every agency but one.",
    "The independent author has begun to read the records.",
    "Practitioners were heard at a learning event.",
)
ENTERED_TWICE = "Entered twice by mistake"
NOT_TWICE = "It is not the other case after all"
MORE_TO_LEARN = "The coroner has asked a further question"
# One case in so many was withdrawn for a while, or closed too early.
WITHDRAWN_FOR_A_WHILE, CLOSED_TOO_EARLY = 17, 7


Change = tuple[date, dict[str, Any], str | None]


@dataclass(frozen=True)
class Version:
    """A case as it was known from a moment on, and why it was changed where somebody had to say so."""

    known_from: datetime
    case: DemoCase
    reason: str | None = None


def versions_of(case: DemoCase, number: int) -> list[Version]:
    """Every version of a case, the first first; the last is the case itself. `number` decides what happened to it."""
    first = replace(case, **NOT_KNOWN_YET, **_finished_by(case, case.date_added), latest_update_on=case.date_added)
    found = [Version(case.created_at, first)]
    for day, changes, reason in sorted(_changes_of(case, number), key=lambda one: one[0]):
        moment = datetime.combine(day, time(11, number % 60), UTC)
        if found[-1].known_from < moment < case.changed_at:
            found.append(Version(moment, replace(found[-1].case, **changes), reason))
    found.append(Version(case.changed_at, case, case.withdrawn_reason))
    return [replace(one, case=replace(one.case, changed_at=one.known_from)) for one in found]


def _finished_by(case: DemoCase, day: date) -> dict[str, Any]:
    """What was finished already when a case was recorded late."""
    found: dict[str, Any] = {}
    if case.report_signed_off_on and case.report_signed_off_on <= day:
        found |= {"report_signed_off_on": case.report_signed_off_on, "lessons": case.lessons}
    if case.date_closed and case.date_closed <= day:
        found |= _closing(case)
    return found


def _closing(case: DemoCase) -> dict[str, Any]:
    names = (
        "status",
        "date_closed",
        "publication",
        "publication_date",
        "report_link",
        "report_signed_off_on",
        "lessons",
    )
    return {name: getattr(case, name) for name in names}


def _changes_of(case: DemoCase, number: int) -> list[Change]:
    """The days between, with what changed and why."""
    added = case.date_added
    found: list[Change] = []
    month = added + timedelta(days=30)
    found.append(
        (
            month,
            {"latest_update": UNDER_WAY[number % 4], "latest_update_on": month, "media_interest": case.media_interest},
            None,
        )
    )
    if number % WITHDRAWN_FOR_A_WHILE == 0 and _ends_after(case, added + timedelta(days=150)):
        gone, back = added + timedelta(days=45), added + timedelta(days=140)
        found.append(
            (
                gone,
                {"withdrawn_at": datetime.combine(gone, time(11), UTC), "withdrawn_reason": ENTERED_TWICE},
                ENTERED_TWICE,
            )
        )
        found.append((back, {"withdrawn_at": None, "withdrawn_reason": None}, NOT_TWICE))
    elif case.report_signed_off_on and case.report_signed_off_on > added:
        signed_off = case.report_signed_off_on
        found.append((signed_off, {"report_signed_off_on": signed_off, "lessons": case.lessons}, None))
        found.extend(_closed_too_early(case, signed_off, number))
    if case.date_closed and case.date_closed > added:
        found.append((case.date_closed, _closing(case), None))
    return found


def _closed_too_early(case: DemoCase, signed_off: date, number: int) -> list[Change]:
    closed, again = signed_off + timedelta(days=4), signed_off + timedelta(days=60)
    if number % CLOSED_TOO_EARLY or not case.date_closed or again >= case.date_closed:
        return []
    closing = {"status": Status.CLOSED, "date_closed": closed, "publication": Publication.EMBARGOED}
    opening = {"status": Status.OPEN, "date_closed": None, "publication": Publication.NOT_DECIDED}
    return [(closed, closing, None), (again, opening, MORE_TO_LEARN)]


def _ends_after(case: DemoCase, day: date) -> bool:
    """Whether nothing else happened to a case until a day."""
    ends = [case.changed_at.date(), case.report_signed_off_on, case.date_closed]
    return all(end is None or end > day for end in ends)
