"""Drafts on screen: the form comes back as it was typed, and every page that offers one says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.datastructures import MultiDict

from app.access import clock
from app.access.current import current_access, may
from app.access.permissions import Permission
from app.cases import drafts
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_time
from models import CaseReview, Draft, db
from models.enumerations import CaseForm

# The endpoint of each form.
FORMS: dict[str, CaseForm] = {
    "cases.create_view": CaseForm.NEW,
    "cases.edit_view": CaseForm.EDIT,
    "cases.close_view": CaseForm.CLOSE,
    "cases.reopen_view": CaseForm.REOPEN,
    "cases.withdraw_view": CaseForm.WITHDRAW,
    "cases.bring_back_view": CaseForm.BRING_BACK,
}
ENDPOINTS = {form: endpoint for endpoint, form in FORMS.items()}
GONE = "Nothing is kept there any more: it was saved or discarded, or it is over 24 hours old"


@dataclass(frozen=True)
class Kept:
    """What a form's page says of drafts: the one that it shows, those that it offers, and where it keeps its own."""

    back: Draft | None
    offered: list[tuple[Draft, str]]
    keep_url: str


def asked_for(case: CaseReview | None = None) -> Draft | None:
    """The draft that the address of a form names, if it is the person's own and of this form."""
    wanted = request.args.get("draft")
    if wanted is None or request.method != "GET":
        return None
    draft = own(wanted)
    if draft is None or address_of(draft) != url_for(str(request.endpoint), id=case and case.id, draft=draft.id):
        flash(GONE, "info")
        return None
    return draft


def own(draft_id: str) -> Draft | None:
    """A draft of the person who is signed in; None for somebody else's, one that never was, and nonsense alike."""
    try:
        key = UUID(draft_id)
    except ValueError:
        return None
    return drafts.find(db.session(), key, by=current_access().person_id, at=clock.now())


def as_typed(draft: Draft | None) -> dict[str, Any]:
    """What a form is given so that it shows a draft."""
    return {"formdata": MultiDict(draft.fields)} if draft is not None else {}


def kept_of(form: NHSForm) -> Kept:
    """What the page of a form says of drafts."""
    kind, case = FORMS[str(request.endpoint)], form.case
    back = asked_for(case)
    mine = drafts.of_person(db.session(), by=current_access().person_id, at=clock.now())
    same = [one for one in mine if one.form == kind and one.case_id == (case and case.id)]
    offered = [] if back or request.method != "GET" else [(one, address_of(one)) for one in same]
    return Kept(back, offered, url_for("cases.keep_view", form=kind.value, id=case and case.id))


def address_of(draft: Draft) -> str:
    """The form of a draft, with the draft in it."""
    return url_for(ENDPOINTS[draft.form], id=draft.case_id, draft=draft.id)


def name_of(draft: Draft) -> str:
    """What was being done: "Closing SCR-…"."""
    return draft.form.label + (f" {draft.case.reference}" if draft.case else "")


class KeepsDrafts:
    """The addresses of a view of cases at which drafts are kept and discarded."""

    @expose("/keep/", methods=("POST",))
    def keep_view(self: Any) -> ResponseReturnValue:
        """Keeps a form that is being typed: since when, and where it comes back. {} of one that cannot be kept."""
        if not may(Permission.CASE_WRITE):
            abort(403)
        form = next((one for one in CaseForm if one == request.args.get("form")), None)
        if form is None:
            abort(400)
        case = None if form is CaseForm.NEW else self.one_or_404()
        fields = request.form.to_dict(flat=False)
        draft = drafts.keep(db.session(), form, fields, case=case, by=current_access(), at=clock.now())
        return {"at": nhs_time(draft.saved_at), "address": address_of(draft)} if draft else {}

    @expose("/discard/", methods=("POST",))
    def discard_view(self) -> ResponseReturnValue:
        """Erases one of the person's drafts."""
        if not may(Permission.CASE_WRITE):
            abort(403)
        draft = own(request.args.get("draft", ""))
        if draft is None:
            abort(404)
        case_id = draft.case_id
        drafts.discard(db.session(), draft.form_token, by=current_access().person_id)
        db.session.commit()
        flash("What you typed was discarded", "success")
        return redirect(url_for("cases.details_view", id=case_id) if case_id else url_for("admin.index"))
