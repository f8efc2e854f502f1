"""What is done about people: adding, giving and ending access, shutting out and letting in, ending sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import joinedload

from app.access import clock
from app.access.current import current_access, lookups
from app.nhsuk.forms import NHSForm
from app.people import keeping, sessions
from app.people.keeping import CannotChange
from app.rules.words import count_of, in_words
from models import Grant, Person, db

from ..asked import found_or_404
from ..base import TrackerView
from .people_forms import EndForm, Ending, GrantForm, ReasonForm, offer_organisations
from .people_words import in_words_of


class ActsOnPeople(TrackerView):
    """The addresses at which something is done about people. Each is a form that says what it does."""

    def create_form(self, obj: Any = None) -> NHSForm:
        form: NHSForm = self._create_form_class()
        return form

    def validate_form(self, form: NHSForm) -> bool:
        if not form.is_submitted():
            return False
        holds = form.validate()
        return form.ask_for_what_is_missing() and holds

    def create_model(self, form: NHSForm) -> Any:
        try:
            known = keeping.person_of(db.session(), form["issuer"].data, form["subject"].data)
            person = keeping.add(db.session(), **form.values, **doing())
            db.session.commit()
        except CannotChange as problem:
            return self._said(form, problem)
        flash(
            "This person is known already" if known else f"{person.name} added. Give them access next",
            "info" if known else "success",
        )
        return person

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """A form for somebody who has not signed in yet."""
        form = self.create_form()
        if self.validate_form(form) and (person := self.create_model(form)):
            return redirect(self._page_of(person.id))
        return self._form(
            form,
            "Add a person",
            "Add",
            self.get_url(".index_view"),
            explanation="Ahead of their first sign-in. Whoever signs in is known from then on, without being added.",
        )

    @expose("/grant/", methods=("GET", "POST"))
    def grant_view(self) -> ResponseReturnValue:
        """Gives somebody a role on an organisation."""
        person, form = self.one_or_404(), GrantForm()
        offer_organisations(form, lookups())
        if form.is_submitted() and form.validate():
            place = lookups().organisations.places[form["organisation"].data]
            try:
                grant = keeping.give(db.session(), person, form["role"].data, place, form["ends_on"].data, **doing())
                db.session.commit()
                flash(f"{person.name}: {in_words_of(grant)}", "success")
                return redirect(self._page_of(person.id))
            except CannotChange as problem:
                self._said(form, problem)
        return self._form(form, "Give access", "Give access", self._page_of(person.id), person)

    @expose("/end/", methods=("GET", "POST"))
    def end_view(self) -> ResponseReturnValue:
        """Ends a grant, now or at the end of a day."""
        grant = _grant_or_404()
        person, form = grant.person, EndForm()
        if not grant.holds_on(lookups().today) and not form.is_submitted():
            return redirect(self._page_of(person.id))
        if form.is_submitted() and form.validate():
            try:
                flash(self._ended_now(grant, form), "success")
                return redirect(self._page_of(person.id))
            except CannotChange as problem:
                self._said(form, problem)
        explanation = f"{in_words_of(grant)}. What ends now is gone at the next click of that person."
        return self._form(form, "End access", "End it", self._page_of(person.id), person, explanation)

    def _ended_now(self, grant: Grant, form: NHSForm) -> str:
        by = doing()
        if form["when"].data is Ending.NOW:
            keeping.end(db.session(), grant, **by)
            done = "ended"
        else:
            del by["at"]
            keeping.end_on(db.session(), grant, form["ends_on"].data, **by)
            done = f"until {in_words(form['ends_on'].data)}"
        db.session.commit()
        return f"{in_words_of(grant)}: {done}"

    @expose("/deactivate/", methods=("GET", "POST"))
    def deactivate_view(self) -> ResponseReturnValue:
        """Shuts somebody out."""
        return self._decide(
            keeping.deactivate,
            "Deactivate",
            "They are signed out at once and cannot sign in again. What they were granted stays, for nothing.",
        )

    @expose("/reactivate/", methods=("GET", "POST"))
    def reactivate_view(self) -> ResponseReturnValue:
        """Lets somebody in again."""
        return self._decide(
            keeping.reactivate,
            "Reactivate",
            "They can sign in again, and may do what they were granted and has not ended.",
        )

    def _decide(self, act: Any, title: str, explanation: str) -> ResponseReturnValue:
        person, form = self.one_or_404(), ReasonForm()
        if form.is_submitted() and form.validate():
            try:
                act(db.session(), person, form["reason"].data, **doing())
                db.session.commit()
                flash(f"{person.name}: {title.lower()}d", "success")
                return redirect(self._page_of(person.id))
            except CannotChange as problem:
                self._said(form, problem)
        return self._form(form, title, title, self._page_of(person.id), person, explanation)

    @expose("/end-session/", methods=("POST",))
    def end_session_view(self) -> ResponseReturnValue:
        """Ends one signed-in session of somebody, or all of them."""
        person, which = self.one_or_404(), request.form.get("session", "")
        by, at = current_access().person_id, clock.now()
        if which == "all":
            ended = sessions.end_all(db.session(), person.id, by=by, at=at)
        else:
            ended = int(sessions.end_one(db.session(), person.id, which[:64], by=by, at=at))
        db.session.commit()
        flash(
            f"{count_of(ended, 'session')} ended" if ended else "This session had ended already",
            "success" if ended else "info",
        )
        return redirect(self._page_of(person.id))

    # What they share

    def _said(self, form: NHSForm, problem: CannotChange) -> None:
        db.session.rollback()
        form.add_problems({problem.about: [str(problem)]})

    def _page_of(self, person_id: UUID) -> str:
        address: str = self.get_url(".details_view", id=person_id)
        return address

    def _form(
        self,
        form: NHSForm,
        title: str,
        submit: str,
        back: str,
        person: Person | None = None,
        explanation: str = "",
    ) -> str:
        page: str = self.render(
            "extracts/form.html",
            title=title,
            page_title=f"{title}: {person.name}" if person else title,
            caption=person.name if person else "",
            form=form,
            submit=submit,
            explanation=explanation,
            back_url=back,
        )
        return page


def _grant_or_404() -> Grant:
    return found_or_404(lambda key: db.session.get(Grant, key, options=[joinedload(Grant.person)]))


def doing() -> dict[str, Any]:
    """Who does it, when, and by which organisations."""
    return {
        "by": current_access().person,
        "at": clock.now(),
        "today": lookups().today,
        "known": lookups().organisations,
    }
