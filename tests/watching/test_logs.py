"""What is logged: one object a line, the id of the request on each, and never a word that somebody typed."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from sqlalchemy import text

from admin_views.cases.cases import CaseReviewView
from app.factory import create_app
from app.watching.logs import Lines, PlainLines
from models import CaseReview, db
from tests.case_imports.files import csv_of
from tests.conftest import add_case
from tests.databases import SQLiteDatabases
from tests.visitor import Visitor
from tests.watching.servers import IN_SERVICE, serving

WORD = "quillarby"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that the service would write in service mode if every logger of every library spoke its mind."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    root, engine = logging.getLogger(), logging.getLogger("sqlalchemy.engine")
    before = root.level, engine.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    engine.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before[0])
    engine.setLevel(before[1])


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_no_word_that_was_typed_is_logged(
    either_app: Flask, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = add_case(either_app, "84H", overview=f"Old {WORD}.", lessons=WORD)
    stranger, visitor = Visitor(either_app), Visitor(either_app).sign_in("ccg-84H")
    marked = {"Referer": f"https://example.org/{WORD}", "User-Agent": WORD, "X-Request-ID": WORD, "Cookie": WORD}

    # Searches, filters, addresses with a query, headers.
    for address in ("/cases/", "/themes/", "/themes/learning/", "/cases/export/csv/", "/data-quality/", "/sign-in/"):
        visitor.get(f"{address}?search={WORD}&q={WORD}&words={WORD}&{WORD}={WORD}&flt_theme_is={WORD}", headers=marked)
    # Forms: with mistakes, and saved.
    texts = dict.fromkeys(("overview", "lessons", "comments", "partnership_name"), f"New {WORD}.")
    assert visitor.post_form(f"/cases/edit/?id={case.id}", texts | {"report_link": WORD}).status_code == 200
    assert visitor.post_form(f"/cases/edit/?id={case.id}", texts).status_code == 302
    # A file that is imported.
    fields = visitor.form_on("/imports/cases/").fields
    file = (io.BytesIO(csv_of([{"overview": WORD}, {"overview": WORD, "incident_date": WORD}])), f"{WORD}.csv")
    assert visitor.client.post("/imports/cases/", data={**fields, "cases": file}).status_code in (200, 302)
    # Sign-in, tokens and keys.
    stranger.post_form("/sign-in/", {"account": WORD}, action="/sign-in/demo")
    stranger.get(f"/sign-in/callback?code={WORD}&state={WORD}", headers=marked)
    stranger.post("/sign-in/back-channel-logout", {"logout_token": WORD})
    visitor.post("/cases/new/", {"form_token": WORD, "csrf_token": WORD})
    stranger.client.open("/nowhere/", method=WORD)

    # Errors: one that says a value, one of the database, one of the database that quotes the row.
    def says_a_value(view: CaseReviewView, row: CaseReview) -> None:
        int(f"{request.path} {WORD}")

    def breaks_a_rule(view: CaseReviewView, row: CaseReview) -> None:
        row.lessons, row.partnership_name = WORD, ""
        db.session.flush()

    def is_no_sql(view: CaseReviewView, row: CaseReview) -> None:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT no_column FROM case_review WHERE overview = :word"), {"word": WORD})

    for fails in (says_a_value, breaks_a_rule, is_no_sql):
        monkeypatch.setattr(CaseReviewView, "details_context", fails)
        assert visitor.get(f"/cases/details/?id={case.id}&search={WORD}", headers=marked).status_code >= 500

    told = written.getvalue()
    assert len(lines_of(written)) > 100
    assert {"sqlalchemy.engine.Engine", "app.errors", "app.watching.requests"} <= {
        one["logger"] for one in lines_of(written)
    }
    assert "ValueError" in told and "IntegrityError" in told
    assert WORD not in told


def test_each_line_of_a_request_carries_its_id_and_so_does_the_answer(app: Flask, written: io.StringIO) -> None:
    answer = Visitor(app).get("/nowhere/?search=quillarby")
    name = answer.headers["X-Request-ID"]
    of_it = [line for line in lines_of(written) if line.get("request") == name]
    refused, sent = (line for line in of_it if line["logger"].startswith("app."))
    assert (refused["level"], refused["status"], refused["path"]) == ("warning", 404, "/nowhere/")
    assert re.fullmatch("[0-9A-F]{8}", refused["reference"]) and refused["reference"] in answer.text
    assert (sent["method"], sent["path"], sent["status"]) == ("GET", "/nowhere/", 404)
    assert sent["ms"] >= 0 and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sent["time"])
    assert name != Visitor(app).get("/nowhere/").headers["X-Request-ID"]


def test_a_line_names_the_route_and_not_the_case(app: Flask, written: io.StringIO) -> None:
    case = add_case(app, "84H")
    Visitor(app).sign_in("ccg-84H").get(f"/cases/details/?id={case.id}")
    assert "/cases/details/" in {line.get("route") for line in lines_of(written)}
    assert str(case.id) not in written.getvalue()


@pytest.mark.parametrize(
    ("proxies", "header", "given", "is_taken"),
    [
        ("1", "X-Request-ID", "f0e1d2c3-0001", True),
        ("1", "X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678", True),
        ("0", "X-Request-ID", "f0e1d2c3-0001", False),
        ("1", "X-Request-ID", "short", False),
        ("1", "X-Request-ID", "a" * 101, False),
        ("1", "X-Request-ID", "words of a case", False),
        ("1", "X-Request-ID", '12345678","level":"x', False),
        ("1", "X-Request-ID", "12345678é", False),
    ],
)
def test_an_id_is_taken_from_a_trusted_proxy_alone_and_only_where_it_is_one(
    sqlite_databases: SQLiteDatabases, proxies: str, header: str, given: str, is_taken: bool
) -> None:
    with sqlite_databases.fresh() as database:
        app = create_app(database.settings | {"TRUSTED_PROXIES": proxies, "REQUEST_ID_HEADER": header})
        answer = Visitor(app).get("/health/live", environ_overrides={f"HTTP_{header.upper().replace('-', '_')}": given})
    assert (answer.headers["X-Request-ID"] == given) is is_taken


def test_what_goes_well_over_and_over_is_quiet(app: Flask, written: io.StringIO) -> None:
    Visitor(app).get("/health/ready")
    assert [line["level"] for line in lines_of(written) if line["logger"] == "app.watching.requests"] == []


def test_plain_lines_carry_the_id_too() -> None:
    record = logging.LogRecord("flask_limiter", logging.WARNING, "x.py", 1, "limit of %s", (WORD,), None)
    assert PlainLines().format(record).endswith("WARNING flask_limiter: limit of %s")


def test_in_service_mode_every_line_is_an_object_whoever_writes_it(
    tmp_path: Path, sqlite_databases: SQLiteDatabases
) -> None:
    """gunicorn's own log of requests included, whoever switches it on."""
    with sqlite_databases.fresh() as database:
        settings = IN_SERVICE | {"DATABASE_URL": database.url}
        with serving(tmp_path, settings, "--access-logfile", "-", "--access-logformat", '%(r)s "%(f)s"') as server:
            for path in (f"/sign-in/?next=/{WORD}", f"/cases/?search={WORD}", f"/sign-in/begin?{WORD}={WORD}"):
                requests.get(server.url(path), headers={"Referer": f"https://example.org/{WORD}"}, timeout=10)
            for raw in (f"GET /{WORD}?{WORD} HTTP/9x", f"{WORD}\x01 / HTTP/1.1", f"GET / HTTP/1.1\r\n{WORD}: a\x00b"):
                with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
                    line.sendall(f"{raw}\r\n\r\n".encode())
                    assert line.recv(100).startswith(b"HTTP/1.1 4")
            assert server.stop() == 0
        lines = server.lines()
    loggers = {line["logger"] for line in lines}
    assert {"gunicorn.error", "gunicorn.access", "app.watching.requests"} <= loggers
    assert any(line["message"] == "A request could not be read" for line in lines)
    assert WORD not in server.log.read_text()


def test_a_setting_that_is_missing_is_named_in_the_log(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="DATABASE_URL is missing"), serving(tmp_path, {
        name: value for name, value in IN_SERVICE.items() if name != "DATABASE_URL"
    }):  # fmt: skip
        pass
