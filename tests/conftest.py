"""What every test can ask for: a service on a fresh database, people who sign in, and cases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from app.access import clock
from models import CaseReview, Organisation, Redaction, ReviewType, Theme, db
from tests.databases import (
    PostgreSQLDatabases,
    SQLiteDatabases,
    compiled_templates,
    erasing,
    new_app,
    server_folder,
    unguarded,
)
from tests.visitor import Visitor

TODAY = date(2022, 2, 14)
NOW = datetime(2022, 2, 14, 10, 30, tzinfo=ZoneInfo("UTC"))


def pytest_configure() -> None:
    compiled_templates()
    server_folder()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all its workers share: theirs are inside the one of the run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sqlite_databases(shared: Path) -> SQLiteDatabases:
    return SQLiteDatabases(shared)


@pytest.fixture(scope="session")
def postgresql_databases(shared: Path) -> PostgreSQLDatabases:
    return PostgreSQLDatabases(shared, data=server_folder() / shared.parent.name)


@pytest.fixture(autouse=True)
def frozen_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 14 February 2022, 10:30am, unless a test is marked otherwise."""
    monkeypatch.setattr(clock, "utc_now", lambda: NOW)


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="session")
def sqlite_service(sqlite_databases: SQLiteDatabases) -> Iterator[Flask]:
    with sqlite_databases.fresh() as database:
        yield from _with_ends(new_app(database))


@pytest.fixture(scope="session")
def postgresql_service(postgresql_databases: PostgreSQLDatabases) -> Iterator[Flask]:
    with postgresql_databases.fresh() as database:
        yield from _with_ends(new_app(database))


@pytest.fixture
def app(sqlite_service: Flask) -> Iterator[Flask]:
    """The service on SQLite, with the reference lists and the demo people and no case.

    One service serves all tests of a worker; what a test records is taken away after it. A test that changes the
    lists, the people or the tables asks for `fresh_app`.
    """
    yield sqlite_service
    _take_away_cases(sqlite_service)


@pytest.fixture
def postgresql_app(postgresql_service: Flask) -> Iterator[Flask]:
    """As `app`, on PostgreSQL. Its test is marked `postgresql`."""
    yield postgresql_service
    _take_away_cases(postgresql_service)


@pytest.fixture(params=BOTH)
def either_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """As `app`, on each of the two databases in turn."""
    service: Flask = request.getfixturevalue(f"{request.param}_service")
    yield service
    _take_away_cases(service)


@pytest.fixture
def fresh_app(sqlite_databases: SQLiteDatabases) -> Iterator[Flask]:
    """A service with a database of its own."""
    with sqlite_databases.fresh() as database:
        yield from _with_ends(new_app(database))


@pytest.fixture(params=BOTH)
def fresh_either_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """As `fresh_app`, on each of the two databases in turn."""
    with request.getfixturevalue(f"{request.param}_databases").fresh() as database:
        yield from _with_ends(new_app(database))


def _with_ends(app: Flask) -> Iterator[Flask]:
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _take_away_cases(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
    with unguarded(app) as session:
        if session.query(Redaction).count():
            with erasing(session):
                session.execute(text("DELETE FROM redaction"))
        session.execute(text("UPDATE case_review SET converted_from_id = NULL, converted_from_ccg_id = NULL"))
        imports = ("staged_case", "case_import_part", "case_import")
        for table in (*imports, "saved_view", "draft", "case_review", "used_form_token", "sign_in_session"):
            session.execute(text(f"DELETE FROM {table}"))
        session.commit()


@pytest.fixture
def sign_in_as(app: Flask) -> Callable[[str], Visitor]:
    """A visitor who has signed in to a demo account: `sign_in_as("ccg-84H")`."""
    return lambda account: Visitor(app).sign_in(account)


@pytest.fixture
def case_of(app: Flask) -> Callable[..., CaseReview]:
    """A saved case of a CCG: `case_of("84H", overview="…")`."""
    return lambda ccg, **values: add_case(app, ccg, **values)


def add_case(app: Flask, ccg: str, **values: Any) -> CaseReview:
    """Adds a case under a CCG, with values that keep every rule unless others are given."""
    with unguarded(app) as session:
        number = session.query(CaseReview).count()
        given: dict[str, Any] = {
            "reference": f"SCR-{reference_part(number)}",
            "date_added": date(2021, 9, 1),
            "incident_date": date(2021, 8, 1),
            "partnership_name": "County Durham Safeguarding Adults Partnership",
            "partnership_kind": "safeguarding_adults_board",
            "local_identifier": f"LOCAL-{number}",
            "overview": f"An invented case, number {number}.",
            "latest_update": "The panel has met.",
            "latest_update_on": date(2022, 1, 10),
            "review_type": "sar_mandatory",
            "theme_1": "neglect",
        } | values
        lists = {"review_type": ReviewType, "theme_1": Theme, "theme_2": Theme, "theme_3": Theme}
        for name, model in lists.items():
            if isinstance(given.get(name), str):
                code = given.pop(name)
                given[f"{name}_id"] = values.get(f"{name}_id") or session.query(model).filter_by(code=code).one().id
        owner = session.query(Organisation).filter_by(kind="ccg", code=ccg).one()
        case = CaseReview(ccg_id=owner.id, changed_at=NOW, created_at=NOW, **given)
        session.add(case)
        session.commit()
        session.refresh(case)
        session.expunge(case)
        return case


def reference_part(number: int) -> str:
    """A different eight characters for each number."""
    letters = "346789BCDFGHJKMPQRTVWXY"
    found = ""
    for _ in range(8):
        number, rest = divmod(number, len(letters))
        found = letters[rest] + found
    return found
