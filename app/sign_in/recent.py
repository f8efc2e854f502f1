"""A sign-in that is new enough to change what people may do, or to sign an extract off."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from .sessions import SignedIn

RECENT = timedelta(minutes=15)
SIGN_IN_AGAIN = "Sign in again to go on: what you are about to do needs a sign-in of the last 15 minutes"


def is_recent(signed_in: SignedIn, *, at: datetime) -> bool:
    """Whether somebody showed who they are in the last quarter of an hour."""
    return at - signed_in.authenticated_at <= RECENT


def sign_in_again() -> ResponseReturnValue:
    """Leads to the sign-in page, and from there back to the form that was asked for or sent."""
    flash(SIGN_IN_AGAIN, "info")
    return redirect(url_for("sign_in.page", next=request.full_path.removesuffix("?"), anew="yes"))
