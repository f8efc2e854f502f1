"""Work on imports, at once or beside the request. What a worker left behind shows as having stopped.

A worker that ends gives work beside its requests time to finish (`finish`), and hands back what does not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from app.access import clock
from app.access.lookups import Lookups
from app.access.people import Access
from app.access.row_scope import beside_the_request
from app.watching import metrics, requests
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
    begun_by = under_way.id if (under_way := requests.under_way()) else ""
    thread = threading.Thread(
        target=_run_beside,
        args=(app, import_id, word, state, arguments, begun_by),
        name=f"import {import_id}",
        daemon=True,
    )
    thread.start()
    return thread


# What is done beside requests in this process: how it is handed back, by thread.
_beside: dict[threading.Thread, Callable[[], None]] = {}


def finish(seconds: float, still_here: Callable[[], object] = lambda: None) -> int:
    """Waits for the work beside requests of this process, which begins no more, and hands back what is not done then.

    `still_here` is called about once a second meanwhile. Gives how much was handed back: none of it was saved, and its
    people are told to try again.
    """
    until = time.monotonic() + seconds
    while (waiting := [one for one in list(_beside) if one.is_alive()]) and time.monotonic() < until:
        waiting[0].join(min(1, max(until - time.monotonic(), 0)))
        still_here()
    handed_back = [(one, hand_back) for one, hand_back in list(_beside.items()) if one.is_alive()]
    for _, hand_back in handed_back:
        hand_back()
    return len(handed_back)


def _run_beside(
    app: Flask, import_id: UUID, word: str, state: ImportState, arguments: dict[str, Any], begun_by: str
) -> None:
    def hand_back() -> None:
        with app.app_context():
            _hand_back(import_id, word, state, arguments["access"])

    _beside[threading.current_thread()] = hand_back
    try:
        with requests.begun_by(begun_by):
            _run(app, import_id, word, state, arguments)
    finally:
        _beside.pop(threading.current_thread(), None)


def _run(app: Flask, import_id: UUID, word: str, state: ImportState, arguments: dict[str, Any]) -> None:
    work, _ = _WORK[state]
    with app.app_context(), metrics.work("import"):
        try:
            work(import_id, word, **arguments)
        except Exception as problem:
            # Without what it says: an error of a database quotes the whole row.
            log.error("Work on an import stopped: %s", type(problem).__qualname__)
            try:
                _hand_back(import_id, word, state, arguments["access"])
            except SQLAlchemyError as another:  # of a database that is away: its silence says it
                log.error("That it stopped could not be noted: %s", type(another).__qualname__)


def _hand_back(import_id: UUID, word: str, state: ImportState, access: Access) -> None:
    """Lets an import be begun again, as long as nobody has taken it over. Whoever still works on it saves nothing."""
    with beside_the_request(access.scope, access.person_id, REASON) as session:
        session.execute(
            update(CaseImport)
            .where(CaseImport.id == import_id, CaseImport.claim == word)
            .values(state=_WORK[state][1], why=STOPPED, claim=""),
            execution_options={"synchronize_session": False},
        )
        session.commit()


def has_stopped(one: CaseImport, at: datetime) -> bool:
    """Whether nothing has been heard for a while of whoever works on an import."""
    working = one.state in (ImportState.CHECKING, ImportState.APPLYING)
    return working and one.alive_at < at - SILENT_FOR
