"""What people do, read and are refused is written down: who, when, which address; and nobody takes it away again."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import event as sa_event
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from admin_views.cases.cases import CaseReviewView
from app.access import clock
from app.access.row_scope import every_organisation
from models import AuditEvent, CaseReview, Grant, Person, Theme, db
from tests.conftest import NOW, add_case
from tests.databases import statements_of, unguarded
from tests.visitor import Form, Visitor


def last_event(app: Flask, *others: AuditEvent) -> AuditEvent:
    """The refusal that was written down, beside others that are known."""
    with app.app_context():
        refusals = db.session.query(AuditEvent).filter(AuditEvent.action.in_(("refused", "not_found")))
        event = refusals.filter(AuditEvent.id.not_in([one.id for one in others])).one()
        db.session.expunge(event)
        return event


def test_an_attempt_at_a_foreign_record_is_written_down(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    case = add_case(app, "84H", overview="Words of Durham.")
    answer = Visitor(app).sign_in("ccg-16C").get(f"/cases/edit/?id={case.id}&search=secret")
    event = last_event(app)
    with app.app_context():
        assert db.session.get(Person, event.person_id).subject == "ccg-16C"  # type: ignore[union-attr]
    assert (event.action, event.at) == ("not_found", NOW)
    assert event.address == f"GET /cases/edit/?id={case.id}"
    assert event.from_address == "127.0.0.1"
    assert event.reference in answer.text


@pytest.mark.parametrize(
    ("account", "address", "action"),
    [
        ("ccg-84H", "/cases/details/?id=6f9619ff-8b86-4d11-b42d-00c04fc964ff", "not_found"),
        ("ccg-84H", "/nowhere/", "not_found"),
        ("administrator", "/cases/", "refused"),
        ("england", "/cases/new/", "refused"),
    ],
)
def test_each_refusal_says_which(fresh_app: Flask, account: str, address: str, action: str) -> None:
    Visitor(fresh_app).sign_in(account).get(address)
    assert last_event(fresh_app).action == action


def test_an_id_is_written_as_the_service_read_it(fresh_app: Flask) -> None:
    case = add_case(fresh_app, "84H")
    visitor = Visitor(fresh_app).sign_in("ccg-16C")
    known: list[AuditEvent] = []
    for spelled in ("-" * 120 + str(case.id), "{" * 200 + case.id.hex, str(case.id).upper()):
        visitor.client.get("/cases/details/", query_string={"id": spelled})
        known.append(last_event(fresh_app, *known))
        assert known[-1].address == f"GET /cases/details/?id={case.id}"
    visitor.get("/nowhere%3Fid=X")
    with unguarded(fresh_app) as session:
        assert "GET /nowhere%3Fid%3DX" in {one.address for one in session.query(AuditEvent)}


REPLACE = (
    "INSERT OR REPLACE INTO audit_event (id, at, action, address, from_address, reference)"
    " SELECT id, at, action, 'elsewhere', '', '' FROM audit_event"
)


def test_nobody_takes_an_event_away(fresh_either_app: Flask) -> None:
    Visitor(fresh_either_app).sign_in("ccg-84H").get("/nowhere/")
    nobody_takes_an_event_away(fresh_either_app)


def nobody_takes_an_event_away(app: Flask) -> None:
    with unguarded(app) as session:
        own = REPLACE if session.get_bind().dialect.name == "sqlite" else "TRUNCATE audit_event"
        for statement in ("UPDATE audit_event SET address = 'elsewhere'", "DELETE FROM audit_event", own):
            with pytest.raises(DBAPIError, match="audit events are added and never changed"):
                session.execute(text(statement))
            session.rollback()
        assert session.query(AuditEvent).filter_by(action="not_found").one().address == "GET /nowhere/"


# What people do and read


def events(app: Flask, *actions: str) -> list[AuditEvent]:
    """The events of these actions, or all of what people did, in no order."""
    with unguarded(app) as session:
        asked = session.query(AuditEvent).filter(
            AuditEvent.from_address == "127.0.0.1", AuditEvent.action != "every_organisation"
        )
        found = asked.filter(AuditEvent.action.in_(actions)).all() if actions else asked.all()
        session.expunge_all()
        return found


def saves(form: Form, address: str, visitor: Visitor, **changes: str) -> None:
    answer = visitor.post(address, form.fields | changes)
    assert answer.status_code == 302, answer.text


# A word that stands in a case, in what is searched for, in a name that is typed.
CANARY = "zwxqkjv"


def a_day_in_the_service(app: Flask) -> tuple[Visitor, CaseReview]:
    """Everything that somebody of a CCG and an administrator do, each once."""
    case = add_case(app, "84H", overview=f"Words of {CANARY}.", local_identifier=CANARY)
    visitor = Visitor(app).sign_in("ccg-84H")
    visitor.get(f"/cases/details/?id={case.id}&url=/cases/?search={CANARY}")
    visitor.get(f"/cases/history/?id={case.id}")
    visitor.get(f"/cases/?search={CANARY}&flt_status_is=open&flt_{CANARY}_is={CANARY}")
    visitor.get(f"/cases/export/csv/?search={CANARY}&flt_status_is=open")
    visitor.get(f"/ccgs/?search={CANARY}")
    edit = f"/cases/edit/?id={case.id}"
    saves(visitor.form_on(edit), edit, visitor, lessons=f"{CANARY} again.")
    for verb, changes in (
        ("withdraw", {"reason": CANARY}),
        ("bring-back", {"reason": CANARY}),
        (
            "close",
            {"publication": "embargoed", "report_signed_off_on": "1/2/2022", "date_closed": "2/2/2022"},
        ),
        ("reopen", {"reason": CANARY}),
    ):
        address = f"/cases/{verb}/?id={case.id}"
        saves(visitor.form_on(address), address, visitor, **changes)
    new = visitor.form_on("/cases/new/")
    kept = {"steis_number", "review_type", "theme_1", "partnership_kind", "partnership_name"}
    filled = visitor.form_on(edit).fields
    saves(
        new,
        "/cases/new/",
        visitor,
        **{name: filled[name] for name in kept if name in filled},
        incident_date="1/8/2021",
        date_added="1/9/2021",
        local_identifier=f"{CANARY}-2",
        overview=CANARY,
    )
    visitor.get(f"/cases/nowhere/{CANARY[:0]}?id=x&search={CANARY}")
    visitor.post_form("/", action="/sign-out")
    Visitor(app).post_form("/sign-in/", {"account": CANARY}, action="/sign-in/demo")
    return visitor, case


def test_each_thing_that_is_done_leaves_its_event(fresh_either_app: Flask) -> None:
    _, case = a_day_in_the_service(fresh_either_app)
    found = Counter(event.action.value for event in events(fresh_either_app))
    assert found == {
        "signed_in": 1,
        "case_opened": 2 + 2 + 4,  # details, history, form twice, and four forms of their own
        "searched": 2,
        "downloaded": 1,
        "case_changed": 1,
        "case_withdrawn": 1,
        "case_brought_back": 1,
        "case_closed": 1,
        "case_reopened": 1,
        "case_added": 1,
        "not_found": 1,
        "signed_out": 1,
        "sign_in_refused": 1,
    }
    about = {event.about_id for event in events(fresh_either_app, "case_opened", "case_changed", "case_closed")}
    assert about == {case.id}
    searched = sorted(event.details for event in events(fresh_either_app, "searched"))
    assert searched == ["CCGs: searched words", "Cases: searched words, Status"]
    assert events(fresh_either_app, "downloaded")[0].details == "Cases, 1 row: searched words, Status"
    assert events(fresh_either_app, "sign_in_refused")[0].person_id is None


def test_no_event_holds_a_word_of_a_case_or_of_a_search(fresh_either_app: Flask) -> None:
    a_day_in_the_service(fresh_either_app)
    with unguarded(fresh_either_app) as session:
        for event in session.execute(text("SELECT * FROM audit_event")).mappings():
            assert CANARY not in " ".join(str(value).lower() for value in event.values())


def test_what_is_not_shown_was_not_opened(fresh_app: Flask) -> None:
    case = add_case(fresh_app, "84H")
    visitor = Visitor(fresh_app).sign_in("ccg-16C")
    visitor.get(f"/cases/details/?id={case.id}")
    Visitor(fresh_app).sign_in("england").get(f"/cases/edit/?id={case.id}")
    assert events(fresh_app, "case_opened") == []
    assert len(events(fresh_app, "not_found", "refused")) == 2


def test_an_update_of_several_cases_opens_each_with_one_insert(fresh_app: Flask) -> None:
    cases = [add_case(fresh_app, "84H") for _ in range(5)]
    visitor = Visitor(fresh_app).sign_in("ccg-84H")
    with statements_of(fresh_app) as sent:
        visitor.get("/cases/update-several/?" + "&".join(f"id={case.id}" for case in cases))
    assert {event.about_id for event in events(fresh_app, "case_opened")} == {case.id for case in cases}
    assert sum("INSERT INTO audit_event" in statement for statement in sent) == 1


@pytest.mark.parametrize("fails", ["the change", "its event"])
def test_a_change_and_its_event_are_saved_together_or_not_at_all(fresh_either_app: Flask, fails: str) -> None:
    case = add_case(fresh_either_app, "84H", lessons="Before.")
    visitor = Visitor(fresh_either_app).sign_in("ccg-84H")
    address = f"/cases/edit/?id={case.id}"
    form = visitor.form_on(address)
    refused = CaseReview if fails == "the change" else AuditEvent
    moment = "before_update" if fails == "the change" else "before_insert"

    def refuse(mapper: object, connection: object, row: Any) -> None:
        if row.id == case.id or getattr(row, "about_id", None) == case.id:
            raise IntegrityError("refused", None, Exception())

    sa_event.listen(refused, moment, refuse)
    visitor.post(address, form.fields | {"lessons": "After."})
    sa_event.remove(refused, moment, refuse)
    with unguarded(fresh_either_app) as session:
        assert session.get(CaseReview, case.id).lessons == "Before."  # type: ignore[union-attr]
    assert events(fresh_either_app, "case_changed") == []
    saves(visitor.form_on(address), address, visitor, lessons="After.")
    assert len(events(fresh_either_app, "case_changed")) == 1


def test_a_case_is_not_shown_where_its_opening_cannot_be_written_down(fresh_app: Flask) -> None:
    case = add_case(fresh_app, "84H", overview="Only with an event.")
    visitor = Visitor(fresh_app).sign_in("ccg-84H")

    def refuse(mapper: object, connection: object, row: AuditEvent) -> None:
        raise RuntimeError("no events today")

    sa_event.listen(AuditEvent, "before_insert", refuse)
    answer = visitor.get(f"/cases/details/?id={case.id}")
    sa_event.remove(AuditEvent, "before_insert", refuse)
    assert answer.status_code == 500
    assert "Only with an event." not in answer.text


def test_a_reading_commits_nothing_that_a_view_left_unsaved(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    case = add_case(fresh_app, "84H", lessons="Before.")
    visitor = Visitor(fresh_app).sign_in("ccg-84H")

    def change_and_leave(view: CaseReviewView, row: CaseReview) -> list[Any]:
        row.lessons = "After."
        db.session.flush()
        return []

    monkeypatch.setattr(CaseReviewView, "events_of", change_and_leave)
    assert visitor.get(f"/cases/details/?id={case.id}").status_code == 200
    with unguarded(fresh_app) as session:
        assert session.get(CaseReview, case.id).lessons == "Before."  # type: ignore[union-attr]
    assert len(events(fresh_app, "case_opened")) == 1


def test_changes_of_lists_and_grants_are_written_down_whatever_makes_them(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    visitor = Visitor(app).sign_in("administrator")
    with app.app_context():
        theme = db.session.query(Theme).filter_by(code="neglect").one()
        address = f"/theme-list/edit/?id={theme.id}"
    saves(visitor.form_on(address), address, visitor, label="Neglect, in new words")
    (changed,) = events(app, "list_changed")
    assert (changed.about, changed.about_id, changed.details) == ("theme", theme.id, "Theme: changed neglect")
    with app.app_context(), every_organisation("test") as session:
        grant = session.query(Grant).first()
        assert grant is not None
        grant.ends_on = date(2022, 1, 1)
        session.commit()
        written = session.query(AuditEvent).filter_by(action="grant_changed", about_id=grant.id).all()
        whose = f"{grant.role.label}, {grant.organisation.code}"
        assert {one.details for one in written} == {
            f"Grant of role: added {whose}: {grant.person.name}",
            f"Grant of role: changed {whose} until 1 January 2022: {grant.person.name}",
        }


def test_a_session_that_ended_by_itself_is_on_record_from_the_next_sign_in(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    Visitor(fresh_app).sign_in("ccg-84H")
    monkeypatch.setattr(clock, "utc_now", lambda: NOW + timedelta(hours=2))
    Visitor(fresh_app).sign_in("ccg-84H")
    assert [one.details for one in events(fresh_app, "session_ended")] == ["By itself, at 2022-02-14 11:00 UTC"]


def test_the_events_of_before_outlive_the_migration(fresh_either_app: Flask) -> None:
    """On SQLite the table is made anew; its triggers must stand again."""
    app = fresh_either_app
    Visitor(app).sign_in("ccg-84H").get("/nowhere/")
    with app.app_context():
        db.session.remove()
        downgrade(revision="0007")
        upgrade()
    assert {event.action for event in events(app)} == {"signed_in", "not_found"}
    nobody_takes_an_event_away(app)
