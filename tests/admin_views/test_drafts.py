"""Nothing that was typed about a case is lost: not by a session that ended, nor by a page that was left."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.access import clock
from app.cases import drafts
from models import CaseReview, Draft, Person, SignInSession
from models.enumerations import SessionEnd
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Visitor

AWAY = timedelta(minutes=31)
CLOSED: dict[str, Any] = {"status": "closed", "publication": "embargoed", "date_closed": NOW.date(),
                          "report_signed_off_on": NOW.date()}  # fmt: skip


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock on from where tests begin."""
    return lambda passed: monkeypatch.setattr(clock, "utc_now", lambda: NOW + passed)


@pytest.fixture
def durham(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


def kept(app: Flask) -> list[Draft]:
    with unguarded(app) as session:
        found = list(session.scalars(select(Draft)))
        session.expunge_all()
        return found


def typed(visitor: Visitor, address: str, **fields: str) -> dict[str, str]:
    """A form as it would be sent, with some inputs filled."""
    return visitor.form_on(address).fields | fields


FORMS = {
    "new": ({}, "overview"),
    "edit": ({}, "overview"),
    "close": ({}, "lessons"),
    "reopen": (CLOSED, "reason"),
    "withdraw": ({}, "reason"),
    "bring-back": ({"withdrawn_at": NOW, "withdrawn_reason": "Twice."}, "reason"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_sent_after_the_session_ended_comes_back_filled(
    durham: Visitor, later: Callable[[timedelta], None], form: str
) -> None:
    values, name = FORMS[form]
    address = f"/cases/{form}/"
    if form != "new":
        address += f"?id={add_case(durham.app, '84H', **values).id}"
    fields = typed(durham, address, **{name: "Typed for an hour."})
    later(AWAY)
    answer = durham.post(address, fields)
    assert answer.status_code == 302 and "/sign-in/" in answer.headers["Location"]
    page = durham.get(answer.headers["Location"]).text
    assert "You were signed out because you did nothing for 30 minutes. What you typed is kept" in page
    back = re.search(r'name="next" value="([^"]+)"', page)
    assert back
    durham.sign_in("ccg-84H")
    filled = durham.form_on(back.group(1).replace("&amp;", "&"))
    assert filled.fields[name] == "Typed for an hour."
    assert filled.fields["form_token"] == fields["form_token"]
    assert filled.fields["version"] == fields["version"]


def test_a_case_is_recorded_from_its_draft_and_the_draft_goes(
    durham: Visitor, later: Callable[[timedelta], None]
) -> None:
    case = add_case(durham.app, "84H")
    address = f"/cases/edit/?id={case.id}"
    fields = typed(durham, address, lessons="Ask again.")
    later(AWAY)
    durham.post(address, fields)
    durham.sign_in("ccg-84H")
    assert "Not saved yet" in durham.get("/").text
    (draft,) = kept(durham.app)
    assert durham.post_form(f"{address}&draft={draft.id}").status_code == 302
    assert kept(durham.app) == []
    with unguarded(durham.app) as session:
        assert session.scalar(select(CaseReview.lessons).where(CaseReview.id == case.id)) == "Ask again."


@pytest.mark.parametrize("ended", ["signed out", "deactivated", "no token", "a day ago", "reader", "foreign case"])
def test_nothing_is_kept_for_whom_it_is_not(durham: Visitor, later: Callable[[timedelta], None], ended: str) -> None:
    case = add_case(durham.app, "84H")
    foreign = add_case(durham.app, "16C")
    address = f"/cases/edit/?id={case.id}"
    fields = typed(durham, address, lessons="Ask again.")
    with unguarded(durham.app) as session:
        if ended == "signed out":
            row = session.scalars(select(SignInSession)).one()
            row.ended_at, row.ended_because = NOW, SessionEnd.SIGNED_OUT
        person = session.scalars(select(Person).where(Person.subject == "ccg-84H")).one()
        person.is_active = ended != "deactivated"
        grants = [(grant, grant.ends_on) for grant in person.grants]
        if ended == "reader":
            for grant, _ in grants:
                grant.ends_on = NOW.date() - timedelta(days=1)
        session.commit()
        try:
            if ended == "no token":
                del fields["csrf_token"]
            if ended == "foreign case":
                address = f"/cases/edit/?id={foreign.id}"
            later(timedelta(hours=25) if ended == "a day ago" else AWAY)
            answer = durham.post(address, fields)
            assert answer.status_code == 302 and "draft" not in answer.headers["Location"]
        finally:
            person.is_active = True
            for grant, ends_on in grants:
                grant.ends_on = ends_on
            session.commit()
    assert kept(durham.app) == []


@pytest.mark.parametrize("ended_by", ["sign out", "a new sign-in", "a sign-in elsewhere"])
def test_an_old_cookie_keeps_nothing_once_its_person_has_been_back(
    durham: Visitor, later: Callable[[timedelta], None], ended_by: str
) -> None:
    fields = typed(durham, "/cases/new/", overview="Planted.")
    cookie = durham.client.get_cookie("tracker")
    assert cookie is not None
    later(AWAY)
    if ended_by == "sign out":
        assert durham.post("/sign-out", {"csrf_token": fields["csrf_token"]}).status_code == 302
    else:
        (durham if ended_by == "a new sign-in" else Visitor(durham.app)).sign_in("ccg-84H")
    thief = Visitor(durham.app)
    thief.client.set_cookie("tracker", cookie.value)
    answer = thief.post("/cases/new/", fields)
    assert answer.status_code == 302 and "draft" not in answer.headers["Location"]
    assert kept(durham.app) == []


def test_whoever_was_away_is_told_once_and_rightly_why(durham: Visitor, later: Callable[[timedelta], None]) -> None:
    later(AWAY)
    for _ in range(3):
        durham.get("/cases/")
    assert durham.get("/sign-in/").text.count("because you did nothing for 30 minutes") == 1
    later(timedelta())
    durham.sign_in("ccg-84H")
    token = durham.form_on("/cases/new/").fields["csrf_token"]
    for minutes in range(25, 600, 25):
        later(timedelta(minutes=minutes))
        durham.post("/sign-in/extend", {"csrf_token": token})
    later(timedelta(minutes=601))
    durham.get("/cases/")
    assert "because a session lasts 10 hours at most" in durham.get("/sign-in/").text


def test_a_draft_is_its_persons_alone(durham: Visitor) -> None:
    """Even a colleague of the same CCG, who sees the case, meets it as one that never was."""
    case = add_case(durham.app, "84H")
    address = f"/cases/edit/?id={case.id}"
    token = durham.form_on(address).fields["csrf_token"]
    fields = typed(durham, address, lessons="Mine.")
    answer = durham.post(f"/cases/keep/?form=edit&id={case.id}", fields | {"csrf_token": token})
    assert answer.status_code == 200 and answer.json and "Mine." in durham.get(answer.json["address"]).text
    (draft,) = kept(durham.app)
    colleague = Visitor(durham.app).sign_in("two-ccgs")
    pages = [colleague.get(f"{address}&draft={one}").text for one in (draft.id, case.id)]
    assert all("Nothing is kept there any more" in page and "Mine." not in page for page in pages)
    assert "Not saved yet" not in colleague.get("/").text
    assert "You typed something here" in durham.get(address).text
    assert "You typed something here" not in colleague.get(address).text
    token = colleague.form_on(address).fields["csrf_token"]
    assert colleague.post(f"/cases/discard/?draft={draft.id}", {"csrf_token": token}).status_code == 404
    assert len(kept(durham.app)) == 1


def test_a_form_is_kept_once_and_again_until_it_is_saved(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    address, keep = f"/cases/edit/?id={case.id}", f"/cases/keep/?form=edit&id={case.id}"
    fields = typed(durham, address, lessons="One.")
    for words in ("One.", "One. Two."):
        assert durham.post(keep, fields | {"lessons": words}).status_code == 200
    assert [one.fields["lessons"] for one in kept(durham.app)] == [["One. Two."]]
    assert durham.post(address, fields | {"lessons": "One. Two. Three."}).status_code == 302
    assert kept(durham.app) == []
    # What a page sends in the background after its form was saved brings nothing back.
    assert durham.post(keep, fields).json == {}
    assert kept(durham.app) == []


def test_only_inputs_of_the_form_are_kept_and_no_more_than_fit(durham: Visitor) -> None:
    fields = typed(durham, "/cases/new/", overview="Typed.")
    durham.post("/cases/keep/?form=new", fields | {"note": "Something else.", "overview-x": "Part."})
    (draft,) = kept(durham.app)
    assert "note" not in draft.fields and "csrf_token" not in draft.fields and draft.fields["overview"] == ["Typed."]
    other = typed(durham, "/cases/new/", overview="x" * (drafts.LARGEST + 1))
    assert durham.post("/cases/keep/?form=new", other).json == {}
    assert len(kept(durham.app)) == 1


@pytest.mark.parametrize("token", ["", "a\0b", "x" * 101, "a b"])
def test_a_form_with_no_proper_token_is_not_kept_and_not_saved(durham: Visitor, token: str) -> None:
    case = add_case(durham.app, "84H")
    address = f"/cases/edit/?id={case.id}"
    fields = typed(durham, address, lessons="Ask again.") | {"form_token": token}
    assert durham.post(f"/cases/keep/?form=edit&id={case.id}", fields).json == {}
    answer = durham.post(address, fields)
    assert answer.status_code == 200 and "The form was not complete" in answer.text


def test_names_count_for_nothing_and_values_once(durham: Visitor) -> None:
    fields: dict[str, Any] = typed(durham, "/cases/new/", overview="Typed.")
    many = fields | {"overview": ["Typed.", *[""] * 400], "overview-" + "a" * 9000: "", "overview-day": "1"}
    durham.client.post("/cases/keep/?form=new", data=many)
    (draft,) = kept(durham.app)
    assert draft.fields["overview"] == ["Typed."] and not any(name.startswith("overview-") for name in draft.fields)


def test_the_oldest_of_too_many_drafts_goes(durham: Visitor, later: Callable[[timedelta], None]) -> None:
    fields = typed(durham, "/cases/new/")
    for number in range(drafts.MOST_DRAFTS + 2):
        later(timedelta(seconds=number))
        durham.post("/cases/keep/?form=new", fields | {"overview": f"{number}", "form_token": f"t{number}"})
    left = {one.fields["overview"][0] for one in kept(durham.app)}
    assert left == {str(number) for number in range(2, drafts.MOST_DRAFTS + 2)}


def test_an_old_draft_is_kept_anew_and_one_of_another_form_is_not(
    durham: Visitor, later: Callable[[timedelta], None]
) -> None:
    case = add_case(durham.app, "84H")
    fields = typed(durham, "/cases/new/", overview="One.")
    durham.post("/cases/keep/?form=new", fields)
    assert durham.post(f"/cases/keep/?form=edit&id={case.id}", fields).json == {}
    with unguarded(durham.app) as session:
        session.scalars(select(Draft)).one().saved_at = NOW - timedelta(hours=25)
        session.commit()
    assert durham.post("/cases/keep/?form=new", fields | {"overview": "Two."}).json
    assert [one.fields["overview"] for one in kept(durham.app)] == [["Two."]]


def test_the_same_form_kept_many_times_at_once_is_kept_once(durham: Visitor) -> None:
    fields = typed(durham, "/cases/new/", overview="Typed.")
    cookie = durham.client.get_cookie("tracker")
    assert cookie is not None

    def keep(number: int) -> int:
        visitor = Visitor(durham.app)
        visitor.client.set_cookie("tracker", cookie.value)
        return visitor.post("/cases/keep/?form=new", fields | {"overview": f"{number}"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(keep, range(12))) == {200}
    assert len(kept(durham.app)) == 1


def test_a_new_case_is_kept_under_a_ccg_of_the_person_whatever_was_chosen(durham: Visitor) -> None:
    foreign = add_case(durham.app, "16C")
    durham.post("/cases/keep/?form=new", typed(durham, "/cases/new/", ccg=str(foreign.ccg_id), overview="Typed."))
    (draft,) = kept(durham.app)
    assert draft.ccg_id != foreign.ccg_id


def test_a_draft_is_kept_for_a_day_and_then_erased(durham: Visitor, later: Callable[[timedelta], None]) -> None:
    durham.post("/cases/keep/?form=new", typed(durham, "/cases/new/", overview="Typed."))
    later(timedelta(hours=23, minutes=59))
    durham.sign_in("ccg-84H")
    assert "Not saved yet" in durham.get("/").text and len(kept(durham.app)) == 1
    later(timedelta(hours=24, minutes=1))
    durham.sign_in("ccg-84H")
    assert "Not saved yet" not in durham.get("/").text
    # Erasing is work for every organisation, so a sign-in does it once an hour.
    later(timedelta(hours=26))
    durham.sign_in("ccg-16C")
    assert kept(durham.app) == []


def test_a_draft_can_be_discarded(durham: Visitor) -> None:
    durham.post("/cases/keep/?form=new", typed(durham, "/cases/new/", overview="Typed."))
    (draft,) = kept(durham.app)
    action = f"/cases/discard/?draft={draft.id}"
    assert durham.post_form("/cases/new/", action=action).status_code == 302
    assert kept(durham.app) == []


def test_to_ask_how_long_a_session_lasts_is_not_to_do_something(
    durham: Visitor, later: Callable[[timedelta], None]
) -> None:
    assert durham.get("/sign-in/remaining").json == {"seconds": 1800, "at": "11am", "final": False}
    token = durham.form_on("/cases/new/").fields["csrf_token"]
    later(timedelta(minutes=20))
    asked = durham.get("/sign-in/remaining").json
    assert asked and asked["seconds"] == 600
    extended = durham.post("/sign-in/extend", {"csrf_token": token}).json
    assert extended and extended["seconds"] == 1800
    later(timedelta(minutes=51))
    ended = durham.get("/sign-in/remaining").json
    assert ended and ended["seconds"] == 0


def test_a_session_cannot_be_extended_for_ever(durham: Visitor, later: Callable[[timedelta], None]) -> None:
    token = durham.form_on("/cases/new/").fields["csrf_token"]
    for minutes in range(25, 600, 25):
        later(timedelta(minutes=minutes))
        durham.post("/sign-in/extend", {"csrf_token": token})
    assert durham.get("/sign-in/remaining").json == {"seconds": 25 * 60, "at": "8:30pm", "final": True}
