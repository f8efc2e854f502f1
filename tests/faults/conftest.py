"""What is broken here: real servers on loopback. `make faults` runs these tests; `make test` does not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask

from models import db
from tests.databases import Database, PostgreSQLDatabases, SQLiteDatabases, new_app

from . import table
from .servers import Gunicorn, PostgreSQLServer, serving

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def measured() -> table.Measured:
    """Adds a line to the table at the end: `measured(broken, promised, measured)`."""
    return table.note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if table.LINES:
        terminalreporter.section("What was broken, and what became of it")
        for line in table.as_text():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQLServer]:
    """A PostgreSQL of these tests alone, which waits for its disk."""
    # Outside pytest's folders: each run that begins shuts those to PostgreSQL's own user.
    with tempfile.TemporaryDirectory(prefix="tracker-postgresql-") as folder:
        server = PostgreSQLServer(Path(folder) / "postgresql")
        server.start()
        yield server
        server.stop_at_once()


@pytest.fixture(scope="session")
def breakable_databases(
    postgresql_server: PostgreSQLServer, tmp_path_factory: pytest.TempPathFactory
) -> PostgreSQLDatabases:
    return PostgreSQLDatabases(tmp_path_factory.mktemp("breakable"), server=postgresql_server.uri)


@pytest.fixture
def postgresql(breakable_databases: PostgreSQLDatabases) -> Iterator[Database]:
    """A fresh database on the server that may be broken."""
    with breakable_databases.fresh() as database:
        yield database


@pytest.fixture
def sqlite(sqlite_databases: SQLiteDatabases) -> Iterator[Database]:
    with sqlite_databases.fresh() as database:
        yield database


@pytest.fixture(params=BOTH)
def either(request: pytest.FixtureRequest) -> Database:
    """A fresh database, of each of the two kinds in turn."""
    database: Database = request.getfixturevalue(request.param)
    return database


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Iterator[Callable[[Database], Flask]]:
    """An application on a database, to look past every guard at what is really there: `unguarded(look(database))`."""
    made: list[Flask] = []

    def open_one(database: Database) -> Flask:
        made.append(new_app(database))
        return made[-1]

    yield open_one
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Gunicorn]]:
    """Starts the service on a database: `serve(database)`, with other settings where they are given."""
    running: list[AbstractContextManager[Gunicorn]] = []

    def start(database: Database, **settings: str) -> Gunicorn:
        context = serving(database.settings | settings, tmp_path / f"log-{len(running)}")
        running.append(context)
        return context.__enter__()

    yield start
    for context in reversed(running):
        context.__exit__(None, None, None)
