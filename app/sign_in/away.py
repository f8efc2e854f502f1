"""Somebody whose session ended while they were away: what they send is kept as a draft, and they are told why."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, request, session, url_for
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from app.access.clock import now
from app.access.current import access_for
from app.access.permissions import Permission
from app.cases import drafts
from app.rules.words import count_of
from models import CaseReview, Draft, Person, db
from models.enumerations import CaseForm
from models.people import DEMO_ISSUER

from . import sessions

IDLE = "You were signed out because you did nothing for {}"
TOO_LONG = "You were signed out because a session lasts {} at most"
KEPT = "What you typed is kept. Sign in to go on"


def welcome_back(limits: sessions.Limits) -> str | None:
    """Says why somebody must sign in again, and keeps the case form that they sent.

    The address of that form with the draft in it; None for everybody else.
    """
    session_id = session.get("_user_id")
    ended = session_id and sessions.find_timed_out(db.session(), str(session_id), limits, at=now())
    if not ended or not is_trusted(ended.person):
        return None
    minutes, hours = (int(limit.total_seconds()) for limit in (limits.idle / 60, limits.absolute / 3600))
    why = IDLE.format(count_of(minutes, "minute")) if ended.was_idle else TOO_LONG.format(count_of(hours, "hour"))
    draft = _keep(ended.person)
    session.pop("_flashes", None)  # said once, however often a page that is open asks
    flash(why + (f". {KEPT}" if draft else ""), "info")
    return _address_of(draft) if draft else None


def is_trusted(person: Person) -> bool:
    """A session of a demo account is worth nothing outside demo mode, whatever database and key it came with."""
    return bool(current_app.config["TRACKER_MODE"] == "demo") or person.issuer != DEMO_ISSUER


def _keep(person: Person) -> Draft | None:
    """What was typed, as the draft of the person whose session it was, within what that person may write today."""
    form: CaseForm | None = current_app.config["CASE_FORMS"].get(request.endpoint)
    if request.method != "POST" or form is None or not _token_holds():
        return None
    access = access_for(db.session(), person)
    if not access.may(Permission.CASE_WRITE):
        return None
    case = _case() if form is not CaseForm.NEW else None
    if case is None and form is not CaseForm.NEW:
        return None
    return drafts.keep(db.session(), form, request.form.to_dict(flat=False), case=case, by=access, at=now())


def _token_holds() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True


def _case() -> CaseReview | None:
    try:
        key = UUID(request.args.get("id", ""))
    except ValueError:
        return None
    return db.session().get(CaseReview, key)


def _address_of(draft: Draft) -> str:
    return url_for(str(request.endpoint), id=draft.case_id, draft=draft.id)
