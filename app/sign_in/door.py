"""The door of every request: who is this, and may they come in? Everything is closed that is not listed as open."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from app.access.clock import now
from app.access.current import begin
from app.config import OIDC
from models import db

from . import away, limits, recent, sessions, single_sign_on  # noqa: F401 - adds its pages to the blueprint
from .demo import DemoProvider
from .load_balancer import Expected, LoadBalancer
from .provider import Provider, Registration
from .sessions import SignedIn
from .views import blueprint, is_demo

# Addresses that answer without sign-in.
OPEN = frozenset(
    {
        "sign_in.page",
        "sign_in.demo_sign_in",
        "sign_in.begin",
        "sign_in.callback",
        "sign_in.back_channel_logout",
        "sign_in.remaining",
        "nhsuk.static",
        "health.live",
        "health.ready",
    }
)
# An address whose asking does not count as doing something, and one that counts at once.
LOOKS_ON, STAYS = "sign_in.remaining", "sign_in.extend"
# Addresses that answer to everybody, and know who is signed in.
OPEN_TO_ALL = frozenset({"about.cookies", "about.accessibility", "sign_in.sign_out"})
# Addresses that answer to people who hold no role.
OPEN_TO_ALL_SIGNED_IN = OPEN_TO_ALL | {STAYS, "account.index", "account.end_session_view"}
# Called by the identity provider, which has no page of ours: its token is checked by itself.
OF_PROVIDER = frozenset({"sign_in.back_channel_logout"})
# Flask-Admin's own static files and inline editing: never offered.
SHUT = frozenset({"admin.static"})


def init_app(app: Flask) -> None:
    """Puts the door before every request."""
    manager = LoginManager(app)
    manager.session_protection = None  # the id is random, kept on the server, and bound to its cookie
    manager.user_loader(_find)
    csrf = CSRFProtect(app)
    app.register_blueprint(blueprint)
    limits.init_app(app)
    demo = app.config["TRACKER_MODE"] == "demo"
    if demo:
        app.extensions["demo_provider"] = DemoProvider()
    elif arn := app.config["AWS_LOAD_BALANCER_ARN"]:
        expected = Expected(arn, app.config["OIDC_ISSUER"], app.config["OIDC_CLIENT_ID"])
        app.extensions["load_balancer"] = LoadBalancer(expected)
    else:
        app.extensions["identity_provider"] = Provider(Registration(*(app.config[name] for name in OIDC)))
    shut = SHUT if demo else SHUT | {"sign_in.demo_sign_in"}

    @app.before_request
    def door() -> ResponseReturnValue | None:
        endpoint = request.endpoint or ""
        if endpoint in shut:
            abort(404)
        if endpoint in app.config["LARGEST_UPLOAD"]:
            request.max_content_length = app.config["LARGEST_UPLOAD"][endpoint]
        if endpoint == "nhsuk.static":
            return None
        # A form of its own checks the token itself, so that a stale one keeps what was typed.
        if endpoint and endpoint not in app.config["OWN_TOKEN_CHECK"] | OF_PROVIDER:
            csrf.protect()
        if endpoint in OPEN:
            return None
        if not current_user.is_authenticated:
            if endpoint in OPEN_TO_ALL:
                return None
            if request.endpoint is None and request.routing_exception is not None:
                raise request.routing_exception
            draft = away.welcome_back(sessions.limits_of(current_app.config))
            return redirect(url_for("sign_in.page", next=draft or _address_to_come_back_to()))
        access = begin(db.session(), current_user.person)
        if not access.permissions and endpoint not in OPEN_TO_ALL_SIGNED_IN:
            abort(403, "no-role")
        needed = app.config["NEEDS_RECENT_SIGN_IN"].get(endpoint)
        # Who may not come in is told that first, by the page itself.
        if needed in access.permissions and not recent.is_recent(current_user, at=now()):
            return recent.sign_in_again()
        return None

    @app.context_processor
    def mode() -> dict[str, Any]:
        """Which mode this is, and how many seconds the session lasts if nothing more is done."""
        asked = g.get("_login_user")  # the page of an error asks nobody who it is
        ends = asked.ends_at if asked is not None and asked.is_authenticated else None
        return {
            "demo_mode": is_demo(),
            "session_seconds": int((ends - now()).total_seconds()) if ends else None,
        }


def _find(session_id: str) -> SignedIn | None:
    found = sessions.find(
        db.session(),
        session_id,
        sessions.limits_of(current_app.config),
        at=now(),
        seen=request.endpoint != LOOKS_ON,
        at_once=request.endpoint == STAYS,
    )
    return found if found is None or away.is_trusted(found.person) else None


def _address_to_come_back_to() -> str | None:
    if request.method != "GET":
        return None
    address = request.full_path.removesuffix("?")
    return None if address == "/" or len(address) > 2000 else address
