"""Error pages say what to do and give a reference; the log has that reference and no word of a case."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from admin_views.cases import CaseReviewView
from models import db
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
    app: Flask, sign_in_as: Callable[[str], Visitor], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = add_case(app, "84H", overview=SECRET)
    visitor = sign_in_as("ccg-84H")

    def fails(view: CaseReviewView, row: object) -> None:
        db.session.execute(text("SELECT * FROM nothing WHERE words = :words"), {"words": SECRET})

    monkeypatch.setattr(CaseReviewView, "details_context", fails)
    answer = visitor.get(f"/cases/details/?id={case.id}")
    assert answer.status_code in (500, 503)
    assert reference_on(answer.text) in caplog.text
    assert any(record.levelno >= logging.ERROR for record in caplog.records)
    assert SECRET not in caplog.text and SECRET not in answer.text


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
