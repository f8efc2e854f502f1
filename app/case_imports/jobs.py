"""Work on imports, at once or beside the request. What a worker left behind shows as having stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import update

from app.access import clock
from app.access.lookups import Lookups
from app.access.people import Access
from app.access.row_scope import beside_the_request
from models import CaseImport
from models.enumerations import ImportState

from .applying import apply_lines
from .working import REASON, SILENT_FOR, check_lines

log = logging.getLogger(__name__)
STOPPED = "It stopped before it was done, and nothing was saved. Try again"
_WORK: dict[ImportState, tuple[Callable[..., None], ImportState]] = {
    ImportState.CHECKING: (check_lines, ImportState.GIVEN),
    ImportState.APPLYING: (apply_lines, ImportState.CHECKED),
}


def start(
    app: Flask, import_id: UUID, word: str, state: ImportState, *, access: Access, lookups: Lookups, beside: bool
) -> threading.Thread | None:
    """Does what was claimed, `beside` the request in a thread of its own or at once. Gives the thread."""
    arguments: dict[str, Any] = {"access": access, "lookups": lookups, "at": clock.now()}
    if not beside:
        _run(app, import_id, word, state, arguments)
        return None
    thread = threading.Thread(
        target=_run, args=(app, import_id, word, state, arguments), name=f"import {import_id}", daemon=True
    )
    thread.start()
    return thread


def _run(app: Flask, import_id: UUID, word: str, state: ImportState, arguments: dict[str, Any]) -> None:
    work, before = _WORK[state]
    with app.app_context():
        try:
            work(import_id, word, **arguments)
        except Exception as problem:
            # Without what it says: an error of a database quotes the whole row.
            log.error("Work on an import stopped: %s", type(problem).__qualname__)
            access: Access = arguments["access"]
            with beside_the_request(access.scope, access.person_id, REASON) as session:
                session.execute(
                    update(CaseImport)
                    .where(CaseImport.id == import_id, CaseImport.claim == word)
                    .values(state=before, why=STOPPED),
                    execution_options={"synchronize_session": False},
                )
                session.commit()


def has_stopped(one: CaseImport, at: datetime) -> bool:
    """Whether nothing has been heard for a while of whoever works on an import."""
    working = one.state in (ImportState.CHECKING, ImportState.APPLYING)
    return working and one.alive_at < at - SILENT_FOR
