"""The pages of sign-in and sign-out."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from app.access import audit
from app.access.clock import now, today
from app.cases import drafts
from app.nhsuk.wording import nhs_time
from models import Person, db
from models.enumerations import AuditAction, SessionEnd

from . import demo, sessions
from .tokens import Refused

log = logging.getLogger(__name__)
blueprint = Blueprint("sign_in", __name__)


def is_demo() -> bool:
    return bool(current_app.config["TRACKER_MODE"] == "demo")


def local_address(address: str | None) -> str:
    """The address to go on to, if it lies in this service; else the home page."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or "\\" in address:
        return url_for("admin.index")
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(c) < 32 for c in address):
        return url_for("admin.index")
    return address


@blueprint.get("/sign-in/")
def page() -> ResponseReturnValue:
    """Who can sign in, and how."""
    accounts = demo.accounts(db.session()) if is_demo() else []
    return render_template(
        "sign_in.html",
        title="Sign in",
        accounts=[(person.subject, person.name, description_of(person)) for person in accounts],
        next=request.args.get("next", ""),
    )


@blueprint.post("/sign-in/demo")
def demo_sign_in() -> ResponseReturnValue:
    """Signs in to a demo account. Not there in service mode: see the door."""
    account = request.form.get("account", "")
    try:
        person = demo.sign_in(db.session(), current_app.extensions["demo_provider"], account, now=now())
    except Refused as refused:
        log.warning("Sign-in refused: %s", refused.reason)
        # Why, and not the account that was typed: people type a password in the wrong place.
        db.session.rollback()
        audit.write(db.session(), AuditAction.SIGN_IN_REFUSED, by=None, at=now(), details=refused.reason)
        db.session.commit()
        abort(403, "sign-in")
    return _begin_session(person)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Ends the session at once, on the server and in the browser."""
    _end_session(SessionEnd.SIGNED_OUT)
    db.session.commit()
    logout_user()
    session.clear()
    flash("You are signed out", "success")
    return redirect(url_for("sign_in.page"))


@blueprint.get("/sign-in/remaining")
def remaining() -> ResponseReturnValue:
    """How long the session still lasts, for a page that is open. To ask is not to do something."""
    return _remaining()


@blueprint.post("/sign-in/extend")
def extend() -> ResponseReturnValue:
    """Lets the session go on, as any request does. Says for how long."""
    return _remaining()


def _remaining() -> ResponseReturnValue:
    """As JSON: `seconds` until the session ends, `at` which time in England, and whether it is `final`."""
    if not current_user.is_authenticated:
        return {"seconds": 0, "at": "", "final": True}
    ends = current_user.ends_at
    return {
        "seconds": max(0, int((ends - now()).total_seconds())),
        "at": nhs_time(ends),
        "final": ends == current_user.ends_anyway_at,
    }


def _end_session(because: SessionEnd) -> None:
    """Ends the session that the browser holds, also one that has ended by itself."""
    if session_id := session.get("_user_id"):
        sessions.end(db.session(), str(session_id), at=now(), because=because)


def _begin_session(person: Person) -> ResponseReturnValue:
    """A new session with a new id, whatever the browser brought along."""
    _end_session(SessionEnd.REPLACED)
    sessions.end_timed_out(db.session(), person, sessions.limits_of(current_app.config), at=now())
    sessions.clear_away(db.session(), at=now())
    signed_in = sessions.start(db.session(), person, sessions.limits_of(current_app.config), at=now())
    db.session.commit()
    drafts.erase_old_when_due(db.session(), now())
    session.clear()
    login_user(signed_in)
    return redirect(local_address(request.form.get("next") or request.args.get("next")))


def description_of(person: Person) -> str:
    """A person's roles in words: "CCG safeguarding lead, NHS County Durham CCG"."""
    held = [grant for grant in person.grants if grant.holds_on(today())]
    if not held:
        return "No role: sees the page for people without access"
    return "; ".join(f"{grant.role.label}, {grant.organisation.name}" for grant in held)
