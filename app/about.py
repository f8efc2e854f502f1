"""The pages that every NHS service has for everybody, signed in or not: cookies, and how accessible it is."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from app.rules.words import count_of

blueprint = Blueprint("about", __name__)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@blueprint.get("/cookies/")
def cookies() -> ResponseReturnValue:
    """The one cookie, by the name that it has here, and when it is worth nothing any more."""
    name = current_app.config["SESSION_COOKIE_NAME"]
    return render_template("about/cookies.html", title="Cookies", name=name, **_limits())


@blueprint.get("/accessibility/")
def accessibility() -> ResponseReturnValue:
    """The accessibility statement. What it says of tests is what tests/browser does."""
    return render_template("about/accessibility.html", title="Accessibility statement", **_limits())


def _limits() -> dict[str, str]:
    """When a session ends, in words."""
    return {
        "idle": count_of(current_app.config["SESSION_IDLE"] // MINUTE, "minute"),
        "absolute": count_of(current_app.config["SESSION_ABSOLUTE"] // HOUR, "hour"),
    }
