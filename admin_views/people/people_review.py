"""The quarterly review of access: who has not been confirmed, one by one or all on a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from app.access.current import current_access, lookups
from app.nhsuk.wording import nhs_date
from app.people import reviewing
from app.people.keeping import CannotChange
from app.rules.quarters import quarter_of
from app.rules.words import count_of
from models import Person, db

from ..base import TrackerView
from .people_actions import doing
from .people_words import held_in_words

ON_A_PAGE = 50
LEFT_OUT = "{} not confirmed: confirmed before, or changed since the page was opened"


class ReviewsAccess(TrackerView):
    """The address of the review."""

    @expose("/review/", methods=("GET", "POST"))
    def review_view(self) -> ResponseReturnValue:
        """Who has not been confirmed this quarter, and confirming them."""
        today = lookups().today
        quarter = quarter_of(today)
        if request.method == "POST":
            return self._confirmed()
        waiting = list(db.session.scalars(reviewing.not_confirmed(quarter, today).limit(ON_A_PAGE + 1)))
        count = reviewing.count_not_confirmed(db.session(), quarter, today)
        page: str = self.render(
            "people/review.html",
            title="Review of access",
            page_title=f"Review of access: {count_of(count, 'person', 'people')} not confirmed",
            caption=quarter.in_words,
            count_text=f"{count_of(count, 'person', 'people')} not confirmed this quarter",
            people=[self._to_review(one) for one in waiting[:ON_A_PAGE]],
            most=ON_A_PAGE if count > ON_A_PAGE else None,
            back_url=self.get_url(".index_view"),
        )
        return page

    def _to_review(self, person: Person) -> dict[str, Any]:
        own = person.id == current_access().person_id
        return {
            "name": person.name,
            "url": self.get_url(".details_view", id=person.id, url=self.get_url(".review_view")),
            "held": held_in_words(person),
            "seen_on": nhs_date(person.last_seen_at) or "Never",
            "value": None if own else f"{person.id} {reviewing.seen(person, lookups().today)}",
        }

    def _confirmed(self) -> ResponseReturnValue:
        today = lookups().today
        wanted = (request.form.get("only") or request.form.get("shown", "")).split(",")
        shown: dict[UUID, str] = {}
        for one in wanted[:ON_A_PAGE]:
            key, _, seen = one.partition(" ")
            try:
                shown[UUID(key)] = seen
            except ValueError:
                abort(400)
        try:
            number = reviewing.confirm(db.session(), shown, quarter_of(today), **doing())
            db.session.commit()
        except CannotChange as problem:
            db.session.rollback()
            flash(str(problem), "error")
            return redirect(self.get_url(".index_view"))
        if number:
            flash(f"{count_of(number, 'person', 'people')} confirmed", "success")
        if number < len(shown):
            flash(
                LEFT_OUT.format(count_of(len(shown) - number, "person", "people")),
                "info",
            )
        return redirect(self.get_url(".review_view"))
