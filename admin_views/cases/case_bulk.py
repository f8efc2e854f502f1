"""One update for several cases: chosen in the list, checked and saved one by one, reported row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access import audit, clock, readings
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.cases import writing
from app.cases.checking import AskedOneByOne, check
from app.nhsuk.form_converter import form_class_for
from app.nhsuk.forms import NHSForm
from app.rules import case_rules
from app.rules.words import count_of
from models import CaseReview, db
from models.enumerations import AuditAction

from ..base import TrackerView
from . import case_form

MOST = 100
ITEM = "latest_update"
NONE_SELECTED = "Select the cases that you want to update"
TOO_MANY = f"Select {MOST} cases or fewer"
MISSING = "Enter the latest update"
STALE = "Changed by somebody else since you opened this page"
WITHDRAWN = "Withdrawn. Bring it back before you change it"
SAME = "Has this update already"
AGAIN = "Updated already with this form"
NOT_SAVED = "Could not be saved"


class UpdateForm(form_class_for(CaseReview, names=[ITEM])):  # type: ignore[misc]
    """The latest update, which here is what the page is for."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self[ITEM].label.text = self[ITEM].item.label


@dataclass(frozen=True)
class Outcome:
    """What became of one case. `why` says why it was not updated."""

    reference: str
    url: str
    why: str = ""


class UpdatesSeveral(TrackerView):
    """The address of the list of cases at which several get the same update."""

    @property
    def several_url(self) -> str | None:
        """Where the selected cases are sent, for those who may change cases."""
        address: str = self.get_url(".update_several_view")
        return address if may(Permission.CASE_WRITE) else None

    @expose("/update-several/", methods=("GET", "POST"))
    def update_several_view(self) -> ResponseReturnValue:
        """Shows the selected cases and asks for the update; then saves it in each, and says what became of each."""
        if not may(Permission.CASE_WRITE):
            abort(403)
        seen = dict(pair.split(" ", 1) for pair in request.form.get("seen", "").split(",") if " " in pair)
        chosen, back = self._chosen(list(seen)), self.return_url()
        if not 0 < len(chosen) <= MOST:
            flash(TOO_MANY if chosen else NONE_SELECTED, "error")
            return redirect(back)
        # The list sends what was selected; this page sends what it has shown along with the update.
        form: NHSForm = UpdateForm(**({} if seen else {"formdata": None}))
        case_form.give_token(form, anew=not seen)
        if seen and _may_be_saved(form):
            ids = [case.id for case in chosen]
            outcomes = [self._update(case_id, seen.get(str(case_id), ""), form) for case_id in ids]
            return self._render_report(outcomes, form, back)
        for case in chosen:
            readings.note(
                AuditAction.CASE_OPENED, about=audit.CASE, about_id=case.id, details="One update for several cases"
            )
        page: str = self.render(
            "cases/several.html",
            title=f"Update {count_of(len(chosen), 'case')}",
            form=form,
            is_sent=bool(seen),
            cases=[(case, self.get_url(".details_view", id=case.id)) for case in chosen],
            back_url=back,
        )
        return page

    def _chosen(self, seen: list[str]) -> list[CaseReview]:
        """The cases that were selected or shown, each once. 404 where one is not there for this person, whichever."""
        found: dict[UUID, CaseReview] = {}
        for typed in [*seen, *request.values.getlist("id")][: 2 * MOST + 1]:
            case = self.get_one(typed)
            if case is None or not current_access().scope.may_change(case):
                abort(404)
            found[case.id] = case
        return list(found.values())

    def _update(self, case_id: UUID, seen: str, form: NHSForm) -> Outcome:
        """Saves the update in one case, in a transaction of its own."""
        case = db.session().get(CaseReview, case_id)
        if case is None:
            abort(404)
        reference = case.reference
        url = self.get_url(".details_view", id=case_id)
        why = _why_not(case, seen, form) or _save(case, form)
        return Outcome(reference, url, why)

    def _render_report(self, outcomes: list[Outcome], form: NHSForm, back: str) -> str:
        updated = [one for one in outcomes if not one.why]
        page: str = self.render(
            "cases/several_report.html",
            title=f"{count_of(len(updated), 'case')} updated",
            updated=updated,
            left=[one for one in outcomes if one.why],
            text=form[ITEM].data,
            back_url=back,
        )
        return page


def _may_be_saved(form: NHSForm) -> bool:
    """The shape of the update, and that it was confirmed where it looks as if it said who somebody is."""
    holds = form.validate()
    if not form[ITEM].data and not form[ITEM].errors:
        form.add_problems({ITEM: [MISSING]})
    if not writing.is_token(str(form.form_token.data or "")):
        form.add_problems({"": [NOT_SAVED]})
        form.form_token.data = case_form.new_token()
    form.add_warnings(case_rules.warnings_about(form.values, items=[form[ITEM].item]))
    return bool(holds and not form.error_summary())


def _why_not(case: CaseReview, seen: str, form: NHSForm) -> str:
    """Why a case does not get the update; "" where it does."""
    if writing.case_saved_with(db.session(), _token_for(case, form)) is not None:
        return AGAIN
    if case.is_withdrawn:
        return WITHDRAWN
    if seen != str(case.version):
        return STALE
    if case.latest_update == form[ITEM].data:
        return SAME
    checked = check(
        AskedOneByOne(db.session()), {ITEM: form[ITEM].data}, by=current_access(), lookups=lookups(), case=case
    )
    return ". ".join(sentence for sentences in checked.problems.values() for sentence in sentences)


def _save(case: CaseReview, form: NHSForm) -> str:
    session, by, at = db.session(), current_access().person, clock.now()
    values: dict[str, Any] = {ITEM: form[ITEM].data}
    try:
        # Flushed once, when all of it is said: each flush is a version.
        with session.no_autoflush:
            writing.change(case, values, by=by, at=at, today=lookups().today, source=None)
            writing.use_token(session, _token_for(case, form), by=by, at=at, case_id=case.id)
        session.commit()
    except writing.TokenAlreadyUsed:
        session.rollback()
        return AGAIN
    except StaleDataError:
        session.rollback()
        return STALE
    except IntegrityError:
        session.rollback()
        return NOT_SAVED
    return ""


def _token_for(case: CaseReview, form: NHSForm) -> str:
    """One token for each case of one form."""
    return f"{form.form_token.data} {case.id}"
