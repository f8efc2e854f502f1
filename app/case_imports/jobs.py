"""Work on imports, at once or beside the request. What a worker left behind shows as having stopped.

A worker that ends gives work beside it some time, and hands back what is not done then (`app/access/long_work.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Flask

from app.access import clock, long_work
from app.access.lookups import Lookups
from app.access.people import Access
from app.access.row_scope import beside_the_request
from app.watching import metrics, requests
from models import CaseImport
from models.enumerations import ImportState

from .applying import apply_lines
from .working import REASON, check_lines

STOPPED = "It stopped before it was done, and nothing was saved. Try again"
_WORK: dict[ImportState, tuple[Callable[..., None], ImportState]] = {
    ImportState.CHECKING: (check_lines, ImportState.GIVEN),
    ImportState.APPLYING: (apply_lines, ImportState.CHECKED),
}


def start(
    app: Flask, import_id: UUID, word: str, state: ImportState, *, access: Access, lookups: Lookups, beside: bool
) -> threading.Thread | None:
    """Does what was claimed, `beside` the request in a thread of its own or at once. Gives the thread."""
    do, before = _WORK[state]
    at = clock.now()
    begun_by = under_way.id if (under_way := requests.under_way()) else ""

    def work() -> None:
        with metrics.work("import"):
            do(import_id, word, access=access, lookups=lookups, at=at)

    def hand_back() -> None:
        """Lets it be begun again, as long as nobody has taken it over. Whoever still works on it saves nothing."""
        with beside_the_request(access.scope, access.person_id, REASON) as session:
            long_work.hand_back(session, CaseImport, import_id, word, state=before, why=STOPPED)

    return long_work.start(
        app,
        work,
        hand_back,
        name=f"import {import_id}",
        beside=beside,
        within=lambda: requests.begun_by(begun_by),
    )


def has_stopped(one: CaseImport, at: datetime) -> bool:
    """Whether nothing has been heard for a while of whoever works on an import."""
    return long_work.has_stopped(one, (ImportState.CHECKING, ImportState.APPLYING), at)
