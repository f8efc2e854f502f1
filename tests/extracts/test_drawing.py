"""Drawing beside the request: one worker at a time, the same extract however often, and an end when a worker dies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access import clock, long_work
from app.access.current import access_for
from app.extracts import drawing, quarterly_extract
from app.extracts.quarterly_extract import CannotDraw
from models import Drawing, Extract, Person, db
from models.enumerations import DrawingState
from tests.databases import unguarded
from tests.histories import IN_Q1, history
from tests.visitor import Visitor


def asked_for(app: Flask) -> Drawing:
    with unguarded(app) as session:
        one = session.scalars(select(Drawing).order_by(Drawing.asked_at.desc())).first()
        assert one is not None, "Nothing was asked for."
        session.expunge(one)
        return one


def set_to(app: Flask, drawing_id: UUID, **values: Any) -> None:
    with unguarded(app) as session:
        one = session.get_one(Drawing, drawing_id)
        for name, value in values.items():
            setattr(one, name, value)
        session.commit()


def number_of_extracts(app: Flask) -> int:
    with unguarded(app) as session:
        return session.scalar(select(func.count()).select_from(Extract)) or 0


@pytest.fixture
def analyst(fresh_app: Flask) -> Visitor:
    with history(fresh_app) as past:
        past.add("84H", IN_Q1)
    return Visitor(fresh_app).sign_in("analyst")


def ask(visitor: Visitor) -> str:
    """Asks for an extract; the address of the page that says how far it is."""
    answer = visitor.post_form("/extracts/draw/", {"quarter": "2021-22-Q1"})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def stop_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the worker had been killed right after it had claimed."""
    monkeypatch.setattr(long_work, "start", lambda *arguments, **more: None)


def test_a_page_says_how_far_it_is_and_leads_to_what_was_drawn(
    fresh_app: Flask, analyst: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        stop_before_it_begins(patched)
        page = ask(analyst)
    set_to(fresh_app, asked_for(fresh_app).id, cases_done=1200, cases_in_all=5000)
    said = analyst.get(page).text
    assert "Being drawn: 1,200 of about 5,000 cases so far" in said and "data-tracker-working" in said
    assert "2021-22-Q1 is being drawn" in analyst.get("/extracts/").text
    assert Visitor(fresh_app).sign_in("second-analyst").get(page).status_code == 404
    set_to(fresh_app, asked_for(fresh_app).id, alive_at=clock.now() - long_work.SILENT_FOR - timedelta(seconds=1))
    said = analyst.get(page).text
    assert "It stopped before it was done" in said and "data-tracker-working" not in said
    analyst.post_form(page)
    looked = analyst.get(page, headers={"Sec-Fetch-Mode": "cors"})
    answer = analyst.get(page)
    assert looked.status_code == answer.status_code == 302 and "/extracts/details/" in answer.headers["Location"]
    assert analyst.get(answer.headers["Location"]).text.count("drawn with 1 case") == 1
    assert "is being drawn" not in analyst.get("/extracts/").text


def test_somebody_who_draws_is_left_alone_until_silent(
    fresh_app: Flask, analyst: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        stop_before_it_begins(patched)
        page = ask(analyst)
    claimed = asked_for(fresh_app).claim
    # Pressed on a page that was shown while nothing was heard; the worker was heard of again meanwhile.
    set_to(fresh_app, asked_for(fresh_app).id, alive_at=clock.now() - long_work.SILENT_FOR - timedelta(seconds=1))
    form = analyst.form_on(page)
    set_to(fresh_app, asked_for(fresh_app).id, alive_at=clock.now())
    analyst.post(page, form.fields)
    assert asked_for(fresh_app).claim == claimed and number_of_extracts(fresh_app) == 0


def test_a_worker_that_was_given_up_notes_nothing_and_draws_nothing_twice(fresh_app: Flask, analyst: Visitor) -> None:
    """It was only slow: by the token of the form, both have drawn the same extract."""
    ask(analyst)
    one = asked_for(fresh_app)
    assert one.state is DrawingState.DRAWN and number_of_extracts(fresh_app) == 1
    set_to(fresh_app, one.id, state=DrawingState.DRAWING, extract_id=None, alive_at=clock.now() - timedelta(hours=1))
    analyst.post_form(f"/extracts/drawing/?id={one.id}")
    again = asked_for(fresh_app)
    assert again.extract_id == one.extract_id and again.claim != one.claim
    assert number_of_extracts(fresh_app) == 1


def test_what_fails_in_the_middle_can_be_tried_again(
    fresh_app: Flask, analyst: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(quarterly_extract, "_write_cases", fail)
        page = ask(analyst)
    assert "It stopped before it was done" in analyst.get(page).text and number_of_extracts(fresh_app) == 0
    analyst.post_form(page)
    assert asked_for(fresh_app).state is DrawingState.DRAWN


def test_what_cannot_be_drawn_says_why(fresh_app: Flask, analyst: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **more: Any) -> None:
        raise CannotDraw("The control totals do not add up. England: the walk leads to 3, not to 4")

    monkeypatch.setattr(quarterly_extract, "_walk", refuse)
    said = analyst.post_form("/extracts/draw/", {"quarter": "2021-22-Q1"}).text
    assert "The control totals do not add up" in said and 'value="2021-22-Q1" selected' in said
    page = analyst.get(f"/extracts/drawing/?id={asked_for(fresh_app).id}").text
    assert "The control totals do not add up" in page and "Nothing was drawn" in page


def test_beside_the_request_another_thread_draws(fresh_app: Flask, analyst: Visitor) -> None:
    ask(analyst)
    one = asked_for(fresh_app)
    set_to(fresh_app, one.id, state=DrawingState.ASKED, extract_id=None)
    with fresh_app.app_context():
        person = db.session.get_one(Person, one.person_id)
        access = access_for(db.session(), person)
        mine = db.session.get_one(Drawing, one.id)
        thread = drawing.start(fresh_app, db.session(), mine, access=access, beside=True)
        assert thread is not None
        thread.join(60)
    assert asked_for(fresh_app).extract_id == one.extract_id
