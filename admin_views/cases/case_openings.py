"""Who opened a case: each opening is noted here, and shown to everybody who may see the case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.access import audit, clock, readings
from app.access.current import lookups
from app.nhsuk.wording import nhs_moment
from app.rules.words import count_of
from models import AuditEvent, CaseReview, Person, db
from models.enumerations import AuditAction

from ..base import TrackerView

# The pages that show a case's words, as they are called in the audit. Who looks here has opened nothing.
PAGES = {
    "details_view": "Details",
    "edit_view": "Form to change it",
    "history_view": "History",
    "close_view": "Form to close it",
    "reopen_view": "Form to reopen it",
    "withdraw_view": "Form to withdraw it",
    "bring_back_view": "Form to bring it back",
}
MOST_SHOWN = 200


@dataclass(frozen=True)
class Opening:
    """One event about a case, in words."""

    when: str
    what: str
    who: str
    role: str


class NotesOpenings(TrackerView):
    """A view of cases that notes each opening, and has an address at which they are read."""

    def one_or_404(self) -> Any:
        """A case in scope, whose opening is noted if the page shows its words."""
        case = super().one_or_404()
        page = PAGES.get(str(request.endpoint).rpartition(".")[2])
        if page is not None:
            readings.note(AuditAction.CASE_OPENED, about=audit.CASE, about_id=case.id, details=page)
        return case

    @expose("/opened/")
    def opened_view(self) -> ResponseReturnValue:
        """Who opened a case or changed it, and when, the newest first."""
        case: CaseReview = self.one_or_404()
        events = audit.events_about(case.id)
        count = db.session.scalar(select(func.count()).select_from(events.order_by(None).subquery())) or 0
        page: str = self.render(
            "cases/opened.html",
            title="Who opened this case",
            page_title=f"Who opened case {case.reference}",
            caption=case.reference,
            count_text=count_of(count, "event"),
            most_shown=MOST_SHOWN if count > MOST_SHOWN else None,
            openings=_shown(list(db.session.scalars(events.limit(MOST_SHOWN)))),
            back_url=self.get_url(".details_view", id=case.id),
        )
        return page


def _shown(events: list[AuditEvent]) -> list[Opening]:
    people = select(Person).where(Person.id.in_({event.person_id for event in events}))
    by_id = {one.id: one for one in db.session.scalars(people.options(selectinload(Person.grants)))}
    return [
        Opening(
            when=nhs_moment(event.at),
            what=event.action.label + (f": {event.details}" if event.details else ""),
            who=event.person_name or "",
            role=_roles_of(by_id[event.person_id], event) if event.person_id else "",
        )
        for event in events
    ]


def _roles_of(person: Person, event: AuditEvent) -> str:
    """The roles that the person holds, without those that had ended before the event."""
    day, places = clock.day_of(event.at), lookups().organisations.places
    return "; ".join(
        f"{grant.role.label}, {places[grant.organisation_id].name}"
        for grant in person.grants
        if (grant.ends_on is None or grant.ends_on >= day) and (grant.ended_at is None or grant.ended_at > event.at)
    )
