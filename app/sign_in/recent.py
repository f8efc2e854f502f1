"""What only somebody may do who has just shown who they are: signing an extract off, and changing who may do what."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.access.clock import now

RECENT = timedelta(minutes=15)


def is_recent() -> bool:
    """Whether the person at the keyboard signed in less than 15 minutes ago."""
    return bool(current_user.is_authenticated and now() - current_user.authenticated_at <= RECENT)


def sign_in_anew(back_to: str | None = None) -> ResponseReturnValue | None:
    """Where to sign in again before the page goes on; None where the last sign-in is recent.

    Afterwards one comes back to an address of this service, by default the present one.
    """
    if is_recent():
        return None
    flash("Sign in again to do this. Your last sign-in is more than 15 minutes old", "info")
    here = request.full_path.removesuffix("?")
    return redirect(url_for("sign_in.page", next=back_to or here, anew="yes"))
