"""How often one may try to sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.factory import create_app
from models import db
from tests.databases import SQLiteDatabases
from tests.visitor import Visitor

Attempt = Callable[[str, str], TestResponse]


@pytest.fixture
def limited(sqlite_databases: SQLiteDatabases) -> Iterator[Flask]:
    """A service that counts, as it does for people."""
    with sqlite_databases.fresh() as database:
        app = create_app(database.settings | {"RATELIMIT_ENABLED": "yes"})
        app.testing = True
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def attempt(limited: Flask) -> Attempt:
    """Tries an account from an address, in a browser that has the page of sign-in open."""
    visitor = Visitor(limited)
    token = visitor.form_on("/sign-in/").fields["csrf_token"]

    def one(account: str, address: str) -> TestResponse:
        sent = {"account": account, "csrf_token": token}
        return visitor.post("/sign-in/demo", sent, environ_base={"REMOTE_ADDR": address})

    return one


def test_who_is_refused_too_often_waits_and_nobody_else_does(limited: Flask, attempt: Attempt) -> None:
    signed_in = Visitor(limited).sign_in("england")
    assert {attempt(f"x{number}", "192.0.2.1").status_code for number in range(60)} == {403}
    answer = attempt("england", "192.0.2.1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "Too many attempts" in answer.text and "Wait a minute" in answer.text
    assert signed_in.client.get("/cases/", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200
    assert attempt("england", "192.0.2.2").status_code == 302


def test_an_account_is_refused_only_so_often_from_wherever(attempt: Attempt) -> None:
    assert {attempt("nobody-of-that-name", f"192.0.2.{number}").status_code for number in range(20)} == {403}
    assert attempt("nobody-of-that-name", "192.0.2.200").status_code == 429
    assert attempt("england", "192.0.2.200").status_code == 302


def test_people_who_sign_in_one_after_the_other_are_not_limited(limited: Flask) -> None:
    for _ in range(70):
        Visitor(limited).sign_in("ccg-84H")
