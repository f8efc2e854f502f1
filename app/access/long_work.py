"""Long work: a row that says what is to be done, which one worker claims at a time, and which stops if its worker dies.

A worker that dies is noticed by its silence, and its work can be begun again. Two that work on the same row cannot both
finish, because each writes into it only while it carries their claim. What is done beside a request is done in a thread
of its own; any instance shows how far it has come.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from . import clock

log = logging.getLogger(__name__)
Work = TypeVar("Work")
SILENT_FOR = timedelta(minutes=2)


class NotMine(Exception):
    """Somebody else has taken the work over, or thrown it away."""


def claim(
    session: Session, model: Any, row_id: UUID, *, ready: StrEnum, to: StrEnum, at: datetime, **values: Any
) -> str:
    """Takes a row over that is `ready`, or whose worker has been silent, and commits. Gives the word of the claim.

    "" where somebody else is at it, or it is done. `to` is its state from now on, `values` are set with it.
    """
    word = uuid4().hex
    is_silent: ColumnElement[bool] = and_(model.state == to, model.alive_at < at - SILENT_FOR)
    taken = session.execute(
        update(model)
        .where(model.id == row_id, or_(model.state == ready, is_silent))
        .values(state=to, claim=word, alive_at=at, why="", **values),
        execution_options={"synchronize_session": False},
    )
    session.commit()
    return word if taken.rowcount == 1 else ""  # type: ignore[attr-defined]


def find_own(session: Session, model: type[Work], row_id: UUID, *, by: UUID) -> Work | None:
    """A person's own row, as it is now. Somebody else's is like one that never was."""
    owned: Any = model
    chosen = select(owned).where(owned.id == row_id, owned.person_id == by)
    found: Work | None = session.scalar(chosen.execution_options(populate_existing=True))
    return found


def still_mine(session: Session, model: Any, row_id: UUID, word: str, **values: Any) -> None:
    """Notes something about a row, as long as it carries the claim. The caller commits. Raises NotMine."""
    noted = session.execute(
        update(model).where(model.id == row_id, model.claim == word).values(alive_at=clock.now(), **values),
        execution_options={"synchronize_session": False},
    )
    if noted.rowcount != 1:  # type: ignore[attr-defined]
        raise NotMine


def hand_back(session: Session, model: Any, row_id: UUID, word: str, **values: Any) -> None:
    """Lets a row be begun again, with `values`, and commits: as long as nobody has taken it over.

    Whoever still works on it finishes nothing.
    """
    session.execute(
        update(model).where(model.id == row_id, model.claim == word).values(claim="", **values),
        execution_options={"synchronize_session": False},
    )
    session.commit()


def start(
    app: Flask,
    work: Callable[[], None],
    hand_back: Callable[[], None],
    *,
    name: str,
    beside: bool,
    within: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> threading.Thread | None:
    """Does what was claimed, `beside` the request in a thread of its own or at once. Gives the thread.

    `hand_back` is called where the work raises, or where the process ends before it is done; what it raised is written
    down without its words. `within` is entered by the thread.
    """
    if not beside:
        _run(app, work, hand_back, name)
        return None

    def run_beside() -> None:
        def hand_it_back() -> None:
            with app.app_context():
                hand_back()

        _beside[threading.current_thread()] = hand_it_back
        try:
            with within():
                _run(app, work, hand_back, name)
        finally:
            _beside.pop(threading.current_thread(), None)

    thread = threading.Thread(target=run_beside, name=name, daemon=True)
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
    handed_back = [(one, give_back) for one, give_back in list(_beside.items()) if one.is_alive()]
    for _, give_back in handed_back:
        give_back()
    return len(handed_back)


def _run(app: Flask, work: Callable[[], None], hand_back: Callable[[], None], name: str) -> None:
    with app.app_context():
        try:
            work()
        except Exception as problem:
            # Without what it says: an error of a database quotes the whole row.
            log.error("Work on an %s stopped: %s", name.partition(" ")[0], type(problem).__qualname__)
            try:
                hand_back()
            except SQLAlchemyError as another:  # of a database that is away: its silence says it
                log.error("That it stopped could not be noted: %s", type(another).__qualname__)


def has_stopped(row: Any, working: tuple[StrEnum, ...], at: datetime) -> bool:
    """Whether nothing has been heard for a while of whoever works on a row."""
    return row.state in working and row.alive_at < at - SILENT_FOR
