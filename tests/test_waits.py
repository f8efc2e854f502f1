"""A request gives up on PostgreSQL after a while; work outside of requests does not; and few wait for who is silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.outages import is_lost, is_outage
from app.waits import Waits
from models import db
from tests.databases import unguarded

SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"


@pytest.fixture
def hasty_app(postgresql_app: Flask) -> Iterator[Flask]:
    """A service that waits for an answer for half a second."""
    waits: Waits = postgresql_app.config["DATABASE_WAITS"]
    before, waits.answer = waits.answer, 0.5
    yield postgresql_app
    waits.answer = before


def sleep(seconds: float) -> None:
    Session.connection(db.session()).execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


@pytest.mark.postgresql
def test_a_request_waits_no_longer_than_it_may_and_the_next_one_is_served(hasty_app: Flask) -> None:
    with hasty_app.test_request_context("/"):
        began = time.monotonic()
        with pytest.raises(OperationalError) as refused:
            sleep(30)
        assert time.monotonic() - began < 10
        assert is_outage(refused.value) and is_lost(refused.value)
        db.session.rollback()
        sleep(0)
    with unguarded(hasty_app) as session:
        assert session.scalar(text(SLEEPERS)) == 0, "PostgreSQL still works on what nobody waits for"


@pytest.mark.postgresql
def test_work_outside_a_request_takes_its_time(hasty_app: Flask) -> None:
    with hasty_app.app_context():
        sleep(1)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_while_postgresql_is_silent_one_tries_and_the_others_are_told_at_once(silent_port: int) -> None:
    waits = Waits(30, 2)

    def seconds_until_refused(_: int = 0) -> float:
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            waits.connect(host="127.0.0.1", port=silent_port, user="nobody", connect_timeout=2, sslmode="disable")
        return time.monotonic() - began

    assert seconds_until_refused() > 1.5
    assert waits.is_silent
    with ThreadPoolExecutor(4) as threads:
        waited = sorted(threads.map(seconds_until_refused, range(4)))
    assert waited[2] < 1 and waited[3] > 1.5


def test_a_postgresql_that_refuses_is_not_silent(silent_port: int) -> None:
    waits = Waits(30, 2, is_silent=True)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(psycopg.OperationalError):
        waits.connect(host="127.0.0.1", port=port, user="nobody", connect_timeout=2)
    assert not waits.is_silent
