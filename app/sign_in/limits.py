"""How often somebody may try to sign in: by the address that they come from, and by the account that they name.

Whoever is signed in is never limited. One process counts by itself; for many, RATELIMIT_STORAGE_URI names where they
count together. A hospital comes from one address, so that its limit is wide.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

BY_ADDRESS = "300 per minute"
BY_ACCOUNT = "120 per minute"
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
        limited: Any = limiter.limit(BY_ADDRESS, override_defaults=False)(app.view_functions[endpoint])
        if endpoint == "sign_in.demo_sign_in":
            limited = limiter.limit(BY_ACCOUNT, key_func=_account, override_defaults=False)(limited)
        app.view_functions[endpoint] = limited


def _account() -> str:
    return f"account {request.form.get('account', '')[:100]}"
