"""Refusals are written down: who, when, which address; and nobody takes them away again."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import AuditEvent, Person, db
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Visitor


def last_event(app: Flask) -> AuditEvent:
    with app.app_context():
        event = db.session.query(AuditEvent).filter(AuditEvent.action.in_(("refused", "not_found"))).one()
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
    for spelled in ("-" * 120 + str(case.id), "{" * 200 + case.id.hex, str(case.id).upper()):
        visitor.client.get("/cases/details/", query_string={"id": spelled})
        assert last_event(fresh_app).address == f"GET /cases/details/?id={case.id}"
    visitor.get("/nowhere%3Fid=X")
    with unguarded(fresh_app) as session:
        assert "GET /nowhere%3Fid%3DX" in {one.address for one in session.query(AuditEvent)}


REPLACE = (
    "INSERT OR REPLACE INTO audit_event (id, at, action, address, from_address, reference)"
    " SELECT id, at, action, 'elsewhere', '', '' FROM audit_event"
)


def test_nobody_takes_an_event_away(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    Visitor(app).sign_in("ccg-84H").get("/nowhere/")
    with unguarded(app) as session:
        own = REPLACE if session.get_bind().dialect.name == "sqlite" else "TRUNCATE audit_event"
        for statement in ("UPDATE audit_event SET address = 'elsewhere'", "DELETE FROM audit_event", own):
            with pytest.raises(DBAPIError, match="audit events are added and never changed"):
                session.execute(text(statement))
            session.rollback()
        assert session.query(AuditEvent).filter_by(action="not_found").one().address == "GET /nowhere/"
