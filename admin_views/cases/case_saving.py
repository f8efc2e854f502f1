"""From a submitted form to a saved case, or to the words on the form that say why not.

`form.case` is the case that the form is about, None where it records a new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import flash
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access import audit, clock
from app.access.current import current_access, lookups
from app.cases import drafts, writing
from app.cases.checking import AskedOneByOne, Checked, check
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_moment
from app.rules import case_rules
from models import CaseReview, db
from models.enumerations import AuditAction

from . import case_conflict, case_form
from .case_actions import CaseAction

JUST_CHANGED = "This case was changed at the same moment. What you typed is still below. Save again"
WITHDRAWN = "is withdrawn. Bring it back before you change it"
BELOW, KEPT = "What you typed is still below", "and is kept for 24 hours"
ALREADY_SAVED = "You have already saved this form"
NOT_COMPLETE = "The form was not complete. Check what you typed and save again"
NOT_SAVED = "The case could not be saved. Save again"

# Whether it may be saved


def may_be_saved(form: NHSForm) -> bool:
    """Shapes first, then the rules: all problems at once, each on its field."""
    fits = form.case is None or not form.case.is_withdrawn
    shapes_hold = _is_up_to_date(form, fits=fits)
    if shapes_hold is None:
        return False
    if not fits:
        _refuse(form, WITHDRAWN)
        return False
    form.checked = _check(form)
    _write_down_unknown_records(form)
    return shapes_hold and not form.checked.problems and _may_be_kept(form)


def may_be_done(form: NHSForm, action: CaseAction) -> bool:
    """As `may_be_saved`, for a page that does one thing."""
    fits = action.fits(form.case)
    shapes_hold = _is_up_to_date(form, fits=fits)
    if shapes_hold is None:
        return False
    if not fits:
        was_withdrawn = form.case.is_withdrawn and not action.fits_withdrawn
        _refuse(form, WITHDRAWN if was_withdrawn else f"is already {action.state}")
        return False
    reasons = [field.item for field in form.item_fields if field.name == "reason"]
    form.add_warnings(case_rules.warnings_about(form.values, items=reasons))
    if action.rules_must_hold and _check(form, **action.fixed).problems:
        return False
    return shapes_hold and _may_be_kept(form)


def _is_up_to_date(form: NHSForm, *, fits: bool) -> bool | None:
    """Whether what was typed can be read, once what others have saved is in the form too, if that `fits` the case.

    None where there is nothing to check: the form was saved before, or its person is to choose between values first.
    On an older version the rules would speak of values that somebody else has changed meanwhile.
    """
    is_new = _is_new(form)
    if is_new and fits:
        case_conflict.settle(form)
    shapes_hold: bool = form.validate()
    if form.conflict is not None:
        case_conflict.keep(form)
    return shapes_hold if is_new and form.conflict is None else None


def _is_new(form: NHSForm) -> bool:
    """Whether the form has not been saved before: a double click, a reload and the back button save nothing."""
    case_id = writing.case_saved_with(db.session(), str(form.form_token.data or ""))
    if case_id is None:
        return True
    case = db.session().get(CaseReview, case_id)
    form.add_problems({"": [f"{ALREADY_SAVED}{f', as case {case.reference}' if case else ''}"]})
    return False


def _refuse(form: NHSForm, why: str) -> None:
    """Says why a case cannot be changed like this any more, since when and by whom. What was typed is kept."""
    case: CaseReview = form.case
    reference, since = case.reference, f"It was last changed on {nhs_moment(case.changed_at)}"
    by = f", by {case.changed_by.name}" if case.changed_by else ""
    is_kept = case_conflict.keep(form) is not None
    below = f"{BELOW}, {KEPT}" if is_kept else BELOW
    form.add_problems({"": [f"Case {reference} {why}. {since}{by}. {below}"]})


def _check(form: NHSForm, **fixed: Any) -> Checked:
    """What the rules say of a form; `fixed` are values that the page itself sets."""
    case: CaseReview | None = form.case
    values = case_form.typed_values(form) | fixed
    if case is None and values.get("ccg") is None and len(current_access().current_ccgs) == 1:
        values["ccg"] = current_access().current_ccgs[0].id
    unread = {field.name for field in form.item_fields if field.errors}
    form.to_save = values
    with db.session.no_autoflush:
        checked = check(AskedOneByOne(db.session()), values, by=current_access(), lookups=lookups(), case=case)
    problems = case_rules.not_said_yet(checked.problems, unread)
    form.add_problems(case_form.on_fields(problems, form))
    if case is None and "ccg" in problems:
        case_form.offer_those_open(form, current_access(), lookups())
    form.add_warnings(checked.warnings)
    return Checked(problems, checked.warnings, checked.converted_from)


def _write_down_unknown_records(form: NHSForm) -> None:
    """A record that the form names and that is not there for this person is an attempt at it, like an address."""
    named = {"converted_from": form.checked.problems, "ccg": form.errors}
    unknown = [name for name, problems in named.items() if name in form and form[name].raw_data and name in problems]
    for name in unknown:
        # The text of a field may be anything. Only what has the shape of an id or a reference is written down.
        shape = re.fullmatch(r"[0-9A-Za-z-]{8,36}", str(form[name].raw_data[0]).strip())
        about = f" in {name}" + (f": {shape.group()}" if shape else "")
        audit.write_refusal(db.session(), AuditAction.NOT_FOUND, by=current_access().person_id, about=about)
    if unknown:
        db.session.commit()


def _may_be_kept(form: NHSForm) -> bool:
    """Whether text that looks as if it identified somebody is not there, or was confirmed."""
    return form.is_confirmed or not form.has_warnings


# Saving it


def record(form: NHSForm) -> CaseReview | None:
    """A new case from a form that may be saved. None, as with the others, where it was not saved after all."""
    return _save(
        form,
        lambda: writing.record(
            db.session(),
            form.to_save,
            by=current_access().person,
            at=clock.now(),
            today=lookups().today,
            source=form.checked.converted_from,
        ),
        "recorded",
    )


def change(form: NHSForm) -> CaseReview | None:
    """The form's case with the values of a form that may be saved. Without a change there is no new version."""
    case: CaseReview = form.case
    if not case_form.is_changed(form.to_save, case):
        drafts.discard(db.session(), str(form.form_token.data or ""), by=current_access().person_id)
        db.session.commit()
        flash(f"Nothing was changed in case {case.reference}", "info")
        return case

    def apply() -> CaseReview:
        writing.change(
            case,
            form.to_save,
            by=current_access().person,
            at=clock.now(),
            today=lookups().today,
            source=form.checked.converted_from,
        )
        return case

    return _save(form, apply, "saved")


def do(form: NHSForm, action: CaseAction) -> CaseReview | None:
    """The form's case after one thing was done to it that may be done."""
    return _save(
        form,
        lambda: action.do(form.case, form, current_access().person, clock.now(), lookups().today),
        action.done,
    )


def _save(form: NHSForm, apply: Callable[[], CaseReview], done: str) -> CaseReview | None:
    """Makes a change and spends the form's token in one transaction. None, with the reason on the form, if not."""
    session, by, token = db.session(), current_access().person, str(form.form_token.data or "")
    if not writing.is_token(token):
        form.add_problems({"": [NOT_COMPLETE]})
        form.form_token.data = case_form.new_token()
        return None
    try:
        case = apply()
        reference = case.reference  # asked for after the commit, the case would be read again
        writing.use_token(session, token, by=by, at=clock.now(), case_id=case.id)
        drafts.discard(session, token, by=by.id)
        session.commit()
    except writing.TokenAlreadyUsed:
        session.rollback()
        _is_new(form)
    except StaleDataError:
        session.rollback()
        case_conflict.settle(form)
        if form.conflict is not None:
            case_conflict.keep(form)
        else:
            form.add_problems({"": [JUST_CHANGED]})
    except IntegrityError:
        session.rollback()
        _say_why_refused(form)
    else:
        flash(f"Case {reference} {done}", "success")
        return case
    return None


def _say_why_refused(form: NHSForm) -> None:
    """The database refused what the rules allowed: somebody was quicker with the same number or the same form."""
    if _is_new(form) and not _check(form).problems:
        form.add_problems({"": [NOT_SAVED]})
