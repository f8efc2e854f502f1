"""People, their grants and sessions: who keeps them, what acts at once, and what nobody can do alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.access import clock
from app.access.organisations import read_organisations
from app.people import keeping
from app.people.reviewing import seen
from models import AccessDecision, AuditEvent, Grant, Organisation, Person, SignInSession, db
from models.enumerations import AuditAction, Role, SessionEnd
from tests.conftest import NOW, TODAY
from tests.databases import unguarded
from tests.visitor import Form, Visitor

ADMINISTRATOR, SECOND = "administrator", "second-administrator"
PAGES = ("", "new/", "review/", "details/?id={}", "grant/?id={}", "deactivate/?id={}", "reactivate/?id={}")
SENT = ("new/", "review/", "grant/?id={}", "deactivate/?id={}", "reactivate/?id={}", "end-session/?id={}")


def id_of(app: Flask, account: str) -> str:
    with unguarded(app) as session:
        return str(session.scalars(select(Person.id).where(Person.subject == account)).one())


def grant_of(app: Flask, account: str) -> str:
    with unguarded(app) as session:
        of = select(Grant.id).join(Grant.person).where(Person.subject == account)
        return str(session.scalars(of).first())


def place(app: Flask, code: str, kind: str = "ccg") -> str:
    with unguarded(app) as session:
        of = select(Organisation.id).where(Organisation.kind == kind, Organisation.code == code)
        return str(session.scalars(of).one())


def held(app: Flask, account: str, on: date = TODAY) -> list[str]:
    with unguarded(app) as session:
        person = session.scalars(select(Person).where(Person.subject == account)).one()
        return sorted(f"{one.role.value} {one.organisation.code}" for one in person.grants if one.holds_on(on))


def change(app: Flask, account: str, **values: Any) -> None:
    """Changes every grant of somebody, past the service."""
    with unguarded(app) as session:
        person = session.scalars(select(Person).where(Person.subject == account)).one()
        for one in person.grants:
            for name, value in values.items():
                setattr(one, name, value)
        session.commit()


def give(visitor: Visitor, account: str, role: str, organisation: str, **more: str) -> Any:
    address = f"/people/grant/?id={id_of(visitor.app, account)}"
    return visitor.post_form(address, {"role": role, "organisation": organisation} | more)


def end(visitor: Visitor, account: str, **more: str) -> Any:
    return visitor.post_form(f"/people/end/?id={grant_of(visitor.app, account)}", {"when": "now"} | more)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    monkeypatch.setattr(clock, "utc_now", lambda: NOW + by)


# Who comes in


@pytest.mark.parametrize("account", ["ccg-84H", "stp-QHM", "england", "analyst", "no-access"])
def test_nobody_but_administrators_reaches_people(app: Flask, account: str) -> None:
    visitor, someone = Visitor(app).sign_in(account), id_of(app, "ccg-84H")
    token = Form(visitor.get("/account/").text, "/account/end-session/").fields or {
        "csrf_token": visitor.form_on("/account/", "/sign-out").fields["csrf_token"]
    }
    for page in PAGES:
        assert visitor.get(f"/people/{page.format(someone)}").status_code == 403
    for page in SENT:
        fields = token | {"reason": "Taken.", "role": "administrator", "session": "all", "only": f"{someone} 0"}
        assert visitor.post(f"/people/{page.format(someone)}", fields).status_code == 403
    assert visitor.post(f"/people/end/?id={grant_of(app, 'ccg-84H')}", token | {"when": "now"}).status_code == 403
    assert held(app, "ccg-84H") == ["ccg_editor 84H"]
    assert "/people/" not in visitor.get("/", follow_redirects=True).text


def test_the_list_shows_who_may_do_what(app: Flask) -> None:
    page = Visitor(app).sign_in(ADMINISTRATOR).get("/people/").text
    assert "12 people" in page
    assert "CCG safeguarding lead, NHS County Durham CCG; CCG safeguarding lead, NHS Tees Valley CCG" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=thirl", ["Margaret Thirlwell"]),
        ("search=margaret.thirlwell", ["Margaret Thirlwell"]),
        ("search=nobody", []),
        ("flt_role_is=administrator", ["Helen Pargeter", "Owen Llewellyn"]),
        ("flt_organisation_is=qhm", ["Rebecca Armstrong"]),
        ("flt_organisation_is=84H&flt_role_is=ccg_editor", ["Margaret Thirlwell", "Siobhán O&#39;Donnell"]),
        ("flt_without_access_is=yes", ["Caroline Beech"]),
        ("flt_from_provider_is=yes", []),
        ("flt_with_last_day_is=yes", []),
        ("flt_is_active_is=no", []),
    ],
)
def test_people_are_searched_and_filtered(app: Flask, query: str, names: list[str]) -> None:
    page = Visitor(app).sign_in(ADMINISTRATOR).get(f"/people/?{query}").text
    assert f"{len(names)} {'person' if len(names) == 1 else 'people'}</h2>" in page
    assert all(name in page for name in names)


@pytest.mark.parametrize(
    "address",
    [
        "/people/?page=-1&page_size=99999999999&sort=x&desc=y&search=%00%ff&flt_role_is=nonsense&flt_is_active_is=maybe",
        "/people/?flt_organisation_is=%F0%9F%92%A9&flt_last_seen_at_from=31/2/2022&columns=nothing",
        "/people/review/?page=x&id=1",
        "/account/?id=1",
    ],
)
def test_nonsense_in_an_address_is_answered(app: Flask, address: str) -> None:
    assert Visitor(app).sign_in(ADMINISTRATOR).get(address).status_code == 200


@pytest.mark.parametrize("page", ["details", "grant", "end", "deactivate", "reactivate", "history", "edit"])
@pytest.mark.parametrize("id_", ["", "x", "00000000-0000-4000-8000-000000000000", "%00", "1" * 3000])
def test_nobody_is_found_under_a_wrong_id(app: Flask, page: str, id_: str) -> None:
    assert Visitor(app).sign_in(ADMINISTRATOR).get(f"/people/{page}/?id={id_}").status_code == 404


def test_people_are_not_downloaded_or_edited(app: Flask) -> None:
    visitor = Visitor(app).sign_in(ADMINISTRATOR)
    assert visitor.get("/people/export/csv/").status_code == 403
    assert visitor.get(f"/people/edit/?id={id_of(app, 'ccg-84H')}").status_code == 403
    assert visitor.get(f"/people/history/?id={id_of(app, 'ccg-84H')}").status_code == 404


# Adding


NEW = {"name": "Zoë Example", "issuer": "https://login.example.nhs.uk", "subject": "zoe-1", "email": ""}


def test_a_person_is_added_ahead_of_the_first_sign_in(fresh_either_app: Flask) -> None:
    visitor = Visitor(fresh_either_app).sign_in(ADMINISTRATOR)
    first = visitor.post_form("/people/new/", NEW)
    again = visitor.post_form("/people/new/", NEW | {"name": "Somebody else"})
    assert first.status_code == again.status_code == 302 and first.location == again.location
    page = visitor.get(first.location).text
    assert "This person is known already" in page and "Zoë Example" in page and "Somebody else" not in page
    with unguarded(fresh_either_app) as session:
        assert session.scalars(select(AccessDecision)).one().decision == "added"
        written = select(AuditEvent.details).where(AuditEvent.action == AuditAction.PERSON_ADDED)
        assert session.scalars(written).all() == ["Zoë Example"]


def test_what_is_missing_is_asked_for(app: Flask) -> None:
    page = Visitor(app).sign_in(ADMINISTRATOR).post_form("/people/new/").text
    for sentence in ("Enter name", "Enter the address of the identity provider", "Enter subject"):
        assert sentence in page
    too_long = Visitor(app).sign_in(ADMINISTRATOR).post_form("/people/new/", NEW | {"name": "x" * 201}).text
    assert "Name must be 200 characters or fewer" in too_long


# Giving and ending


def test_what_is_given_acts_at_the_next_request(fresh_either_app: Flask) -> None:
    person = Visitor(fresh_either_app).sign_in("no-access")
    assert person.get("/cases/").status_code == 403
    visitor = Visitor(fresh_either_app).sign_in(ADMINISTRATOR)
    assert give(visitor, "no-access", "ccg_editor", place(fresh_either_app, "84H")).status_code == 302
    assert person.get("/cases/").status_code == 200
    assert end(visitor, "no-access").status_code == 302
    assert person.get("/cases/").status_code == 403
    assert give(visitor, "no-access", "ccg_editor", place(fresh_either_app, "84H")).status_code == 302
    assert person.get("/cases/").status_code == 200
    page = visitor.get(f"/people/details/?id={id_of(fresh_either_app, 'no-access')}").text
    assert page.count("Given: CCG safeguarding lead, NHS County Durham CCG") == 2
    assert page.count("Ended: CCG safeguarding lead, NHS County Durham CCG") == 1
    assert page.count("By Helen Pargeter on ") == 3


def test_a_grant_holds_up_to_and_including_its_last_day(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(fresh_either_app).sign_in(ADMINISTRATOR)
    tomorrow = {"ends_on-day": "15", "ends_on-month": "2", "ends_on-year": "2022"}
    give(visitor, "no-access", "oversight", place(fresh_either_app, "QHM", "stp"), **tomorrow)
    for day, status in ((0, 200), (1, 200), (2, 403)):
        later(monkeypatch, timedelta(days=day))
        assert Visitor(fresh_either_app).sign_in("no-access").get("/cases/").status_code == status
    assert held(fresh_either_app, "no-access", TODAY + timedelta(days=1)) == ["oversight QHM"]


def test_the_last_day_can_be_set_later_and_taken_off(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    day = {"when": "later", "ends_on-day": "28", "ends_on-month": "2", "ends_on-year": "2022"}
    assert end(visitor, "ccg-84H", **day).status_code == 302
    assert held(fresh_app, "ccg-84H", date(2022, 2, 28)) == ["ccg_editor 84H"]
    assert held(fresh_app, "ccg-84H", date(2022, 3, 1)) == []
    give(visitor, "ccg-84H", "ccg_editor", place(fresh_app, "84H"))
    assert held(fresh_app, "ccg-84H", date(2022, 3, 1)) == ["ccg_editor 84H"]


@pytest.mark.parametrize(
    ("account", "role", "organisation", "sentence"),
    [
        (ADMINISTRATOR, "ccg_editor", ("84H", "ccg"), "Another administrator must give you access"),
        (ADMINISTRATOR, "administrator", ("ENGLAND", "country"), "Another administrator must give you access"),
        (SECOND, "ccg_editor", ("84H", "ccg"), "An administrator cannot hold a role that reads cases"),
        ("ccg-84H", "administrator", ("ENGLAND", "country"), "An administrator cannot hold a role that reads cases"),
        ("no-access", "ccg_editor", ("QHM", "stp"), "CCG safeguarding lead does not hold on"),
        ("no-access", "oversight", ("84H", "ccg"), "Oversight does not hold on"),
        ("no-access", "analyst", ("Y63", "region"), "Analyst does not hold on"),
        ("no-access", "ccg_editor", ("00J", "ccg"), "Select the organisation from the list"),
        ("no-access", "owner", ("84H", "ccg"), "Select Role from the list"),
    ],
)
def test_what_cannot_be_given(
    app: Flask, account: str, role: str, organisation: tuple[str, str], sentence: str
) -> None:
    before = held(app, account)
    answer = give(Visitor(app).sign_in(ADMINISTRATOR), account, role, place(app, *organisation))
    assert answer.status_code == 200 and sentence in answer.text
    assert held(app, account) == before


def test_nothing_is_given_on_what_has_closed(app: Flask) -> None:
    """The form does not offer it; the verb refuses it too."""
    with app.app_context():
        session, known = db.session(), read_organisations(db.session(), TODAY)
        by, someone = (
            session.scalars(select(Person).where(Person.subject == one)).one() for one in (SECOND, "no-access")
        )
        closed = next(one for one in known.case_holders() if one.code == "00J")
        with pytest.raises(keeping.CannotChange, match="is not open"):
            keeping.give(session, someone, Role.CCG_EDITOR, closed, None, by=by, at=NOW, today=TODAY, known=known)
        session.rollback()


def test_a_last_day_that_has_passed_is_refused(app: Flask) -> None:
    visitor = Visitor(app).sign_in(ADMINISTRATOR)
    day = {"ends_on-day": "13", "ends_on-month": "2", "ends_on-year": "2022"}
    for answer in (
        give(visitor, "no-access", "ccg_editor", place(app, "84H"), **day),
        end(visitor, "ccg-84H", when="later", **day),
    ):
        assert "Last day must be today or in the future" in answer.text
    assert "Enter the last day" in end(visitor, "ccg-84H", when="later").text
    assert "Select when it is to end" in visitor.post_form(f"/people/end/?id={grant_of(app, 'ccg-84H')}").text
    assert (held(app, "no-access"), held(app, "ccg-84H")) == ([], ["ccg_editor 84H"])


def test_what_the_provider_names_is_changed_there(fresh_app: Flask) -> None:
    change(fresh_app, "ccg-84H", from_claims=True)
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    assert "It is changed there" in end(visitor, "ccg-84H").text
    assert "It is changed there" in give(visitor, "ccg-84H", "ccg_editor", place(fresh_app, "84H")).text
    page = visitor.get(f"/people/details/?id={id_of(fresh_app, 'ccg-84H')}").text
    assert "Identity provider: changed there, not here" in page
    assert "/people/end/" not in page
    assert held(fresh_app, "ccg-84H") == ["ccg_editor 84H"]


def test_giving_and_ending_twice_is_once(fresh_either_app: Flask) -> None:
    visitor, someone = Visitor(fresh_either_app).sign_in(ADMINISTRATOR), id_of(fresh_either_app, "no-access")
    fields = visitor.form_on(f"/people/grant/?id={someone}").fields
    fields |= {"role": "ccg_editor", "organisation": place(fresh_either_app, "84H")}
    assert [visitor.post(f"/people/grant/?id={someone}", fields).status_code for _ in range(2)] == [302, 302]
    address = f"/people/end/?id={grant_of(fresh_either_app, 'no-access')}"
    fields = visitor.form_on(address).fields | {"when": "now"}
    assert [visitor.post(address, fields).status_code for _ in range(2)] == [302, 302]
    with unguarded(fresh_either_app) as session:
        events = session.scalars(select(AuditEvent.details).where(AuditEvent.action == AuditAction.GRANT_CHANGED)).all()
        assert sorted(one for one in events if "Caroline" in one) == [
            "Grant of role: added CCG safeguarding lead, 84H: Caroline Beech",
            "Grant of role: changed CCG safeguarding lead, 84H, ended: Caroline Beech",
        ]


# Shutting out


def test_whoever_is_deactivated_is_out_at_the_next_request(fresh_either_app: Flask) -> None:
    person = Visitor(fresh_either_app).sign_in("ccg-84H")
    assert person.get("/cases/").status_code == 200
    visitor, someone = Visitor(fresh_either_app).sign_in(ADMINISTRATOR), id_of(fresh_either_app, "ccg-84H")
    assert "Enter the reason" in visitor.post_form(f"/people/deactivate/?id={someone}").text
    assert visitor.post_form(f"/people/deactivate/?id={someone}", {"reason": "Left."}).status_code == 302
    assert person.get("/cases/").location.startswith("/sign-in/")
    assert (
        Visitor(fresh_either_app).post_form("/sign-in/", {"account": "ccg-84H"}, action="/sign-in/demo").status_code
        == 403
    )
    with unguarded(fresh_either_app) as session:
        ended = select(SignInSession.ended_because).where(SignInSession.ended_because.is_not(None))
        assert session.scalars(ended).all() == [SessionEnd.DEACTIVATED]
    page = visitor.get(f"/people/details/?id={someone}").text
    assert "Left." in page and "Reactivate" in page
    assert visitor.post_form(f"/people/reactivate/?id={someone}", {"reason": "Back."}).status_code == 302
    assert person.get("/cases/").location.startswith("/sign-in/")
    assert Visitor(fresh_either_app).sign_in("ccg-84H").get("/cases/").status_code == 200


# Nobody can be left who administers nothing


def test_the_last_administrator_stays(fresh_either_app: Flask) -> None:
    visitor = Visitor(fresh_either_app).sign_in(ADMINISTRATOR)
    assert end(visitor, SECOND).status_code == 302
    someone = id_of(fresh_either_app, ADMINISTRATOR)
    day = {"when": "later", "ends_on-day": "28", "ends_on-month": "2", "ends_on-year": "2022"}
    for answer in (
        end(visitor, ADMINISTRATOR),
        end(visitor, ADMINISTRATOR, **day),
        visitor.post_form(f"/people/deactivate/?id={someone}", {"reason": "Left."}),
    ):
        assert answer.status_code == 200
        assert "Nobody else would be an administrator then" in answer.text
    assert visitor.get("/people/").status_code == 200


def test_an_administrator_with_a_last_day_is_nobody_to_leave_it_to(fresh_app: Flask) -> None:
    change(fresh_app, SECOND, ends_on=date(2022, 2, 20))
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    day = {"when": "later", "ends_on-day": "20", "ends_on-month": "2", "ends_on-year": "2022"}
    assert "Nobody else would be an administrator then" in end(visitor, ADMINISTRATOR, **day).text
    day["ends_on-day"] = "19"
    assert end(visitor, ADMINISTRATOR, **day).status_code == 302


def test_an_administrator_may_step_down_where_another_stays(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    assert end(visitor, ADMINISTRATOR).status_code == 302
    assert visitor.get("/people/").status_code == 403


def test_nobody_takes_off_their_own_last_day(fresh_app: Flask) -> None:
    change(fresh_app, ADMINISTRATOR, ends_on=date(2022, 2, 20))
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    day = {"when": "later", "ends_on-day": "21", "ends_on-month": "2", "ends_on-year": "2022"}
    assert "Another administrator must give you access" in end(visitor, ADMINISTRATOR, **day).text
    day["ends_on-day"] = "16"
    assert end(visitor, ADMINISTRATOR, **day).status_code == 302


def test_of_two_administrators_who_deactivate_each_other_one_stays(fresh_either_app: Flask) -> None:
    """The second waited for the turn of the first, and was an administrator when the request began."""
    app = fresh_either_app
    with app.app_context():
        session = db.session()
        first, second = (
            session.scalars(select(Person).where(Person.subject == one)).one() for one in (ADMINISTRATOR, SECOND)
        )
        assert first.grants and second.grants
        with unguarded(app) as elsewhere:
            elsewhere.get_one(Person, second.id).is_active = False
            elsewhere.commit()
        known = read_organisations(session, TODAY)
        with pytest.raises(keeping.CannotChange, match="no longer an administrator"):
            keeping.deactivate(session, first, "Left.", by=second, at=NOW, today=TODAY, known=known)


def test_two_who_press_at_the_same_moment_do_not_both_succeed(fresh_either_app: Flask) -> None:
    app, others = fresh_either_app, {ADMINISTRATOR: SECOND, SECOND: ADMINISTRATOR}
    sent = []
    for who, whom in others.items():
        visitor, address = Visitor(app).sign_in(who), f"/people/deactivate/?id={id_of(app, whom)}"
        sent.append((visitor, address, visitor.form_on(address).fields | {"reason": "Left."}))
    start = Barrier(2)

    def press(one: tuple[Visitor, str, dict[str, str]]) -> int:
        start.wait()
        return one[0].post(one[1], one[2]).status_code

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(press, sent))
    with unguarded(app) as session:
        shut_out = session.scalars(select(Person).where(~Person.is_active)).all()
        assert len(shut_out) == 1, answers


# A sign-in of the last minutes


@pytest.mark.parametrize("page", ["new/", "grant/?id={}", "deactivate/?id={}", "reactivate/?id={}"])
def test_an_older_sign_in_is_asked_to_sign_in_again(app: Flask, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    visitor, address = Visitor(app).sign_in(ADMINISTRATOR), "/people/" + page.format(id_of(app, "ccg-84H"))
    fields = visitor.form_on(address).fields
    for minutes, status in ((15, 200), (16, 302)):
        later(monkeypatch, timedelta(minutes=minutes))
        assert visitor.get(address).status_code == status
    for answer in (visitor.get(address), visitor.post(address, fields | NEW | {"reason": "Taken."})):
        assert answer.location.startswith("/sign-in/?next=/people/")
    with unguarded(app) as session:
        assert session.scalars(select(Person).where(Person.subject == "zoe-1")).all() == []
        assert session.scalars(select(Person).where(~Person.is_active)).all() == []
    assert visitor.get("/people/").status_code == 200


# The review


def review(visitor: Visitor) -> tuple[str, list[str]]:
    page = visitor.get("/people/review/").text
    return page, [part.partition('"')[0] for part in page.split('name="only" value="')[1:]]


def test_people_are_confirmed_one_by_one_and_all_on_a_page(fresh_either_app: Flask) -> None:
    visitor = Visitor(fresh_either_app).sign_in(ADMINISTRATOR)
    page, values = review(visitor)
    assert "11 people not confirmed this quarter" in page and len(values) == 10
    assert "Caroline Beech" not in page  # may do nothing
    token = visitor.form_on("/people/review/").fields["csrf_token"]
    for _ in range(2):
        assert visitor.post("/people/review/", {"csrf_token": token, "only": values[0]}).status_code == 302
    page, values = review(visitor)
    assert "10 people not confirmed this quarter" in page and len(values) == 9
    visitor.post("/people/review/", {"csrf_token": token, "shown": ",".join(values)})
    page, values = review(visitor)
    assert "1 person not confirmed this quarter" in page and values == []
    assert "Another administrator confirms you" in page
    with unguarded(fresh_either_app) as session:
        assert {one.quarter for one in session.scalars(select(AccessDecision))} == {"2021-22-Q4"}
        written = select(AuditEvent).where(AuditEvent.action == AuditAction.ACCESS_CONFIRMED)
        assert len(session.scalars(written).all()) == 10


def test_nobody_is_confirmed_whose_grants_changed_since_the_page_was_opened(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    _, values = review(visitor)
    theirs = next(one for one in values if one.startswith(id_of(fresh_app, "ccg-84H")))
    give(visitor, "ccg-84H", "ccg_editor", place(fresh_app, "93C"))
    token = visitor.form_on("/people/review/").fields["csrf_token"]
    answer = visitor.post("/people/review/", {"csrf_token": token, "only": theirs}, follow_redirects=True)
    assert "1 person not confirmed: confirmed before, or changed since the page was opened" in answer.text


def test_nobody_confirms_themselves_and_nonsense_is_refused(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    token = visitor.form_on("/people/review/").fields["csrf_token"]
    with fresh_app.app_context():
        own = db.session.scalars(select(Person).where(Person.subject == ADMINISTRATOR)).one()
        value = f"{own.id} {seen(own, TODAY)}"
    visitor.post("/people/review/", {"csrf_token": token, "only": value})
    assert visitor.post("/people/review/", {"csrf_token": token, "only": "x"}).status_code == 400
    with unguarded(fresh_app) as session:
        assert session.scalars(select(AccessDecision)).all() == []


def test_the_next_quarter_asks_again(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(fresh_app).sign_in(ADMINISTRATOR)
    _, values = review(visitor)
    token = visitor.form_on("/people/review/").fields["csrf_token"]
    visitor.post("/people/review/", {"csrf_token": token, "shown": ",".join(values)})
    later(monkeypatch, timedelta(days=46))
    page, values = review(Visitor(fresh_app).sign_in(SECOND))
    assert "11 people not confirmed this quarter" in page


# Sessions


def test_the_own_sessions_are_listed_and_ended(either_app: Flask) -> None:
    here, there, third = (Visitor(either_app).sign_in("ccg-84H") for _ in range(3))
    other = Visitor(either_app).sign_in("ccg-16C")
    page = here.get("/account/").text
    assert page.count("Signed in 14 February 2022") == 3 and page.count("the one that you are using") == 1
    fields = here.form_on("/account/", "/account/end-session/").fields
    assert len(fields["session"]) in (3, 64)
    assert here.post("/account/end-session/", fields | {"session": "all"}).status_code == 302
    assert here.get("/account/").text.count("Signed in 14 February 2022") == 1
    assert [one.get("/cases/").status_code for one in (here, there, third, other)] == [200, 302, 302, 200]


def test_nobody_ends_the_session_of_somebody_else(either_app: Flask) -> None:
    here, other = Visitor(either_app).sign_in("ccg-84H"), Visitor(either_app).sign_in("ccg-16C")
    theirs = sessions_of(either_app, "ccg-16C")
    token = here.form_on("/account/", "/sign-out").fields["csrf_token"]
    for which in (*theirs, "x", "", "\x00", "all"):
        assert here.post("/account/end-session/", {"csrf_token": token, "session": which}).status_code == 302
    assert other.get("/cases/").status_code == here.get("/cases/").status_code == 200


def test_an_administrator_ends_somebodys_session(either_app: Flask) -> None:
    person, visitor = Visitor(either_app).sign_in("ccg-84H"), Visitor(either_app).sign_in(ADMINISTRATOR)
    someone, (which,) = id_of(either_app, "ccg-84H"), sessions_of(either_app, "ccg-84H")
    page = visitor.get(f"/people/details/?id={someone}").text
    assert which in page
    token = visitor.form_on("/account/", "/sign-out").fields["csrf_token"]
    fields = {"csrf_token": token, "session": which}
    assert visitor.post(f"/people/end-session/?id={id_of(either_app, 'ccg-16C')}", fields).status_code == 302
    assert person.get("/cases/").status_code == 200  # it is not that person's
    for _ in range(2):
        assert visitor.post(f"/people/end-session/?id={someone}", fields).status_code == 302
    assert person.get("/cases/").status_code == 302


def sessions_of(app: Flask, account: str) -> list[str]:
    with unguarded(app) as session:
        of = select(SignInSession.id_hash).where(
            SignInSession.person_id.in_(select(Person.id).where(Person.subject == account)),
            SignInSession.ended_at.is_(None),
        )
        return list(session.scalars(of))


def test_somebody_without_a_role_has_an_account(app: Flask) -> None:
    page = Visitor(app).sign_in("no-access").get("/account/")
    assert page.status_code == 200 and "Nothing yet" in page.text
    assert Visitor(app).get("/account/").status_code == 302
