"""How often somebody may try to sign in: by the address that they come from, and by the account that they name.

Whoever is signed in is never limited. What counts is above all what was refused: a hospital comes from one address, and
its people sign in. One process counts by itself; for many, RATELIMIT_STORAGE_URI names where they count together.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

ATTEMPTS = "3000 per minute"
REFUSED_BY_ADDRESS, REFUSED_BY_ACCOUNT = "60 per minute", "20 per minute"
LIMITED = ("sign_in.demo_sign_in", "sign_in.begin", "sign_in.callback")


def init_app(app: Flask) -> None:
    """Puts the limits before the pages of sign-in. The error page for 429 says what to do."""
    limiter = Limiter(
        get_remote_address,
        app=app,
        storage_uri=app.config["RATELIMIT_STORAGE_URI"],
        enabled=app.config["RATELIMIT_ENABLED"],
        # Where they count together and cannot, each process counts by itself: nobody is shut out, and nothing let in.
        in_memory_fallback_enabled=True,
    )
    app.extensions["limits_of_sign_in"] = limiter  # its decorators hold it weakly
    for endpoint in LIMITED:
        limited: Any = limiter.limit(ATTEMPTS)(app.view_functions[endpoint])
        limited = limiter.limit(REFUSED_BY_ADDRESS, deduct_when=_is_refused)(limited)
        if endpoint == "sign_in.demo_sign_in":
            limited = limiter.limit(REFUSED_BY_ACCOUNT, key_func=_account, deduct_when=_is_refused)(limited)
        app.view_functions[endpoint] = limited


def _is_refused(answer: Response) -> bool:
    return answer.status_code >= 400


def _account() -> str:
    return f"account {request.form.get('account', '')[:100]}"
