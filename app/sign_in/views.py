"""The pages of sign-in and sign-out."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import NoReturn
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from app.access import audit
from app.access.clock import now, today
from app.cases import drafts
from app.errors import new_reference
from app.nhsuk.wording import nhs_time
from app.rules.web_addresses import LOOPBACK
from app.watching import metrics
from models import Person, db
from models.enumerations import AuditAction, SessionEnd

from . import demo, sessions
from .provider import Provider
from .tokens import Refused

log = logging.getLogger(__name__)
# The key that binds attempts to sign in to a browser, in its cookie.
BROWSER = "browser"
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
        is_anew=is_asked_anew(),
        single_sign_on_url=None
        if is_demo()
        else url_for("sign_in.begin", next=request.args.get("next") or None, anew="yes" if is_asked_anew() else None),
    )


def is_asked_anew() -> bool:
    """Whether a page asked for a new sign-in, because the last one was too long ago for what it does."""
    return request.args.get("anew") == "yes"


@blueprint.post("/sign-in/demo")
def demo_sign_in() -> ResponseReturnValue:
    """Signs in to a demo account. Not there in service mode: see the door."""
    account = request.form.get("account", "")
    try:
        person = demo.sign_in(db.session(), current_app.extensions["demo_provider"], account, now=now())
    except Refused as refused:
        refuse(refused.reason, "sign-in")
    return begin_session(person)


def refuse(reason: str, page: str, code: int = 403) -> NoReturn:
    """Refuses a sign-in: a page with a reference, under which the log and the audit say the reason.

    Neither what was typed nor a token is written down: people type a password in the wrong place.
    """
    metrics.SIGN_INS_REFUSED.inc()
    g.error_reference = reference = new_reference()
    log.warning("Sign-in refused, reference %s: %s", reference, reason, extra={"reference": reference})
    db.session.rollback()
    details = f"{reason}, reference {reference}"
    audit.write(db.session(), AuditAction.SIGN_IN_REFUSED, by=None, at=now(), details=details)
    db.session.commit()
    abort(code, page)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Ends the session at once, on the server and in the browser, and leads on to the provider's own sign-out."""
    was_signed_in = current_user.is_authenticated
    _end_session(SessionEnd.SIGNED_OUT)
    db.session.commit()
    logout_user()
    session.clear()
    flash("You are signed out", "success")
    provider: Provider | None = current_app.extensions.get("identity_provider")
    onward = provider.address_to_sign_out(address_of("sign_in.page"), now()) if provider and was_signed_in else ""
    return redirect(onward or url_for("sign_in.page"))


def address_of(endpoint: str) -> str:
    """An address of this service as the identity provider knows it: of SERVICE_URL, or else of the host that was asked.

    In service mode it is https, whatever stands between the browser and this process, unless it is this very machine.
    """
    base = current_app.config["SERVICE_URL"]
    if not base:
        host = request.host
        plain = is_demo() or urlsplit(f"//{host}").hostname in LOOPBACK
        base = f"{request.scheme if plain else 'https'}://{host}"
    return f"{base}{url_for(endpoint)}"


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


def begin_session(
    person: Person,
    next_address: str | None = None,
    *,
    authenticated_at: datetime | None = None,
    provider_session: str = "",
) -> ResponseReturnValue:
    """A new session with a new id, whatever the browser brought along."""
    _end_session(SessionEnd.REPLACED)
    sessions.end_timed_out(db.session(), person, sessions.limits_of(current_app.config), at=now())
    sessions.clear_away(db.session(), at=now())
    signed_in = sessions.start(
        db.session(),
        person,
        sessions.limits_of(current_app.config),
        at=now(),
        authenticated_at=authenticated_at,
        provider_session=provider_session,
    )
    db.session.commit()
    drafts.erase_old_when_due(db.session(), now())
    browser = session.get(BROWSER)
    session.clear()
    if browser:  # another tab may be on its way to the identity provider
        session[BROWSER] = browser
    login_user(signed_in)
    return redirect(local_address(next_address or request.form.get("next") or request.args.get("next")))


def description_of(person: Person) -> str:
    """A person's roles in words: "CCG safeguarding lead, NHS County Durham CCG"."""
    held = [grant for grant in person.grants if grant.holds_on(today())]
    if not held:
        return "No role: sees the page for people without access"
    return "; ".join(f"{grant.role.label}, {grant.organisation.name}" for grant in held)
