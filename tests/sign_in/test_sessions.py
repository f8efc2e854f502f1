"""Signed-in sessions: kept on the server, new at each sign-in, ended at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.access import clock
from app.sign_in.sessions import hash_of
from models import Person, SignInSession, db
from tests.conftest import NOW
from tests.visitor import Visitor


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/").status_code == 200


def cookie_of(visitor: Visitor) -> str:
    cookie = visitor.client.get_cookie("tracker")
    assert cookie is not None
    return str(cookie.value)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock on: `later(timedelta(minutes=31))`."""
    return lambda passed: monkeypatch.setattr(clock, "utc_now", lambda: NOW + passed)


def test_only_the_hash_of_a_session_is_kept(app: Flask, sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("ccg-84H")
    with visitor.client.session_transaction() as held:
        session_id = held["_user_id"]
    with app.app_context():
        kept = db.session.query(SignInSession).one()
        assert kept.id_hash == hash_of(session_id) != session_id


def test_a_cookie_is_useless_after_sign_out(sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("ccg-84H")
    stolen = cookie_of(visitor)
    assert visitor.post_form("/", action="/sign-out").status_code == 302
    assert not is_signed_in(visitor)
    visitor.client.set_cookie("tracker", stolen)
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(("minutes", "stays"), [(30, True), (31, False)])
def test_a_session_ends_when_it_is_idle(
    sign_in_as: Callable[[str], Visitor], later: Callable[[timedelta], None], minutes: int, stays: bool
) -> None:
    visitor = sign_in_as("ccg-84H")
    later(timedelta(minutes=minutes))
    assert is_signed_in(visitor) is stays


def test_a_session_ends_after_ten_hours_however_busy(
    sign_in_as: Callable[[str], Visitor], later: Callable[[timedelta], None]
) -> None:
    visitor = sign_in_as("ccg-84H")
    for passed in range(20, 601, 20):
        later(timedelta(minutes=passed))
        assert is_signed_in(visitor), passed
    later(timedelta(minutes=601))
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "begun",
    [datetime(2021, 10, 31, 0, 50, tzinfo=UTC), datetime(2022, 3, 27, 0, 50, tzinfo=UTC)],
    ids=["clocks go back", "clocks go forward"],
)
def test_a_session_lasts_half_an_hour_whatever_the_clocks_show(
    app: Flask, monkeypatch: pytest.MonkeyPatch, begun: datetime
) -> None:
    """Ten minutes later the clocks have gone back to 1am, or forward to 2am."""
    monkeypatch.setattr(clock, "utc_now", lambda: begun)
    visitor = Visitor(app).sign_in("ccg-84H")
    for minutes, seconds_left in ((0, 30 * 60), (10, 20 * 60), (30, 0)):
        monkeypatch.setattr(clock, "utc_now", lambda minutes=minutes: begun + timedelta(minutes=minutes))
        remaining = visitor.get("/sign-in/remaining").json
        assert remaining is not None and remaining["seconds"] == seconds_left
        assert remaining["at"] == {10: "1:20am", 3: "2:20am"}[begun.month]
    monkeypatch.setattr(clock, "utc_now", lambda: begun + timedelta(minutes=31))
    assert not is_signed_in(visitor)


def test_a_deactivated_person_is_out_on_the_next_request(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in("ccg-84H")
    with fresh_app.app_context():
        db.session.query(Person).filter_by(subject="ccg-84H").one().is_active = False
        db.session.commit()
    assert not is_signed_in(visitor)


def test_a_demo_session_is_worth_nothing_in_service_mode(app: Flask, sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("england")
    assert is_signed_in(visitor)
    app.config["TRACKER_MODE"] = "service"
    try:
        assert not is_signed_in(visitor)
    finally:
        app.config["TRACKER_MODE"] = "demo"


def test_signing_in_again_ends_the_session_before(sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("ccg-84H")
    before = cookie_of(visitor)
    visitor.sign_in("ccg-16C")
    visitor.client.set_cookie("tracker", before)
    assert not is_signed_in(visitor)


def test_a_session_id_from_before_sign_in_is_not_kept(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/sign-in/")
    with visitor.client.session_transaction() as held:
        held["_user_id"] = "chosen by somebody else"
    visitor.sign_in("ccg-84H")
    with visitor.client.session_transaction() as held:
        assert held["_user_id"] != "chosen by somebody else"


def test_an_account_that_does_not_exist_is_refused(app: Flask) -> None:
    answer = Visitor(app).post_form("/sign-in/", {"account": "nobody"}, action="/sign-in/demo")
    assert answer.status_code == 403
    assert "You could not be signed in" in answer.text


@pytest.mark.parametrize("fields", [{}, {"csrf_token": "x"}, {"csrf_token": ""}])
@pytest.mark.parametrize("address", ["/sign-in/demo", "/sign-out"])
def test_a_form_from_elsewhere_does_nothing(
    sign_in_as: Callable[[str], Visitor], address: str, fields: dict[str, str]
) -> None:
    visitor = sign_in_as("ccg-84H")
    assert visitor.post(address, fields | {"account": "administrator"}).status_code == 400
    assert is_signed_in(visitor)
    assert "Margaret Thirlwell" in visitor.get("/").text


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/cases/?search=x", "/cases/?search=x"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
    ],
)
def test_after_sign_in_people_go_on_within_the_service(app: Flask, wanted: str, goes_to: str) -> None:
    visitor = Visitor(app)
    fields = visitor.form_on("/sign-in/", "/sign-in/demo").fields | {"account": "ccg-84H", "next": wanted}
    assert visitor.post("/sign-in/demo", fields).headers["Location"] == goes_to


@pytest.mark.parametrize(
    "address", ["/", "/cases/", "/cases/new/", "/cases/export/csv/", "/ccgs/", "/data-dictionary/"]
)
def test_without_sign_in_every_page_leads_there(app: Flask, address: str) -> None:
    answer = Visitor(app).get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/")
