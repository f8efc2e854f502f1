"""What was read in a request: noted while the page is made, written down before it is sent.

What cannot be written down is not shown. A request's readings are one insert, in a transaction of their own after the
page is made: by then whatever a view changed has been committed, with its own events, or was never meant to be.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask, Response, g, request

from models import db
from models.enumerations import AuditAction

from . import audit, audit_chain, clock
from .current import current_access


def init_app(app: Flask) -> None:
    """Writes readings down, and seals the audit when that is due."""

    @app.after_request
    def write_down(response: Response) -> Response:
        noted: list[dict[str, Any]] = g.pop("readings", [])
        # A redirect shows nothing, and an error has an event of its own.
        if noted and response.status_code == 200:
            db.session.rollback()
            for reading in noted:
                audit.write(db.session(), **reading)
            db.session.commit()
        if noted or request.method == "POST":
            audit_chain.seal_when_due(app)
        return response


def note(action: AuditAction, *, about: str = "", about_id: UUID | None = None, details: str = "") -> None:
    """Notes that the person who is signed in reads something. What is noted twice in a request is written once."""
    reading = {
        "action": action,
        "by": current_access().person_id,
        "at": clock.now(),
        "about": about,
        "about_id": about_id,
        "details": details,
    }
    if "readings" not in g:
        g.readings = []
    if reading | {"at": None} not in [one | {"at": None} for one in g.readings]:
        g.readings.append(reading)
