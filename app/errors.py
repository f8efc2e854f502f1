"""Error pages: what happened and what to do, with a reference that the log has too. No case text in either."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

from flask import Flask, Response, current_app, g, redirect, render_template, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import ProgrammingError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.access import audit
from app.access.current import current_access, is_signed_in
from app.access.row_scope import OutsideScope
from app.outages import is_lost, is_outage
from app.watching import metrics
from app.watching.failures import what_failed
from app.watching.requests import METHODS
from models import db
from models.enumerations import AuditAction

log = logging.getLogger(__name__)

WORDS: dict[int, tuple[str, list[str]]] = {
    400: ("That did not work", ["The address or the form was not complete.", "Go back and try again."]),
    403: (
        "You cannot see this page",
        [
            "Your role does not include it.",
            "If you need it, ask the person who manages access to the tracker in your organisation.",
        ],
    ),
    404: (
        "Page not found",
        ["If you typed the address, check that it is correct.", "A case may be one that you cannot see."],
    ),
    405: ("That did not work", ["This page cannot be used in that way.", "Go back and try again."]),
    409: (
        "This file is damaged",
        [
            "The bytes that are kept are not those that were drawn, so it was not sent.",
            "Do not send this extract, and tell NHS Digital.",
        ],
    ),
    413: (
        "That was too large",
        [
            "What you sent is larger than the tracker accepts, so nothing of it was saved.",
            "Go back, shorten the text or divide the file, and try again.",
        ],
    ),
    429: ("Too many attempts", ["Wait a minute, then try again."]),
    500: ("Sorry, there is a problem", ["What you were doing has not been saved.", "Try again in a few minutes."]),
    503: ("The tracker is not available", ["Try again in a few minutes."]),
}
NOT_SAVED = "What you sent has not been saved."
MAYBE_NOT_SAVED = "What you sent may not have been saved."
SEND_AGAIN = "It is kept on this page. Wait a minute, then send it again."
GIVE_AGAIN = "Wait a minute, then go back and give the file again."
NO_ROLE = (
    "You do not have access yet",
    [
        "You are signed in, but you hold no role in the Safeguarding Case Review Tracker.",
        "Ask the safeguarding lead of your CCG, or NHS Digital's administrators, to give you one.",
    ],
)
NO_ACCOUNT = (
    "You could not be signed in",
    ["That account does not exist or is not active.", "Go back and choose another."],
)
NO_SINGLE_SIGN_ON = (
    "You could not be signed in",
    ["Go to the first page and sign in again.", "If it happens again, tell NHS Digital the reference below."],
)
NO_PROVIDER = (
    "Single sign-on does not answer",
    ["You cannot sign in at the moment. Whoever is signed in can go on.", "Try again in a few minutes."],
)
OF_SIGN_IN = {"sign-in": NO_ACCOUNT, "single-sign-on": NO_SINGLE_SIGN_ON, "no-provider": NO_PROVIDER}

BARE = """<!DOCTYPE html>
<html lang="en-GB">
<head><title>{title}</title></head>
<body><h1>{title}</h1><p>{line}</p></body>
</html>
"""

# In seconds, as the words of the page say it.
RETRY_AFTER = {429: "60", 503: "60"}
# Of a database that is away: it is mostly back sooner than that.
RETRY_OUTAGE = "5"
AUDITED = {403: AuditAction.REFUSED, 404: AuditAction.NOT_FOUND}


def init_app(app: Flask) -> None:
    """Answers every error with an NHS page."""

    # What Flask itself would log of an error that even its page did not survive: never what the error says.
    app.log_exception = lambda raised: log.error("%s", what_failed(raised[1]))  # type: ignore[method-assign, assignment, arg-type]

    @app.after_request
    def led_on(response: Response) -> Response:
        # A redirect of the router, such as from /cases to /cases/, leads to the host that was asked, whoever said so.
        if isinstance(request.routing_exception, RequestRedirect) and response.location:
            parts = urlsplit(response.location)
            here = urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))
            return current_app.make_response(redirect(here, response.status_code))
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if code < 400:
            return error.get_response()
        # What failed after the page was made, or in the page of another error.
        if (hidden := getattr(error, "original_exception", None)) is not None:
            return broken(hidden)
        if request_ctx.url_adapter is None:
            # The host is not written as one, so that no address can be made: not even that of the style sheet.
            return BARE.format(title=WORDS[400][0], line=WORDS[400][1][0]), 400
        if error.description == "no-role":
            return render_template("no_access.html", title=NO_ROLE[0], lines=NO_ROLE[1]), 403
        title, lines = OF_SIGN_IN.get(error.description or "", WORDS.get(code, WORDS[400]))
        reference = str(g.pop("error_reference", None) or new_reference())
        if code in AUDITED and is_signed_in():
            _write_down(AUDITED[code], reference)
        page = _page(code, title, lines, logging.WARNING, reference)
        return (*page, {"Retry-After": RETRY_AFTER[code]}) if code in RETRY_AFTER else page

    @app.errorhandler(OutsideScope)
    def outside(error: OutsideScope) -> ResponseReturnValue:
        return _outside(error)

    @app.errorhandler(ProgrammingError)
    def forbidden(error: ProgrammingError) -> ResponseReturnValue:
        # A policy of PostgreSQL refused what the session had let through. A right that is missing is another matter.
        of_policy = getattr(getattr(error.orig, "diag", None), "source_function", "") == "ExecWithCheckOptions"
        return _outside(error) if of_policy else broken(error)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> ResponseReturnValue:
        db.session.rollback()
        if is_outage(error):
            return _unavailable(error)
        return _page(500, *WORDS[500], logging.ERROR, new_reference(), what_failed(error))


def _unavailable(error: Exception) -> ResponseReturnValue:
    """The database or the disk cannot do its work just now. What was typed comes back, with a button to send it."""
    title, lines = WORDS[503]
    typed: list[tuple[str, str]] = []
    if request.method == "POST":
        # A connection that broke may have taken the answer to a commit with it. Other forms save in several steps.
        is_certain = request.endpoint in current_app.config["CASE_FORMS"] and not is_lost(error)
        typed = _typed()
        lines = [NOT_SAVED if is_certain else MAYBE_NOT_SAVED, SEND_AGAIN if typed else GIVE_AGAIN]
    page, code = _page(503, title, lines, logging.ERROR, new_reference(), what_failed(error), typed)
    return page, code, {"Retry-After": RETRY_OUTAGE}


def _typed() -> list[tuple[str, str]]:
    """The fields of the form that was sent; none where a file came with it, which a page cannot hold."""
    try:
        return [] if request.files else list(request.form.items(multi=True))
    except (HTTPException, OSError):  # it could not even be read
        return []


def _outside(error: Exception) -> ResponseReturnValue:
    """To somebody outside its scope a row does not exist, whichever guard said so. The log says which."""
    metrics.OUTSIDE_SCOPE.inc()
    db.session.rollback()
    reference = new_reference()
    if is_signed_in():
        _write_down(AuditAction.NOT_FOUND, reference)
    return _page(404, *WORDS[404], logging.ERROR, reference, what_failed(error))


def new_reference() -> str:
    """What an error page, the log and the audit call the same event."""
    return secrets.token_hex(4).upper()


def _write_down(action: AuditAction, reference: str) -> None:
    """Writes a refusal down, in a transaction of its own: what the request had begun is rolled back."""
    db.session.rollback()
    audit.write_refusal(db.session(), action, by=current_access().person_id, reference=reference)
    db.session.commit()


def _page(
    code: int,
    title: str,
    lines: list[str],
    level: int,
    reference: str,
    failed: str = "",
    typed: Iterable[tuple[str, str]] = (),
) -> tuple[str, int]:
    # The path without its query, and with nothing in it that could pass for a line of the log.
    path = quote(request.path[:200])
    log.log(
        level,
        "%s %s answered %s, reference %s%s",
        request.method if request.method in METHODS else "other", path, code, reference, failed and f"\n{failed}",
        extra={"status": code, "reference": reference},
    )  # fmt: skip
    if not is_signed_in():
        # The page of an error asks nobody who it is: that question may be what failed.
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    # What is too large is refused before anybody is known: the home page lets in whoever is signed in.
    link = ("Go to the home page", "/") if is_signed_in() or code == 413 else ("Sign in", "/sign-in/")
    # Nothing leads away from what was typed.
    shown = {"link": None if typed else link, "typed": typed}
    return render_template("error.html", title=title, lines=lines, reference=reference, **shown), code
