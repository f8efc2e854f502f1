"""What the browser is told with every answer: what may run, who may frame it, what is kept."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

FILES = "nhsuk.static"
YEAR, HOUR = 365 * 24 * 60 * 60, 60 * 60

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'none'; "
    "object-src 'none'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'; connect-src 'self'; "
    "manifest-src 'self'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ONLY_HTTPS = f"max-age={2 * YEAR}; includeSubDomains"
_HASHED = re.compile(r"\.[0-9a-f]{8,}\.(css|js)$")


def init_app(app: Flask) -> None:
    """Adds the headers to every answer."""
    app.after_request(add)
    app.session_interface = SessionOfPages()


class SessionOfPages(SecureCookieSessionInterface):
    """Sessions are for pages. A file that varied with the cookie would be fetched again after each sign-in."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != FILES:
            super().save_session(app, session, response)


def nonce() -> str:
    """The word that the scripts of this answer carry. New for each request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _forms() -> str:
    """Where forms may lead. The one that signs out leads on to the identity provider."""
    issuer = urlsplit(current_app.config.get("OIDC_ISSUER") or "")
    return f"'self' {issuer.scheme}://{issuer.netloc}" if issuer.netloc else "'self'"


def add(response: Response) -> Response:
    """Adds the headers. A browser keeps nothing but the look's own files."""
    response.headers.update(FIXED)
    if current_app.config.get("TRACKER_MODE") == "service":
        response.headers["Strict-Transport-Security"] = ONLY_HTTPS
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce(), forms=_forms())
    response.headers["Cache-Control"] = _keeping(response)
    return response


def _keeping(response: Response) -> str:
    if request.endpoint != FILES or response.status_code not in (200, 206, 304):
        return "no-store"
    # A hashed name changes with its content.
    if _HASHED.search(request.path):
        return f"public, max-age={YEAR}, immutable"
    return f"public, max-age={HOUR}"
