"""Scope through time: mergers, moves between STPs, grants that end. A change acts on the very next request."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.access import clock
from models import AuditEvent, CaseReview, Grant, Membership, Organisation, Person
from tests.admin_views.test_cases import NEW, choices
from tests.conftest import TODAY, add_case
from tests.databases import unguarded
from tests.visitor import Visitor

BEFORE_THE_MERGER = {"date_added": date(2020, 3, 1), "incident_date": date(2020, 2, 1)}


def it_is(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "utc_now", lambda: moment)


def grant(app: Flask, account: str, role: str, kind: str, code: str, ends_on: date | None = None) -> None:
    """Gives a demo person this grant and no other."""
    with unguarded(app) as session:
        person = session.scalars(select(Person).where(Person.subject == account)).one()
        for old in person.grants:
            session.delete(old)
        place = session.scalars(select(Organisation).where(Organisation.kind == kind, Organisation.code == code)).one()
        session.add(Grant(person_id=person.id, role=role, organisation_id=place.id, ends_on=ends_on))
        session.commit()


def sees(visitor: Visitor, case: CaseReview) -> bool:
    """Whether a case is there by its key and in the list alike."""
    opened = visitor.get(f"/cases/details/?id={case.id}").status_code == 200
    assert (case.reference in visitor.get("/cases/").text) == opened
    return opened


def test_on_the_day_of_a_merger_the_predecessor_adds_no_more_and_the_successor_sees(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NHS North Durham CCG closed on 31 March 2020; midnight is that of England, in summer time since 29 March."""
    app = fresh_either_app
    grant(app, "ccg-16C", "ccg_editor", "ccg", "00J")
    case = add_case(app, "00J", **BEFORE_THE_MERGER)
    new = NEW | {"date_added-day": "20", "date_added-month": "3", "date_added-year": "2020",
                 "incident_date-day": "1", "incident_date-month": "3", "incident_date-year": "2020"}  # fmt: skip

    it_is(monkeypatch, datetime(2020, 3, 31, 22, 59, tzinfo=UTC))  # 11:59pm in England
    before, after = Visitor(app).sign_in("ccg-16C"), Visitor(app).sign_in("ccg-84H")
    assert sees(before, case) and not sees(after, case)
    form = before.form_on("/cases/new/").fields | new | choices(before)
    assert before.post("/cases/new/", form).status_code == 302

    it_is(monkeypatch, datetime(2020, 3, 31, 23, 0, tzinfo=UTC))  # midnight in England
    assert sees(before, case) and sees(after, case)
    assert before.get("/cases/new/").status_code == 403
    again = form | {"form_token": "another", "local_identifier": "another"}
    assert before.post("/cases/new/", again).status_code == 403
    assert before.get(f"/cases/edit/?id={case.id}").status_code == 200
    with unguarded(app) as session:
        assert session.query(CaseReview).filter(CaseReview.ccg_id == case.ccg_id).count() == 2


def test_a_ccg_that_moves_to_another_stp_takes_its_cases_along_on_the_day(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = fresh_either_app
    case = add_case(app, "84H")
    with unguarded(app) as session:
        ccg = session.scalars(select(Organisation).where(Organisation.code == "84H")).one()
        elsewhere = session.scalars(select(Organisation).where(Organisation.code == "QOQ")).one()
        now = session.scalars(
            select(Membership).where(Membership.child_id == ccg.id, Membership.valid_to.is_(None))
        ).one()
        now.valid_to = date(2022, 2, 14)
        session.add(Membership(child_id=ccg.id, parent_id=elsewhere.id, valid_from=date(2022, 2, 15)))
        session.commit()
    visitor = Visitor(app).sign_in("stp-QHM")
    assert sees(visitor, case)
    it_is(monkeypatch, datetime(2022, 2, 15, 0, 0, tzinfo=UTC))
    visitor = Visitor(app).sign_in("stp-QHM")
    assert not sees(visitor, case)


def test_a_grant_ends_after_its_last_day_and_an_end_acts_at_once(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = fresh_either_app
    case = add_case(app, "16C")
    visitor = Visitor(app).sign_in("ccg-16C")
    grant(app, "ccg-16C", "ccg_editor", "ccg", "16C", ends_on=TODAY)
    assert sees(visitor, case)
    grant(app, "ccg-16C", "ccg_editor", "ccg", "16C", ends_on=date(2022, 2, 13))
    assert visitor.get("/cases/").status_code == 403
    assert visitor.get(f"/cases/details/?id={case.id}").status_code == 403
    grant(app, "ccg-16C", "oversight", "stp", "QHM")
    assert sees(visitor, case)
    assert visitor.get(f"/cases/edit/?id={case.id}").status_code == 403
    grant(app, "ccg-16C", "ccg_editor", "ccg", "93C")
    assert not sees(visitor, case)
    with unguarded(app) as session:
        session.scalars(select(Person).where(Person.subject == "ccg-16C")).one().is_active = False
        session.commit()
    answer = visitor.get("/cases/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/cases/")


@pytest.mark.parametrize("field", ["converted_from", "ccg"])
def test_a_form_that_names_a_record_out_of_sight_is_written_down(fresh_app: Flask, field: str) -> None:
    foreign = add_case(fresh_app, "93C")
    named = {"converted_from": foreign.reference, "ccg": str(foreign.ccg_id)}[field]
    visitor = Visitor(fresh_app).sign_in("two-ccgs")
    form = visitor.form_on("/cases/new/")
    own = {"ccg": next(one for one in form.options["ccg"] if one)}
    answer = visitor.post("/cases/new/", form.fields | NEW | choices(visitor) | own | {field: named})
    assert answer.status_code == 200 and "There is a problem" in answer.text
    with unguarded(fresh_app) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "not_found")).all()
        assert [event.address for event in events] == [f"POST /cases/new/ in {field}: {named}"]
