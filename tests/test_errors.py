"""Error pages say what to do and give a reference; the log has that reference and no word of a case."""

from __future__ import annotations

import errno
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    PendingRollbackError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session

from admin_views.cases.cases import CaseReviewView
from app.access import clock
from app.extracts import download
from app.outages import is_outage
from models import CaseReview, db
from tests.admin_views.test_cases import NEW, choices
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Form, Visitor

SECRET = "Words that must not be logged"


def reference_on(page: str) -> str:
    found = re.search(r"\b[0-9A-F]{8}\b", page.partition("<main")[2])
    assert found, page
    return found.group()


def test_a_page_that_is_not_there_has_a_reference(
    sign_in_as: Callable[[str], Visitor], caplog: pytest.LogCaptureFixture
) -> None:
    answer = sign_in_as("ccg-84H").get(f"/nowhere/?search={SECRET}")
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert reference_on(answer.text) in caplog.text
    assert SECRET not in caplog.text


def test_a_failure_is_a_page_and_the_log_holds_no_case_text(
    either_app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own error quotes the whole row that broke a rule."""
    case = add_case(either_app, "84H", overview=SECRET)
    visitor = Visitor(either_app).sign_in("ccg-84H")

    def fails(view: CaseReviewView, row: CaseReview) -> None:
        row.lessons, row.partnership_name = SECRET, ""
        db.session.flush()

    monkeypatch.setattr(CaseReviewView, "details_context", fails)
    answer = visitor.get(f"/cases/details/?id={case.id}")
    assert answer.status_code == 500
    assert "Sorry, there is a problem" in answer.text
    assert reference_on(answer.text) in caplog.text
    assert "IntegrityError" in caplog.text and "test_errors.py" in caplog.text
    assert SECRET not in caplog.text and SECRET not in answer.text


def test_a_database_that_is_busy_is_a_plain_page_that_says_when_to_try_again(
    app: Flask, sign_in_as: Callable[[str], Visitor], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = add_case(app, "84H")
    visitor = sign_in_as("ccg-84H")

    def fails(view: CaseReviewView, row: CaseReview) -> None:
        row.lessons = SECRET
        with db.engine.connect() as other:
            Session.connection(db.session()).exec_driver_sql("PRAGMA busy_timeout=50")
            other.exec_driver_sql("BEGIN IMMEDIATE")
            db.session.flush()

    monkeypatch.setattr(CaseReviewView, "details_context", fails)
    answer = visitor.get(f"/cases/details/?id={case.id}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The tracker is not available" in answer.text
    assert SECRET not in caplog.text
    assert visitor.get("/").status_code == 200


@pytest.fixture
def impatient(fresh_app: Flask) -> Flask:
    """A service that waits for whoever else writes to SQLite for a moment only."""
    with fresh_app.app_context():
        event.listen(db.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
    return fresh_app


@contextmanager
def somebody_else_writing(app: Flask) -> Iterator[None]:
    with unguarded(app) as other:
        other.connection().exec_driver_sql("BEGIN IMMEDIATE")
        yield


def test_what_was_typed_comes_back_with_the_page_and_is_sent_from_there(impatient: Flask) -> None:
    durham = Visitor(impatient).sign_in("ccg-84H")
    typed = NEW | choices(durham) | {"overview": '"Quoted" <b>words</b>.\r\n\r\nA second part.'}
    fields = durham.form_on("/cases/new/").fields | typed
    with somebody_else_writing(impatient):
        answer = durham.post("/cases/new/", fields)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "What you sent has not been saved." in answer.text and "send it again" in answer.text
    kept = Form(answer.text)
    assert kept.fields == fields
    assert durham.post("/cases/new/", kept.fields).status_code == 302
    with unguarded(impatient) as session:
        assert [case.overview for case in session.query(CaseReview)] == ['"Quoted" <b>words</b>.\n\nA second part.']


def test_a_page_whose_reading_cannot_be_written_down_is_not_available_and_no_mistake(impatient: Flask) -> None:
    """It fails after the page was made, where no view can answer for it."""
    durham = Visitor(impatient).sign_in("ccg-84H")
    case = add_case(impatient, "84H", overview=SECRET)
    with somebody_else_writing(impatient):
        answer = durham.get(f"/cases/details/?id={case.id}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert SECRET not in answer.text
    assert SECRET in durham.get(f"/cases/details/?id={case.id}").text


def test_reading_goes_on_while_nothing_can_be_written(impatient: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """That somebody is there is noted once a minute. That it cannot be noted shuts nobody out."""
    durham = Visitor(impatient).sign_in("ccg-84H")
    add_case(impatient, "84H")
    monkeypatch.setattr(clock, "utc_now", lambda: NOW + timedelta(minutes=5))
    with somebody_else_writing(impatient):
        assert "Cases: 1 case" in durham.get("/cases/").text
        assert durham.get("/").status_code == 200


def test_a_full_disk_in_the_middle_of_a_download_is_said_plainly(
    sign_in_as: Callable[[str], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full is a disk that is full."""
    full = Path("/dev/full").open("w+b", buffering=0)  # noqa: SIM115 - what writes to it closes it
    monkeypatch.setattr(download, "IN_MEMORY", 1)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
    answer = sign_in_as("ccg-84H").get("/cases/export/csv/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The tracker is not available" in answer.text


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        NoConnectionLeft("QueuePool limit of size 5 overflow 10 reached"),
        InterfaceError("", None, psycopg.InterfaceError("the connection is closed")),
        InternalError("", None, psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT")),
        OperationalError("", None, psycopg.errors.DiskFull("could not extend file")),
        OperationalError("", None, psycopg.errors.QueryCanceled("canceling statement due to statement timeout")),
        DBAPIError("", None, psycopg.DatabaseError("lost"), connection_invalidated=True),
        PendingRollbackError("Can't reconnect until invalid transaction is rolled back."),
        psycopg.OperationalError("connection refused"),
        sqlite3.OperationalError("database is locked"),
    ],
    ids=lambda error: type(getattr(error, "orig", None) or error).__qualname__ + str(getattr(error, "errno", "") or ""),
)
def test_such_an_error_passes_by_itself(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EACCES, "Permission denied"),
        ValueError("a mistake"),
        IntegrityError("", None, psycopg.errors.UniqueViolation("twice")),
        InternalError("", None, psycopg.errors.InternalError_("a mistake")),
        ProgrammingError("", None, psycopg.errors.UndefinedTable("no such table")),
    ],
    ids=lambda error: type(getattr(error, "orig", None) or error).__qualname__,
)
def test_such_an_error_does_not(error: Exception) -> None:
    assert not is_outage(error)


def test_an_address_cannot_write_a_line_of_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    Visitor(app).get("/nope%0aFORGED%1b[31m")
    assert "FORGED" in caplog.text and "\nFORGED" not in caplog.text and "\x1b" not in caplog.text


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "trace"])
def test_other_methods_are_refused_plainly(sign_in_as: Callable[[str], Visitor], method: str) -> None:
    visitor = sign_in_as("ccg-84H")
    answer = visitor.client.open("/cases/", method=method.upper())
    assert answer.status_code in (200, 400, 405)
    assert "Traceback" not in answer.text


def test_a_form_that_is_too_large_is_refused_plainly(sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("ccg-84H")
    answer = visitor.post("/cases/new/", {"overview": "x" * 3_000_000})
    assert answer.status_code == 413
    assert "That was too large" in answer.text and "nothing of it was saved" in answer.text
    assert "Go to the home page" in answer.text and "Sign in" not in answer.text


def test_health_answers_without_sign_in(app: Flask) -> None:
    assert Visitor(app).get("/health/live").json == {"status": "ok"}
    assert Visitor(app).get("/health/ready").json == {"status": "ok"}
