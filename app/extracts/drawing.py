"""Drawing an extract beside the request: asked for, claimed by one worker, drawn, or refused with the words why.

What was asked for twice is drawn once: the token of its form sees to that, whoever draws it and however often.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access import clock, long_work
from app.access.long_work import NotMine
from app.access.people import Access
from app.access.row_scope import beside_the_request
from app.rules.quarters import Quarter, quarter_named
from app.watching import requests
from models import CaseReview, Drawing, Person
from models.enumerations import DrawingState

from . import quarterly_extract
from .quarterly_extract import CannotDraw

REASON = "Drawing of an extract"
STOPPED = "It stopped before it was done, and nothing was kept. Try again"
# How often it is noted how far a drawing is, in seconds.
EVERY = 1.0


def ask(
    session: Session,
    quarter: Quarter,
    *,
    reason: str,
    cut_off: datetime | None,
    form_token: str,
    by: Access,
    at: datetime,
) -> Drawing:
    """Keeps what is to be drawn, and commits. A second press of the button gives what the first has asked for.

    Raises CannotDraw where it can be told already that it will not be drawn.
    """
    there: Drawing | None = session.scalar(
        select(Drawing).where(
            Drawing.person_id == by.person_id,
            Drawing.form_token == form_token,
            Drawing.quarter == quarter.name,
            Drawing.reason == reason,
            Drawing.cut_off.is_(None) if cut_off is None else Drawing.cut_off == cut_off,
            Drawing.state != DrawingState.REFUSED,
        )
    )
    if there is not None:
        return there
    quarterly_extract.check(session, quarter, cut_off=cut_off, reason=reason, form_token=form_token)
    asked = Drawing(
        id=uuid4(),
        person_id=by.person_id,
        quarter=quarter.name,
        cut_off=cut_off,
        reason=reason,
        form_token=form_token,
        cases_in_all=session.scalar(select(func.count()).select_from(CaseReview)) or 0,
        asked_at=at,
        alive_at=at,
    )
    session.add(asked)
    session.commit()
    return asked


def find(session: Session, drawing_id: UUID, *, by: UUID) -> Drawing | None:
    """What somebody has asked for. Somebody else's is like one that never was."""
    return long_work.find_own(session, Drawing, drawing_id, by=by)


def under_way(session: Session, *, by: UUID) -> list[Drawing]:
    """What somebody has asked for and was neither drawn nor refused, the newest first."""
    states = (DrawingState.ASKED, DrawingState.DRAWING)
    asked = select(Drawing).where(Drawing.person_id == by, Drawing.state.in_(states))
    return list(session.scalars(asked.order_by(Drawing.asked_at.desc(), Drawing.id)))


def has_stopped(one: Drawing, at: datetime) -> bool:
    """Whether nothing has been heard for a while of whoever draws it."""
    return long_work.has_stopped(one, (DrawingState.DRAWING,), at)


def start(app: Flask, session: Session, one: Drawing, *, access: Access, beside: bool) -> threading.Thread | None:
    """Claims what was asked for and draws it, `beside` the request or at once; what somebody else draws is theirs."""
    drawing_id = one.id
    word = long_work.claim(
        session, Drawing, drawing_id, ready=DrawingState.ASKED, to=DrawingState.DRAWING, at=clock.now(), cases_done=0
    )
    if not word:
        return None
    working = _Working(access, drawing_id, word)
    begun_by = request.id if (request := requests.under_way()) else ""
    return long_work.start(
        app,
        working.draw,
        working.hand_back,
        name=f"extract {drawing_id}",
        beside=beside,
        within=lambda: requests.begun_by(begun_by),
    )


class _Working:
    """One worker's work on what it has claimed."""

    def __init__(self, access: Access, drawing_id: UUID, word: str) -> None:
        self._access, self._id, self._word = access, drawing_id, word
        self._noted = time.monotonic()

    def draw(self) -> None:
        with beside_the_request(self._access.scope, self._access.person_id, REASON) as session:
            one = session.get_one(Drawing, self._id)
            by = session.get_one(Person, self._access.person_id)
            asked = {"reason": one.reason, "cut_off": one.cut_off, "form_token": one.form_token}
            quarter = quarter_named(one.quarter)
            session.expunge_all()
        try:
            extract = quarterly_extract.draw(quarter, by=by, progress=self._note_progress, **asked)  # type: ignore[arg-type]
        except CannotDraw as problem:
            self._note(state=DrawingState.REFUSED, why=str(problem)[:1000])
        except NotMine:
            pass
        else:
            self._note(state=DrawingState.DRAWN, extract_id=extract.id, cases_done=extract.rows)

    def hand_back(self) -> None:
        with beside_the_request(self._access.scope, self._access.person_id, REASON) as session:
            long_work.hand_back(session, Drawing, self._id, self._word, state=DrawingState.ASKED, why=STOPPED)

    def _note_progress(self, done: int) -> None:
        """Raises NotMine where somebody else has taken it over."""
        if time.monotonic() - self._noted >= EVERY:
            self._noted = time.monotonic()
            self._note(raises=True, cases_done=done)

    def _note(self, *, raises: bool = False, **values: object) -> None:
        with beside_the_request(self._access.scope, self._access.person_id, REASON) as session:
            try:
                long_work.still_mine(session, Drawing, self._id, self._word, **values)
                session.commit()
            except NotMine:
                if raises:
                    raise
