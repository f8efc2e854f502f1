"""No room on the disk of the database or in the folder for temporary files; a database that somebody else holds."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from tests.admin_views.test_cases import errors_on
from tests.case_imports.files import csv_of
from tests.databases import Database

from .disks import mounted
from .keeping import add_past_cases, what_became_of
from .people import PATIENCE, Person, last_quarter, lines_of_cases, plainly_unavailable, under_load
from .servers import Gunicorn, PostgreSQLServer
from .table import Measured

pytestmark = pytest.mark.faults
NOT_SAVED = "What you sent has not been saved."


def path_of(database: Database) -> Path:
    return Path(str(make_url(database.url).database))


def test_a_full_disk_under_sqlite(
    sqlite: Database,
    serve: Callable[..., Gunicorn],
    look: Callable[[Database], Flask],
    measured: Measured,
    tmp_path: Path,
) -> None:
    size = path_of(sqlite).stat().st_size // (1024 * 1024)
    with mounted(tmp_path / "small", size + 12) as disk:
        shutil.copy(path_of(sqlite), disk.folder / "tracker.db")
        url = f"sqlite:///{disk.folder / 'tracker.db'}"
        database = Database(url, "", url)
        server = serve(database)
        lead = Person(server.address).sign_in()
        refused = None
        with under_load([server.address], people=3) as load:
            load.wait_for(5)
            fields = lead.a_case("Typed before the disk was full.", "FULL-1")
            with disk.full():
                for _ in range(20):
                    refused = lead.post("/cases/new/", fields)
                    if refused.status_code != 302:
                        break
                    fields = lead.a_case("Typed before the disk was full.", f"FULL-{time.time_ns()}")
                reading = {
                    path: lead.get(path).status_code for path in ("/", "/cases/", "/themes/", "/data-dictionary/")
                }
            began = time.monotonic()
            load.wait_for(1)
            back = load.first_saved_after(began)
            load.wait_for(5)
            assert refused is not None and plainly_unavailable(refused) and NOT_SAVED in refused.text
            assert lead.post("/cases/new/", fields).status_code == 302
        assert set(reading.values()) == {200}, reading
        assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
        found = what_became_of(load, look(database))
        assert found.all_once, found
        with sqlite3.connect(disk.folder / "tracker.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        server.stop()
    measured(
        "The disk of SQLite is full, 3 people record cases",
        f'A save is refused plainly ("{NOT_SAVED}"), reading goes on, it recovers when there is room',
        f"503 with those words; {len(reading)} of {len(reading)} pages read; back after {back:.1f} s;"
        f" integrity_check ok; {load.refused} refused; {found}",
    )


@pytest.mark.postgresql
def test_a_full_disk_under_postgresql(
    postgresql: Database,
    postgresql_server: PostgreSQLServer,
    serve: Callable[..., Gunicorn],
    look: Callable[[Database], Flask],
    measured: Measured,
    tmp_path: Path,
) -> None:
    name = make_url(postgresql.url).database
    folder = postgresql_server.folder.parent / "small"
    with mounted(folder, 80) as disk:
        space = folder / "space"
        space.mkdir()
        shutil.chown(space, postgresql_server.user)
        postgresql_server.run(f"CREATE TABLESPACE small LOCATION '{space}'")
        postgresql_server.run(f'ALTER DATABASE "{name}" SET TABLESPACE small')
        server = serve(postgresql)
        lead = Person(server.address).sign_in()
        with under_load([server.address], people=4) as load:
            load.wait_for(5)
            with disk.full():
                until = time.monotonic() + 90
                while not load.refused and time.monotonic() < until:
                    time.sleep(0.1)
                reading = {
                    path: lead.get(path).status_code for path in ("/", "/cases/", "/themes/", "/data-dictionary/")
                }
            began = time.monotonic()
            load.wait_for(1)
            back = load.first_saved_after(began)
            load.wait_for(5)
        server.stop()
        assert load.refused, "the disk was never full for anybody"
        assert set(reading.values()) == {200}, reading
        assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
        assert "DiskFull" in server.said()
        found = what_became_of(load, look(postgresql))
        assert found.all_once, found
        postgresql_server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        postgresql_server.run(f'ALTER DATABASE "{name}" SET TABLESPACE pg_default')
        postgresql_server.run("DROP TABLESPACE small")
    measured(
        "The disk of PostgreSQL's tables is full (a tablespace of 80 MB), 4 people record cases",
        "A save is refused plainly, reading goes on, it recovers when there is room",
        f"{load.refused} answered 503, {len(reading)} of {len(reading)} pages read; back after {back:.1f} s; {found}",
    )


def test_no_room_for_temporary_files(
    either: Database,
    serve: Callable[..., Gunicorn],
    look: Callable[[Database], Flask],
    measured: Measured,
    tmp_path: Path,
) -> None:
    add_past_cases(look(either), 12_000)
    with mounted(tmp_path / "small", 60) as disk:
        server = serve(either, TMPDIR=str(disk.folder))
        england, lead = Person(server.address).sign_in("england"), Person(server.address).sign_in()
        analyst = Person(server.address).sign_in("analyst")
        fields = lead.form_on("/imports/cases/").fields
        fields.pop("cases", None)
        form = analyst.form_on("/extracts/draw/")
        drawn = form.fields | {"quarter": last_quarter(form)}
        file = csv_of(lines_of_cases(4000, "FILE"))
        upload = {"cases": ("cases.csv", file, "text/csv")}
        with disk.full():
            answers = {
                "download": england.get("/cases/export/csv/"),
                "upload": lead.post("/imports/cases/", fields, files=upload),
            }
            address = analyst.post("/extracts/draw/", drawn).headers["Location"]
            stopped = until_it_says(analyst, address, "It stopped before it was done. Nothing was kept.")
            small = lead.a_case("Small.", "SMALL-1")
            saved = lead.post("/cases/new/", small)
        for what, answer in answers.items():
            assert plainly_unavailable(answer), f"{what}: {answer.status_code} {errors_on(answer.text)}"
        # SQLite notes in a temporary file how to take back a statement; PostgreSQL has its own.
        assert saved.status_code == 302 or (either.url.startswith("sqlite") and plainly_unavailable(saved))
        after = [
            lead.post("/cases/new/", small).status_code in (302, 200),
            england.get("/cases/export/csv/").status_code,
            lead.post("/imports/cases/", fields, files=upload).status_code,
            analyst.post(address, analyst.form_on(address).fields).status_code,
        ]
        drawn_after = until_it_says(analyst, address, "SHA-256")
        server.stop()
    assert after == [True, 200, 302, 302]
    assert stopped and drawn_after
    kind = "SQLite" if either.url.startswith("sqlite") else "PostgreSQL"
    meanwhile = "a case was saved meanwhile" if saved.status_code == 302 else "and so did a save meanwhile"
    measured(
        f"No room for temporary files while a CSV, an upload and an extract are made, {kind}",
        "Refused plainly, recovers when there is room",
        f"{len(answers)} of {len(answers)} answered 503, the extract stopped, {meanwhile}; all of it done afterwards",
    )


def until_it_says(person: Person, address: str, words: str, *, within: float = 120) -> bool:
    """Whether a page comes to hold some words."""
    end = time.monotonic() + within
    while words not in person.browser.get(person.address + address, timeout=PATIENCE).text:
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def test_a_sqlite_that_somebody_else_holds(
    sqlite: Database, serve: Callable[..., Gunicorn], look: Callable[[Database], Flask], measured: Measured
) -> None:
    server = serve(sqlite)
    lead = Person(server.address).sign_in()
    fields = lead.a_case("Typed while somebody else held the database.", "HELD-1")
    other = sqlite3.connect(path_of(sqlite), isolation_level=None)
    with under_load([server.address], people=2) as load:
        load.wait_for(2)
        other.execute("PRAGMA busy_timeout=10000")
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        refused = lead.post("/cases/new/", fields)
        waited = time.monotonic() - began
        reading = lead.get("/cases/").status_code
        other.execute("ROLLBACK")
        began = time.monotonic()
        load.wait_for(1)
        back = load.first_saved_after(began)
    other.close()
    assert plainly_unavailable(refused) and NOT_SAVED in refused.text
    assert reading == 200
    assert lead.post("/cases/new/", fields).status_code == 302
    assert not load.wrong, f"{load.wrong}\n{server.said_of('answered 500', 'Traceback')}"
    found = what_became_of(load, look(sqlite))
    assert found.all_once, found
    measured(
        "Somebody else holds SQLite for longer than its busy_timeout of 5 s",
        "503 with Retry-After and what was typed; reading goes on; nothing lost",
        f"503 after {waited:.1f} s, read meanwhile, back after {back:.1f} s; {found}",
    )


def test_sqlite_may_not_grow(sqlite: Database, serve: Callable[..., Gunicorn], measured: Measured) -> None:
    """A limit of the process on the size of its files: the disk's own answer is another one than "full"."""
    server = serve(sqlite)
    lead = Person(server.address).sign_in()
    fields = lead.a_case("Typed before the limit.", "LIMIT-1")
    for worker in server.workers():
        limit_files_of(worker, 4096)
    refused = lead.post("/cases/new/", fields)
    assert plainly_unavailable(refused) and NOT_SAVED in refused.text
    reading = lead.get("/cases/").status_code
    for worker in server.workers():
        limit_files_of(worker, None)
    assert reading == 200
    assert lead.post("/cases/new/", fields).status_code == 302
    measured(
        "Workers may write no file beyond 4 KB (RLIMIT_FSIZE), SQLite",
        "A save is refused plainly, reading goes on, it recovers",
        "503, read meanwhile, the same form saved when the limit was gone",
    )


def limit_files_of(process: int, size: int | None) -> None:
    """Of a running process; None takes the limit away."""
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(process, resource.RLIMIT_FSIZE, (unlimited if size is None else size, unlimited))
