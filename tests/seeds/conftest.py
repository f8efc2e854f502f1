"""An empty database with the tables, and the demo cases of three days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.access.row_scope import every_organisation
from models import db
from seeds.cases.case import DemoCase
from seeds.demo_cases import demo_cases
from seeds.reference import seed_reference

DAYS = (date(2026, 11, 22), date(2021, 6, 16), date(2022, 2, 28))


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on an empty SQLite database, which sees every CCG's rows and keeps foreign keys."""
    app = Flask("seeds")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config["TRACKER_MODE"] = "demo"
    db.init_app(app)
    with app.app_context():
        db.create_all()
        with every_organisation("test of the seeds") as session:
            session.execute(text("PRAGMA foreign_keys = ON"))
            yield session
            session.rollback()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def seeded(session: Session) -> Session:
    """The session with the reference rows."""
    seed_reference(session)
    return session


@cache
def _cases(day: date) -> tuple[DemoCase, ...]:
    return tuple(demo_cases(day))


@pytest.fixture(params=DAYS, ids=str)
def day(request: pytest.FixtureRequest) -> date:
    """The day of first seeding: long after the last merger, two months after it, and in between."""
    chosen: date = request.param
    return chosen


@pytest.fixture
def cases(day: date) -> tuple[DemoCase, ...]:
    return _cases(day)
