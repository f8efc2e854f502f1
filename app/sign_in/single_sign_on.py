"""Sign-in at the identity provider: there, back again, and out when the provider says so."""

from __future__ import annotations

import logging
import secrets
from typing import NoReturn

from flask import abort, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from app.access.clock import now
from models import UsedLogoutToken, db

from . import attempts, sessions
from .claims import person_from
from .load_balancer import HEADER, LoadBalancer
from .logout_tokens import verify_logout
from .provider import Provider, Unreachable
from .tokens import Refused
from .views import BROWSER, address_of, begin_session, blueprint, is_asked_anew, local_address, refuse

log = logging.getLogger(__name__)

LONGEST_NEXT = 2000


def _provider() -> Provider:
    provider: Provider | None = current_app.extensions.get("identity_provider")
    if provider is None:
        abort(404)
    return provider


@blueprint.get("/sign-in/begin")
def begin() -> ResponseReturnValue:
    """Leads to the identity provider. Behind a load balancer that signs people in, they have been there already."""
    if (load_balancer := current_app.extensions.get("load_balancer")) is not None:
        return _through(load_balancer)
    provider = _provider()
    session.setdefault(BROWSER, secrets.token_urlsafe(32))
    asked = request.args.get("next", "")
    # Only what lies in this service is kept, and leads on from there.
    next_address = asked if len(asked) <= LONGEST_NEXT and asked == local_address(asked) else ""
    try:
        provider.metadata(now())
        begun = attempts.begin(db.session(), session[BROWSER], next_address, is_anew=is_asked_anew(), at=now())
        address = provider.address_to_sign_in(begun, address_of("sign_in.callback"), is_anew=is_asked_anew(), now=now())
    except Refused as refused:
        _refused(refused)
    db.session.commit()
    return redirect(address)


def _through(load_balancer: LoadBalancer) -> ResponseReturnValue:
    try:
        claims = load_balancer.claims_of(request.headers.get(HEADER, ""), now())
        person = person_from(db.session(), claims, at=now())
    except Refused as refused:
        _refused(refused)
    return begin_session(person, local_address(request.args.get("next")))


@blueprint.get("/sign-in/callback")
def callback() -> ResponseReturnValue:
    """Where the identity provider sends a browser back to, with a code or with the reason why not."""
    provider = _provider()
    try:
        taken = attempts.take(db.session(), request.args.get("state", ""), str(session.get(BROWSER, "")), at=now())
        believed = provider.believed(request.args, taken, address_of("sign_in.callback"), now())
        person = person_from(db.session(), believed.claims, at=now())
    except Refused as refused:
        if refused.reason == "cancelled":
            flash("You did not sign in", "info")
            return redirect(url_for("sign_in.page", next=taken.next_address or None))
        _refused(refused)
    sid = believed.claims.get("sid")
    return begin_session(
        person,
        local_address(taken.next_address),
        authenticated_at=believed.authenticated_at,
        provider_session=sid if isinstance(sid, str) else "",
    )


@blueprint.post("/sign-in/back-channel-logout")
def back_channel_logout() -> ResponseReturnValue:
    """The identity provider says that somebody signed out there. Ends their sessions, or the one that it names.

    Source: OpenID Connect Back-Channel Logout 1.0.
    """
    provider = _provider()
    at = now()
    try:
        token = request.form.get("logout_token", "")
        found = provider.verified(lambda trust: verify_logout(token, trust, now=at), at)
    except Refused as refused:
        log.warning("A logout token was refused: %s", refused.reason)
        return {"error": "invalid_request"}, 400, {"Cache-Control": "no-store"}
    db.session.add(UsedLogoutToken(token_hash=sessions.hash_of(found.jti), used_at=at))
    try:
        db.session.flush()
    except IntegrityError:  # it came before
        db.session.rollback()
        return {"error": "invalid_request"}, 400, {"Cache-Control": "no-store"}
    issuer = provider.registration.issuer
    sessions.end_at_provider(db.session(), issuer, found.subject, found.session, at=at)
    db.session.commit()
    return "", 200, {"Cache-Control": "no-store"}


def _refused(refused: Refused) -> NoReturn:
    if isinstance(refused, Unreachable):
        refuse(refused.reason, "no-provider", 503)
    refuse(refused.reason, "single-sign-on")
