"""Error pages say what to do and give a reference; the log has that reference and no word of a case."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from admin_views.cases.cases import CaseReviewView
from models import CaseReview, db
from tests.conftest import add_case
from tests.visitor import Visitor

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
    assert "That was too large" in answer.text


def test_health_answers_without_sign_in(app: Flask) -> None:
    assert Visitor(app).get("/health/live").json == {"status": "ok"}
    assert Visitor(app).get("/health/ready").json == {"status": "ok"}
