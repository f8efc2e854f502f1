"""PostgreSQL goes away and comes back, or takes connections and answers nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask

from tests.databases import Database

from .keeping import what_became_of
from .people import NOT_AVAILABLE, Person, plainly_unavailable, under_load
from .servers import Gunicorn, PostgreSQLServer
from .table import Measured

pytestmark = [pytest.mark.faults, pytest.mark.postgresql]


def test_a_postgresql_that_stops_at_once_costs_nothing_that_was_acknowledged(
    postgresql: Database,
    postgresql_server: PostgreSQLServer,
    serve: Callable[..., Gunicorn],
    look: Callable[[Database], Flask],
    measured: Measured,
) -> None:
    server = serve(postgresql)
    answers = []
    back = []
    with under_load([server.address], people=6) as load:
        for _ in range(3):
            load.wait_for(10)
            with postgresql_server.stopped():
                time.sleep(1.5)
                somebody = Person(server.address)
                answers.append(somebody.get("/sign-in/"))
                style = re.search(r'href="(/static/nhsuk/tracker[^"]*\.css)"', answers[-1].text)
                assert style and somebody.get(style.group(1)).status_code == 200
                assert somebody.get("/health/live").status_code == 200
                assert somebody.get("/health/ready").status_code == 503
            began = time.monotonic()
            load.wait_for(1)
            back.append(load.first_saved_after(began))
        load.wait_for(5)
    assert all(plainly_unavailable(answer) for answer in answers)
    assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
    assert load.refused
    found = what_became_of(load, look(postgresql))
    assert found.all_once, found
    measured(
        "PostgreSQL stopped at once and started, three times, while 6 people record cases",
        "503 with Retry-After and never 500, also the first page; files go on; back in 5 s; nothing lost",
        f"{len(load.saved)} saved, {load.refused} answered 503, {load.lost_answers} without an answer, 0 otherwise;"
        f" back after {', '.join(f'{seconds:.1f}' for seconds in back)} s; {found}",
    )
    assert max(back) < 5


def test_a_postgresql_that_does_not_answer_is_waited_for_within_bounds(
    postgresql: Database,
    postgresql_server: PostgreSQLServer,
    serve: Callable[..., Gunicorn],
    look: Callable[[Database], Flask],
    measured: Measured,
) -> None:
    server = serve(postgresql, DATABASE_TIMEOUT_SECONDS="3", DATABASE_CONNECT_SECONDS="2")
    lead = Person(server.address).sign_in()
    waits = []
    with under_load([server.address], people=3) as load:
        load.wait_for(6)
        with postgresql_server.frozen():
            for path in ("/", "/sign-in/", "/cases/"):
                began = time.monotonic()
                answer = lead.get(path)
                waits.append(time.monotonic() - began)
                assert plainly_unavailable(answer), (answer.status_code, answer.text[:500])
            assert lead.get("/health/live").status_code == 200
        began = time.monotonic()
        load.wait_for(1)
        back = load.first_saved_after(began)
    assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
    found = what_became_of(load, look(postgresql))
    assert found.all_once, found
    measured(
        "PostgreSQL takes connections and answers nothing (stopped processes), 3 people record cases",
        "503 within the time that the settings name (3 s for an answer, 2 s for a connection)",
        f"503 after {', '.join(f'{seconds:.1f}' for seconds in waits)} s; back after {back:.1f} s; {found}",
    )
    assert max(waits) < 3 + 2 * 2 + 2


def test_the_page_says_what_to_do(
    postgresql: Database, postgresql_server: PostgreSQLServer, serve: Callable[..., Gunicorn]
) -> None:
    server = serve(postgresql)
    lead = Person(server.address).sign_in()
    fields = lead.a_case("Typed before the database went away.", "GONE-1")
    with postgresql_server.stopped():
        answer = lead.post("/cases/new/", fields)
    assert plainly_unavailable(answer) and NOT_AVAILABLE in answer.text
    assert lead.post("/cases/new/", fields).status_code == 302
