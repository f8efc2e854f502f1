"""A load balancer asks whether a process lives and whether it can work: nobody signs in, and nothing is written."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import func, select, text

from models import AuditEvent, db
from tests.databases import SQLiteDatabases, new_app, unguarded
from tests.visitor import Visitor


def set_version(app: Flask, version: str) -> None:
    with unguarded(app) as session:
        session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        session.commit()


def ready(app: Flask) -> tuple[int, object]:
    answer = Visitor(app).get("/health/ready")
    return answer.status_code, answer.json


def test_both_answer_without_sign_in_cookie_or_event(either_app: Flask) -> None:
    def events() -> int:
        with unguarded(either_app) as session:
            return session.scalar(select(func.count()).select_from(AuditEvent)) or 0

    before = events()
    for path in ("/health/live", "/health/ready"):
        answer = Visitor(either_app).get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
        assert "Set-Cookie" not in answer.headers
    assert events() == before


def test_code_that_is_newer_than_the_database_is_not_ready(fresh_either_app: Flask) -> None:
    set_version(fresh_either_app, "0018")
    assert ready(fresh_either_app) == (503, {"status": "unavailable", "why": "migrations"})
    assert Visitor(fresh_either_app).get("/health/live").status_code == 200


def test_code_that_is_older_than_the_database_goes_on(fresh_either_app: Flask) -> None:
    """In an upgrade the migrations run while the code before still serves."""
    set_version(fresh_either_app, "9999")
    assert ready(fresh_either_app) == (200, {"status": "ok"})


def test_a_database_without_tables_is_not_ready(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        downgrade(revision="base")
    assert ready(fresh_app) == (503, {"status": "unavailable", "why": "migrations"})


def test_a_database_that_does_not_answer_is_not_ready(sqlite_databases: SQLiteDatabases) -> None:
    with sqlite_databases.fresh() as database:
        app = new_app(database)
        with app.app_context():
            db.engine.dispose()
        path = sqlite_databases.folder / (database.url.rpartition("/")[2])
        path.write_bytes(b"This is no database." * 1000)
        assert ready(app) == (503, {"status": "unavailable", "why": "database"})


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_is_sent_to_them(app: Flask, method: str) -> None:
    assert Visitor(app).client.open("/health/ready", method=method.upper()).status_code in (400, 405)
