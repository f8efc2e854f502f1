"""The audit around a request: what was read is written down before the answer leaves, and events are sealed."""

from __future__ import annotations

import time

from flask import Flask, Response, current_app

from app.access import audit, clock, sealing
from app.access.current import current_access, is_signed_in
from models import db

# Seconds between two times that a process seals.
SEALS_EVERY = 60
_LAST = "tracker.sealed_at"


def init_app(app: Flask) -> None:
    """Hangs the audit on every request."""
    app.extensions[_LAST] = time.monotonic()

    @app.after_request
    def write_down(response: Response) -> Response:
        readings = audit.readings_noted()
        if readings and response.status_code < 400 and is_signed_in():
            session = db.session()
            session.rollback()  # what a page has not committed it did not mean to keep
            for one in readings:
                audit.write(
                    session,
                    one.action,
                    by=current_access().person_id,
                    at=clock.now(),
                    about=one.about,
                    about_id=one.about_id,
                    details=one.details,
                )
            session.commit()
        return response

    @app.teardown_request
    def seal(error: BaseException | None) -> None:
        now = time.monotonic()
        if now - current_app.extensions[_LAST] >= SEALS_EVERY:
            current_app.extensions[_LAST] = now
            db.session.remove()  # one connection for each request, not two
            sealing.seal(clock.now())
