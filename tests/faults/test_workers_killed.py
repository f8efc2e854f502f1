"""kill -9 of workers that are in the middle of something, while other people work on."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from models import AuditEvent, CaseImport, CaseReview, Drawing, Extract, ExtractPart, StagedCase, version_of
from models.base import utc_now
from models.enumerations import AuditAction, DrawingState, ImportState
from tests.case_imports.files import csv_of
from tests.databases import Database, unguarded

from .keeping import add_past_cases, what_became_of
from .people import ALREADY_SAVED, Person, last_quarter, lines_of_cases, under_load
from .servers import Gunicorn
from .table import Measured

pytestmark = pytest.mark.faults
LINES, PAST = 4000, 12_000


def kill_all_workers(server: Gunicorn) -> None:
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)


def test_workers_killed_while_cases_are_saved(
    either: Database, serve: Callable[..., Gunicorn], look: Callable[[Database], Flask], measured: Measured
) -> None:
    server, app = serve(either), look(either)
    with under_load([server.address], people=5) as load:
        for _ in range(6):
            load.wait_for(3)
            time.sleep(random.random() / 2)
            server.kill_a_worker(random.randrange(2))
            server.wait_until_it_answers()
    assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
    assert load.lost_answers, "no worker was killed while it answered somebody"
    found = what_became_of(load, app)
    assert found.all_once, found
    measured(
        f"A worker killed (-9) six times while 5 people record cases, {kind(either)}",
        "Nothing acknowledged is lost, nothing half done",
        f"{len(load.saved)} saved, {load.lost_answers} answers lost with a worker; {found}",
    )


def test_the_same_form_sent_again_makes_no_second_case(
    either: Database, serve: Callable[..., Gunicorn], look: Callable[[Database], Flask], measured: Measured
) -> None:
    server, app = serve(either), look(either)
    lead = Person(server.address).sign_in()
    asked = unheard = 0
    for number in range(6):
        fields = lead.a_case(f"Sent again, number {number}.", f"AGAIN-{number}")
        sender = threading.Thread(target=_send, args=(lead, fields))
        sender.start()
        time.sleep(0.04 * number)
        kill_all_workers(server)
        sender.join()
        server.wait_until_it_answers()
        # Another number, so that it is the form's token alone that says no.
        again = lead.post("/cases/new/", fields | {"local_identifier": f"OTHER-{number}"})
        unheard += again.status_code == 200
        assert again.status_code == 302 or ALREADY_SAVED in again.text
        third = lead.post("/cases/new/", fields | {"local_identifier": f"THIRD-{number}"})
        assert third.status_code == 200 and ALREADY_SAVED in third.text
        asked += 1
    with unguarded(app) as session:
        assert session.scalar(select(func.count()).select_from(CaseReview)) == asked
        assert session.scalar(select(func.count()).select_from(version_of(CaseReview))) == asked
    measured(
        f"All workers killed (-9) at {asked} moments of a save, each form then sent twice more, {kind(either)}",
        "A repeat with the same token makes no second case",
        f"{asked} cases of {asked} forms; {unheard} had been saved before the worker died",
    )


def _send(person: Person, fields: dict[str, str]) -> None:
    with suppress(requests.RequestException):
        person.post("/cases/new/", fields)


def test_workers_killed_while_a_file_of_cases_is_checked_and_saved(
    either: Database, serve: Callable[..., Gunicorn], look: Callable[[Database], Flask], measured: Measured
) -> None:
    server, app = serve(either), look(either)
    lead = Person(server.address).sign_in()
    with under_load([server.address], people=2) as load:
        address, import_id = give(lead, lines_of_cases(LINES, "FILE"))
        until(app, import_id, lambda one: one.state is ImportState.CHECKING and 0 < one.lines_done < LINES)
        kill_all_workers(server)
        server.wait_until_it_answers()
        assert state_of(app, import_id) is ImportState.CHECKING
        take_over(app, lead, address, import_id)
        until(app, import_id, lambda one: one.state is ImportState.CHECKED)
        assert count(app, StagedCase) == LINES

        lead.post(address, lead.form_on(address).fields)
        until(app, import_id, lambda one: one.state is ImportState.APPLYING)
        time.sleep(0.7)
        kill_all_workers(server)
        server.wait_until_it_answers()
        assert state_of(app, import_id) is ImportState.APPLYING
        assert not imported(app), "half of a file was saved"
        began = time.monotonic()
        take_over(app, lead, address, import_id)
        until(app, import_id, lambda one: one.state is ImportState.APPLIED)
        took = time.monotonic() - began
    assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
    found = what_became_of(load, app)
    assert found.all_once, found
    assert imported(app) == LINES
    with unguarded(app) as session:
        done = select(func.count()).where(AuditEvent.action == AuditAction.CASES_IMPORTED)
        assert session.scalar(done) == 1
    measured(
        f"All workers killed (-9) while a file of {LINES:,} cases is checked, then while it is saved; 2 others record,"
        f" {kind(either)}",
        "Nothing half done; after two minutes of silence another worker takes it over at a press",
        f"0 of {LINES:,} saved after the kill, {LINES:,} after the second press, {took:.0f} s later; others: {found}"
        " (the two minutes were put back in the row, not waited for)",
    )


def test_workers_killed_while_an_extract_is_drawn(
    either: Database, serve: Callable[..., Gunicorn], look: Callable[[Database], Flask], measured: Measured
) -> None:
    server, app = serve(either), look(either)
    add_past_cases(app, PAST)
    analyst = Person(server.address).sign_in("analyst")
    form = analyst.form_on("/extracts/draw/")
    fields = form.fields | {"quarter": last_quarter(form)}
    with under_load([server.address], people=2) as load:
        address = analyst.post("/extracts/draw/", fields).headers["Location"]
        for delay in (0.1, 0.3, 0.5):
            until_drawing_is(app, DrawingState.DRAWING)
            time.sleep(delay)
            kill_all_workers(server)
            server.wait_until_it_answers()
            assert drawing_of(app).state is DrawingState.DRAWING, "it was drawn before it was killed"
            assert count(app, Extract) == count(app, ExtractPart) == 0
            second = analyst.post("/extracts/draw/", fields)
            assert (second.status_code, second.headers["Location"]) == (302, address)
            assert "Try again" not in analyst.get(address).text
            with unguarded(app) as session:
                session.execute(update(Drawing).values(alive_at=utc_now() - timedelta(minutes=3)))
                session.commit()
            assert "It stopped before it was done. Nothing was kept." in analyst.get(address).text
            assert analyst.post(address, analyst.form_on(address).fields).status_code == 302
        until_drawing_is(app, DrawingState.DRAWN)
        again = [analyst.post("/extracts/draw/", fields) for _ in range(2)]
    assert [one.status_code for one in again] == [302, 302]
    assert count(app, Extract) == 1
    assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
    found = what_became_of(load, app)
    assert found.all_once, found
    measured(
        f"All workers killed (-9) three times while an extract of {PAST:,} cases is drawn, 2 others record,"
        f" {kind(either)}",
        "No extract, or a whole one; after two minutes of silence another worker draws it at a press",
        f"0 extracts after each kill, 1 after the last press and two more; others: {found}"
        " (the two minutes were put back in the row, not waited for)",
    )


def drawing_of(app: Flask) -> Drawing:
    with unguarded(app) as session:
        one = session.scalars(select(Drawing)).one()
        session.expunge(one)
        return one


def until_drawing_is(app: Flask, state: DrawingState, *, within: float = 120) -> None:
    end = time.monotonic() + within
    while (one := drawing_of(app)).state is not state:
        assert time.monotonic() < end, f"still {one.state}, {one.cases_done} cases, {one.why}"
        time.sleep(0.02)


def give(lead: Person, lines: list[dict[str, str]]) -> tuple[str, UUID]:
    """Gives a file of cases. Its page, and its id."""
    fields = lead.form_on("/imports/cases/").fields
    fields.pop("cases", None)
    answer = lead.post("/imports/cases/", fields, files={"cases": ("cases.csv", csv_of(lines), "text/csv")})
    assert answer.status_code == 302, answer.text[-3000:]
    address = answer.headers["Location"]
    return address, UUID(address.partition("id=")[2])


def take_over(app: Flask, lead: Person, address: str, import_id: UUID) -> None:
    """Presses the button that is offered when nothing was heard of the worker for two minutes."""
    assert "Try again" not in lead.get(address).text
    with unguarded(app) as session:
        session.execute(
            update(CaseImport).where(CaseImport.id == import_id).values(alive_at=utc_now() - timedelta(minutes=3))
        )
        session.commit()
    page = lead.get(address)
    assert "It stopped before it was done. Nothing was saved." in page.text
    assert lead.post(address, lead.form_on(address).fields).status_code == 302


def until(app: Flask, import_id: UUID, holds: Callable[[CaseImport], bool], *, within: float = 180) -> None:
    end = time.monotonic() + within
    while True:
        with unguarded(app) as session:
            one = session.get(CaseImport, import_id)
            assert one is not None
            if holds(one):
                return
            assert time.monotonic() < end, f"still {one.state}, {one.lines_done} lines, {one.why}"
        time.sleep(0.02)


def state_of(app: Flask, import_id: UUID) -> ImportState:
    with unguarded(app) as session:
        one = session.get(CaseImport, import_id)
        assert one is not None
        return one.state


def imported(app: Flask) -> int:
    with unguarded(app) as session:
        of_file = CaseReview.overview.like("FILE, line %")
        return session.scalar(select(func.count()).select_from(CaseReview).where(of_file)) or 0


def count(app: Flask, model: Any) -> int:
    with unguarded(app) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def kind(database: Database) -> str:
    return "SQLite" if database.url.startswith("sqlite") else "PostgreSQL"
