"""The server ends in good order: what is under way is finished, and what cannot be is handed back."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
import requests
from flask import Flask

from app.access import long_work
from app.case_imports import jobs
from models.enumerations import ImportState
from tests.case_imports.files import Importer, csv_of
from tests.databases import SQLiteDatabases, unguarded
from tests.visitor import Form
from tests.watching.servers import serving


def test_what_is_under_way_is_finished_before_the_server_ends(
    tmp_path: Path, sqlite_databases: SQLiteDatabases
) -> None:
    """A sign-in waits for somebody who is writing, the server is asked to end, and only then may the sign-in go on."""
    with sqlite_databases.fresh() as database, serving(tmp_path, database.settings) as server:
        browser, answers = requests.Session(), []
        fields = Form(browser.get(server.url("/sign-in/"), timeout=10).text, "/sign-in/demo").fields
        writer = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")

        def sign_in() -> None:
            sent = fields | {"account": "ccg-84H"}
            answers.append(browser.post(server.url("/sign-in/demo"), sent, allow_redirects=False, timeout=30))

        asking = threading.Thread(target=sign_in)
        asking.start()
        time.sleep(1)
        server.process.terminate()
        time.sleep(1)
        assert server.process.poll() is None and not answers
        writer.execute("ROLLBACK")
        writer.close()
        asking.join(timeout=30)
        assert server.process.wait(timeout=30) == 0
        assert [answer.status_code for answer in answers] == [302]
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url("/health/live"), timeout=5)


@pytest.mark.postgresql
def test_work_that_does_not_finish_in_time_is_handed_back_and_saves_nothing(postgresql_app: Flask) -> None:
    durham = Importer(postgresql_app)
    with unguarded(postgresql_app) as other:
        other.connection().exec_driver_sql("LOCK TABLE staged_case IN ACCESS EXCLUSIVE MODE")
        one, thread = durham.check_beside(csv_of([{"local_identifier": "L-1"}]))
        assert long_work.finish(0.5) == 1
        found = durham.find(one)
        assert (found.state, found.why, found.claim) == (ImportState.GIVEN, jobs.STOPPED, "")
        other.rollback()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert durham.find(one).state is ImportState.GIVEN and durham.lines(one) == []


def test_work_that_finishes_in_time_is_waited_for(either_app: Flask) -> None:
    durham, heard = Importer(either_app), []
    one, thread = durham.check_beside(csv_of([{"local_identifier": f"L-{number}"} for number in range(50)]))
    assert long_work.finish(30, lambda: heard.append(1)) == 0
    assert heard and not thread.is_alive()
    assert durham.find(one).state is ImportState.CHECKED and len(durham.lines(one)) == 50


def test_nothing_to_wait_for_takes_no_time() -> None:
    begun = time.monotonic()
    assert long_work.finish(30) == 0
    assert time.monotonic() - begun < 1
    assert long_work.SILENT_FOR.total_seconds() > 60  # until then work that died is not noticed by itself
